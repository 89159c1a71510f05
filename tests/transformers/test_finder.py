"""The transformer that finds pairs and hands them on."""

import pickle

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from sklearn.ensemble import RandomForestRegressor
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

from skdropout import DropoutMLPClassifier, DropoutMLPRegressor, SmoothHessInteractions
from skdropout.functional import smooth_hessian
from skdropout.inspection._inner import look_into

pytestmark = pytest.mark.usefixtures("untouched_random_state")
SMALL = {"hidden_layer_sizes": (32,), "learning_rate_init": 1e-2, "max_iter": 20}
SMALL |= {"n_members": 1, "numeric_encoding": "standard", "input_scaling": 0}
NET = DropoutMLPRegressor(random_state=0, **SMALL)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(400, 4)), columns=list("abcd"))
    return X, (X["a"] * X["c"] + X["b"]).to_numpy()


@pytest.fixture(scope="module")
def finder(data):
    return SmoothHessInteractions(NET, n_interactions=2, random_state=0).fit(*data)


def test_finds_the_pair(finder):
    assert finder.interactions_[0] == (0, 2)
    assert len(finder.interactions_) == 2
    assert all(type(i) is int for pair in finder.interactions_ for i in pair)
    assert divmod(finder.strengths_.argmax(), len(finder.strengths_)) == (0, 2)
    np.testing.assert_array_equal(finder.strengths_, finder.strengths_.T)


def test_names_are_spelt_as_by_polynomial_features(finder, data):
    X, _ = data
    names = finder.get_feature_names_out()
    polynomial = PolynomialFeatures(interaction_only=True, include_bias=False).fit(X)
    assert set(names) <= set(polynomial.get_feature_names_out())
    assert list(names[:5]) == ["a", "b", "c", "d", "a c"]
    with pytest.raises(ValueError, match="input_features"):
        finder.get_feature_names_out(["a", "b"])


def test_products_are_centred(finder, data):
    X, _ = data
    out = finder.transform(X)
    assert list(out.columns) == list(finder.get_feature_names_out())
    product = (X["a"] - X["a"].mean()) * (X["c"] - X["c"].mean())
    ratio = out["a c"] / product
    np.testing.assert_allclose(ratio, ratio[0])


def test_linear_model_gets_what_it_lacks(data):
    X, y = data
    alone = RidgeCV().fit(X, y).score(X, y)
    pipeline = make_pipeline(SmoothHessInteractions(NET, n_interactions=1), RidgeCV())
    assert pipeline.fit(X, y).score(X, y) > 0.99 > alone + 0.2


@pytest.mark.parametrize("passthrough", [True, False])
def test_containers(data, passthrough):
    X, y = data
    finder = SmoothHessInteractions(NET, passthrough=passthrough, n_interactions=1, random_state=0)
    array = finder.fit(X.to_numpy(), y).transform(X.to_numpy())
    assert isinstance(array, np.ndarray)
    old, new = array[:, :-1], array[:, -1]
    np.testing.assert_array_equal(old, X if passthrough else X[[]])
    a, c = (X[name] - X[name].mean() for name in "ac")
    assert np.corrcoef(new, a * c)[0, 1] == pytest.approx(1)
    assert finder.get_feature_names_out()[-1] == "x0 x2"
    for output, frame in (("pandas", X), ("polars", pl.from_pandas(X))):
        table = finder.fit(frame, y).set_output(transform=output).transform(frame)
        assert list(table.columns) == list(finder.get_feature_names_out())
        np.testing.assert_allclose(table.to_numpy(), array)


def test_explainable_boosting_takes_the_pairs(finder, data):
    interpret = pytest.importorskip("interpret.glassbox")
    X, y = data
    with sklearn.config_context():
        ebm = interpret.ExplainableBoostingRegressor(
            interactions=finder.interactions_, outer_bags=1, max_rounds=50, n_jobs=1
        ).fit(X, y)
    assert set(finder.interactions_) <= set(ebm.term_features_)


def test_frozen_estimator_is_used_as_it_is(data):
    X, y = data
    net = DropoutMLPRegressor(random_state=1, **SMALL).fit(X, y)
    finder = SmoothHessInteractions(FrozenEstimator(net), random_state=0).fit(X, y)
    assert finder.estimator_.estimator is net
    with pytest.raises(ValueError, match="FrozenEstimator"):
        finder.set_params(n_interactions="auto").fit(X, y)


def test_any_estimator_by_superset(data):
    X, y = data
    forest = RandomForestRegressor(20, max_features=None, random_state=0)
    finder = SmoothHessInteractions(forest, method="superset", random_state=0).fit(X, y)
    assert finder.interactions_[0] == (0, 2)
    with pytest.raises(ValueError, match="method='superset'"):
        finder.set_params(method="smooth_hessian").fit(X, y)


def test_auto_keeps_what_exceeds_the_noise():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 5))
    additive = X[:, 0] + X[:, 1] ** 2 + 0.3 * rng.normal(size=500)
    finder = SmoothHessInteractions(NET, n_interactions="auto", random_state=0)
    with pytest.warns(UserWarning, match=r"No interaction passes at error_rate=0\.05; the nearest"):
        assert finder.fit(X, additive).interactions_ == []
    np.testing.assert_array_equal(finder.transform(X), X)
    assert (finder.tests_.q_values > 0.05).all()
    finder.fit(X, additive + 2 * X[:, 3] * X[:, 4])
    assert finder.interactions_ == [(3, 4)]
    (q,) = finder.q_values_
    place = finder.tests_.interactions.index((3, 4))
    assert q == finder.tests_.q_values[place] <= 0.05
    assert 0.3 < finder.interaction_shares_[0] < 1


def test_default_networks_are_tested_on_the_quarters_they_left_out(monkeypatch):
    few = {"hidden_layer_sizes": (32,), "max_iter": 60, "learning_rate_init": 1e-2}
    few |= {"numeric_encoding": "standard", "input_scaling": 0.0}
    monkeypatch.setattr("skdropout._transformers.interactions.networks.NETWORKS", few)
    monkeypatch.setattr("skdropout._transformers.interactions.networks._FEW_COLUMNS", 0)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 4))
    y = X[:, 0] + X[:, 1] * X[:, 3] + 0.3 * rng.normal(size=400)
    finder = SmoothHessInteractions(n_interactions="auto", random_state=0).fit(X, y)
    assert finder.interactions_ == [(1, 3)]
    # every row is unseen by the networks of its quarter
    assert finder.tests_.n_rows == 400
    loaded = pickle.loads(pickle.dumps(finder))
    np.testing.assert_array_equal(loaded.q_values_, finder.q_values_)


def test_workers_fit_the_folds(data):
    X, y = data
    alone = SmoothHessInteractions(NET, n_interactions="auto", random_state=0).fit(X, y)
    with joblib.parallel_config("threading"):
        two = SmoothHessInteractions(NET, n_interactions="auto", random_state=0, n_jobs=2)
        np.testing.assert_array_equal(two.fit(X, y).tests_.p_values, alone.tests_.p_values)
    with pytest.raises(ValueError, match="n_jobs=0"):
        two.set_params(n_jobs=0).fit(X, y)


def test_categories_and_missing_cells():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=500), "city": rng.choice(["Rome", "Oslo"], 500)})
    X["b"] = np.where(rng.random(500) < 0.2, np.nan, rng.normal(size=500))
    y = (X["a"] * np.where(X["city"] == "Rome", 1, -1) > 0).map({True: "yes", False: "no"})
    net = DropoutMLPClassifier(random_state=0, **SMALL)
    finder = SmoothHessInteractions(net, n_interactions=3, random_state=0).fit(X, y)
    assert finder.interactions_[0] == (0, 1)
    out = finder.transform(X)
    assert out["city"].equals(X["city"])
    # a level stands for its share of a class, with ten more rows at the mean; two columns' products
    share, level = (y == "yes") - (y == "yes").mean(), X["city"]
    effect = share.groupby(level).sum() / (level.value_counts() + 10)
    ratio = out["a city"] / ((X["a"] - X["a"].mean()) * level.map(effect))
    np.testing.assert_allclose(np.abs(ratio), np.abs(ratio[0]))
    # a missing cell counts as the mean
    assert (out["a b"][X["b"].isna()] == 0).all()
    assert (out["a b"][X["b"].notna()] != 0).all()


def test_local_hessians_of_a_linear_network_are_zero(data):
    X, y = data
    net = DropoutMLPRegressor(activation="identity", random_state=0, **SMALL)
    finder = SmoothHessInteractions(net, output="hessian", passthrough=False, random_state=0)
    np.testing.assert_allclose(finder.fit(X, y).transform(X), 0, atol=1e-5)


def test_local_hessians_equal_smooth_hessian():
    """The mean over many perturbations is what the functional form says, mixed columns included."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=300), "city": rng.choice(["Rome", "Oslo", "Kyiv"], 300)})
    y = X["a"] * (X["city"] == "Rome")
    net = DropoutMLPRegressor(random_state=0, **SMALL).fit(X, y)
    finder = SmoothHessInteractions(
        FrozenEstimator(net), output="hessian", n_perturbations=4000, sigma=0.5, random_state=0
    ).fit(X, y)
    (network,) = look_into(net, X).networks
    spread = network.inputs.std(0, correction=0)
    exact = smooth_hessian(network.f, network.inputs[:20], sigma=0.5 * spread, n_perturbations=0)
    away = network.inputs[:20] - network.inputs.mean(0)
    is_city = network.column_of_input == 1
    known = spread[0] * (exact[:, 0, is_city] * away[:, is_city]).sum(1)
    found = finder.transform(X[:20])["a city"]
    np.testing.assert_allclose(found, known, atol=0.1 * known.abs().max())


def test_local_hessians_are_of_the_row_alone(data):
    X, y = data
    X = X.to_numpy()
    net = DropoutMLPClassifier(random_state=0, **{**SMALL, "n_members": 2})
    finder = SmoothHessInteractions(net, output="hessian", random_state=0)
    finder.fit(X, np.digitize(y, [-0.5, 0.5]))
    alone = np.vstack([finder.transform(X[[i]]) for i in range(5)])
    np.testing.assert_allclose(alone, finder.transform(X)[:5], rtol=1e-4, atol=1e-6)
    loaded = pickle.loads(pickle.dumps(finder))
    np.testing.assert_array_equal(loaded.transform(X), finder.transform(X))


def test_local_hessians_need_gradients_and_one_output(data):
    X, y = data
    forest = RandomForestRegressor(5, random_state=0)
    finder = SmoothHessInteractions(forest, method="superset", output="hessian")
    with pytest.raises(ValueError, match="output='product'"):
        finder.fit(X, y)
    with pytest.raises(ValueError, match="single output"):
        SmoothHessInteractions(NET, output="hessian").fit(X, np.column_stack([y, y]))
    fitted = SmoothHessInteractions(NET, random_state=0).fit(X, y).set_params(output="hessian")
    with pytest.raises(NotFittedError):
        fitted.transform(X)


def test_excluded_columns(data):
    finder = SmoothHessInteractions(NET, exclude=["a"], random_state=0).fit(*data)
    assert all(0 not in pair for pair in finder.interactions_)
    assert len(finder.interactions_) == 3


def test_metadata_go_to_the_estimator(data):
    X, y = data
    weight = (X["d"] > 0).to_numpy(float)
    direct = SmoothHessInteractions(NET, random_state=0).fit(X, y, sample_weight=weight)
    with sklearn.config_context(enable_metadata_routing=True):
        net = DropoutMLPRegressor(random_state=0, **SMALL).set_fit_request(sample_weight=True)
        routed = SmoothHessInteractions(net, random_state=0).fit(X, y, sample_weight=weight)
        assert "sample_weight" in str(routed.get_metadata_routing())
    np.testing.assert_array_equal(routed.strengths_, direct.strengths_)
    plain = SmoothHessInteractions(NET, random_state=0).fit(X, y)
    assert (plain.strengths_ != direct.strengths_).any()


def test_default_estimator_follows_the_target(data, monkeypatch):
    X, y = data
    tiny = {"hidden_layer_sizes": (4,), "max_iter": 2, "n_members": 2}
    monkeypatch.setattr("skdropout._transformers.interactions.networks.NETWORKS", tiny)
    monkeypatch.setattr("skdropout._transformers.interactions.networks._FEW_COLUMNS", 0)
    for target, options, kind in (
        (y, {}, DropoutMLPRegressor),
        (y > 0, {}, DropoutMLPClassifier),
        (np.round(y), {"target_type": "continuous"}, DropoutMLPRegressor),
    ):
        finder = SmoothHessInteractions(random_state=0, **options).fit(X, target)
        assert isinstance(finder.estimator_, kind)


def test_recipes_that_predict_nearly_as_well_as_the_best_are_looked_into(monkeypatch):
    """Both rates on noise, which either predicts equally badly; none where dropout harms."""
    X = np.random.default_rng(0).uniform(-1, 1, size=(800, 3))
    y = np.sin(3 * X[:, 0] * X[:, 1]) + X[:, 2]
    options = {"hidden_layer_sizes": (64,), "max_iter": 50, "learning_rate_init": 1e-2}
    monkeypatch.setattr("skdropout._transformers.interactions.networks.NETWORKS", options)
    monkeypatch.setattr("skdropout._transformers.interactions.networks._FEW_COLUMNS", 0)  # no bins
    noise = np.random.default_rng(1).normal(size=len(y))
    for target, rates in ((y, {0.0}), (noise, {0.0, 0.15})):
        finder = SmoothHessInteractions(random_state=0).fit(X, target)
        kept = finder.estimator_.recipes_.query("networks > 0")
        assert {*kept["dropout"]} == rates
    with sklearn.config_context(enable_metadata_routing=True):
        finder.fit(X, y, sample_weight=np.ones(len(y)))


def test_same_seed_same_result_and_pickle(finder, data):
    X, y = data
    again = SmoothHessInteractions(NET, n_interactions=2, random_state=0).fit(X, y)
    np.testing.assert_array_equal(finder.strengths_, again.strengths_)
    loaded = pickle.loads(pickle.dumps(finder))
    pd.testing.assert_frame_equal(loaded.transform(X), finder.transform(X))


def test_bad_input(data):
    X, y = data
    with pytest.raises(NotFittedError):
        SmoothHessInteractions().transform(X)
    with pytest.raises(ValueError, match="requires y"):
        SmoothHessInteractions().fit(X)
    finder = SmoothHessInteractions(NET, exclude=["z"])
    with pytest.raises(ValueError, match="exclude names 'z'"):
        finder.fit(X, y)
    assert not hasattr(finder, "estimator_")


def test_several_outputs(data):
    X, y = data
    finder = SmoothHessInteractions(NET, n_interactions="auto", random_state=0)
    assert finder.fit(X, np.column_stack([y, X["d"]])).interactions_ == [(0, 2)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"exclude": ["no"]}, "exclude names 'no'"),
        ({"exclude": [9]}, "exclude names 9"),
        ({"n_perturbations": 3}, "n_perturbations=3"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_training(options, message):
    class NeverFitted(DropoutMLPRegressor):
        def fit(self, *args, **kwargs):
            raise AssertionError("it was trained")

    X = np.random.default_rng(0).normal(size=(20, 3))
    with pytest.raises(ValueError, match=message):
        SmoothHessInteractions(NeverFitted(), **options).fit(X, X[:, 0])

"""What a user of the estimators relies on."""

import copy
import io
import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from scipy.special import expit, ndtr
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, KFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdropout import DropoutMLPClassifier, DropoutMLPRegressor

SMALL = {"hidden_layer_sizes": (16,), "max_iter": 10, "random_state": 0}
BOTH = pytest.mark.parametrize("cls", [DropoutMLPRegressor, DropoutMLPClassifier])

pytestmark = pytest.mark.usefixtures("untouched_random_state")


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 4))
    return X, (X[:, 0] + X[:, 1] * X[:, 2] > 0).astype(int)


def scores(model, X):
    return model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)


def city_data(n, seed, effect):
    rng = np.random.default_rng(seed)
    city, x, z = rng.integers(60, size=n), rng.normal(size=n), rng.normal(size=n)
    names = pd.Categorical([f"city {c}" for c in city])
    return pd.DataFrame({"city": names, "x": x, "z": z}), effect[city] * x + z


def test_category_by_number_interaction_is_learnt_with_defaults():
    """60 levels, effect[city] * x + z, 2,400 rows."""
    effect = np.random.default_rng(0).normal(size=60)
    X, y = city_data(2400, 1, effect)
    model = DropoutMLPRegressor(random_state=0).fit(X, y)
    assert model.score(*city_data(2000, 2, effect)) > 0.95


# --- randomness -----------------------------------------------------------------------------


@BOTH
def test_random_state_fixes_predictions_to_the_bit(cls, data):
    X, y = data
    options = {"n_members": 2, "input_dropout": 0.1}
    first = cls(**SMALL, **options).fit(X, y)
    again = cls(**SMALL, **options).fit(X, y)
    np.testing.assert_array_equal(scores(first, X), scores(again, X))
    other = cls(**{**SMALL, "random_state": 1}, **options).fit(X, y)
    assert not np.array_equal(scores(first, X), scores(other, X))
    draws = first.sample_predictions(X, 3, random_state=5)
    np.testing.assert_array_equal(draws, again.sample_predictions(X, 3, random_state=5))


def test_each_network_may_drop_columns_at_its_own_rate(data):
    X, y = data
    rates = [0.0, 0.5]
    model = DropoutMLPRegressor(**SMALL, n_members=2, dropout=0.0, input_dropout=rates).fit(X, y)
    assert model.net_.module_.columns.input_dropout.tolist() == rates
    none = DropoutMLPRegressor(**SMALL, n_members=2, dropout=0.0).fit(X, y)
    first, second = (model._forward(X) - none._forward(X)).abs().amax((1, 2)).tolist()
    assert first < 1e-3 * second


def test_random_state_may_be_an_instance(data):
    X, y = data
    a, b = (
        DropoutMLPRegressor(**{**SMALL, "random_state": np.random.RandomState(3)}) for _ in "ab"
    )
    np.testing.assert_array_equal(a.fit(X, y).predict(X), b.fit(X, y).predict(X))


@BOTH
def test_a_row_alone_is_predicted_as_in_a_table(cls, data):
    X, y = data
    model = cls(**SMALL, n_members=3).fit(X, y)
    whole = scores(model, X)
    rows = np.concatenate([scores(model, X[i : i + 1]) for i in range(20)])
    np.testing.assert_allclose(rows, whole[:20], rtol=1e-12, atol=1e-14)


def test_blocks_do_not_show(data, monkeypatch):
    X, y = data
    model = DropoutMLPRegressor(**SMALL, n_members=2).fit(X, y)
    whole = model.predict(X)
    model._predictor._block = 7
    np.testing.assert_allclose(model.predict(X), whole, rtol=1e-12)


def test_block_is_halved_when_memory_runs_out(data, monkeypatch):
    X, y = data
    model = DropoutMLPRegressor(**SMALL).fit(X, y)
    whole = model.predict(X)
    module = model._predictor._module
    forward = type(module).forward

    def small_memory(self, numeric, codes):
        if numeric.shape[1] > 20:
            raise torch.cuda.OutOfMemoryError
        return forward(self, numeric, codes)

    monkeypatch.setattr(type(module), "forward", small_memory)
    np.testing.assert_allclose(model.predict(X), whole, rtol=1e-12)


# --- life of a model ------------------------------------------------------------------------


@BOTH
def test_round_trips(cls, data, tmp_path):
    X, y = data
    model = cls(**SMALL, n_members=2).fit(X, y)
    expected = scores(model, X)
    joblib.dump(model, tmp_path / "model.joblib")
    for copied in (
        pickle.loads(pickle.dumps(model)),
        copy.deepcopy(model),
        joblib.load(tmp_path / "model.joblib"),
    ):
        np.testing.assert_array_equal(scores(copied, X), expected)
    assert not hasattr(clone(model), "net_")


def test_pickle_holds_no_data(data):
    X, y = data
    X = np.tile(X, (50, 1))
    model = DropoutMLPRegressor(**SMALL, verbose=0).fit(X, np.tile(y, 50))
    assert len(pickle.dumps(model)) < X.nbytes / 2


def test_pickle_holds_cpu_tensors_only_and_falls_back_to_the_cpu(data):
    """By construction: a net that says it is on an accelerator that this machine lacks."""
    X, y = data
    model = DropoutMLPRegressor(**SMALL).fit(X, y)
    expected = model.predict(X)
    absent = "cuda:63"  # no machine has it
    model.net_.device, model.device_ = absent, torch.device(absent)
    state = model.net_.__getstate__()
    assert all(t.device.type == "cpu" for t in state["module_"].state_dict().values())
    loaded = pickle.loads(pickle.dumps(model))
    assert loaded.device_ == torch.device("cpu")
    np.testing.assert_array_equal(loaded.predict(X), expected)


@BOTH
def test_warm_start_goes_on(cls, data):
    X, y = data
    model = cls(**SMALL, warm_start=True).fit(X, y)
    first, epochs = model.loss_curve_[0], model.n_iter_
    model.fit(X, y)
    assert model.n_iter_ == len(model.loss_curve_) > epochs
    assert model.loss_curve_[epochs] < first
    with pytest.raises(ValueError, match="4 features as input"):
        model.fit(X[:, :2], y)


def test_warm_start_takes_new_rates_but_no_new_shape(data):
    X, y = data
    model = DropoutMLPRegressor(**SMALL, warm_start=True, dropout=0.1).fit(X, y)
    model.set_params(dropout=0.4).fit(X, y)
    assert model.net_.module_.dropout.flatten().tolist() == [pytest.approx(0.4)] * 8
    expected = model.predict(X)
    for name, value in (("n_members", 2), ("hidden_layer_sizes", (4,)), ("activation", "tanh")):
        with pytest.raises(ValueError, match=f"{name}=.*warm_start=False"):
            copy.deepcopy(model).set_params(**{name: value}).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), expected)


@BOTH
def test_partial_fit_learns(cls, data):
    X, y = data
    model = cls(**{**SMALL, "batch_size": 20}, learning_rate_init=0.01)
    for _ in range(60):
        for rows in (slice(0, 100), slice(100, 200)):
            extra = {"classes": [0, 1]} if cls is DropoutMLPClassifier else {}
            model.partial_fit(X[rows], y[rows], **extra)
    assert model.n_iter_ == len(model.loss_curve_) == 120
    assert model.loss_curve_[-1] < 0.5 * model.loss_curve_[0]
    assert pickle.loads(pickle.dumps(model)).partial_fit(X, y).n_iter_ == 121


def test_partial_fit_goes_on_after_fit(data):
    """With all rows in one batch a pass is one step of a fresh AdamW, whatever their order."""
    X, y = data
    y = (y - y.mean()) / y.std()
    options = {**SMALL, "dropout": 0, "activation": "tanh", "learning_rate_init": 0.01}
    model = DropoutMLPRegressor(**options, batch_size=200, numeric_encoding="standard").fit(X, y)
    before = model.predict(X)
    network = copy.deepcopy(model.net_.module_).train()
    numeric = torch.as_tensor(model._plan.encoder.transform(X, model)[0]).float()[None]
    target = (torch.as_tensor(y)[:, None] - network.target_location) / network.target_scale
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.01, weight_decay=0.01)
    (network(numeric, None) - target).square().mean((1, 2)).sum().backward()
    optimizer.step()
    with torch.no_grad():
        raw = network.double()(numeric.double(), None)
    expected = (raw * network.target_scale + network.target_location).mean(0)[:, 0]
    found = model.partial_fit(X, y).predict(X)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)
    assert np.abs(found - before).max() > 1e-2


def test_partial_fit_may_meet_classes_later(data):
    X, y = data
    model = DropoutMLPClassifier(**SMALL)
    model.partial_fit(X[y == 0], y[y == 0], classes=[0, 1]).partial_fit(X, y)
    assert model.classes_.tolist() == [0, 1]
    with pytest.raises(ValueError, match=r"\[7\].*not among"):
        model.partial_fit(X, np.full(200, 7))


# --- stopping -------------------------------------------------------------------------------


def test_best_validation_epoch_is_kept(data):
    X, y = data
    options = {**SMALL, "dropout": 0.1, "max_iter": 60}
    model = DropoutMLPRegressor(**options, n_members=1, n_iter_no_change=5)
    model.fit(X, y, X_val=X[:50], y_val=y[:50])
    assert model.best_validation_score_ == pytest.approx(max(model.validation_scores_))
    error = np.mean((model.predict(X[:50]) - y[:50]) ** 2) / y.var()
    assert error == pytest.approx(-model.best_validation_score_, rel=1e-4)


def test_validation_rows_decide_when_to_stop(data):
    """The other rows are learnt ever better, these no more after a while."""
    X, y = data
    model = DropoutMLPRegressor(
        **{**SMALL, "max_iter": 100, "learning_rate_init": 0.01, "dropout": 0.1},
        n_members=1,
        n_iter_no_change=3,
    )
    model.fit(X[:100], y[:100], X_val=X[100:], y_val=y[100:])
    scores = model.validation_scores_
    below = [scores[k] <= max(scores[:k], default=-np.inf) for k in range(len(scores))]
    assert model.n_iter_ == len(scores) < 100
    # three in a row, and none such before
    runs = [all(below[k - 3 : k]) for k in range(3, len(scores) + 1)]
    assert runs.index(True) == len(runs) - 1
    assert np.argmax(scores) + 1 == model.n_iter_ - 3
    model.fit(X, y, X_val=X, y_val=1 - y)  # turned round: the first epoch is the best there is
    assert model.n_iter_ == 1 + 3


def test_validation_weights_count(data):
    X, y = data
    model = DropoutMLPRegressor(**SMALL)
    half = np.arange(200) < 100
    twisted = np.where(half, y, 1 - y)
    weighted = model.fit(X, y, X_val=X, y_val=twisted, sample_weight_val=half * 1.0)
    curve = weighted.validation_scores_
    alone = clone(model).fit(X, y, X_val=X[half], y_val=y[half]).validation_scores_
    np.testing.assert_allclose(curve, alone, rtol=1e-5)


def test_without_early_stopping_all_epochs_are_run(data):
    X, y = data
    model = DropoutMLPRegressor(**SMALL, early_stopping=False).fit(X, y)
    assert model.n_iter_ == len(model.loss_curve_) == 10
    assert model.validation_scores_ is None
    assert model.best_validation_score_ is None


def test_zero_weight_rows_are_not_learnt_from(data):
    X, y = data
    wrong = np.where(np.arange(200) < 100, y, 1 - y)
    weight = (np.arange(200) < 100) * 1.0
    options = {**SMALL, "max_iter": 60, "early_stopping": False, "learning_rate_init": 0.01}
    model = DropoutMLPClassifier(**options).fit(X, wrong, sample_weight=weight)
    assert model.score(X[:100], y[:100]) > 0.9


# --- among other tools ----------------------------------------------------------------------


def test_grid_search_in_a_pipeline(data):
    X, y = data
    X = pd.DataFrame(X, columns=list("abcd"))
    scale = ColumnTransformer([("scale", StandardScaler(), ["a", "b"])], remainder="passthrough")
    pipeline = make_pipeline(scale, DropoutMLPClassifier(**SMALL))
    search = GridSearchCV(
        pipeline, {"dropoutmlpclassifier__dropout": [0.0, 0.5, [0.1]]}, cv=KFold(2), n_jobs=2
    ).fit(X, y)
    assert search.best_score_ > 0.5
    assert len(search.cv_results_["params"]) == 3


def test_cross_validation_with_weights_by_metadata_routing(data):
    import sklearn

    X, y = data
    weight = np.random.default_rng(1).exponential(size=200)
    plain = DropoutMLPRegressor(**SMALL)
    with sklearn.config_context(enable_metadata_routing=True):
        model = clone(plain).set_fit_request(sample_weight=True)
        model = model.set_score_request(sample_weight=True)
        cv = KFold(2)
        result = cross_validate(model, X, y, params={"sample_weight": weight}, cv=cv)
    by_hand = [
        clone(plain)
        .fit(X[fit], y[fit], sample_weight=weight[fit])
        .score(X[test], y[test], sample_weight=weight[test])
        for fit, test in cv.split(X)
    ]
    np.testing.assert_array_equal(result["test_score"], by_hand)
    assert not np.isin(by_hand, cross_validate(plain, X, y, cv=cv)["test_score"]).any()


ACTIVATIONS = {
    "relu": lambda x: np.maximum(x, 0),
    "gelu": lambda x: x * ndtr(x),
    "silu": lambda x: x * expit(x),
    "mish": lambda x: x * np.tanh(np.logaddexp(0, x)),
    "tanh": np.tanh,
    "identity": lambda x: x,
}


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_prediction_is_the_forward_pass(data, activation):
    """Slowly, from the weights: columns in standard units, layers, units of the target, mean."""
    X, y = data
    y = 5 + 3 * X[:, 0] * y
    options = {**SMALL, "hidden_layer_sizes": (16, 8), "early_stopping": False}
    options["screening"] = None
    model = DropoutMLPRegressor(
        **options, activation=activation, numeric_encoding="standard", n_members=3
    ).fit(X, y)
    weights = [
        (layer.weight.detach().double().numpy(), layer.bias.detach().double().numpy())
        for layer in (*model.net_.module_.hidden, model.net_.module_.output)
    ]
    # the widest of three ranges of quantiles, which a normal column has of this many deviations
    ranges = ((0.25, 0.75, 1.349), (0.02, 0.98, 4.107), (0.002, 0.998, 5.756))
    scale = np.max([np.ptp(np.quantile(X, q[:2], axis=0), axis=0) / q[2] for q in ranges], axis=0)
    expected = []
    for k in range(3):
        h = (X - np.median(X, axis=0)) / scale
        for weight, bias in weights[:-1]:
            h = ACTIVATIONS[activation](h @ weight[k] + bias[k])
        weight, bias = weights[-1]
        expected.append((h @ weight[k] + bias[k])[:, 0] * y.std() + y.mean())
    # units of columns and targets are kept in single precision
    np.testing.assert_allclose(model.predict(X), np.mean(expected, 0), rtol=0, atol=1e-4)


def test_linear_network_is_linear_regression(data):
    X, y = data
    options = {"numeric_encoding": "standard", "max_iter": 300, "learning_rate_init": 0.01}
    linear = DropoutMLPRegressor((), **options, screening=None, random_state=0)
    expected = LinearRegression().fit(X, y).predict(X)
    assert np.abs(linear.fit(X, y).predict(X) - expected).max() < 0.15


def test_a_file_is_enough(data):
    X, y = data
    buffer = io.BytesIO()
    model = DropoutMLPRegressor(**SMALL).fit(X, y)
    expected = model.predict(X)
    joblib.dump(model, buffer)
    del model
    buffer.seek(0)
    np.testing.assert_array_equal(joblib.load(buffer).predict(X), expected)

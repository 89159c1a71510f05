"""Strengths of pairs: closed forms, slow re-implementations, and every kind of model."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from scipy.stats import norm
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from skorch import NeuralNetRegressor
from torch import nn

from skdropout import DropoutMLPClassifier, DropoutMLPRegressor
from skdropout.inspection import interaction_strengths
from skdropout.inspection._look_into import look_into
from skdropout.inspection._pair_effects import Moments
from skdropout.inspection._superset import superset_effects

pytestmark = pytest.mark.usefixtures("untouched_random_state")
SMALL = {"hidden_layer_sizes": (32,), "learning_rate_init": 1e-2, "max_iter": 20}
SMALL |= {"numeric_encoding": "standard", "input_scaling": 0}


@pytest.fixture(scope="module")
def numbers():
    X = np.random.default_rng(0).normal(size=(400, 4))
    return X, X[:, 0] * X[:, 2] + X[:, 1]


@pytest.fixture(scope="module")
def ensemble(numbers):
    return DropoutMLPRegressor(dropout=0.1, n_members=3, random_state=0, **SMALL).fit(*numbers)


class Quadratic(nn.Module):
    hessian = torch.tensor([[1.0, 2.0, 0.0], [2.0, -3.0, 0.5], [0.0, 0.5, 0.0]])

    def forward(self, x):
        return ((x @ self.hessian.to(x)) * x).sum(1) / 2


def test_quadratic_has_its_own_second_derivatives():
    X = np.random.default_rng(1).normal(size=(300, 3)) * [1.0, 2.0, 0.3]
    result = interaction_strengths(Quadratic(), X, normalize=False, random_state=0)
    expected = Quadratic.hessian.abs().numpy() * np.outer(X.std(0), X.std(0))
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(result.strengths, expected, atol=1e-5)
    assert result.pairs == [(0, 1), (1, 2), (0, 2)]
    assert result.names[0] == ("x0", "x1")


def test_own_effects_are_root_mean_squares_of_gradients():
    """Of a quadratic the gradient is x H, and noise in mirrored pairs adds nothing to its mean."""
    X = np.random.default_rng(1).normal(size=(300, 3)) * [1.0, 2.0, 0.3]
    found = interaction_strengths(Quadratic(), X, normalize=False, random_state=0)
    gradients = X @ Quadratic.hessian.double().numpy() * X.std(0)
    np.testing.assert_allclose(found.own_effects, np.sqrt((gradients**2).mean(0)), rtol=1e-5)
    # a strength is divided by the root of the geometric mean of both own effects
    scaled = interaction_strengths(Quadratic(), X, random_state=0).strengths
    scale = np.outer(found.own_effects, found.own_effects) ** 0.25
    np.testing.assert_allclose(scaled, found.strengths / scale, rtol=1e-5)


def test_superset_is_the_variance_of_all_effects_that_contain_the_pair():
    # independent signs: the variance of a product of coefficient c is c^2, whatever its order
    X = np.random.default_rng(2).choice([-1.0, 1.0], size=(4000, 4))

    class Effects(nn.Module):
        def forward(self, x):
            return 2 * x[:, 0] * x[:, 1] + x[:, 0] * x[:, 1] * x[:, 2] + 5 * x[:, 3]

    result = interaction_strengths(
        Effects(), X, method="superset", n_points=4000, normalize=False, random_state=0
    )
    expected = {(0, 1): 5**0.5, (0, 2): 1.0, (1, 2): 1.0, (0, 3): 0.0, (1, 3): 0.0, (2, 3): 0.0}
    for pair, strength in expected.items():
        error = result.errors[pair]
        assert abs(result.strengths[pair] - strength) < 4 * error + 1e-5
    np.testing.assert_allclose(result.own_effects[3], 5.0, rtol=0.05)


def test_superset_equals_its_definition(ensemble, numbers):
    X, _ = numbers
    looked = look_into(ensemble, X)
    rows, partners = torch.arange(0, 30), torch.arange(100, 130)
    own, joint = superset_effects(looked, rows, partners, [(0, 2), (1, 3)])

    def f(*columns):
        Z = X[:30].copy()
        Z[:, columns] = X[100:130][:, columns]
        return (ensemble._forward(Z) / ensemble.net_.module_.target_scale).numpy()[..., 0]

    for p, (i, j) in enumerate([(0, 2), (1, 3)]):
        left = (f() - f(i) - f(j) + f(i, j)) / 2
        products = [left[k] * left[m] for k in range(3) for m in range(3) if k != m]
        np.testing.assert_allclose(joint.mean[p], np.mean(products), rtol=1e-3, atol=1e-6)
    alone = (f() - f(1)) / 2**0.5
    products = [alone[k] * alone[m] for k in range(3) for m in range(3) if k != m]
    np.testing.assert_allclose(own.mean[1], np.mean(products), rtol=1e-3)


def test_moments_do_not_depend_on_blocks():
    effects = torch.randn(3, 50, 4, 2, generator=torch.Generator().manual_seed(0))
    whole, parts = Moments(), Moments()
    whole.add(effects)
    for part in effects.split(7, 1):
        parts.add(part)
    torch.testing.assert_close(whole.mean, parts.mean)
    torch.testing.assert_close(whole.error, parts.error)
    literal = sum(effects[a] * effects[b] for a in range(3) for b in range(3) if a != b).sum(-1) / 6
    torch.testing.assert_close(whole.mean, literal.double().mean(0))
    torch.testing.assert_close(
        whole.error, literal.double().std(0) / 50**0.5 * (49 / 50) ** 0.5 * (50 / 49) ** 0.5
    )


@pytest.mark.parametrize("method", ["smooth_hessian", "superset", "auto"])
def test_ensemble_finds_its_pair(ensemble, numbers, method):
    X, _ = numbers
    result = interaction_strengths(ensemble, X, method=method, random_state=0)
    assert result.pairs[0] == (0, 2)
    assert result.strengths[0, 2] > 4 * result.strengths[1, 3]
    assert (result.strengths == result.strengths.T).all()
    assert not result.strengths.diagonal().any()
    again = interaction_strengths(ensemble, X, method=method, random_state=0)
    np.testing.assert_array_equal(result.strengths, again.strengths)


@pytest.mark.parametrize("activation", ["relu", "mish", "tanh", "gelu", "silu", "identity"])
def test_member_is_the_network_alone(numbers, activation):
    X, y = numbers
    options = {**SMALL, "hidden_layer_sizes": (8, 4), "max_iter": 2}
    model = DropoutMLPRegressor(activation=activation, n_members=2, **options).fit(X, y)
    raw = model.net_.module_.natural
    for k, network in enumerate(look_into(model, X).networks):
        alone = raw(network.f(network.inputs), model.net_.criterion_)[k]
        together = model._forward(X)[k]
        torch.testing.assert_close(alone, together, check_dtype=False, atol=1e-4, rtol=1e-4)


def test_logits_are_centred(numbers):
    X, _ = numbers
    y = np.digitize(X[:, 0] * X[:, 2], [-0.3, 0.3])
    model = DropoutMLPClassifier(n_members=2, random_state=0, **SMALL).fit(X, y)
    looked = look_into(model, X)
    source = torch.arange(len(X))[:, None].expand(-1, 4)
    torch.testing.assert_close(
        looked.scores(source),
        torch.stack([net.f(net.inputs) - net.f[-1].bias.mean() for net in looked.networks]),
        atol=1e-5,
        rtol=1e-5,
    )
    for method in ("smooth_hessian", "superset"):
        assert interaction_strengths(model, X, method=method, random_state=0).pairs[0] == (0, 2)


@pytest.mark.parametrize("method", ["smooth_hessian", "superset"])
def test_categories(method):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "a": rng.normal(size=600),
            "city": pd.Categorical(rng.choice(["Rome", "Oslo", "Lima"], 600)),
            "b": np.where(rng.random(600) < 0.1, np.nan, rng.normal(size=600)),
        }
    )
    y = X["a"] * (X["city"] == "Rome") * 2 + X["b"].fillna(0)
    model = DropoutMLPRegressor(n_members=2, random_state=0, **SMALL).fit(X, y)
    for table in (X, pl.from_pandas(X)) if method == "superset" else (X,):
        result = interaction_strengths(model, table, method=method, random_state=0)
        assert result.names[0] == ("a", "city")
        assert result.strengths[0, 1] > 2 * result.strengths[0, 2]


def test_pipeline_is_read_through_to_the_columns_given():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=500), "c": rng.choice(list("xyz"), 500)})
    X["b"] = rng.normal(size=500)
    y = X["a"] * (X["c"] == "x") + X["b"]
    columns = make_column_transformer((StandardScaler(), ["b", "a"]), (OneHotEncoder(), ["c"]))
    model = make_pipeline(columns, DropoutMLPRegressor(random_state=0, **SMALL)).fit(X, y)
    for method in ("smooth_hessian", "superset"):
        result = interaction_strengths(model, X, method=method, random_state=0)
        assert result.names[0] == ("a", "c")
    mixed = make_pipeline(PCA(2), DropoutMLPRegressor(**SMALL)).fit(X[["a", "b"]], y)
    with pytest.raises(ValueError, match="method='superset'"):
        interaction_strengths(mixed, X[["a", "b"]])
    interaction_strengths(mixed, X[["a", "b"]], method="superset")


def test_scikit_learns_networks_are_converted(numbers):
    X, y = numbers
    model = MLPRegressor(hidden_layer_sizes=(16, 8), max_iter=20, tol=1e9, random_state=0).fit(X, y)
    source = torch.arange(len(X))[:, None].expand(-1, 4)
    looked = look_into(model, X)
    np.testing.assert_allclose(looked.scores(source)[0, :, 0], model.predict(X))
    labels = (y > 0).astype(int)
    model = MLPClassifier(hidden_layer_sizes=(16,), max_iter=20, tol=1e9, random_state=0).fit(
        X, labels
    )
    logit = look_into(model, X).scores(source)[0, :, 0]
    np.testing.assert_allclose(torch.sigmoid(logit), model.predict_proba(X)[:, 1])


def test_skorch_nets_and_wrapped_estimators(numbers, ensemble):
    X, _ = numbers
    with torch.random.fork_rng():
        net = NeuralNetRegressor(nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1)))
        net.initialize()
    found, of_module = (interaction_strengths(f, X, random_state=0) for f in (net, net.module_))
    np.testing.assert_array_equal(found.strengths, of_module.strengths)
    # in closed form: second derivatives of one hidden layer, smoothed, are a sum over its units
    first, last = net.module_[0], net.module_[2]
    spread, weight = X.std(0), first.weight.detach().double().numpy()
    z = X @ weight.T + first.bias.detach().double().numpy()
    deviation = 0.25 * np.linalg.norm(weight * spread, axis=1)
    bend = last.weight.detach().double().numpy() * norm.pdf(z / deviation) / deviation
    hessian = np.einsum("nu,ui,uj->nij", bend, weight * spread, weight * spread)
    expected = np.sqrt((hessian**2).mean(0)) * (1 - np.eye(4))
    found = interaction_strengths(net, X, normalize=False, random_state=0).strengths
    np.testing.assert_allclose(found, expected, rtol=1e-3)
    plain = interaction_strengths(ensemble, X, random_state=0)
    search = GridSearchCV(ensemble, {})
    search.best_estimator_ = ensemble
    for wrapped in (FrozenEstimator(ensemble), search):
        result = interaction_strengths(wrapped, X, random_state=0)
        np.testing.assert_array_equal(result.strengths, plain.strengths)


def test_superset_of_anything(numbers):
    X, y = numbers
    forest = RandomForestRegressor(20, max_features=None, random_state=0).fit(X, y)
    assert interaction_strengths(forest, X, method="superset").pairs[0] == (0, 2)
    frame = pd.DataFrame(X, columns=list("abcd"))
    frame["d"] = pd.Categorical(np.where(X[:, 3] > 0, "up", "down"))
    labels = np.where((frame["d"] == "up") == (X[:, 0] > 0), "yes", "no")
    trees = HistGradientBoostingClassifier(categorical_features="from_dtype", random_state=0)
    result = interaction_strengths(trees.fit(frame, labels), frame, method="superset")
    assert result.names[0] == ("a", "d")


def test_excluded_columns_have_no_pairs(ensemble, numbers):
    frame = pd.DataFrame(numbers[0], columns=list("abcd"))
    model = DropoutMLPRegressor(random_state=0, **SMALL).fit(frame, numbers[1])
    for exclude in (["c"], [2]):
        result = interaction_strengths(model, frame, exclude=exclude, method="auto")
        assert not result.strengths[2].any()
        assert all(2 not in pair for pair in result.pairs)


def test_constant_columns_and_single_columns(numbers):
    X, y = numbers
    X = np.column_stack([X, np.ones(len(X))])
    model = DropoutMLPRegressor(random_state=0, **SMALL).fit(X, y)
    assert not interaction_strengths(model, X).strengths[4].any()
    constant = np.ones_like(X)
    assert not interaction_strengths(model, constant, method="auto").strengths.any()
    alone = DropoutMLPRegressor(random_state=0, **SMALL).fit(X[:, :1], y)
    assert interaction_strengths(alone, X[:, :1]).pairs == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "hessian"}, "method='hessian'"),
        ({"sigma": 0}, "sigma=0"),
        ({"sigma": [1.0]}, "sigma="),
        ({"n_perturbations": 3}, "n_perturbations=3"),
        ({"n_points": 1}, "n_points=1"),
        ({"exclude": ["z"]}, "exclude names 'z'"),
    ],
)
def test_bad_input(ensemble, numbers, options, message):
    with pytest.raises(ValueError, match=message):
        interaction_strengths(ensemble, numbers[0], **options)


def test_no_gradients_no_hessian(numbers):
    X, y = numbers
    forest = RandomForestRegressor(2, random_state=0).fit(X, y)
    with pytest.raises(ValueError, match="method='superset'"):
        interaction_strengths(forest, X)
    with pytest.raises(ValueError, match="X has missing or infinite cells"):
        interaction_strengths(Quadratic(), np.full((5, 3), np.nan))


def test_many_pairs_are_screened(ensemble, numbers, monkeypatch):
    X, _ = numbers
    monkeypatch.setattr("skdropout.inspection._interaction_strengths._MOST_REDRAWN", 2)
    screened = interaction_strengths(ensemble, X, method="auto", n_points=200, random_state=0)
    by_hessian = interaction_strengths(
        ensemble, X, method="smooth_hessian", n_points=200, random_state=0
    )
    everything = interaction_strengths(ensemble, X, method="superset", n_points=200, random_state=0)
    assert set(screened.pairs[:2]) == set(by_hessian.pairs[:2])
    assert screened.pairs[2:] == by_hessian.pairs[2:]
    assert screened.pairs[0] == (0, 2)
    np.testing.assert_allclose(screened.strengths[0, 2], everything.strengths[0, 2])


ENCODINGS = pytest.mark.parametrize("encoding", ["quantile", "piecewise_linear", "periodic"])


@ENCODINGS
def test_networks_are_functions_of_the_numbers(encoding):
    """Whatever the encoding, a number is one input, and outputs are the model's."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=300), "city": rng.choice(["Rome", "Oslo"], 300)})
    X["b"] = np.where(rng.random(300) < 0.2, np.nan, rng.normal(size=300))
    options = {**SMALL, "numeric_encoding": encoding, "n_members": 2, "max_iter": 5}
    options["screening"] = None
    net = DropoutMLPRegressor(random_state=0, **options).fit(X, X["a"])
    looked = look_into(net, X)
    rows = torch.arange(300)[:, None].expand(-1, 3)
    for network, values in zip(looked.networks, looked.scores(rows), strict=True):
        torch.testing.assert_close(network.f(network.inputs), values, rtol=1e-4, atol=1e-5)
        assert (network.column_of_input == 0).sum() == 1
        assert (network.column_of_input == 2).sum() == 2  # its indicator follows it


@ENCODINGS
def test_second_derivatives_by_the_numbers(encoding, numbers):
    options = {**SMALL, "numeric_encoding": encoding, "n_members": 2, "max_iter": 40}
    net = DropoutMLPRegressor(random_state=0, **options).fit(*numbers)
    result = interaction_strengths(net, numbers[0], method="smooth_hessian", random_state=0)
    assert result.pairs[0] == (0, 2)

"""Matrix products of training in half width."""

import pickle

import numpy as np
import pytest
import torch
from torch import nn

import skdropout._device as device
from skdropout import (
    DropoutMLPClassifier,
    DropoutMLPRegressor,
    DropoutMLPRegressorCV,
    RelDropRegressor,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(600, 4))
Y = X[:, 0] * X[:, 1] + X[:, 2] + 0.1 * RNG.normal(size=600)
SMALL = {"n_members": 2, "max_iter": 40, "random_state": 0, "hidden_layer_sizes": (32, 32)}


@pytest.fixture(autouse=True)
def multiplies(monkeypatch):
    """Every processor computes in bfloat16, if only by single precision."""
    monkeypatch.setattr(device, "_multiplies_bfloat16", lambda _: True)


@pytest.mark.parametrize("cls", [DropoutMLPRegressor, RelDropRegressor, DropoutMLPRegressorCV])
def test_it_learns_as_well(cls):
    """Two networks of other random draws differ as much as these two precisions."""
    options = {**SMALL, "dropouts": [0.1]} if cls is DropoutMLPRegressorCV else SMALL
    single, half = (
        cls(**options, precision=precision).fit(X[:400], Y[:400])
        for precision in ("float32", "bfloat16")
    )
    other = cls(**{**options, "random_state": 1}).fit(X[:400], Y[:400])
    scores = [model.score(X[400:], Y[400:]) for model in (single, half, other)]
    assert scores[1] > scores[0] - max(0.02, 2 * abs(scores[0] - scores[2]))
    assert not np.array_equal(single.predict(X), half.predict(X))


def test_weights_and_predictions_are_in_single_precision():
    model = DropoutMLPClassifier(**SMALL, precision="bfloat16").fit(X, Y > 0)
    assert {p.dtype for p in model.net_.module_.parameters()} == {torch.float32}
    again = DropoutMLPClassifier(**SMALL, precision="bfloat16").fit(X, Y > 0)
    probabilities = model.predict_proba(X)
    np.testing.assert_array_equal(again.predict_proba(X), probabilities)
    loaded = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(loaded.predict_proba(X[:7]), probabilities[:7])


def test_warm_start_may_change_it():
    model = DropoutMLPRegressor(**SMALL, warm_start=True, precision="bfloat16").fit(X, Y)
    assert model.set_params(precision="float32").fit(X, Y).net_.module_.precision is None


def test_hardware_that_would_make_it_up(monkeypatch):
    monkeypatch.setattr(device, "_multiplies_bfloat16", lambda _: False)
    model = DropoutMLPRegressor(**SMALL, precision="bfloat16")
    with pytest.raises(ValueError, match="precision='bfloat16', but 'cpu' has no such products"):
        model.fit(X, Y)
    assert not hasattr(model, "net_")


@pytest.mark.parametrize("precision", ["half", None, 16])
def test_bad_precision(precision):
    with pytest.raises(ValueError, match="'precision' parameter"):
        DropoutMLPRegressor(**SMALL, precision=precision).fit(X, Y)


def test_ones_own_module_has_its_own():
    model = RelDropRegressor(
        module=nn.Sequential(nn.Flatten(), nn.Linear(4, 1)),
        feature_shape=(2, 2),
        precision="bfloat16",
    )
    with pytest.raises(ValueError, match="precision='bfloat16' is for the library's own layers"):
        model.fit(X, Y)

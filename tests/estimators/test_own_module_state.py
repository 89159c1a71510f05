"""A user's own module keeps what it holds: running statistics, frozen and unused parameters."""

import numpy as np
import pytest
import torch
from torch import nn

from skdropout import RelDropClassifier, RelDropRegressor

pytestmark = pytest.mark.usefixtures("untouched_random_state")

X = np.random.default_rng(0).normal(size=(80, 16))
Y = (X[:, 0] > 0).astype(int)
OPTIONS = {
    "feature_shape": (1, 4, 4),
    "max_iter": 3,
    "learning_rate_init": 0.01,
    "random_state": 0,
}


def make_normalised():
    layers = nn.Conv2d(1, 4, 2), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Dropout()
    return nn.Sequential(*layers, nn.Linear(36, 1))


def make_frozen():
    """Nothing of the input gets past the first layer, as long as it is not trained."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        first = nn.Linear(16, 4)
        nn.init.zeros_(first.weight)
        return nn.Sequential(nn.Flatten(), first.requires_grad_(False), nn.Linear(4, 1))


class WithUnused(nn.Module):
    def __init__(self):
        super().__init__()
        self.used, self.unused = nn.Linear(16, 1), nn.Linear(3, 3)

    def forward(self, x):
        return self.used(x.flatten(1))


@pytest.mark.parametrize("cls", [RelDropRegressor, RelDropClassifier])
def test_draws_leave_predictions_alone(cls):
    model = cls(module=make_normalised, **OPTIONS).fit(X, Y)
    predict = getattr(model, "predict_proba", model.predict)
    before = predict(X)
    model.sample_predictions(X, 5, random_state=0)
    np.testing.assert_array_equal(predict(X), before)


def test_draws_do_not_depend_on_earlier_draws():
    model = RelDropRegressor(module=make_normalised, **OPTIONS).fit(X, Y)
    first, again = (model.sample_predictions(X, 5, random_state=0) for _ in range(2))
    np.testing.assert_array_equal(again, first)


@pytest.mark.parametrize("module", [make_frozen, make_frozen()], ids=["maker", "module"])
def test_frozen_parameters_stay(module):
    model = RelDropRegressor(module=module, **OPTIONS).fit(X, Y)
    predicted = model.predict(X)
    np.testing.assert_allclose(predicted, predicted[0], rtol=1e-9)


@pytest.mark.parametrize("max_grad_norm", [None, 1.0])
def test_unused_parameters_do_no_harm(max_grad_norm):
    model = RelDropRegressor(module=WithUnused, max_grad_norm=max_grad_norm, **OPTIONS).fit(X, Y)
    assert np.corrcoef(model.predict(X), X[:, 0])[0, 1] > 0


def make_steep():
    """Beyond the largest float of all, were an infinite cell that number."""
    with torch.random.fork_rng():
        layer = nn.Linear(16, 1)
        nn.init.constant_(layer.weight, 4.0)
        return nn.Sequential(nn.Flatten(), layer)


@pytest.mark.parametrize(
    "cells", [np.inf, -np.inf, np.tile([np.inf, -np.inf], 8)], ids=["plus", "minus", "both"]
)
def test_infinite_cells_are_large_numbers(cells):
    model = RelDropRegressor(module=make_steep, **OPTIONS).fit(X, Y)
    rows = np.stack([X[0], X[0]])
    rows[0, :] = cells
    assert np.isfinite(model.predict(rows)).all()
    assert np.isfinite(model.sample_predictions(rows, 3, random_state=0)).all()


def test_an_infinite_training_cell_is_a_large_number():
    wild = X.copy()
    wild[3, 3], wild[4, 4] = np.inf, -np.inf
    model = RelDropRegressor(module=WithUnused, **{**OPTIONS, "max_iter": 20}).fit(wild, Y)
    assert np.corrcoef(model.predict(X), X[:, 0])[0, 1] > 0.5

"""The random state of the caller is untouched, also where no seed is given."""

import pickle
import random

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from skdropout import (
    DropoutMLPClassifier,
    DropoutMLPClassifierCV,
    DropoutMLPRegressor,
    DropoutMLPRegressorCV,
    EmbeddingEncoder,
    RelDropClassifier,
    RelDropRegressor,
    SmoothHessInteractions,
)

X = np.random.default_rng(0).normal(size=(80, 4))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)
FRAME = pd.DataFrame(X, columns=list("abcd")).assign(city=["Rome", "Oslo"] * 40)
SMALL = {"hidden_layer_sizes": (4,), "max_iter": 2}
GRID = {"dropouts": [0.0, 0.2], "cv": 2}


def make_module():
    return nn.Sequential(nn.Flatten(), nn.Linear(4, 8), nn.Dropout(0.5), nn.ReLU(), nn.Linear(8, 1))


def make_images():
    layers = nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2), nn.Flatten(), nn.Dropout(0.5)
    return nn.Sequential(*layers, nn.Linear(8, 1))


OWN = {"feature_shape": (2, 2), "max_iter": 2}
IMAGES = {**OWN, "feature_shape": (1, 2, 2), "occlusion": "block"}


def state():
    """Return the whole of the global random states, as bytes."""
    parts = [torch.get_rng_state().numpy(), np.random.get_state(), random.getstate()]  # noqa: NPY002
    if torch.cuda.is_available():
        parts += [each.numpy() for each in torch.cuda.get_rng_state_all()]
    return pickle.dumps(parts)


@pytest.mark.parametrize(
    "make",
    [
        lambda: DropoutMLPRegressor(**SMALL, numeric_encoding="periodic"),
        lambda: DropoutMLPRegressor(**SMALL, early_stopping=False, input_dropout=0.2),
        lambda: DropoutMLPClassifier(**SMALL),
        lambda: DropoutMLPRegressorCV(**SMALL, **GRID),
        lambda: DropoutMLPClassifierCV(**SMALL, **GRID, racing=True),
        lambda: RelDropRegressor(**SMALL),
        lambda: RelDropClassifier(**SMALL, rule="integrated_gradients"),
        lambda: RelDropRegressor(module=make_module, **OWN),
        lambda: RelDropClassifier(module=make_images, **IMAGES),
    ],
    ids=[
        "regressor",
        "regressor-columns",
        "classifier",
        "regressor-cv",
        "classifier-cv",
        "reldrop-regressor",
        "reldrop-classifier",
        "own-module",
        "own-images",
    ],
)
def test_networks(make):
    model = make()
    before = state()
    model.fit(X, Y)
    assert state() == before, "fit"
    model.predict(X)
    assert state() == before, "predict"
    model.sample_predictions(X, 4)
    assert state() == before, "sample_predictions"


@pytest.mark.parametrize("cls", [DropoutMLPRegressor, DropoutMLPClassifier])
def test_passes_one_by_one(cls):
    model = cls(**SMALL)
    before = state()
    model.partial_fit(X, Y).partial_fit(X, Y)
    assert state() == before


def test_embeddings():
    encoder = EmbeddingEncoder(**SMALL)
    before = state()
    encoder.fit_transform(FRAME, Y)
    encoder.transform(FRAME)
    assert state() == before


@pytest.mark.parametrize("method", ["smooth_hessian", "superset"])
def test_interactions(method):
    network = DropoutMLPRegressor(**SMALL)
    transformer = SmoothHessInteractions(
        network, n_interactions=1, method=method, target_type="continuous"
    )
    before = state()
    transformer.fit_transform(X, Y)
    transformer.transform(X)
    assert state() == before


def test_no_seed_is_another_seed_every_time():
    first, second = (DropoutMLPRegressor(**SMALL).fit(X, Y).predict(X) for _ in range(2))
    assert not np.array_equal(first, second)

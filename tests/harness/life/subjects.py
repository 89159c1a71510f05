"""Tiny estimators of every kind, and the tables they are fitted on."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
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

SMALL = {
    "hidden_layer_sizes": (8,),
    "n_members": 2,
    "max_iter": 3,
    "batch_size": 16,
    "learning_rate_init": 0.01,
    "random_state": 0,
    "device": "cpu",
}
GRID = {**SMALL, "dropouts": [0.0, 0.3], "cv": 2}


def mixed_table(seed=0, n_rows=48):
    """Return (X, y): numbers with gaps, whole numbers, categories, strings with gaps."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "size": np.where(rng.random(n_rows) < 0.2, np.nan, rng.exponential(size=n_rows)),
            "count": rng.integers(0, 9, n_rows),
            "city": pd.Categorical(rng.choice(["Rome", "Oslo", "Lima", "Bonn"], n_rows)),
            "word": rng.choice(["a", "b", "c", None], n_rows),
        }
    )
    y = X["count"] * (X["city"] == "Rome") + X["size"].fillna(1.0) + rng.normal(size=n_rows)
    return X, y.to_numpy()


def pixels(seed=0, n_rows=48):
    """Return (X, y): images of 4 x 4."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 16))
    return X, X[:, 0] + X[:, 5]


class TinyImages(nn.Module):
    """A user's own network, with running statistics."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 2, 2), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(18, 1)
        )

    def forward(self, x):
        return self.layers(x)


def by_median(y):
    """Return two classes with names."""
    return np.where(y > np.median(y), "high", "low")


def by_thirds(y):
    """Return three classes."""
    return np.digitize(y, np.quantile(y, [1 / 3, 2 / 3]))


def as_labels(y):
    """Return two labels that may hold together."""
    return np.column_stack([y > np.quantile(y, 0.3), y > np.median(y)]).astype(int)


def fading(progress):
    """A schedule of one's own."""
    return 1 - progress


def as_it_is(y):
    """Return the target itself."""
    return y


@dataclass
class Subject:
    """An estimator and what it is fitted on."""

    cls: type
    options: dict[str, Any] = field(default_factory=lambda: SMALL)
    target: Any = as_it_is
    table: Any = mixed_table

    def new(self, **options):
        """Return it unfitted."""
        return self.cls(**self.options, **options)

    def data(self, seed=0):
        """Return (X, y)."""
        X, y = self.table(seed)
        return X, self.target(y)

    @property
    def is_network(self):
        """Whether it has epochs of its own that callbacks are told of."""
        return hasattr(self.cls, "sample_predictions")


_ENCODER = {name: SMALL[name] for name in ("hidden_layer_sizes", "max_iter", "random_state")}
_NETWORK = DropoutMLPRegressor(**{**SMALL, "n_members": 1})
_FINDER = {"estimator": _NETWORK, "n_interactions": 2, "n_perturbations": 16, "random_state": 0}
_IMAGES = {**SMALL, "feature_shape": (1, 4, 4), "module": TinyImages}


def _made_module():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return TinyImages()


SUBJECTS = {
    "DropoutMLPRegressor": Subject(DropoutMLPRegressor),
    "DropoutMLPClassifier": Subject(DropoutMLPClassifier, target=by_median),
    "DropoutMLPRegressorCV": Subject(DropoutMLPRegressorCV, GRID),
    "DropoutMLPClassifierCV": Subject(DropoutMLPClassifierCV, {**GRID, "racing": True}, by_thirds),
    "RelDropRegressor": Subject(RelDropRegressor),
    "RelDropClassifier": Subject(RelDropClassifier, target=by_thirds),
    "EmbeddingEncoder": Subject(EmbeddingEncoder, {**_ENCODER, "cv": 2}),
    "SmoothHessInteractions": Subject(SmoothHessInteractions, _FINDER),
}
VARIANTS = {
    "labels": Subject(DropoutMLPClassifier, target=as_labels),
    "random columns": Subject(DropoutMLPRegressor, {**SMALL, "input_dropout": 0.2}),
    "periodic": Subject(DropoutMLPRegressor, {**SMALL, "numeric_encoding": "periodic"}),
    "quantile": Subject(DropoutMLPClassifier, {**SMALL, "numeric_encoding": "quantile"}, by_thirds),
    "maker of images": Subject(RelDropRegressor, _IMAGES, table=pixels),
    "images": Subject(RelDropClassifier, {**_IMAGES, "module": _made_module()}, by_median, pixels),
    "blocks": Subject(RelDropRegressor, {**_IMAGES, "occlusion": "block"}, table=pixels),
    "rules": Subject(RelDropRegressor, {**SMALL, "rule": ["wsquare", "epsilon"]}),
    "hessian": Subject(
        SmoothHessInteractions, {**_FINDER, "output": "hessian", "passthrough": True}
    ),
    "error rate": Subject(
        SmoothHessInteractions, {**_FINDER, "n_interactions": "auto", "error_rate": 0.9}
    ),
    "bag": Subject(DropoutMLPRegressorCV, {**GRID, "refit": "bag"}),
    "ensemble": Subject(DropoutMLPClassifierCV, {**GRID, "refit": "ensemble"}, by_thirds),
    "several quantiles": Subject(
        DropoutMLPRegressorCV, {**GRID, "refit": "bag", "loss": "quantile", "quantile": [0.2, 0.8]}
    ),
    "without refit": Subject(DropoutMLPRegressorCV, {**GRID, "refit": False}),
    "learnt": Subject(
        DropoutMLPRegressor, {**SMALL, "dropout": "learnt", "input_dropout": "learnt"}
    ),
    "scheduled": Subject(
        DropoutMLPClassifier,
        {**SMALL, "dropout": 0.3, "input_dropout": 0.2, "dropout_schedule": ["decay", fading]},
        by_thirds,
    ),
}
EVERY = {**SUBJECTS, **VARIANTS}
# nothing is trained after their search
OF_A_SEARCH = ("bag", "ensemble", "several quantiles", "without refit")
NETWORKS = [name for name, subject in EVERY.items() if subject.is_network]
# passes know of no end that a schedule could go to
INCREMENTAL = [
    name
    for name, subject in EVERY.items()
    if hasattr(subject.cls, "partial_fit") and "dropout_schedule" not in subject.options
]

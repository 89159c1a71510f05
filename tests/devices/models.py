"""Estimators, and the tables they are fitted on, that together take every path of a step."""

import numpy as np
from torch import nn

from skdropout import (
    DropoutMLPClassifier,
    DropoutMLPRegressor,
    DropoutMLPRegressorCV,
    RelDropClassifier,
    RelDropRegressor,
)

SMALL = {"n_members": 3, "max_iter": 2, "batch_size": 81, "screening": None, "random_state": 0}
ALL = {"dropout": 0.2, "input_dropout": 0.1, "max_grad_norm": 1.0}


def convolutions():
    return nn.Sequential(
        nn.Conv2d(2, 4, 3),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(),
        nn.Linear(8, 1),
    )


def perceptron(cls=DropoutMLPRegressor, sizes=(16, 8), target=None, weight=True, **options):
    """Numbers, missing cells and categories, with weights."""

    def fit(X, y, **changed):
        y = y if target is None else target(y)
        weights = {"sample_weight": 1 + np.abs(X["a"].to_numpy())} if weight else {}
        return cls(sizes, **{**SMALL, **options, **changed}).fit(X, y, **weights), X

    return fit


def own(**options):
    """Images, and a network that is not ours."""

    def fit(X, y, **changed):
        X = np.random.default_rng(0).normal(size=(len(y), 24))
        given = {"n_members": 1, "feature_shape": (2, 3, 4), **options, **changed}
        return RelDropRegressor(module=convolutions, **{**SMALL, **given}).fit(X, y), X

    return fit


def thirds(y):
    return np.digitize(y, np.quantile(y, [1 / 3, 2 / 3]))


def labels(y):
    return np.column_stack([y > 0, y > 1])


MODELS = {
    **{
        f"{encoding} numbers": perceptron(numeric_encoding=encoding, **ALL)
        for encoding in ("standard", "quantile", "piecewise_linear", "periodic")
    },
    "no early stopping": perceptron(early_stopping=False, **ALL),
    "absolute error, two outputs": perceptron(
        loss="absolute_error", target=lambda y: np.column_stack([y, -y]), dropout=0.1
    ),
    "counts": perceptron(loss="poisson", target=np.exp, dropout=0.1),
    "recipes": perceptron(),
    "two classes": perceptron(DropoutMLPClassifier, target=lambda y: y > 0, **ALL),
    "three classes": perceptron(DropoutMLPClassifier, target=thirds, **ALL),
    "labels": perceptron(DropoutMLPClassifier, target=labels, **ALL),
    **{
        f"RelDrop by {rule}": perceptron(RelDropRegressor, rule=rule)
        for rule in ("gradient_x_input", "epsilon", "zplus")
    },
    "RelDrop of three classes": perceptron(RelDropClassifier, target=thirds),
    "own module": own(),
    "own module, blocks": own(occlusion="block"),
    "search": perceptron(
        DropoutMLPRegressorCV, dropouts=[0.0, 0.2], cv=3, n_members=1, max_iter=5, weight=False
    ),
}

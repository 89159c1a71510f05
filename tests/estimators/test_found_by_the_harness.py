"""What generated cases came upon: odd input that works, or is refused by name before training."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch

from skdropout import (
    DropoutMLPClassifier,
    DropoutMLPRegressor,
    DropoutMLPRegressorCV,
    EmbeddingEncoder,
    RelDropRegressor,
    SmoothHessInteractions,
)

SMALL = {"hidden_layer_sizes": (4,), "max_iter": 2, "n_members": 1, "random_state": 0}
GRID = {**SMALL, "dropouts": [0.0, 0.2], "cv": 2}
X = np.random.default_rng(0).normal(size=(24, 3))
Y = X[:, 0] * X[:, 1]
TWO = np.arange(24) % 2
FRAME = pd.DataFrame(X, columns=list("abc")).assign(city=["Rome", "Oslo"] * 12)


def fit(kind, options, *arguments, **keywords):
    return kind(**options).fit(*arguments, **keywords)


def refused(message, *call, error=ValueError, **keywords):
    return pytest.param(call, keywords, error, message, id=message)


@pytest.mark.parametrize(
    ("call", "keywords", "error", "message"),
    [
        refused("sample_weight", DropoutMLPRegressor, SMALL, X, Y, sample_weight=["a"] * 24),
        refused("sample_weight is zero for all", DropoutMLPRegressorCV, GRID, X, Y,
                sample_weight=np.eye(1, 24)[0]),
        refused("class_weight={0: 'a'}", DropoutMLPClassifier,
                {**SMALL, "class_weight": {0: "a"}}, X, TWO),
        refused("groups mixes", DropoutMLPRegressorCV, GRID, X, Y, groups=["a", None] * 12),
        refused(r"cv=\[\(\)\] cannot split", DropoutMLPRegressorCV, {**GRID, "cv": [()]}, X, Y),
        refused("cv=1000000 cannot split", DropoutMLPRegressorCV, {**GRID, "cv": 10**6}, X, Y),
        refused("scoring='roc_auc' cannot score", DropoutMLPRegressorCV,
                {**GRID, "scoring": "roc_auc"}, X, Y),
        refused("scoring=.* cannot score", DropoutMLPRegressorCV,
                {**GRID, "scoring": lambda: 0}, X, Y),
        refused("callbacks holds", DropoutMLPRegressor, {**SMALL, "callbacks": [("a",)]}, X, Y),
        refused("y=5.0 must be an array", EmbeddingEncoder, {"cv": 2}, FRAME, 5.0),
        refused("y cannot be read as an array", SmoothHessInteractions, {}, X, [[1], [1, 2]] * 12),
        refused("y is a sparse matrix", SmoothHessInteractions, {}, X,
                scipy.sparse.csr_matrix(TWO[:, None])),
        refused("y holds what is no number", DropoutMLPRegressor, SMALL, X, ["no", "yes"] * 12),
        refused("y mixes classes", DropoutMLPClassifier, SMALL, X,
                np.array(["a", None] * 12, object)),
        refused("y has missing cells", DropoutMLPClassifier, SMALL, X,
                pd.Series(["a", None] * 12, dtype="string")),
        refused("y has missing cells", EmbeddingEncoder, {"cv": 2}, FRAME,
                pd.Series(["a", None] * 12, dtype="string")),
        refused("X cannot be read as an array", EmbeddingEncoder, {"cv": 2}, [[1.0], [1.0, 2.0]],
                [1.0, 2.0]),
        refused("Column 'x1' cannot be read as numbers", DropoutMLPRegressor, SMALL,
                np.array([[1.0, "Rome"]] * 24, object), Y),
        refused("a negative weight", DropoutMLPClassifier,
                {**SMALL, "class_weight": {0: -1.0}}, X, np.arange(24) % 2),
        refused("categorical_features={}", DropoutMLPRegressor,
                {**SMALL, "categorical_features": {}}, FRAME, Y),
        refused("'input_scaling'", DropoutMLPRegressor,
                {**SMALL, "input_scaling": Fraction(1, 2)}, X, Y),
        refused("hidden_layer_sizes", DropoutMLPRegressor,
                {**SMALL, "hidden_layer_sizes": 10**400}, X, Y),
        refused("too large for this machine", DropoutMLPRegressor,
                {**SMALL, "hidden_layer_sizes": (10**6, 10**9)}, X, Y, error=MemoryError),
    ],
)  # fmt: skip
def test_refused_by_name(call, keywords, error, message):
    with pytest.raises(error, match=message):
        fit(*call, **keywords)


def test_a_bfloat16_tensor_is_a_table():
    model = fit(DropoutMLPRegressor, SMALL, X, Y)
    tensor = torch.as_tensor(X).bfloat16()
    assert np.array_equal(model.predict(tensor), model.predict(tensor.double().numpy()))


def test_decimals_are_numbers():
    decimals = FRAME.assign(a=[Decimal(str(a)) for a in FRAME["a"]])
    model = fit(DropoutMLPRegressor, SMALL, decimals, Y)
    assert list(model.embeddings_) == ["city"]
    same = fit(DropoutMLPRegressor, SMALL, FRAME, Y)
    assert np.array_equal(model.predict(decimals), same.predict(FRAME))


@pytest.mark.parametrize("kind", [DropoutMLPRegressor, RelDropRegressor])
def test_targets_next_to_nothing(kind):
    """Of 5e-324, the least number there is: their deviation is less, and was taken for zero."""
    y = 5e-324 * TWO
    assert np.isfinite(fit(kind, SMALL, X, y).predict(X)).all()


@pytest.mark.parametrize("kind", [DropoutMLPRegressor, RelDropRegressor])
def test_a_huge_target_without_weight_is_not_learnt(kind):
    """The square of 1e300 is infinite, and zero times infinity is no number."""
    y, weight = Y.copy(), np.ones(24)
    y[3], weight[3] = 1e300, 0.0
    without = fit(kind, SMALL, X, Y, sample_weight=weight).predict(X)
    assert np.array_equal(fit(kind, SMALL, X, y, sample_weight=weight).predict(X), without)


def test_a_search_takes_a_batch_size_of_any_width():
    narrow, wide = (
        fit(DropoutMLPRegressorCV, {**GRID, "batch_size": size}, X, Y) for size in (np.int8(8), 8)
    )
    assert np.array_equal(narrow.predict(X), wide.predict(X))


def test_a_search_takes_a_target_with_a_gradient():
    y = torch.tensor(Y, requires_grad=True)
    by_tensor, by_array = (fit(DropoutMLPRegressorCV, GRID, X, target) for target in (y, Y))
    assert np.array_equal(by_tensor.scores_, by_array.scores_)


def test_folds_may_be_given_as_masks():
    """Masks of rows are folds as their places are."""
    masks = [(TWO == 0, TWO == 1), (TWO == 1, TWO == 0)]
    places = [tuple(map(np.flatnonzero, fold)) for fold in masks]
    by_mask, by_place = (
        fit(DropoutMLPRegressorCV, {**GRID, "cv": cv}, X, Y) for cv in (masks, places)
    )
    assert np.array_equal(by_mask.scores_, by_place.scores_)

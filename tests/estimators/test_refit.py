"""A second fit starts from nothing, and a warm start from what it can go on from."""

import numpy as np
import pandas as pd
import pytest

from skdropout import (
    DropoutMLPClassifier,
    DropoutMLPRegressor,
    DropoutMLPRegressorCV,
    EmbeddingEncoder,
    RelDropRegressor,
    SmoothHessInteractions,
)

pytestmark = pytest.mark.usefixtures("untouched_random_state")

X = np.random.default_rng(0).normal(size=(60, 3))
Y = (X[:, 0] > 0).astype(int)
FRAME = pd.DataFrame(X, columns=["a", "b", "c"])
SMALL = {"hidden_layer_sizes": (4,), "max_iter": 2, "random_state": 0}
SEVERAL = {**SMALL, "n_members": 1}
ESTIMATORS = [
    DropoutMLPRegressor(**SEVERAL),
    DropoutMLPClassifier(**SEVERAL),
    RelDropRegressor(**SEVERAL),
    DropoutMLPRegressorCV(**SEVERAL, dropouts=[0.0], cv=2),
    EmbeddingEncoder(**SMALL, categorical_features=[0]),
    SmoothHessInteractions(
        DropoutMLPRegressor(**SEVERAL), n_interactions=1, target_type="continuous", random_state=0
    ),
]


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
def test_names_of_an_earlier_fit_are_gone(estimator):
    whole = (10 * X).round()
    estimator.fit(pd.DataFrame(whole, columns=["a", "b", "c"]), Y)
    assert estimator.feature_names_in_.tolist() == ["a", "b", "c"]
    estimator.fit(whole[:, :2], Y)
    assert not hasattr(estimator, "feature_names_in_")
    assert estimator.n_features_in_ == 2


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ({}, {"loss": "poisson"}),
        ({}, {"loss": "quantile", "quantile": 0.9}),
        ({"loss": "poisson"}, {"loss": "squared_error"}),
        ({"loss": "quantile", "quantile": 0.1}, {"quantile": 0.9}),
    ],
    ids=str,
)
def test_warm_start_with_another_loss(first, then):
    model = DropoutMLPRegressor(**SMALL, **first, warm_start=True).fit(X, Y)
    before = model.predict(X)
    with pytest.raises(ValueError, match=r"loss|quantile"):
        model.set_params(**then).fit(X, Y)
    np.testing.assert_array_equal(model.predict(X), before)


def test_a_search_that_starts_warm_with_another_loss():
    search = DropoutMLPRegressorCV(**SMALL, dropouts=[0.0], cv=2, warm_start=True).fit(X, Y)
    with pytest.raises(ValueError, match="loss"):
        search.set_params(loss="poisson").fit(X, Y)


def test_a_pass_under_another_loss():
    model = DropoutMLPRegressor(**SMALL).fit(X, Y)
    with pytest.raises(ValueError, match="loss"):
        model.set_params(loss="poisson").partial_fit(X, Y)

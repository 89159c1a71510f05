"""``max_iter`` that comes while a network still learns is said, as scikit-learn's MLPs say it."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from skdropout import (
    DropoutMLPClassifier,
    DropoutMLPRegressor,
    DropoutMLPRegressorCV,
    RelDropRegressor,
)

pytestmark = pytest.mark.usefixtures("untouched_random_state")

X = np.random.default_rng(0).normal(size=(200, 3))
Y = X[:, 0]
LABELS = (Y > 0).astype(int)
# far from done after five epochs
SHORT = {
    "hidden_layer_sizes": (8,),
    "max_iter": 5,
    "learning_rate": "constant",
    "random_state": 0,
}


def said(call):
    """Return the convergence warnings of ``call``."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    return [w for w in caught if issubclass(w.category, ConvergenceWarning)]


@pytest.mark.parametrize(
    "model",
    [
        DropoutMLPRegressor(**SHORT),
        DropoutMLPRegressor(**SHORT, n_members=1),
        DropoutMLPClassifier(**SHORT),
        RelDropRegressor(**SHORT),
        DropoutMLPRegressorCV(**SHORT, dropouts=[0.0, 0.1], cv=2),
    ],
    ids=["regressor", "one-network", "classifier", "reldrop", "search"],
)
def test_once_a_fit_if_still_improving(model):
    warned = said(lambda: model.fit(X, LABELS))
    assert len(warned) == 1
    assert "max_iter" in str(warned[0].message)


def test_not_if_patience_ended_it():
    model = DropoutMLPRegressor(**{**SHORT, "max_iter": 200}, n_iter_no_change=3)
    noise = np.random.default_rng(1).normal(size=200)
    assert not said(lambda: model.fit(X, noise))
    assert model.n_iter_ < 200


def test_not_if_the_best_epoch_is_long_past():
    """The rows to stop by have the target turned round: every epoch but the first is worse."""
    model = DropoutMLPRegressor(**{**SHORT, "max_iter": 15}, dropout=0.1, n_iter_no_change=10)
    assert not said(lambda: model.fit(X, Y, X_val=X, y_val=-Y))


def test_not_after_a_single_pass():
    model = DropoutMLPRegressor(**SHORT)
    assert not said(lambda: model.partial_fit(X, Y).partial_fit(X, Y))

"""A scorer of the search gets an estimator that answers for the rows it passes."""

import numpy as np
import pytest
from sklearn.inspection import permutation_importance

from skdropout import DropoutMLPClassifierCV, DropoutMLPRegressorCV
from skdropout.inspection import interaction_order_spectrum

pytestmark = pytest.mark.usefixtures("untouched_random_state")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 3))
Y = X[:, 0]
SMALL = {
    "hidden_layer_sizes": (8,),
    "n_members": 1,
    "max_iter": 10,
    "learning_rate_init": 0.01,
    "dropouts": [0.0],
    "cv": 3,
    "refit": False,
    "random_state": 0,
}


def seen_by_scorer(look, cls=DropoutMLPRegressorCV, y=Y):
    """Return what ``look(estimator, X, y)`` gave, one entry for each call of the scorer."""
    seen = []

    def score(estimator, X, y):
        seen.append(look(estimator, X, y))
        return 0.0

    cls(**SMALL, scoring=score).fit(X, y)
    assert len(seen) >= 3
    return seen


@pytest.mark.parametrize("cls", [DropoutMLPRegressorCV, DropoutMLPClassifierCV])
def test_some_of_the_rows(cls):
    shapes = seen_by_scorer(lambda e, X, y: e.predict(X[:5]).shape, cls, (Y > 0).astype(int))
    assert set(shapes) == {(5,)}


def test_rows_in_another_order():
    for forwards, backwards in seen_by_scorer(lambda e, X, y: (e.predict(X), e.predict(X[::-1]))):
        # another place in the batch may cost a last digit of the single precision of training
        np.testing.assert_allclose(backwards[::-1], forwards, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("method", ["predict_proba", "predict_log_proba"])
def test_probabilities_of_other_rows(method):
    """The class follows the first column, so turning its sign round turns the classes round."""

    def look(estimator, X, y):
        first = (np.exp if "log" in method else np.asarray)(getattr(estimator, method)(X))
        turned = (np.exp if "log" in method else np.asarray)(getattr(estimator, method)(-X))
        return np.corrcoef(first[:, 1], turned[:, 1])[0, 1]

    assert max(seen_by_scorer(look, DropoutMLPClassifierCV, (Y > 0).astype(int))) < 0


def test_permutation_importance():
    def look(estimator, X, y):
        return permutation_importance(estimator, X, y, n_repeats=2, random_state=0).importances_mean

    for importances in seen_by_scorer(look):
        assert importances[0] > max(0.0, *importances[1:])


def test_order_spectrum():
    def look(estimator, X, y):
        return interaction_order_spectrum(
            estimator, X, max_order=2, n_evaluations=2000, random_state=0
        ).variances

    for variances in seen_by_scorer(look):  # the target is a main effect
        assert variances[0] > 0.9 * np.sum(variances) > 0.1

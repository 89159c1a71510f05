"""The estimator says what the target is: classes of a classifier, numbers of a regressor."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

from skdropout import DropoutMLPClassifier, DropoutMLPRegressor, SmoothHessInteractions

pytestmark = pytest.mark.usefixtures("untouched_random_state")

OPTIONS = {
    "hidden_layer_sizes": (8,),
    "n_members": 1,
    "max_iter": 2,
    "numeric_encoding": "standard",
}
OPTIONS |= {"random_state": 0}
X = np.random.default_rng(0).normal(size=(600, 3))
COUNTS = np.random.default_rng(1).poisson(np.exp(0.5 * X[:, 0])).clip(max=4)
SIXTY = np.arange(600) % 60


def recording(kind):
    """An estimator that keeps the targets it is fitted to, in a list that clones share."""

    class Recording(kind):
        targets = []  # noqa: RUF012

        def fit(self, X, y, **fit_params):
            self.targets.append(np.asarray(y))
            return super().fit(X, y, **fit_params)

    return Recording


@pytest.mark.filterwarnings("ignore:No interaction passes:UserWarning")
@pytest.mark.parametrize(
    ("kind", "y"), [(DropoutMLPClassifier, SIXTY), (DropoutMLPRegressor, COUNTS)]
)
def test_models_of_folds_are_fitted_to_the_targets_that_were_given(kind, y):
    """Once to all, then four times to three quarters, classes in proportion."""
    estimator = recording(kind)(**OPTIONS)
    SmoothHessInteractions(estimator, n_interactions="auto", random_state=0).fit(X, y)
    own, *of_folds = estimator.targets
    assert [len(targets) for targets in of_folds] == [450] * 4
    # each row is left out once
    seen = np.bincount(np.concatenate(of_folds), minlength=y.max() + 1)
    np.testing.assert_array_equal(seen, 3 * np.bincount(own))


@pytest.fixture(scope="module")
def with_city():
    city = np.random.default_rng(2).choice(["Rome", "Oslo", "Lima", "Bonn"], 600)
    return pd.DataFrame({"a": X[:, 0], "city": city})


def product(estimator, table, y, fitted_to):
    """The column of products, with the estimator fitted once and whatever ``y`` afterwards."""
    fitted = FrozenEstimator(clone(estimator).fit(table, fitted_to))
    finder = SmoothHessInteractions(fitted, n_interactions=1, passthrough=False, random_state=0)
    return finder.fit(table, y).transform(table)[:, 0]


def test_names_of_classes_do_not_matter(with_city):
    """A category stands for how often its rows are of the classes, up to a sign."""
    classifier = DropoutMLPClassifier(**OPTIONS)
    # equally many of each would have no first principal component
    y = np.where(X[:, 2] > 0, 7, SIXTY)
    renamed = np.random.default_rng(3).permutation(60)[y]
    expected = product(classifier, with_city, y, y)
    found = product(classifier, with_city, renamed, y)
    np.testing.assert_allclose(np.abs(found), np.abs(expected), rtol=1e-6, atol=1e-9)


def test_counts_shifted_are_the_same_numbers(with_city):
    """A category stands for its mean target, from that of all."""
    regressor = DropoutMLPRegressor(**OPTIONS)
    expected = product(regressor, with_city, COUNTS + 0.5, COUNTS)
    found = product(regressor, with_city, COUNTS, COUNTS)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    ("kind", "target_type"),
    [(DropoutMLPClassifier, "continuous"), (DropoutMLPRegressor, "classes")],
)
def test_target_type_cannot_contradict_the_estimator(kind, target_type):
    estimator = recording(kind)(**OPTIONS)
    finder = SmoothHessInteractions(estimator, target_type=target_type)
    with pytest.raises(ValueError, match=f"target_type='{target_type}' contradicts estimator"):
        finder.fit(X, COUNTS)
    assert estimator.targets == []


@pytest.mark.filterwarnings("ignore:No interaction passes:UserWarning")
def test_one_column_of_targets_is_one_output():
    regressor = recording(DropoutMLPRegressor)(**OPTIONS)
    finder = SmoothHessInteractions(regressor, n_interactions="auto", random_state=0)
    column = finder.fit(X, X[:, :1]).strengths_
    np.testing.assert_array_equal(column, finder.fit(X, X[:, 0]).strengths_)

"""scikit-learn's callbacks get, after every epoch, the estimator that fit would have made."""

import numpy as np
import pytest
from sklearn.base import is_classifier
from sklearn.callback import ScoringMonitor

from skdropout import (
    DropoutMLPClassifier,
    DropoutMLPClassifierCV,
    DropoutMLPRegressor,
    DropoutMLPRegressorCV,
    RelDropClassifier,
    RelDropRegressor,
)

pytestmark = pytest.mark.usefixtures("untouched_random_state")

X = np.random.default_rng(0).normal(size=(120, 3))
Y = (X[:, 0] > 0).astype(int)
SMALL = {
    "hidden_layer_sizes": (8,),
    "max_iter": 4,
    "learning_rate_init": 0.01,
    "random_state": 0,
}
GRID = {"dropouts": [0.0, 0.2], "cv": 2}
ESTIMATORS = [
    (DropoutMLPRegressor, {}),
    (DropoutMLPClassifier, {}),
    (RelDropRegressor, {}),
    (RelDropClassifier, {}),
    (DropoutMLPRegressorCV, GRID),
    (DropoutMLPClassifierCV, GRID),
]
EVERY = pytest.mark.parametrize(
    ("cls", "options"), ESTIMATORS, ids=lambda v: getattr(v, "__name__", "")
)


class Keeper:
    """Keep every estimator that a task ended with, and its predictions then."""

    def __init__(self):
        self.kept = []

    def setup(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, X, fitted_estimator):
        self.kept.append((context.task_name, fitted_estimator, fitted_estimator.predict(X)))

    def teardown(self, estimator, context):
        pass


def public(estimator):
    return {name for name in vars(estimator) if name.endswith("_") and not name.startswith("_")}


@EVERY
def test_the_last_epochs_score_is_that_of_the_fitted_model(cls, options):
    name = "accuracy" if is_classifier(cls()) else "r2"
    monitor = ScoringMonitor(scoring=name)
    model = cls(**SMALL, **options, early_stopping=False).set_callbacks(monitor).fit(X, Y)
    log = monitor.get_logs().data
    epochs = [entry[name] for entry in log if entry["task_name"] == "epoch"]
    assert len(epochs) == 4
    assert len(set(epochs)) > 1
    assert epochs[-1] == pytest.approx(model.score(X, Y), rel=1e-12)
    whole = [entry[name] for entry in log if entry["task_name"] == "fit"]
    assert whole == [epochs[-1]]


@EVERY
def test_fitted_attributes_are_those_of_a_fit(cls, options):
    keeper = Keeper()
    model = cls(**SMALL, **options).set_callbacks(keeper).fit(X, Y)
    expected = public(cls(**SMALL, **options).fit(X, Y))
    for _, estimator, _ in keeper.kept:
        assert public(estimator) == expected
    epochs = [estimator for name, estimator, _ in keeper.kept if name == "epoch"]
    assert [estimator.n_iter_ for estimator in epochs] == [1, 2, 3, 4]
    assert epochs[1].loss_curve_ == model.loss_curve_[:2]
    assert epochs[1].validation_scores_ == model.validation_scores_[:2]


def test_nothing_of_an_earlier_fit_is_seen():
    keeper = Keeper()
    model = DropoutMLPRegressor(**SMALL, n_members=1).fit(X, Y).set_callbacks(keeper)
    model.set_params(max_iter=2).fit(X[:60], Y[:60])
    epochs = [estimator for name, estimator, _ in keeper.kept if name == "epoch"]
    assert [estimator.n_iter_ for estimator in epochs] == [1, 2]


@pytest.mark.parametrize("early_stopping", [True, False])
def test_an_epochs_estimator_does_not_learn_on(early_stopping):
    keeper = Keeper()
    model = DropoutMLPRegressor(**SMALL, early_stopping=early_stopping)
    model.set_callbacks(keeper).fit(X, Y)
    for _, estimator, predictions in keeper.kept:
        np.testing.assert_array_equal(estimator.predict(X), predictions)
    assert not np.array_equal(keeper.kept[0][2], keeper.kept[1][2])

"""``predict_set``: adaptive prediction sets, against their definition, and what they cover."""

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.model_selection import KFold, ShuffleSplit

from skdropout import DropoutMLPClassifierCV

SMALL = {
    "hidden_layer_sizes": (16,),
    "dropouts": [0.0, 0.3],
    "cv": KFold(4, shuffle=True, random_state=0),
    "max_iter": 15,
    "random_state": 0,
    "screening": None,
}
NAMES = np.array(["a", "b", "c", "d"])
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module")
def data():
    X, y = make_classification(
        n_samples=2200,
        n_features=6,
        n_informative=5,
        n_redundant=0,
        n_classes=4,
        n_clusters_per_class=1,
        flip_y=0.2,
        random_state=0,
    )
    return X[:200], NAMES[y[:200]], X[200:], NAMES[y[200:]]


@pytest.fixture(scope="module", params=["bag", "ensemble"])
def model(request, data):
    X, y, *_ = data
    return DropoutMLPClassifierCV(**SMALL, refit=request.param).fit(X, y)


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9, 0.95])
def test_equals_its_definition(model, data, coverage):
    """Row by row and class by class, in loops, as the paper has it."""
    X, y, X_new, _ = data
    each, weights = model._forward(X_new[:6]).numpy(), model.member_weights_
    fold_of_network = model._plan.conformal.held_out.fold_of_network
    fold_of_row = np.empty(200, dtype=int)
    for k, (_, test) in enumerate(SMALL["cv"].split(X)):
        fold_of_row[test] = k

    def score(probabilities, c):
        return sum(p for p in probabilities if p > probabilities[c])

    scores = [
        score(p, "abcd".index(name)) for p, name in zip(model.oof_predictions_, y, strict=True)
    ]
    found, predicted = model.predict_set(X_new[:6], coverage), model.predict(X_new[:6])
    for j in range(6):
        for c in range(4):
            beaten = 0
            for i in range(200):
                own = fold_of_network == fold_of_row[i]
                by_fold = np.average(each[own, j], axis=0, weights=weights[own])
                beaten += scores[i] < score(by_fold, c)
            expected = beaten < round(coverage * 201, 9) or NAMES[c] == predicted[j]
            assert found[j, c] == expected


@pytest.mark.parametrize("coverage", [0.6, 0.8, 0.9])
def test_covers_what_it_says(model, data, coverage):
    """2,000 new rows, beside 200 that the threshold is estimated from: 4 standard deviations."""
    *_, X, y = data
    sets = model.predict_set(X, coverage)
    covered = sets[np.arange(len(y)), np.searchsorted(NAMES, y)].mean()
    assert covered > coverage - 4 * np.sqrt(coverage * (1 - coverage) * (1 / 200 + 1 / 2000))


def test_sets_are_large_where_there_is_doubt(model, data):
    *_, X, _ = data
    sets, sure = model.predict_set(X, 0.9), model.predict_proba(X).max(1)
    assert sets.shape == (2000, 4)
    assert sets.dtype == bool
    assert sets.any(1).all()
    size = sets.sum(1)
    most, least = sure >= np.quantile(sure, 0.9), sure <= np.quantile(sure, 0.1)
    assert size[least].mean() > size[most].mean() + 0.5
    larger = model.predict_set(X, 0.95)
    assert (larger >= sets).all()


def test_two_classes(data):
    X, y, X_new, _ = data
    model = DropoutMLPClassifierCV(**SMALL, refit="bag").fit(X, y > "b")
    sets = model.predict_set(X_new, 0.95)
    assert sets.shape == (2000, 2)
    assert 0 < sets.all(1).mean() < 1
    assert model.predict_set(X_new[:3], 0.999).all()  # too few rows for less


@pytest.mark.parametrize("coverage", [0, 1, 1.5, "0.9", None, np.nan, True])
def test_what_is_no_coverage(model, data, coverage):
    with pytest.raises(ValueError, match="coverage="):
        model.predict_set(data[0], coverage)


def test_without_networks_of_folds_or_with_rows_left_out(data):
    X, y, *_ = data
    options = {**SMALL, "max_iter": 3}
    model = DropoutMLPClassifierCV(**options).fit(X, y)
    with pytest.raises(ValueError, match=r"sets of classes.*refit='bag'"):
        model.predict_set(X)
    model.set_params(refit="bag", cv=ShuffleSplit(3, random_state=0)).fit(X, y)
    with pytest.raises(ValueError, match=r"cv=.*exactly once"):
        model.predict_set(X)
    model.set_params(cv=3).fit(X, np.column_stack([y == "a", y == "b"]).astype(int))
    with pytest.raises(ValueError, match="labels"):
        model.predict_set(X)

"""DropoutPathDisplay draws what the search found."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.datasets import make_classification, make_friedman1

from skdropout import DropoutMLPClassifierCV, DropoutMLPRegressor, DropoutMLPRegressorCV
from skdropout.inspection import DropoutPathDisplay

pytestmark = pytest.mark.usefixtures("agg")
SMALL = {"hidden_layer_sizes": (16,), "max_iter": 4, "cv": 3, "random_state": 0, "refit": False}


@pytest.fixture(scope="module")
def data():
    return make_friedman1(n_samples=120, random_state=0)


def test_lines_hold_mean_losses(data):
    search = DropoutMLPRegressorCV(**SMALL, dropouts=[0.4, 0.0, 0.2]).fit(*data)
    display = DropoutPathDisplay.from_estimator(search)
    np.testing.assert_array_equal(display.lines_["test"].get_xdata(), [0.0, 0.2, 0.4])
    for part in ("train", "test"):
        mean = -search.cv_results_[f"mean_{part}_score"][[1, 2, 0]]
        np.testing.assert_allclose(display.lines_[part].get_ydata(), mean)
    assert set(display.chosen_.get_xdata()) == {search.dropout_}
    assert display.ax_.get_ylabel() == "squared error"
    assert display.image_ is None


def test_map_where_both_rates_are_searched(data):
    search = DropoutMLPRegressorCV(
        **SMALL, dropouts=[0.0, 0.5], input_dropouts=[0.2, 0.0, 0.1], scoring="r2"
    ).fit(*data)
    _, ax = plt.subplots()
    display = DropoutPathDisplay.from_estimator(search, ax=ax)
    assert display.ax_ is ax
    mean = search.scores_.mean(1).reshape(2, 3)[:, [1, 2, 0]]
    np.testing.assert_allclose(display.image_.get_array(), mean)
    drawn = [label.get_text() for label in ax.get_xticklabels()]
    assert float(drawn[int(display.chosen_.get_xdata()[0])]) == search.input_dropout_
    assert display.lines_ is None


@pytest.mark.parametrize(
    ("grid", "x"),
    [
        ({"dropouts": [0.1], "input_dropouts": [0.0, 0.3]}, [0.0, 0.3]),
        ({"dropouts": [0.1, 0.4], "input_dropouts": [0.0, 0.3], "grid": "paired"}, [0.1, 0.4]),
    ],
)
def test_lines_along_the_rate_that_varies(data, grid, x):
    display = DropoutPathDisplay.from_estimator(DropoutMLPRegressorCV(**SMALL, **grid).fit(*data))
    np.testing.assert_array_equal(display.lines_["test"].get_xdata(), x)


def test_classifier_and_candidates_that_left_the_race():
    X, y = make_classification(n_samples=90, random_state=0)
    search = DropoutMLPClassifierCV(**SMALL, dropouts=3).fit(X, y)
    search.cv_results_["stopped_by_racing"][2] = True
    display = DropoutPathDisplay.from_estimator(search)
    assert display.ax_.get_ylabel() == "log loss"
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert "left the race early" in labels


def test_estimators_without_a_search_are_refused():
    for estimator in (DropoutMLPRegressorCV(), DropoutMLPRegressor()):
        with pytest.raises(ValueError, match="holds no search"):
            DropoutPathDisplay.from_estimator(estimator)


def test_what_is_kept_of_the_networks(data):
    options = {**SMALL, "dropouts": [0.0, 0.2, 0.5], "refit": "ensemble"}
    search = DropoutMLPRegressorCV(**options).fit(*data)
    display = DropoutPathDisplay.from_estimator(search)
    assert set(display.lines_["ensemble"].get_ydata()) == {-search.oof_score_}
    bag = DropoutMLPRegressorCV(**{**options, "refit": "bag"}).fit(*data)
    np.testing.assert_allclose(display.lines_["bag"].get_ydata(), -bag.oof_score_)
    assert set(DropoutPathDisplay.from_estimator(bag).lines_) == {"train", "test", "bag"}
    bag.set_params(refit=False).fit(*data)
    assert set(DropoutPathDisplay.from_estimator(bag).lines_) == {"train", "test"}
    grid = {"dropouts": [0.0, 0.5], "input_dropouts": [0.0, 0.2], "refit": "bag"}
    title = DropoutPathDisplay.from_estimator(bag.set_params(**grid).fit(*data)).ax_.get_title()
    assert f"bag {-bag.oof_score_:.4g}" in title

"""IntervalDisplay draws what intervals hold, and how wide they are."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.datasets import make_friedman1

from skdropout import DropoutMLPRegressor, DropoutMLPRegressorCV
from skdropout.inspection import IntervalDisplay

pytestmark = pytest.mark.usefixtures("agg")


def test_shares_and_widths_are_those_of_the_intervals():
    """Four rows by hand."""
    y = [0.0, 1.0, 2.0, 3.0]
    narrow = [[-1, 1], [2, 4], [2, 3], [0, 1]]
    wide = [[-1, 1], [0, 4], [0, 8], [0, 1]]
    display = IntervalDisplay.from_intervals(y, [wide, narrow], coverages=[0.75, 0.5])
    np.testing.assert_allclose(display.covered_, [0.75, 0.5])
    np.testing.assert_allclose(display.widths_, [15 / 4, 6 / 4])
    shares, drawn = display.axes_
    np.testing.assert_allclose(shares.lines[1].get_xydata(), [[0.5, 0.5], [0.75, 0.75]])
    # by width: the last row, the first, the second, the third
    within, outside = drawn.lines
    np.testing.assert_allclose(within.get_xydata(), [[1, 0], [2, -1], [3, -2]])
    np.testing.assert_allclose(outside.get_xydata(), [[0, 2.5]])
    assert "0.75" in drawn.get_xlabel()
    assert "0.5" in display.plot(coverage=0.5).axes_[1].get_xlabel()


def test_of_an_estimator_and_on_axes():
    X, y = make_friedman1(n_samples=240, noise=1.0, random_state=0)
    search = DropoutMLPRegressorCV(
        (8,), dropouts=[0.0], cv=3, max_iter=4, refit="bag", random_state=0
    ).fit(X[:120], y[:120])
    figure, axes = plt.subplots(1, 2)
    display = IntervalDisplay.from_estimator(
        search, X[120:], y[120:], coverages=[0.5, 0.8, 0.999], method="scaled", ax=axes
    )
    assert display.figure_ is figure
    assert display.axes_ == [*axes]
    for share, covered in zip([0.5, 0.8], display.covered_, strict=False):
        lower, upper = search.predict_interval(X[120:], share, method="scaled").T
        assert covered == ((lower <= y[120:]) & (y[120:] <= upper)).mean()
    # too few rows for the last: no ends to draw
    assert np.isinf(display.widths_[2])
    figure.canvas.draw()


def test_many_rows_are_thinned_out():
    rng = np.random.default_rng(0)
    widths, y = rng.uniform(size=5000), rng.normal(size=5000)
    display = IntervalDisplay.from_intervals(
        y, [np.column_stack([-widths, widths])], coverages=[0.9]
    )
    within, outside = display.axes_[1].lines
    assert len(within.get_xdata()) + len(outside.get_xdata()) == 400


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"coverages": [0.5, 1.0]}, "coverages="),
        ({"coverages": []}, "coverages="),
        ({"coverages": "much"}, "coverages="),
        ({"coverages": [0.5, 0.9]}, "shape"),
        ({"coverage": 0.7}, "coverage=0.7 must be one of"),
        ({"coverage": "0.9"}, "must be one of"),
        ({"y": np.zeros((4, 2))}, "several targets"),
        ({"y": list("abcd")}, "y and intervals must be numbers"),
        ({"ax": [None]}, "two axes"),
    ],
)
def test_bad_arguments(options, message):
    good = {"y": np.zeros(4), "intervals": np.zeros((1, 4, 2)), "coverages": [0.9]}
    with pytest.raises(ValueError, match=message):
        IntervalDisplay.from_intervals(**{**good, **options})


def test_who_predicts_no_intervals_is_refused():
    with pytest.raises(ValueError, match=r"predicts no intervals.*refit='bag'"):
        IntervalDisplay.from_estimator(DropoutMLPRegressor(), [[0.0]], [0.0])

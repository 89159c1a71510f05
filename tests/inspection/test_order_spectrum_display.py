"""The display of order spectra."""

import sys
from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.utils import Bunch

from skdropout.inspection import OrderSpectrumDisplay

mpl.use("agg")


@pytest.fixture(autouse=True)
def closed_figures():
    import matplotlib.pyplot as plt

    yield
    plt.close("all")


def spectrum(variances, remainder=0.0):
    variances = np.array(variances)
    return Bunch(
        variances=variances,
        normalized=variances / (variances.sum() + remainder),
        remainder=remainder,
        standard_errors=0.1 * variances,
    )


SPECTRA = {"p = 0": spectrum([2.0, 1.0, 0.5], 0.5), "p = 0.5": spectrum([1.0, 0.2, 0.0])}


def heights(bars):
    return [bar.get_height() for bar in bars]


def test_draws_variances_and_shares():
    display = OrderSpectrumDisplay.from_spectra(SPECTRA)
    absolute, shares = display.bars_
    assert heights(absolute[0]) == [2, 1, 0.5, 0.5]
    assert heights(absolute[1]) == [1, 0.2, 0, 0]
    np.testing.assert_allclose(heights(shares[0]), [0.5, 0.25, 0.125, 0.125])
    assert display.ax_ is display.axes_[0]
    assert display.figure_ is display.ax_.figure
    labels = [text.get_text() for text in display.axes_[1].get_legend().get_texts()]
    assert labels == list(SPECTRA)
    ticks = [tick.get_text() for tick in display.ax_.get_xticklabels()]
    assert ticks == ["1\nmain effects", "2\npairs", "3\ntriples", "> 3"]


def test_bars_of_different_spectra_do_not_overlap():
    display = OrderSpectrumDisplay.from_spectra(SPECTRA, kind="absolute")
    edges = sorted(
        (bar.get_x(), bar.get_x() + bar.get_width()) for bars in display.bars_[0] for bar in bars
    )
    assert all(left[1] <= right[0] for left, right in pairwise(edges))


def test_intervals_are_two_standard_errors():
    display = OrderSpectrumDisplay.from_spectra(SPECTRA["p = 0"], kind="normalized")
    (lines,) = display.ax_.collections
    lengths = [segment[1, 1] - segment[0, 1] for segment in lines.get_segments()]
    np.testing.assert_allclose(lengths, 4 * 0.1 * np.array([2, 1, 0.5]) / 4)
    assert display.ax_.get_legend() is None
    assert display.ax_.get_ylim() == (0, 1)


def test_draws_on_given_axes():
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2)
    display = OrderSpectrumDisplay(SPECTRA).plot(ax=axes, colors=["red", "blue"])
    assert display.figure_ is figure
    assert display.bars_[0][1][0].get_facecolor() == (0, 0, 1, 1)
    with pytest.raises(ValueError, match="ax must hold 2 axes"):
        OrderSpectrumDisplay(SPECTRA).plot(ax=axes[0])


def test_from_estimator_measures_and_names():
    X = np.random.default_rng(0).normal(size=(100, 2))
    model = LinearRegression().fit(X, X[:, 0])
    display = OrderSpectrumDisplay.from_estimator(
        model, X, kind="normalized", max_order=2, n_evaluations=2000, random_state=0
    )
    np.testing.assert_allclose(heights(display.bars_[0][0]), [1, 0, 0], atol=1e-6)
    assert list(display.spectra) == ["LinearRegression"]


def test_a_spectrum_without_variance():
    flat = Bunch(variances=np.zeros(2), remainder=0.0, standard_errors=np.zeros(2))
    assert heights(OrderSpectrumDisplay.from_spectra({"flat": flat}).bars_[1][0]) == [0, 0, 0]


def test_bad_input():
    with pytest.raises(ValueError, match="kind='share' is unknown"):
        OrderSpectrumDisplay.from_spectra(SPECTRA, kind="share")
    with pytest.raises(ValueError, match="at least one"):
        OrderSpectrumDisplay.from_spectra({})
    with pytest.raises(ValueError, match="same max_order"):
        OrderSpectrumDisplay.from_spectra({**SPECTRA, "other": spectrum([1.0])})


def test_says_how_to_get_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"pip install 'skdropout\[plot\]'"):
        OrderSpectrumDisplay.from_spectra(SPECTRA)


def lines_of(lines):
    return [line.get_ydata().tolist() for line in lines]


def test_lines_along_epochs():
    spectra = {10: SPECTRA["p = 0"], 20: SPECTRA["p = 0.5"]}
    display = OrderSpectrumDisplay.from_callback(Bunch(spectra_=spectra, every=10))
    absolute, shares = display.lines_
    assert lines_of(absolute) == [[2, 1], [1, 0.2], [0.5, 0], [0.5, 0]]
    assert lines_of(shares)[0] == pytest.approx([0.5, 1 / 1.2])
    assert absolute[0].get_xdata().tolist() == [10, 20]
    assert display.ax_.get_xlabel() == "epoch"
    labels = [text.get_text() for text in display.axes_[1].get_legend().get_texts()]
    assert labels == ["main effects", "pairs", "triples", "above 3"]
    band = display.ax_.collections[0].get_paths()[0].vertices
    assert (band[:, 1].min(), band[:, 1].max()) == pytest.approx((0.8, 2.4))


def test_mean_of_the_members_that_are_still_in_training():
    stopped = [np.nan, np.nan]
    members = Bunch(
        variances=np.array([[1.0, 3.0], [3.0, 1.0], stopped]),
        standard_errors=np.full((3, 2), 0.1),
        remainder=np.array([0.0, 0.0, np.nan]),
    )
    display = OrderSpectrumDisplay.from_spectra({0: members}, along="rate", kind="absolute")
    assert lines_of(display.lines_[0]) == [[2], [2], [0]]
    bars = OrderSpectrumDisplay.from_spectra(members, kind="normalized").bars_
    assert heights(bars[0][0]) == [0.5, 0.5, 0]


def test_nothing_measured():
    with pytest.raises(ValueError, match="every=5"):
        OrderSpectrumDisplay.from_callback(Bunch(every=5))

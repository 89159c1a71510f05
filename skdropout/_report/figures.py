"""What is drawn: the target, scores, predictions, the search, columns taken away."""

import numpy as np
from matplotlib.ticker import FuncFormatter, MaxNLocator
from sklearn.calibration import CalibrationDisplay
from sklearn.metrics import (
    ConfusionMatrixDisplay,
    PrecisionRecallDisplay,
    PredictionErrorDisplay,
)

from skdropout._report.drawing import BLUE, GREY, HEIGHT, ORANGE, drawing
from skdropout._report.numbers import number
from skdropout._report.words import short
from skdropout.inspection import OrderSpectrumDisplay

_MOST_POINTS, _MANY_POINTS = 1_500, 300
_MOST_INTERVALS = 60
_MOST_TICKS = 16
_MOST_IN_CELLS = 12  # classes of a confusion matrix with numbers in its cells


def draw_distribution(y, label):
    """How often the values of the target occur."""
    with drawing(height=2.4) as (ax, done):
        low, high = y.min(), y.max()
        if np.isfinite(high - low) and high - low > abs(high) * 1e-12:
            ax.hist(y, bins=min(40, max(8, int(len(y) ** 0.5))), color=BLUE)
        else:
            ax.hist(y - low, bins=1, color=BLUE)
        label_axes(ax, x=label, y="rows")
    return done.svg


def draw_shares(classes, shares):
    """How often the classes occur."""
    with drawing(height=0.7 + 0.26 * len(classes)) as (ax, done):
        places = np.arange(len(classes))[::-1]
        ax.barh(places, shares, color=BLUE)
        ax.set_yticks(places, [short(name, 24) for name in classes])
        ax.set_ylim(-0.6, len(classes) - 0.4)
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.0f} %"))
        label_axes(ax, x="share of the rows")
        ax.tick_params(axis="y", length=0)
    return done.svg


def draw_losses(scores, ours, label):
    """Test losses of all models, two standard errors to either side."""
    scores = sorted(scores, key=lambda s: -s.loss)
    with drawing(height=0.7 + 0.36 * len(scores)) as (ax, done):
        for place, s in enumerate(scores):
            color = BLUE if s.name == ours else GREY
            ax.errorbar(s.loss, place, xerr=2 * s.error, fmt="o", color=color, capsize=3)
        ax.set_yticks(range(len(scores)), [s.name for s in scores])
        ax.set_ylim(-0.6, len(scores) - 0.4)
        label_axes(ax, x=label)
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
    return done.svg


def draw_predictions(y, predicted, target):
    """Predicted against actual; and what the predictions are off by."""
    drawn = []
    rows = np.random.default_rng(0).permutation(len(y))[:_MOST_POINTS]
    alpha = 0.5 if len(rows) > _MANY_POINTS else 0.8
    points = {"s": 9, "alpha": alpha, "color": BLUE, "linewidths": 0, "rasterized": True}
    for kind in ("actual_vs_predicted", "residual_vs_predicted"):
        with drawing(height=HEIGHT + 0.3) as (ax, done):
            PredictionErrorDisplay(y_true=y[rows], y_pred=predicted[rows]).plot(
                ax=ax, kind=kind, scatter_kwargs=points, line_kwargs={"color": ORANGE}
            )
            off = "actual less predicted" if kind.startswith("residual") else "actual"
            label_axes(ax, x=f"predicted {short(target, 30)}", y=f"{off} {short(target, 30)}")
            for axis in (ax.xaxis, ax.yaxis):
                axis.set_major_locator(MaxNLocator(6))
        drawn.append(done.svg)
    return drawn


def draw_intervals(y, predicted, intervals, target):
    """Intervals of some test rows, by their prediction; those that miss stand out."""
    rows = np.random.default_rng(0).permutation(len(y))[:_MOST_INTERVALS]
    rows = rows[np.argsort(predicted[rows], kind="stable")]
    low, high = intervals[rows].T
    within = (low <= y[rows]) & (y[rows] <= high)
    with drawing() as (ax, done):
        place = np.arange(len(rows))
        ax.vlines(place, low, high, color=GREY, linewidth=3, alpha=0.5, label="interval")
        for holds, color, label in ((True, BLUE, "within"), (False, ORANGE, "outside")):
            chosen = within == holds
            marker = "o" if holds else "D"
            ax.plot(place[chosen], y[rows][chosen], marker, color=color, ms=4, label=label)
        ax.set_xticks([])
        label_axes(ax, x="test rows, by their prediction", y=short(target, 30))
        ax.legend(loc="upper left")
    return done.svg


def draw_confusion(y, predicted, classes):
    """Which classes are taken for which."""
    n = len(classes)
    with drawing(height=4.2 if n > 2 else 3.6) as (ax, done):
        has_numbers = n <= _MOST_IN_CELLS
        names = [short(name, 14 if n > 4 else 20) for name in classes]
        display = ConfusionMatrixDisplay.from_predictions(
            y,
            predicted,
            labels=classes,
            display_labels=names,
            ax=ax,
            cmap="Blues",
            include_values=has_numbers,
            values_format=",d",
            colorbar=not has_numbers,
        )
        step = -(-n // _MOST_TICKS)
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_ticks(range(0, n, step), names[::step])
        if sum(map(len, names[::step])) > 40:
            ax.tick_params(axis="x", rotation=60)
        label_axes(ax, x="predicted", y="actual")
        ax.spines[["top", "right"]].set_visible(True)
        display.im_.set_rasterized(True)
    return done.svg


def draw_calibration(is_so, probability, label):
    """How often what is predicted with some probability comes true."""
    with drawing(height=HEIGHT + 0.3) as (ax, done):
        CalibrationDisplay.from_predictions(
            is_so, probability, n_bins=10, strategy="quantile", ax=ax, color=BLUE, name="network"
        )
        label_axes(ax, x=f"predicted probability {label}", y="share that came true")
        ax.get_legend().set_frame_on(False)
    return done.svg


def draw_precision_recall(is_so, probability, label):
    """How many of those found are right, and how many are found."""
    with drawing(height=HEIGHT + 0.3) as (ax, done):
        PrecisionRecallDisplay.from_predictions(
            is_so, probability, ax=ax, plot_chance_level=True, curve_kwargs={"color": BLUE}
        )
        label_axes(
            ax, x=f"share of all {label} that is found (recall)", y="share of finds that is so"
        )
        ax.get_legend().remove()
        ax.set_title("")
    return done.svg


def draw_path(path, label):
    """Loss against rate; of what left early the mark is hollow."""
    with drawing() as (ax, done):
        mean, spread = path.losses, path.spread
        ax.plot(path.rates, mean, "-", color=BLUE)
        ax.fill_between(path.rates, mean - spread, mean + spread, color=BLUE, alpha=0.15, lw=0)
        for stopped, face in ((False, BLUE), (True, "white")):
            rows = path.stopped == stopped
            ax.plot(path.rates[rows], mean[rows], "o", color=BLUE, markerfacecolor=face)
        ax.axvline(path.chosen, color=GREY, linestyle=":", label=f"chosen: {path.chosen:.3g}")
        ax.legend(loc="upper center")
        label_axes(ax, x="dropout rate", y=label)
    return done.svg


def draw_spectrum(spectra):
    """Shares of the orders, by model."""
    with drawing(height=2.9) as (ax, done):
        OrderSpectrumDisplay(spectra).plot(ax=ax, kind="normalized", colors=[BLUE, ORANGE, GREY])
    return done.svg


def draw_gaps(curves, base, label):
    """Losses as columns are taken away; and that of knowing no column."""
    with drawing() as (ax, done):
        for (name, curve), color, style in zip(
            curves.items(), (BLUE, ORANGE), ("o-", "s--"), strict=False
        ):
            ax.plot(curve.fractions, curve.losses, style, color=color, label=name, ms=4)
        ax.axhline(base, color=GREY, linestyle=":", label="no model")
        # far above it all curves look alike
        most = max(base, *(max(c.losses[0], np.median(c.losses)) for c in curves.values()))
        least = min(base, *(min(c.losses) for c in curves.values()))
        if np.isfinite(most) and most > least:
            ax.set_ylim(least - 0.05 * (most - least), most + 0.6 * (most - least))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.0f} %"))
        label_axes(ax, x="share of columns missing, the most important first", y=label)
        ax.legend()
    return done.svg


def label_axes(ax, x=None, y=None):
    if x is not None:
        ax.set_xlabel(x)
    if y is not None:
        ax.set_ylabel(y)
    for axis in (ax.xaxis, ax.yaxis):
        if type(axis.get_major_formatter()).__name__ == "ScalarFormatter":
            axis.set_major_formatter(FuncFormatter(lambda value, _: number(value, 5)))

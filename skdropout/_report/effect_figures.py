"""What is drawn of columns: how much they matter, and what they do, alone and together."""

import numpy as np
from matplotlib.ticker import FuncFormatter, MaxNLocator

from skdropout._report.drawing import BLUE, GREEN, GREY, HEIGHT, ORANGE, drawing
from skdropout._report.figures import label_axes
from skdropout._report.numbers import number, reader_of
from skdropout._report.words import short

_LINES = ((BLUE, "-"), (ORANGE, "--"), (GREEN, "-."))
_MOST_TICKS = 12
_FEW_VALUES = 6


def draw_importance(names, rises, errors, label):
    """Bars of how far the loss rises, with two standard errors."""
    with drawing(height=0.7 + 0.27 * len(names)) as (ax, done):
        places = np.arange(len(names))[::-1]
        ax.barh(places, rises, color=BLUE, alpha=0.85)
        ax.errorbar(rises, places, xerr=2 * errors, fmt="none", ecolor="#333333", capsize=2)
        ax.set_yticks(places, [short(name, 26) for name in names])
        ax.set_ylim(-0.6, len(names) - 0.4)
        ax.tick_params(axis="y", length=0)
        ax.axvline(0, color="#333333", lw=0.8)
        ax.xaxis.set_major_locator(MaxNLocator(5))
        label_axes(ax, x=label)
    return done.svg


def draw_effect(effect, limits, label):
    """The mean prediction along a column, over the rows that there are."""
    with drawing(height=HEIGHT, n_axes=2) as ((ax, below), done):
        if effect.edges is None:
            place = np.arange(len(effect.values))
            width = 0.8
        else:
            place = np.asarray(effect.values, dtype=float)
            width = 0.9 * np.diff(effect.edges)
        for k, (color, style) in enumerate(_LINES[: effect.means.shape[1]]):
            name = short(effect.classes[k], 20) if effect.means.shape[1] > 1 else None
            line = "o" if effect.edges is None and not effect.has_order else f"o{style}"
            ax.plot(place, effect.means[:, k], line, color=color, ms=4, label=name)
        ax.set_ylim(*limits)
        if effect.means.shape[1] > 1:
            ax.legend(fontsize=8)
        where = place if effect.edges is None else (effect.edges[1:] + effect.edges[:-1]) / 2
        below.bar(where[: len(effect.counts)], effect.counts[: len(where)], width, color=GREY)
        below.set_yticks([])
        below.spines["left"].set_visible(False)
        label_axes(ax, y=label)
        label_axes(below, x=short(effect.name, 40), y="rows")
        if effect.edges is None:
            _name_places(below.xaxis, effect.values, is_flat=True)
        else:
            below.xaxis.set_major_locator(MaxNLocator(6))
            _write_as(below.xaxis, effect.values)
    return done.svg


def draw_levels(effect, base, label):
    """What each level does by itself, beside what its rows are like."""
    n = len(effect.values)
    with drawing(height=0.8 + 0.27 * n) as (ax, done):
        places = np.arange(n)[::-1]
        ax.axvline(base, color=GREY, linestyle=":")
        ax.errorbar(
            effect.observed,
            places,
            xerr=2 * effect.errors,
            fmt="o",
            color=GREY,
            markerfacecolor="white",
            capsize=2,
            label="rows of this level",
        )
        ax.plot(effect.means[:, 0], places, "D", color=BLUE, ms=5, label="this level alone")
        ax.set_yticks(places, [short(value, 24) for value in effect.values])
        ax.set_ylim(-0.7, n - 0.3)
        ax.tick_params(axis="y", length=0)
        ax.xaxis.set_major_locator(MaxNLocator(5))
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, fontsize=9)
        label_axes(ax, x=label)
    return done.svg


def draw_pairs(names, shares, errors, stand_out):
    """Bars of what pairs carry of the variance of predictions."""
    with drawing(height=0.7 + 0.3 * len(names)) as (ax, done):
        places = np.arange(len(names))[::-1]
        for kept, color in ((True, BLUE), (False, GREY)):
            rows = np.array(stand_out) == kept
            ax.barh(places[rows], shares[rows], color=color, alpha=0.85)
        ax.errorbar(shares, places, xerr=2 * errors, fmt="none", ecolor="#333333", capsize=2)
        ax.set_yticks(places, names)
        ax.set_ylim(-0.6, len(names) - 0.4)
        ax.tick_params(axis="y", length=0)
        ax.set_xlim(left=0)
        ax.xaxis.set_major_locator(MaxNLocator(5))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.3g} %"))
        label_axes(ax, x="share of the variance of predictions")
    return done.svg


def draw_surface(surface, label):
    """What a pair does beyond what each does; nothing where there are no rows."""
    with drawing(height=3.9) as (ax, done):
        edges = [
            np.arange(len(levels) + 1) - 0.5 if own is None else own
            for own, levels in zip(surface.edges, surface.levels, strict=True)
        ]
        most = surface.spread or float(np.nanmax(np.abs(surface.values))) or 1.0
        image = ax.pcolormesh(
            *edges, surface.values.T, cmap="RdBu_r", vmin=-most, vmax=most, rasterized=True
        )
        for axis, levels, own, asked in zip(
            (ax.xaxis, ax.yaxis), surface.levels, surface.edges, surface.asked, strict=True
        ):
            if levels is None:
                axis.set_major_locator(MaxNLocator(6))
                _write_as(axis, own)
                if len(asked) <= _FEW_VALUES:
                    axis.set_ticks(asked, list(map(reader_of(asked), asked)))
            else:
                _name_places(axis, levels, is_flat=axis is ax.xaxis)
        first, second = (short(name, 34) for name in surface.names)
        label_axes(ax, x=first, y=second)
        bar = ax.figure.colorbar(image, ax=ax, extend="both")
        bar.set_label(label)
        bar.solids.set_rasterized(True)
        label_axes(bar.ax)
    return done.svg


def _write_as(axis, values):
    """Label an axis as the numbers of a column are written."""
    middle = np.asarray(values, dtype=float)
    # edges between whole numbers lie between these
    read = reader_of(np.floor(middle) if (middle % 1 == 0.5).all() else middle)
    if read is not number:
        axis.set_major_locator(MaxNLocator(6, integer=True))
        axis.set_major_formatter(FuncFormatter(lambda value, _: read(value)))


def _name_places(axis, levels, is_flat):
    step = -(-len(levels) // _MOST_TICKS)
    places = range(0, len(levels), step)
    names = [short(levels[k], 14) for k in places]
    axis.set_ticks(list(places), names)
    if is_flat and sum(map(len, names)) > 42:
        axis.set_tick_params(rotation=50)

"""Figures of dropout_theory.py: medians and ranges over seeds; in stacked bars, means."""

from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("agg")
import matplotlib.pyplot as plt

IMAGES = Path(__file__).parents[1] / "docs" / "images"


def save(figure, name):
    """Write docs/images/theory_<name>.png."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    figure.savefig(IMAGES / f"theory_{name}.png", dpi=110)
    plt.close(figure)


def bars_by_rate(panels, rates, x_label, total=None):
    """Stacked bars of the shares of orders 1 to 4 and above, one bar a rate.

    Parameters
    ----------
    panels : dict of ndarray of shape (n_seeds, n_rates, 4)
        Shares by title.
    rates : sequence of float
    x_label : str
    total : ndarray of shape (n_seeds, n_rates), optional
        Drawn as a line in a panel of its own.
    """
    n = len(panels) + (total is not None)
    figure, axes = plt.subplots(1, n, figsize=(1.2 + 3.3 * n, 3.6), layout="constrained")
    axes = np.atleast_1d(axes)
    x = np.arange(len(rates))
    colors = _colors(4)
    for ax, (title, shares) in zip(axes, panels.items(), strict=False):
        heights = shares.mean(0)
        bottom = np.zeros(len(rates))
        for k in range(4):
            ax.bar(x, heights[:, k], 0.8, bottom, color=colors[k], label=f"order {k + 1}")
            bottom += heights[:, k]
        ax.bar(x, 1 - bottom, 0.8, bottom, color="0.85", label="above")
        ax.set(title=title, xlabel=x_label, ylim=(0, 1))
        ax.set_xticks(x, [f"{rate:g}" for rate in rates])
    axes[0].set_ylabel("share of the variance")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right", frameon=False)
    if total is not None:
        _curve(axes[-1], x, total, "0.2", None)
        axes[-1].set(title="total", xlabel=x_label, ylabel="variance", ylim=(0, None))
        axes[-1].set_xticks(x, [f"{rate:g}" for rate in rates])
    return _dress(figure)


def small_multiples(panels, x, names, x_label, y_label):
    """Panels of lines, all with the same scale.

    Parameters
    ----------
    panels : dict of ndarray of shape (n_seeds, n_x, n_lines)
        By title.
    """
    n = len(panels)
    figure, axes = plt.subplots(1, n, figsize=(3.4 * n, 3.4), sharey=True, layout="constrained")
    for ax, (title, curves) in zip(axes, panels.items(), strict=True):
        _lines(ax, curves, x, names)
        ax.set(title=title, xlabel=x_label)
    axes[0].set(ylabel=y_label, ylim=(0, None))
    axes[0].legend(frameon=False, fontsize="small")
    return _dress(figure)


def lines(curves, x, names, x_label, y_label):
    """Lines of shape (n_seeds, n_x, n_lines) in one panel."""
    figure, ax = plt.subplots(figsize=(5.4, 3.6), layout="constrained")
    _lines(ax, curves, x, names)
    ax.set_xticks(x)
    ax.set(xlabel=x_label, ylabel=y_label, ylim=(0, None))
    ax.legend(frameon=False, fontsize="small")
    return _dress(figure)


def _lines(ax, curves, x, names):
    for k, (name, color) in enumerate(zip(names, _colors(len(names)), strict=True)):
        _curve(ax, x, curves[..., k], color, name)


def _curve(ax, x, values, color, name):
    ax.plot(x, np.median(values, 0), "o-", color=color, label=name, linewidth=1.8, markersize=4)
    ax.fill_between(x, values.min(0), values.max(0), color=color, alpha=0.15, linewidth=0)


def _colors(n):
    return mpl.colormaps["viridis"](np.linspace(0.1, 0.85, n))


def _dress(figure):
    for ax in figure.axes:
        ax.yaxis.grid(True, color="0.9", linewidth=0.8)
        ax.set_axisbelow(True)
        ax.spines[["top", "right"]].set_visible(False)
    return figure

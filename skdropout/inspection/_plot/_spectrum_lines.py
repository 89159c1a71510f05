"""Order spectra as lines along a number: epochs, or dropout rates."""

import warnings

import numpy as np

ORDER_NAMES = {1: "main effects", 2: "pairs", 3: "triples"}


def draw_lines(ax, spectra, normalized):
    """One line and its band for each order, and for the orders above.

    Parameters
    ----------
    ax : matplotlib Axes
    spectra : dict of Bunch
        By the number that they lie along.
    normalized : bool
        Whether to draw shares.

    Returns
    -------
    lines : list of matplotlib Line2D
    """
    middle, width = np.moveaxis([bands(s, normalized) for s in spectra.values()], 1, 0)
    x = np.array(list(spectra), dtype=float)
    max_order = middle.shape[1] - 1
    colors = _colors(max_order)
    lines = []
    for k in range(1, max_order + 2):
        above = k > max_order
        style = {"color": "0.55", "linestyle": "--"} if above else {"color": colors[k - 1]}
        label = f"above {max_order}" if above else ORDER_NAMES.get(k, f"order {k}")
        y, half = middle[:, k - 1], width[:, k - 1]
        marker = "o" if len(x) <= 12 else None
        lines += ax.plot(x, y, label=label, linewidth=1.8, marker=marker, markersize=4, **style)
        ax.fill_between(x, y - half, y + half, color=style["color"], alpha=0.15, linewidth=0)
    return lines


def bands(spectrum, normalized):
    """Middle and half width of every order's interval; the remainder comes last.

    The half width is two standard errors; of spectra per member it is one standard deviation
    over the members, and the middle their mean.
    """
    remainder = np.asarray(spectrum.remainder)[..., None]
    heights = np.concatenate([spectrum.variances, remainder], axis=-1)
    widths = np.concatenate([2 * spectrum.standard_errors, np.zeros_like(remainder)], axis=-1)
    if normalized:
        total = heights.sum(-1, keepdims=True)
        unit = np.where(total > 0, total, 1.0)
        heights, widths = heights / unit, widths / unit
    if heights.ndim == 2:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # all members may have stopped
            return np.nanmean(heights, 0), np.nanstd(heights, 0)
    return heights, widths


def _colors(n):
    from matplotlib import colormaps

    return colormaps["viridis"](np.linspace(0.1, 0.85, max(2, n)))

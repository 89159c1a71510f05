"""What encodings know of columns of numbers: location and scale, ranks, bins."""

import numpy as np
from scipy.special import ndtri

__all__ = ["bin_edges", "normal_scores", "spread"]

# Interquantile ranges, and their width in standard deviations of a normal law.
_RANGES = ((0.25, 0.75, 1.349), (0.02, 0.98, 4.107), (0.002, 0.998, 5.756))


def spread(numeric):
    """Return robust location and scale of the columns of a 2-D array with missing cells.

    The location is the median. The scale is the widest of three interquantile ranges, each in
    units of a normal law's standard deviation: a few wild cells do not count, a heavy tail does,
    and so does a column that is constant but for a few per cent of its cells.
    """
    location = np.zeros(numeric.shape[1])
    scale = np.ones(numeric.shape[1])
    orders = [0.5] + [q for low, high, _ in _RANGES for q in (low, high)]
    for j, column in enumerate(numeric.T):
        column = column[np.isfinite(column)]
        if not len(column):
            continue
        # cells below one in size, by a power of two, so that no difference or square overflows
        _, exponent = np.frexp(np.abs(column).max())
        column = np.ldexp(column, -exponent)
        middle, *ends = np.quantile(column, orders)
        widths = [
            (high - low) / width
            for low, high, (*_, width) in zip(ends[::2], ends[1::2], _RANGES, strict=True)
        ]
        width = max(widths) or column.std()
        location[j] = np.ldexp(middle, exponent)
        with np.errstate(over="ignore"):
            width = min(np.ldexp(width, exponent), np.finfo(np.float64).max)
        # a constant column: rounding may leave a width that is not quite zero
        if width > 1e-12 * max(abs(location[j]), 1e-300):
            scale[j] = width
    return location, scale


def normal_scores(column, most_knots):
    """Return values of a column, increasing, and the normal quantiles of their ranks.

    A value's rank is the share of cells below it and half of those equal to it, so it is never
    0 or 1, and tied cells are in the middle of their places.
    """
    column = np.sort(column[np.isfinite(column)])
    if not len(column):
        return np.zeros(1), np.zeros(1)
    values = np.unique(column)
    if len(values) > most_knots:
        orders = np.linspace(0, 1, most_knots)
        values = np.unique(np.quantile(column, orders, method="inverted_cdf"))
    below, up_to = (np.searchsorted(column, values, side) for side in ("left", "right"))
    return values, ndtri((below + up_to) / (2 * len(column)))


def bin_edges(column, most_bins):
    """Return the edges of bins with equally many cells, or every value if there are few.

    A value that would fill a bin by itself is an edge, and the others share what is left.
    """
    values, counts = np.unique(column[np.isfinite(column)], return_counts=True)
    if len(values) <= most_bins + 1:
        return values
    fills = counts * most_bins > counts.sum()
    others = np.repeat(values[~fills], counts[~fills])
    orders = np.linspace(0, 1, most_bins + 1 - fills.sum())
    return np.unique([*values[fills], *np.quantile(others, orders)])

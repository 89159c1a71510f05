"""Numbers as several inputs each, so that a linear layer sees curves in them."""

import math

import numpy as np
import torch
from torch import nn

from skdropout._encodings._numeric import CLIP, NEAREST, NumericEncoding, StandardEncoding, stacked
from skdropout._encodings._statistics import bin_edges

__all__ = ["PeriodicEncoding", "PiecewiseLinearEncoding"]

_MOST_BINS = 32
_FEWEST_BINS = 4
_ROWS_PER_BIN = 80
_WAVES = 16
_WAVES_SCALE = 0.1


class PiecewiseLinearEncoding(NumericEncoding):
    """A number in standard units, and for each quantile bin how much of it lies below [1]_.

    A weighted sum of a column's inputs is a continuous curve with its knots at the edges of the
    bins. The standard number, which the paper has not, makes it a straight line beyond the first
    and the last, where it would be constant. Columns of two values need no bins.

    Parameters
    ----------
    statistics : list of dict
        Of each member's training rows.
    layout : ndarray of int of shape (n_numeric,)
    generators : list of torch.Generator, or None
        One per member; not used.

    References
    ----------
    .. [1] Y. Gorishniy, I. Rubachev, A. Babenko, "On Embeddings for Numerical Features in Tabular
       Deep Learning", NeurIPS 2022, arXiv 2203.05556, section 3.2.
    """

    kind = "piecewise_linear"
    inputs_per_column = 1 + _MOST_BINS
    shared_buffers = (*NumericEncoding.shared_buffers, "least", "most")

    def __init__(self, statistics, layout, generators=None):
        center, scale, has_missing, edges = (
            [of_member[name] for of_member in statistics]
            for name in ("center", "scale", "has_missing", "edges")
        )
        super().__init__(center, has_missing, layout)
        lines = [
            np.concatenate(list(map(_lines, *of_member, layout)), axis=1)
            for of_member in zip(center, scale, edges, strict=True)
        ]
        start, slope = zip(*lines, strict=True)
        self.register_buffer("start", stacked(start))
        self.register_buffer("slope", stacked(slope))
        # each column's first input is the standard number
        is_number = torch.ones_like(self.column, dtype=torch.bool)
        is_number[1:] = self.column.diff() > 0
        self.register_buffer("least", torch.where(is_number, -CLIP, 0.0))
        self.register_buffer("most", torch.where(is_number, CLIP, 1.0))

    @classmethod
    def layout(cls, numeric):
        """Return the number itself and the most bins that a member can have of each column."""
        n_values = [len(np.unique(column[np.isfinite(column)])) for column in numeric.T]
        return np.array([1 + min(n - 1, _MOST_BINS) if n > 2 else 1 for n in n_values], dtype=int)

    @staticmethod
    def statistics(numeric):
        """Return what a member learns from its training rows, (n_rows, n_numeric)."""
        n_bins = min(max(len(numeric) // _ROWS_PER_BIN, _FEWEST_BINS), _MOST_BINS)
        edges = [bin_edges(column, n_bins) for column in numeric.T]
        return {**NumericEncoding.statistics(numeric), "edges": edges}

    def encode(self, numeric):
        wide = numeric.index_select(-1, self.column)
        return ((wide - self.start) * self.slope).clamp(self.least, self.most)


class PeriodicEncoding(StandardEncoding):
    """A number in standard units, and learnt sums of learnt waves of it.

    Of column ``x`` these are ``x`` and ``W cos(2 pi (w x + b)) + c``, with a ``W``, ``w``, ``b``
    and ``c`` for each column [1]_ [2]_.

    Parameters
    ----------
    statistics : list of dict
        Of each member's training rows.
    layout : ndarray of int of shape (n_numeric,)
    generators : list of torch.Generator
        One per member, for the initial weights.

    References
    ----------
    .. [1] Y. Gorishniy, I. Rubachev, A. Babenko, "On Embeddings for Numerical Features in Tabular
       Deep Learning", NeurIPS 2022, arXiv 2203.05556, section 3.3.
    .. [2] D. Holzmüller, L. Grinsztajn, I. Steinwart, "Better by Default: Strong Pre-Tuned MLPs
       and Boosted Trees on Tabular Data", NeurIPS 2024, arXiv 2407.04491.
    """

    kind = "periodic"
    inputs_per_column = 4

    def __init__(self, statistics, layout, generators):
        super().__init__(statistics, layout)
        draws = [_draw_waves(len(layout), self.inputs_per_column - 1, g) for g in generators]
        frequency, phase, mixing, offset = map(torch.stack, zip(*draws, strict=True))
        self.frequency, self.phase = nn.Parameter(frequency), nn.Parameter(phase)
        self.mixing, self.offset = nn.Parameter(mixing), nn.Parameter(offset)

    def encode(self, numeric):
        # members, columns, rows, inputs
        x = super().encode(numeric).transpose(1, 2).unsqueeze(-1)
        waves = (2 * math.pi * (x * self.frequency + self.phase)).cos()
        encoded = torch.cat([x, waves @ self.mixing + self.offset], -1)
        return encoded.transpose(1, 2).flatten(2)


def _lines(center, scale, edges, n_inputs):
    """Return starts and slopes, (2, n_inputs), of the number and its bins, the last ones flat."""
    lines = np.zeros((2, n_inputs))
    lines[:, 0] = center, 1 / scale
    if n_inputs > 1 and len(edges) > 1:
        lines[:, 1 : len(edges)] = edges[:-1], 1 / np.diff(edges).clip(NEAREST)
    return lines


def _draw_waves(n_columns, n_sums, generator):
    """Draw one member's frequencies, phases, weights and offsets, columns along the first axis."""

    def uniform(bound, *shape):
        both = torch.empty(n_columns, *shape, dtype=torch.float64)
        return both.uniform_(-bound, bound, generator=generator)

    shape = n_columns, 1, _WAVES
    frequency = _WAVES_SCALE * torch.randn(shape, dtype=torch.float64, generator=generator)
    bound = _WAVES**-0.5
    return (
        frequency,
        uniform(0.5, 1, _WAVES),
        uniform(bound, _WAVES, n_sums),
        uniform(bound, 1, n_sums),
    )

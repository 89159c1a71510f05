"""Numbers as inputs: in standard units, by rank, by bins or by waves."""

import math

import numpy as np
import torch
from torch import nn

from skdropout._table import bin_edges, normal_scores, spread

# Beyond this many standard units a value counts as that many: an outlier cannot dominate a
# network, and an infinite cell is a large number.
CLIP = 10.0
# A finite number in place of infinity, and the least distance of two knots, in single precision.
_FAR, NEAREST = 1e30, 1e-30
_MOST_KNOTS = 256


class NumericEncoding(nn.Module):
    """Numbers as inputs; a missing one is typical, that is the median.

    Columns that had missing training cells are followed by an indicator, one if missing. Numbers
    in double precision are put in units in double, and become inputs in the network's precision.

    Parameters
    ----------
    statistics : list of dict
        Of each member's training rows; here ``center``, the median of each column, ``has_missing``,
        which columns have an indicator, and ``is_marked``, in which of these a dropped cell is a
        missing one.
    n_inputs : ndarray of int of shape (n_numeric,)
        How many inputs each column has, its indicator apart.
    """

    shared_buffers = ("column", "flagged")
    learns = False

    def __init__(self, statistics, n_inputs):
        super().__init__()
        center, has_missing, is_marked = (
            stacked([of_member[name] for of_member in statistics])
            for name in ("center", "has_missing", "is_marked")
        )
        flagged = has_missing.flatten(0, 1).any(0).nonzero().squeeze(1)
        self.register_buffer("center", center)
        self.register_buffer(
            "column", torch.arange(len(n_inputs)).repeat_interleave(torch.as_tensor(n_inputs))
        )
        self.register_buffer("flagged", flagged)
        self.register_buffer("has_missing", has_missing[..., flagged].to(center.dtype))
        self.register_buffer("is_marked", is_marked[..., flagged].to(center.dtype))

    @classmethod
    def drawn(cls, numeric):
        """Return how many inputs each column of the whole table could have.

        Initial weights are drawn for all.
        """
        return np.full(numeric.shape[1], cls.inputs_per_column)

    @classmethod
    def layout(cls, drawn, n_rows):
        """Return how many of these a column has in a table so long, so that members agree."""
        return drawn

    @staticmethod
    def statistics(numeric):
        """Return what a member learns from its training rows, (n_rows, n_numeric)."""
        center, scale = spread(numeric)
        missing = np.isnan(numeric)
        # a column that says nothing is to say nothing later: its weights learn nothing
        says_nothing = (missing | (numeric == np.fmax.reduce(numeric))).all(0)
        return {
            "center": center,
            "scale": np.where(says_nothing, np.inf, scale),
            "has_missing": missing.any(0) & ~missing.all(0),
            "is_marked": np.zeros_like(says_nothing),
        }

    @staticmethod
    def marked(statistics):
        """Return statistics by which a network is told which of all cells are missing or dropped.

        A median then is one cell and a dropped number another, as a level of a category and the
        unknown one are two.
        """
        tells = np.isfinite(statistics["scale"])
        return {**statistics, "has_missing": tells, "is_marked": tells}

    @staticmethod
    def without_bins(statistics):
        """Return the statistics of a member whose bins do not enter, where there are any."""
        return statistics

    @property
    def columns(self):
        """For each encoded input, indicators included, the numeric column it comes from."""
        return [*self.column.tolist(), *self.flagged.tolist()]

    def forward(self, numeric):
        """Map (n_members or 1, n_rows, n_numeric) to (n_members, n_rows, n_inputs)."""
        encoded = self.encode(self.present(numeric)).to(self.center.dtype)
        if not len(self.flagged):
            return encoded
        missing = numeric[..., self.flagged].isnan() * self.has_missing
        return torch.cat([encoded, missing], -1)

    def present(self, numeric):
        """Return the numbers with medians in the place of missing ones, and all of them finite."""
        return torch.where(numeric.isnan(), self.center, numeric.clamp(-_FAR, _FAR))

    def typical(self):
        """Return the encoding of the typical row, (n_members, 1, n_inputs)."""
        encoded = self.encode(self.center)
        if not len(self.flagged):
            return encoded
        return torch.cat([encoded, self.is_marked], -1)


class StandardEncoding(NumericEncoding):
    """Distance from the median in robust units, clipped.

    Parameters
    ----------
    statistics : list of dict
        Of each member's training rows.
    layout : ndarray of int of shape (n_numeric,)
    generators : list of torch.Generator, or None
        One per member; not used.
    """

    kind = "standard"
    inputs_per_column = 1

    def __init__(self, statistics, layout, generators=None):
        super().__init__(statistics, layout)
        scale = [of_member["scale"] for of_member in statistics]
        self.register_buffer("scale", stacked(scale))

    def encode(self, numeric):
        return ((numeric - self.center) / self.scale).clamp(-CLIP, CLIP)


class QuantileEncoding(NumericEncoding):
    """The normal quantile of a number's rank among the member's training rows.

    Between up to 256 values of the column it is linear, beyond them constant.

    Parameters
    ----------
    statistics : list of dict
        Of each member's training rows.
    layout : ndarray of int of shape (n_numeric,)
    generators : list of torch.Generator, or None
        One per member; not used.
    """

    kind = "quantile"
    inputs_per_column = 1

    def __init__(self, statistics, layout, generators=None):
        super().__init__(statistics, layout)
        scores = [of_member["scores"] for of_member in statistics]
        n_knots = max(len(knots) for of_member in scores for knots, _ in of_member)
        curves = [[_curve(*of_column, n_knots) for of_column in of_member] for of_member in scores]
        knots, heights, slopes = torch.as_tensor(np.array(curves)).movedim(2, 0)
        self.register_buffer("knots", knots.contiguous())
        self.register_buffer("heights", heights)
        self.register_buffer("slopes", slopes)

    @staticmethod
    def statistics(numeric):
        """Return what a member learns from its training rows, (n_rows, n_numeric)."""
        scores = [normal_scores(column, _MOST_KNOTS) for column in numeric.T]
        return {**NumericEncoding.statistics(numeric), "scores": scores}

    def encode(self, numeric):
        # members, columns, rows
        x = numeric.mT.expand(len(self.knots), -1, -1)
        x = x.clamp(self.knots[..., :1], self.knots[..., -1:]).contiguous()
        left = torch.searchsorted(self.knots.to(x.dtype), x, right=True) - 1
        knot, height, slope = (
            part.gather(-1, left) for part in (self.knots, self.heights, self.slopes)
        )
        return (height + slope * (x - knot)).mT


def stacked(of_members):
    """Return (n_members, 1, ...) of one array per member."""
    return torch.as_tensor(np.stack(of_members)).unsqueeze(1)


def _curve(knots, heights, n_knots):
    """Return knots, heights and the slopes to their right, (3, n_knots), the last ones repeated."""
    slopes = np.append(np.diff(heights) / np.diff(knots).clip(NEAREST), 0.0)
    missing = (0, n_knots - len(knots))
    return np.stack([np.pad(part, missing, mode="edge") for part in (knots, heights, slopes)])


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
        super().__init__(statistics, layout)
        center, scale, edges = (
            [of_member[name] for of_member in statistics] for name in ("center", "scale", "edges")
        )
        lines = [
            np.concatenate(list(map(_lines, *of_member, layout)), axis=1)
            for of_member in zip(center, scale, edges, strict=True)
        ]
        # inputs go before rows here, so that each is a run of memory
        start, slope = (stacked(part).mT.contiguous() for part in zip(*lines, strict=True))
        self.register_buffer("start", start)
        self.register_buffer("slope", slope)
        # each column's first input is the standard number
        is_number = torch.ones_like(self.column, dtype=torch.bool)
        is_number[1:] = self.column.diff() > 0
        self.register_buffer("least", torch.where(is_number, -CLIP, 0.0)[:, None])
        self.register_buffer("most", torch.where(is_number, CLIP, 1.0)[:, None])

    @classmethod
    def drawn(cls, numeric):
        """Return the number itself and the most bins that a column can have in any table."""
        n_values = [len(np.unique(column[np.isfinite(column)])) for column in numeric.T]
        return np.array([1 + min(n - 1, _MOST_BINS) if n > 2 else 1 for n in n_values], dtype=int)

    @classmethod
    def layout(cls, drawn, n_rows):
        """Return the number itself and the most bins that a member can have of each column."""
        return np.minimum(drawn, 1 + _bins_of(n_rows))

    @staticmethod
    def statistics(numeric):
        """Return what a member learns from its training rows, (n_rows, n_numeric)."""
        edges = [bin_edges(column, _bins_of(len(numeric))) for column in numeric.T]
        return {**NumericEncoding.statistics(numeric), "edges": edges}

    @staticmethod
    def without_bins(statistics):
        """Return statistics of no bins, whose inputs are zero all the time."""
        return {**statistics, "edges": [edges[:1] for edges in statistics["edges"]]}

    def encode(self, numeric):
        # only the difference has to be exact; clamp would be as good, and takes twice the time
        distance = (numeric.mT.index_select(1, self.column) - self.start).to(self.most.dtype)
        return torch.minimum(torch.maximum(distance * self.slope, self.least), self.most).mT


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
    learns = True

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
        encoded = torch.cat([x, waves @ self.mixing.to(waves.dtype) + self.offset], -1)
        return encoded.transpose(1, 2).flatten(2)


def _bins_of(n_rows):
    """Return the number of bins for so many rows."""
    return min(max(n_rows // _ROWS_PER_BIN, _FEWEST_BINS), _MOST_BINS)


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


NUMERIC_ENCODINGS = {
    encoding.kind: encoding
    for encoding in (StandardEncoding, QuantileEncoding, PiecewiseLinearEncoding, PeriodicEncoding)
}

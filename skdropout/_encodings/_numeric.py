"""Numbers as one input each: in standard units, or by their rank."""

import numpy as np
import torch
from torch import nn

from skdropout._encodings._statistics import normal_scores, spread

__all__ = ["CLIP", "NEAREST", "NumericEncoding", "QuantileEncoding", "StandardEncoding", "stacked"]

# Beyond this many standard units a value counts as that many: an outlier cannot dominate a
# network, and an infinite cell is a large number.
CLIP = 10.0
# A finite number in place of infinity, and the least distance of two knots, in single precision.
_FAR, NEAREST = 1e30, 1e-30
_MOST_KNOTS = 256


class NumericEncoding(nn.Module):
    """Numbers as inputs; a missing one is typical, that is the median.

    Columns that had missing training cells are followed by an indicator, one if missing.

    Parameters
    ----------
    center : sequence of ndarray of shape (n_numeric,)
        The median of each column among each member's training rows.
    has_missing : sequence of ndarray of bool, of the same shape
        Which columns had missing cells there.
    n_inputs : ndarray of int of shape (n_numeric,)
        How many inputs each column has, its indicator apart.
    """

    shared_buffers = ("column", "flagged")

    def __init__(self, center, has_missing, n_inputs):
        super().__init__()
        has_missing = stacked(has_missing)
        flagged = has_missing.flatten(0, 1).any(0).nonzero().squeeze(1)
        self.register_buffer("center", stacked(center))
        self.register_buffer(
            "column", torch.arange(len(n_inputs)).repeat_interleave(torch.as_tensor(n_inputs))
        )
        self.register_buffer("flagged", flagged)
        self.register_buffer("has_missing", has_missing[..., flagged].to(self.center.dtype))

    @classmethod
    def layout(cls, numeric):
        """Return how many inputs each column of the whole table has, so that members agree."""
        return np.full(numeric.shape[1], cls.inputs_per_column)

    @staticmethod
    def statistics(numeric):
        """Return what a member learns from its training rows, (n_rows, n_numeric)."""
        center, scale = spread(numeric)
        return {"center": center, "scale": scale, "has_missing": np.isnan(numeric).any(0)}

    @property
    def columns(self):
        """For each encoded input, indicators included, the numeric column it comes from."""
        return [*self.column.tolist(), *self.flagged.tolist()]

    def forward(self, numeric):
        """Map (n_members or 1, n_rows, n_numeric) to (n_members, n_rows, n_inputs)."""
        encoded = self.encode(self.present(numeric))
        if not len(self.flagged):
            return encoded
        missing = numeric[..., self.flagged].isnan() * self.has_missing
        return torch.cat([encoded, missing], -1)

    def present(self, numeric):
        """Return the numbers with medians in the place of missing ones, and all of them finite."""
        return torch.where(numeric.isnan(), self.center, numeric.clamp(-_FAR, _FAR))

    def typical(self):
        """Return the encoding of the typical row, (n_members, 1, n_inputs)."""
        return torch.cat([self.encode(self.center), torch.zeros_like(self.has_missing)], -1)


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
        center, scale, has_missing = (
            [of_member[name] for of_member in statistics]
            for name in ("center", "scale", "has_missing")
        )
        super().__init__(center, has_missing, layout)
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
        center, has_missing, scores = (
            [of_member[name] for of_member in statistics]
            for name in ("center", "has_missing", "scores")
        )
        super().__init__(center, has_missing, layout)
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
        x = numeric.transpose(1, 2).expand(len(self.knots), -1, -1)
        x = x.clamp(self.knots[..., :1], self.knots[..., -1:]).contiguous()
        left = torch.searchsorted(self.knots, x, right=True) - 1
        knot, height, slope = (
            part.gather(-1, left) for part in (self.knots, self.heights, self.slopes)
        )
        return (height + slope * (x - knot)).transpose(1, 2)


def stacked(of_members):
    """Return (n_members, 1, ...) of one array per member."""
    return torch.as_tensor(np.stack(of_members)).unsqueeze(1)


def _curve(knots, heights, n_knots):
    """Return knots, heights and the slopes to their right, (3, n_knots), the last ones repeated."""
    slopes = np.append(np.diff(heights) / np.diff(knots).clip(NEAREST), 0.0)
    missing = (0, n_knots - len(knots))
    return np.stack([np.pad(part, missing, mode="edge") for part in (knots, heights, slopes)])

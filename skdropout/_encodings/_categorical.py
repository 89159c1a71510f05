"""Learnt vectors of categories."""

import torch
from torch import nn
from torch.nn import functional as F

__all__ = ["Embedding"]


class Embedding(nn.Module):
    """Learnt vectors of one dimension for the levels of several columns.

    Each column owns a run of rows: its levels, then "missing", then "unknown". Levels that a
    member never saw in training are read from its "unknown" row.

    Parameters
    ----------
    n_levels : list of int
        Levels of each column, without the two special ones.
    dim : int
    known : bool Tensor of shape (n_members, n_rows)
        Which rows stand for something seen in each member's training rows.
    generators : list of torch.Generator
    """

    shared_buffers = ("first_row", "unknown_row")

    def __init__(self, n_levels, dim, known, generators):
        super().__init__()
        sizes = torch.tensor(n_levels) + 2
        last = sizes.cumsum(0)
        self.register_buffer("first_row", last - sizes)
        self.register_buffer("unknown_row", last - 1)
        rows = torch.arange(int(last[-1]))
        unknown = self.unknown_row.repeat_interleave(sizes)
        self.register_buffer("row_of", torch.where(known, rows, unknown))
        draws = [
            torch.randn(len(rows), dim, dtype=torch.float64, generator=generator) * dim**-0.5
            for generator in generators
        ]
        self.weight = nn.Parameter(torch.stack(draws))

    def forward(self, codes):
        """Map codes (n_members or 1, n_rows, n_columns) to (n_members, n_rows, columns x dim)."""
        n_members, n_rows, dim = self.weight.shape
        rows = (codes + self.first_row).flatten(1).expand(n_members, -1)
        rows = self.row_of.gather(1, rows)
        member = torch.arange(n_members, device=rows.device).unsqueeze(1)
        flat = self.weight.view(n_members * n_rows, dim)
        vectors = F.embedding(rows + n_rows * member, flat)
        return vectors.view(n_members, codes.shape[1], -1)

    def typical(self):
        """Return the vectors of the unknown level, (n_members, 1, n_columns x dim)."""
        return self.weight[:, self.unknown_row].flatten(1).unsqueeze(1)

"""All columns of a table as the inputs of a stack's first layer.

Encodings live in the network, per member, so that each member (a fold, a bootstrap sample) knows
the statistics of its own training rows alone.
"""

import torch
from torch import nn
from torch.nn import functional as F


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


class TableEncoding(nn.Module):
    """All columns of a table as inputs, and which input belongs to which column.

    Parameters
    ----------
    numeric : NumericEncoding or None
    embeddings : list of Embedding
    numeric_columns : list of int
        Positions in the user's table of the numeric columns.
    embedded_columns : list of list of int
        For each embedding, which of the coded columns it holds.
    categorical_columns : list of int
        Positions in the user's table of the coded columns.
    """

    shared_buffers = ("groups",)

    def __init__(self, numeric, embeddings, numeric_columns, embedded_columns, categorical_columns):
        super().__init__()
        self.numeric = numeric
        self.embeddings = nn.ModuleList(embeddings)
        self.embedded_columns = embedded_columns
        self.n_columns = len(numeric_columns) + len(categorical_columns)
        groups = [] if numeric is None else [numeric_columns[j] for j in numeric.columns]
        for embedding, columns in zip(embeddings, embedded_columns, strict=True):
            dim = embedding.weight.shape[-1]
            groups += [categorical_columns[c] for c in columns for _ in range(dim)]
        self.register_buffer("groups", torch.tensor(groups, dtype=torch.long))

    @property
    def width(self):
        """Number of inputs of the first layer."""
        return len(self.groups)

    def forward(self, numeric, codes):
        """Encode rows: (n_members, n_rows, width)."""
        parts = [] if self.numeric is None else [self.numeric(numeric)]
        for embedding, columns in zip(self.embeddings, self.embedded_columns, strict=True):
            parts.append(embedding(codes[..., columns]))
        return parts[0] if len(parts) == 1 else torch.cat(parts, -1)

    def typical(self):
        """Encode the typical row: medians and unknown levels, (n_members, 1, width)."""
        parts = [] if self.numeric is None else [self.numeric.typical()]
        return torch.cat([*parts, *(embedding.typical() for embedding in self.embeddings)], -1)

    def keep(self, encoded, factor):
        """Shrink each column towards its typical encoding, or away from it, by ``factor``.

        Parameters
        ----------
        encoded : Tensor of shape (n_members, n_rows, width)
        factor : Tensor of shape (n_members, n_rows, n_columns)
            0 drops a column, 1 leaves it, 1 / (1 - p) makes up for dropping with probability p.
        """
        typical = self.typical()
        return typical + factor.index_select(-1, self.groups) * (encoded - typical)

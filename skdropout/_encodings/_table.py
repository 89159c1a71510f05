"""All columns of a table as the inputs of a stack's first layer."""

import torch
from torch import nn

__all__ = ["TableEncoding"]


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

"""A table's columns as inputs: what is known before training, and what is learnt in it."""

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
        return self.vectors(self.rows(codes))

    def rows(self, codes):
        """Return where vectors are, (n_members, n_rows, n_columns), among those of all members."""
        n_members, n_levels = self.row_of.shape
        rows = (codes + self.first_row).flatten(1).expand(n_members, -1)
        rows = self.row_of.gather(1, rows).view(n_members, *codes.shape[1:])
        first_of_member = torch.arange(0, n_members * n_levels, n_levels, device=rows.device)
        return rows + first_of_member.view(-1, 1, 1)

    def vectors(self, rows):
        """Return the vectors that lie at ``rows``, (n_members, n_rows, n_columns x dim)."""
        flat = self.weight.reshape(-1, self.weight.shape[-1])
        if flat.is_cuda:  # where sums in no fixed order make results differ
            vectors = F.embedding(rows, flat)
        else:  # the same, and four times as fast back
            vectors = flat.index_select(0, rows.reshape(-1))
        return vectors.view(*rows.shape[:2], -1)

    def learn(self, rows, gradient):
        """Write the vectors' gradient, given that of those at ``rows``."""
        n_members, n_levels, dim = self.weight.shape
        gradient = gradient.unflatten(-1, (-1, dim))
        if gradient.is_cuda:
            options = {"num_weights": n_members * n_levels, "padding_idx": -1}
            total = torch.ops.aten.embedding_dense_backward(
                gradient, rows, **options, scale_grad_by_freq=False
            )
        else:
            total = gradient.new_zeros(n_members * n_levels, dim)
            total.index_add_(0, rows.reshape(-1), gradient.reshape(-1, dim))
        self.weight.grad = total.view_as(self.weight)

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
        Positions of the numeric columns among those that enter the networks.
    embedded_columns : list of list of int
        For each embedding, which of the coded columns it holds.
    categorical_columns : list of int
        Positions of the coded columns among those that enter the networks.
    drawn : (array of int, int)
        Which of the inputs that numbers could have there are, and how many they could have.

    Attributes
    ----------
    drawn : (Tensor of int, int)
        The same of all inputs. The first layer's initial weights are drawn for those that could be,
        so that they do not depend on the length of the table.
    n_constant : int
        How many inputs, the first ones, are made by nothing that is learnt.
    """

    shared_buffers = ("groups", "coded")

    def __init__(
        self,
        numeric,
        embeddings,
        numeric_columns,
        embedded_columns,
        categorical_columns,
        drawn,
    ):
        super().__init__()
        self.numeric = numeric
        self.embeddings = nn.ModuleList(embeddings)
        self.embedded_columns = embedded_columns
        self._sizes = [len(columns) for columns in embedded_columns]
        self.n_columns = len(numeric_columns) + len(categorical_columns)
        groups = [] if numeric is None else [numeric_columns[j] for j in numeric.columns]
        self.n_constant = 0 if numeric is None or numeric.learns else len(groups)
        for embedding, columns in zip(embeddings, embedded_columns, strict=True):
            dim = embedding.weight.shape[-1]
            groups += [categorical_columns[c] for c in columns for _ in range(dim)]
        self.register_buffer("groups", torch.tensor(groups, dtype=torch.long))
        places, n_numbers = drawn
        n_learnt = len(groups) - len(places)
        places = torch.cat([torch.as_tensor(places).long(), n_numbers + torch.arange(n_learnt)])
        self.drawn = places, n_numbers + n_learnt
        # an index on the device: a list would be sent there at every step
        coded = [c for columns in embedded_columns for c in columns]
        self.register_buffer("coded", torch.tensor(coded, dtype=torch.long))

    @property
    def width(self):
        """Number of inputs of the first layer."""
        return len(self.groups)

    @property
    def n_inputs(self):
        """Number of inputs that come of each column, a tensor of shape (n_columns,)."""
        return torch.bincount(self.groups, minlength=self.n_columns)

    def forward(self, numeric, codes):
        """Encode rows: (n_members, n_rows, width)."""
        numbers = self.numbers(numeric)
        return self.join(numbers, self.learnt(numbers, self.places(codes)))

    def numbers(self, numeric):
        """Return what numbers become before anything is learnt, (n_members or 1, n_rows, ...)."""
        return numeric if self.n_constant == 0 else self.numeric(numeric)

    def places(self, codes):
        """Return for each embedding where the codes' vectors lie, (n_members, n_rows, n_codes)."""
        if not self.embedded_columns:
            return []
        of_each = codes.index_select(-1, self.coded).split(self._sizes, -1)
        return [embed.rows(own) for embed, own in zip(self.embeddings, of_each, strict=True)]

    def learnt(self, numbers, places):
        """Return the inputs that come after the constant ones, in parts.

        ``numbers`` and ``places`` are what the methods of these names return.
        """
        parts = [] if self.n_constant or self.numeric is None else [self.numeric(numbers)]
        return parts + [e.vectors(rows) for e, rows in zip(self.embeddings, places, strict=True)]

    def join(self, numbers, learnt):
        """Return all inputs, (n_members, n_rows, width)."""
        parts = [numbers[..., : self.n_constant], *learnt] if self.n_constant else learnt
        return parts[0] if len(parts) == 1 else torch.cat(parts, -1)

    def fill(self, numbers, places):
        """Write the vectors behind the numbers, which have room for them."""
        start = self.n_constant
        for embed, rows in zip(self.embeddings, places, strict=True):
            vectors = embed.vectors(rows)
            numbers[..., start : start + vectors.shape[-1]] = vectors
            start += vectors.shape[-1]

    def learn(self, places, gradient):
        """Write the gradients of all vectors, given that of the inputs that they are."""
        sizes = [n * e.weight.shape[-1] for n, e in zip(self._sizes, self.embeddings, strict=True)]
        parts = places, gradient.split(sizes, -1)
        for embed, rows, own in zip(self.embeddings, *parts, strict=True):
            embed.learn(rows, own)

    def typical(self):
        """Encode the typical row: medians and unknown levels, (n_members, 1, width)."""
        parts = [] if self.numeric is None else [self.numeric.typical()]
        parts += [embedding.typical() for embedding in self.embeddings]
        return parts[0] if len(parts) == 1 else torch.cat(parts, -1)

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

"""A table and a list of members become a stack that is ready to train."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from skdropout._stack.columns import RandomColumns
from skdropout._stack.encoding import Embedding, TableEncoding
from skdropout._stack.networks import StackMLP
from skdropout._stack.numbers import NUMERIC_ENCODINGS


@dataclass(frozen=True)
class Member:
    """What one network of a stack is: its seed, its rates, and the rows it sees.

    Attributes
    ----------
    seed : int
    train, valid : ndarray of int
        Rows to train on; rows to stop by, possibly none.
    dropout : tuple of float
        One rate per hidden layer.
    input_dropout : float
        Rate of columns that are dropped by chance.
    alpha, beta : float
        Share of chance and strength where relevant columns are dropped.
    kept : bool ndarray of shape (n_columns of the user's table,), or None
        Columns that are not typical all the time; None: all.
    learning_rate_init, weight_decay : float
    learning_rate : {"constant", "cosine"}
    batch_size : int or "auto"
    bins : bool
        Whether bins of numbers enter where the encoding has them; without, the numbers alone.
    linear : bool
        Whether hidden units are given on as they are, so that the network is linear in its inputs.
    dropout_schedule : str or callable
        What all rates are multiplied by over the training, see ``factors_of``.
    column_schedule : str, callable or None
        The same of columns alone; None: as of all.
    """

    seed: int
    train: np.ndarray
    valid: np.ndarray
    dropout: tuple
    input_dropout: float = 0.0
    alpha: float = 1.0
    beta: float = 0.0
    kept: np.ndarray | None = None
    learning_rate_init: float = 1e-3
    weight_decay: float = 0.0
    learning_rate: str = "constant"
    batch_size: int | str = "auto"
    bins: bool = True
    linear: bool = False
    dropout_schedule: str | Callable[[float], float] = "constant"
    column_schedule: str | Callable[[float], float] | None = None

    @property
    def schedules(self):
        """What the rates of units, and those of columns, are multiplied by."""
        of_all, of_columns = self.dropout_schedule, self.column_schedule
        return of_all, of_all if of_columns is None else of_columns


def build_stack(
    encoder,
    table,
    members,
    criterion,
    *,
    hidden_layer_sizes,
    activation,
    numeric_encoding,
    dims,
    n_outputs,
    columns=RandomColumns,
    input_scaling=0.0,
    learns=False,
):
    """Build the network of ``members`` for ``table``, in the table's precision.

    Parameters
    ----------
    encoder : TableEncoder
    table : TableTensors
        On the CPU.
    members : list of Member
    criterion : _Loss
    hidden_layer_sizes : sequence of int
    activation : str
    numeric_encoding : str
        A key of ``NUMERIC_ENCODINGS``.
    dims : list of int
        Dimension of each categorical column's vectors.
    n_outputs : int
    columns : callable
        Maps the number of members to what drops their columns.
    input_scaling : float
    learns : bool
        Whether rates of hidden units are learnt.

    Returns
    -------
    module : StackMLP
    """
    generators = [torch.Generator().manual_seed(member.seed) for member in members]
    columns = columns(len(members))
    module = StackMLP(
        _encoding(encoder, table, members, numeric_encoding, dims, generators, columns.marks),
        hidden_layer_sizes,
        n_outputs,
        activation,
        generators,
        columns,
        input_scaling,
        learns,
        [member.linear for member in members],
    )
    return finish_stack(module, table, members, criterion)


def finish_stack(module, table, members, criterion):
    """Give a new stack its members' rates and units of the target, and the table's precision."""
    _of_rows(members, lambda member: _check_weights(table.weight, member.train))
    set_rates(module, members)
    if table.target.is_floating_point():
        units = [_target_units(table, member.train, criterion) for member in members]
        module.target_location, module.target_scale = (
            torch.as_tensor(np.stack(part)).unsqueeze(1) for part in zip(*units, strict=True)
        )
    return module.to(table.dtype)


def set_rates(module, members):
    """Give every network of a stack its member's dropout rates."""
    like = module.dropout
    rates = [member.dropout for member in members]
    module.dropout = like.new_tensor(rates).view(len(members), len(module.hidden))
    module.columns.set_rates(members)


def _of_rows(members, statistic):
    """Return ``statistic(member)`` of each; of those that share rows and columns once."""
    known, keys = {}, [(id(member.train), id(member.kept)) for member in members]
    for key, member in zip(keys, members, strict=True):
        if key not in known:
            known[key] = statistic(member)
    return [known[key] for key in keys]


def _check_weights(weight, rows):
    if weight is not None and not weight[rows].any():
        raise ValueError(
            f"sample_weight is zero for all {len(rows)} rows that a network trains on, the others "
            "being set aside; give more rows a positive weight."
        )


def _target_units(table, rows, criterion):
    weight = None if table.weight is None else table.weight[rows].double().numpy()
    return criterion.standardisation(table.target[rows].double().numpy(), weight)


def _encoding(encoder, table, members, numeric_encoding, dims, generators, marks):
    numeric, drawn = None, ([], 0)
    if encoder.numeric_:
        cells, kind = table.sample.numeric.double().numpy(), NUMERIC_ENCODINGS[numeric_encoding]
        statistics = _of_rows(
            members, lambda member: kind.statistics(_cells(cells, table, member, encoder.numeric_))
        )
        statistics = [
            of_rows if member.bins else kind.without_bins(of_rows)
            for of_rows, member in zip(statistics, members, strict=True)
        ]
        statistics = [kind.marked(of_rows) for of_rows in statistics] if marks else statistics
        of_columns = kind.drawn(cells)
        layout = kind.layout(of_columns, len(cells))
        numeric = kind(statistics, layout, generators)
        drawn = _places(layout, of_columns, len(numeric.flagged))
    embeddings, embedded_columns = [], []
    for dim in sorted(set(dims)):
        columns = [c for c, d in enumerate(dims) if d == dim]
        n_levels = [encoder.n_levels[c] for c in columns]
        positions = [encoder.categorical_[c] for c in columns]
        known = _of_rows(members, partial(_known_rows, table, columns, n_levels, positions))
        embeddings.append(Embedding(n_levels, dim, torch.stack(known), generators))
        embedded_columns.append(columns)
    place = {j: k for k, j in enumerate(sorted([*encoder.numeric_, *encoder.categorical_]))}
    return TableEncoding(
        numeric,
        embeddings,
        [place[j] for j in encoder.numeric_],
        embedded_columns,
        [place[j] for j in encoder.categorical_],
        drawn,
    )


def _places(layout, drawn, n_flagged):
    """Return which of the inputs that weights are drawn for there are, and how many those are."""
    first = np.cumsum(drawn) - drawn
    places = [start + np.arange(n) for start, n in zip(first, layout, strict=True)]
    n_drawn = drawn.sum()
    return np.concatenate([*places, n_drawn + np.arange(n_flagged)]), int(n_drawn + n_flagged)


def _cells(cells, table, member, positions):
    """Return a member's training cells; columns it does not keep have never had any."""
    own = cells[table.looked_at(member.train)]
    if member.kept is not None:
        own[:, ~member.kept[positions]] = np.nan
    return own


def _known_rows(table, columns, n_levels, positions, member):
    """Mark the embedding rows that occur in a member's rows, and each column's "unknown"."""
    known = [torch.zeros(n + 2, dtype=torch.bool) for n in n_levels]
    for codes in table.codes_of(member.train):
        for seen, c, j in zip(known, columns, positions, strict=True):
            if member.kept is None or member.kept[j]:
                seen[codes[:, c]] = True
    for seen in known:
        seen[-1] = True
    return torch.cat(known)

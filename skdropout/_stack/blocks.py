"""Rows of a table on disk go through a stack: block after block, each as a table in memory."""

import math

import torch

from skdropout._stack.batches import Batches, rows_of_step, scale_of_weights
from skdropout._stack.inputs import encode_rows
from skdropout._table import Rows, StoredTable


def batches_of(rows, *arguments, **options):
    """Return ``Batches`` of rows in memory, or ``BlockBatches`` of rows on disk."""
    kind = BlockBatches if isinstance(rows.table, StoredTable) else Batches
    return kind(rows, *arguments, **options)


class BlockBatches:
    """Iterate over the batches of a table on disk, by blocks of rows.

    As many blocks as fit in memory are read together and shuffled as any table is: ``Batches`` do
    all there is to do with them, so a table that is read at once is learnt as one in memory, to the
    bit. Which blocks these are is drawn anew in each epoch, by the first
    member's generator, so that rows which lie side by side are not learnt side by side. All members
    take equally many steps, which follow from their mean number of rows in so many blocks.

    Parameters
    ----------
    rows : Rows
        Of a StoredTable.
    batch_sizes, device, encoding, generators
        As ``Batches`` have them.
    inputs : None
        Nothing is encoded beforehand.

    Attributes
    ----------
    steps : list of int
        How many steps each member has.
    n_rows : Tensor of shape (n_members,)

    Raises
    ------
    ValueError
        If members that are shuffled differ in ``batch_sizes``.
    """

    def __init__(self, rows, batch_sizes, device, encoding, generators=None, inputs=None):
        if generators is not None and len({*map(str, batch_sizes)}) > 1:
            raise ValueError(
                f"batch_size differs between networks: {batch_sizes}; give one for all, as the "
                "table is on disk."
            )
        table = rows.table
        index = [part if _is_sorted(part) else part.sort().values for part in rows.index]
        self.rows, self._device, self._encoding = Rows(table, index), device, encoding
        self._options = batch_sizes, device, encoding, generators
        self._generator = None if generators is None else generators[0]
        self._starts = table.starts()
        self._ends = [torch.searchsorted(part, self._starts) for part in index]
        lengths = [len(part) for part in index]
        self.n_rows = torch.tensor(lengths).to(device, table.dtype)
        self._scale = scale_of_weights(rows, device)
        together = table.blocks_together
        self._steps = []
        for start in range(0, table.n_blocks, together):
            share = min(together, table.n_blocks - start) / table.n_blocks
            expected = zip(lengths, batch_sizes, strict=True)
            self._steps.append(
                max(math.ceil(share * n / rows_of_step(n, size)) for n, size in expected)
            )
        self.steps = [sum(self._steps)] * len(lengths)

    def __len__(self):
        return self.steps[0]

    def __iter__(self):
        for part, n_steps in zip(self.pieces(), self._steps, strict=True):
            if len(part):
                yield from Batches(
                    part,
                    *self._options,
                    encode_rows(self._encoding, part.table, self._device),
                    n_steps=n_steps,
                    weight_scale=self._scale,
                )

    def pieces(self):
        """Yield Rows of blocks that are read together, in order if nothing is shuffled."""
        table = self.rows.table
        order = torch.arange(table.n_blocks)
        if self._generator is not None and len(self._steps) > 1:
            order = torch.randperm(table.n_blocks, generator=self._generator)
        for blocks in order.split(table.blocks_together):
            blocks = blocks.sort().values
            sizes = self._starts[blocks + 1] - self._starts[blocks]
            moves = sizes.cumsum(0) - sizes - self._starts[blocks]
            index = []
            for part, ends in zip(self.rows.index, self._ends, strict=True):
                here = [
                    part[ends[b] : ends[b + 1]] + move
                    for b, move in zip(blocks, moves, strict=True)
                ]
                index.append(torch.cat(here))
            yield Rows(table.read(blocks.numpy()).near(self._device), index)


def _is_sorted(index):
    return bool((index[1:] >= index[:-1]).all())

"""A table's numbers, made into inputs once for all epochs where nothing of that is learnt."""

from dataclasses import dataclass

import torch

from skdropout._stack.batches import memory_budget
from skdropout._stack.layers import sliced
from skdropout._table import StoredTable

_ROWS_AT_ONCE = 2**12


@dataclass
class Inputs:
    """Encoded rows, one table for each encoding there is, one below the other.

    Attributes
    ----------
    values : Tensor of shape (n_encodings * n_rows, width)
        With room for vectors behind the numbers.
    first_row : Tensor of int of shape (n_members, 1)
        Where each member's table begins.
    """

    values: torch.Tensor
    first_row: torch.Tensor

    def places(self, rows):
        """Return where each member's ``rows`` of the table (..., n_members, n) are."""
        return rows + self.first_row

    def select(self, members):
        """Return the inputs of some members."""
        return Inputs(self.values, self.first_row[members])


@torch.no_grad()
def encode_rows(encoding, table, device):
    """Encode a table, once for members of equal statistics.

    Parameters
    ----------
    encoding : TableEncoding or GridEncoding
    table : TableTensors or StoredTable
    device : torch.device
        Where the networks are.

    Returns
    -------
    inputs : Inputs or None
        None where it is better done batch by batch: numbers are encoded by what is learnt, the
        table lies elsewhere, on disk or on another device, or all of it would take too much memory.
    """
    if not encoding.n_constant or isinstance(table, StoredTable) or table.numeric.device != device:
        return None
    numeric = table.numeric
    first, which = _distinct(encoding)
    n_rows, width = len(numeric), encoding.width
    if len(first) * n_rows * width * numeric.element_size() > memory_budget(device) // 2:
        return None
    values = numeric.new_zeros(len(first), n_rows, width)
    for encoded, k in zip(values, first, strict=True):
        own = sliced(encoding, slice(k, k + 1))
        for start in range(0, n_rows, _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            encoded[rows, : encoding.n_constant] = own.numbers(numeric[None, rows])[0]
    first_row = torch.tensor(which, device=device).unsqueeze(1) * n_rows
    return Inputs(values.flatten(0, 1), first_row)


def _distinct(encoding):
    """Return the first member of each encoding of numbers, and which of these each member has."""
    part = getattr(encoding, "numeric", encoding)
    named = part.named_buffers(recurse=False)
    buffers = [buffer.cpu() for name, buffer in named if name not in part.shared_buffers]
    first, which = [], []
    for k in range(len(buffers[0])):
        same = (i for i, j in enumerate(first) if all(torch.equal(b[j], b[k]) for b in buffers))
        which.append(next(same, len(first)))
        if which[-1] == len(first):
            first.append(k)
    return first, which

"""Rows go through a stack in training: in batches, each member's its own."""

import math
from itertools import pairwise

import torch

# Training replaces this share of the symbols by "unknown", which is how that row is learnt.
UNKNOWN_RATE = 0.01


def rows_of_step(n_rows, batch_size):
    """Return how many of ``n_rows`` a step takes; "auto" is a rule."""
    if batch_size != "auto":
        return batch_size
    return min(max(2 ** round(math.log2(max(n_rows / 30, 1))), 16), 256)


class Batches:
    """Iterate over batches, each member over its own rows, in its own order.

    A member's epoch has ``ceil(n / batch_size)`` steps of nearly equal size; "auto" is the power
    of two next to a thirtieth of its rows, between 16 and 256. Where members
    differ in their number of rows, the shorter ones are padded, and the padding has weight zero.
    What an epoch needs of the host is sent to the device as it begins, so that its steps neither
    wait for the device nor send anything to it. A step is ``(x, y, share)``: ``share`` is one over
    the member's rows in it, one where it has none.

    Parameters
    ----------
    rows : Rows
    batch_size : int or "auto"
    device : torch.device
        Where batches go; the table may stay elsewhere if it is large.
    generators : list of torch.Generator, or None
        One per member, to shuffle by and to draw unknown symbols; None keeps the order.

    Attributes
    ----------
    steps : list of int
        How many steps each member has.
    counts : Tensor of int of shape (n_members, n_steps)
        How many rows of a step are real, on the CPU.
    n_rows : Tensor of shape (n_members,)
        How many rows each member has, on the device.
    """

    def __init__(self, rows, batch_size, device, generators=None):
        self.rows, self.device, self.generators = rows, device, generators
        lengths = [len(index) for index in rows.index]
        self.steps = [-(-n // rows_of_step(n, batch_size)) for n in lengths]
        self._sizes = [-(-n // s) for n, s in zip(lengths, self.steps, strict=True)]
        self._shape = (len(lengths), max(self.steps), max(self._sizes))
        self.counts = torch.zeros(self._shape[:2], dtype=torch.long)
        for k, (n, s, b) in enumerate(zip(lengths, self.steps, self._sizes, strict=True)):
            self.counts[k, :s] = (n - b * torch.arange(s)).clamp(max=b)
        self.n_rows = torch.tensor(lengths).to(device, rows.table.numeric.dtype)
        # trailing columns of a step that no member needs are cut off
        widest = self.counts.amax(0)
        self._widths = widest.tolist()
        self._is_padded = (self.counts != widest).any(0).tolist()
        self._weight_scale = self._mean_weight()

    def __len__(self):
        return self._shape[1]

    def __iter__(self):
        numeric = self.rows.table.numeric
        order = self._order().to(numeric.device)
        counts = self.counts.to(self.device, numeric.dtype)
        shares = 1 / counts.clamp(min=1)
        return self._go_through(order, self._replaced(numeric.device), counts, shares)

    def _go_through(self, order, replaced, counts, shares):
        table, device = self.rows.table, self.device
        for step, width in enumerate(self._widths):
            index = order[:, step, :width].reshape(-1)
            shape = (len(order), width)
            codes = table.codes.index_select(0, index).view(*shape, -1)
            if replaced is not None:
                codes = torch.where(replaced[:, step, :width], table.unknown, codes)
            x = {"numeric": table.numeric.index_select(0, index).view(*shape, -1), "codes": codes}
            y = {
                "target": table.target.index_select(0, index).view(*shape, *table.target.shape[1:])
            }
            if table.weight is not None:
                y["weight"] = table.weight.index_select(0, index).view(shape)
            x, y = ({name: t.to(device) for name, t in part.items()} for part in (x, y))
            if table.weight is not None:
                y["weight"] = y["weight"] * self._weight_scale
            if self._is_padded[step]:
                real = torch.arange(width, device=device) < counts[:, step : step + 1]
                y["weight"] = y.get("weight", 1.0) * real.to(counts.dtype)
            yield x, y, shares[:, step]

    def _order(self):
        order = torch.zeros(self._shape, dtype=torch.long)
        for k, index in enumerate(self.rows.index):
            if self.generators is not None:
                index = index[torch.randperm(len(index), generator=self.generators[k])]
            steps, size = self.steps[k], self._sizes[k]
            padding = index[:1].expand(steps * size - len(index))
            order[k, :steps, :size] = torch.cat([index, padding]).view(steps, size)
        return order

    def _replaced(self, device):
        n_columns = self.rows.table.codes.shape[1]
        if self.generators is None or not n_columns:
            return None
        replaced = torch.zeros(*self._shape, n_columns, dtype=torch.bool)
        for k, generator in enumerate(self.generators):
            shape = (self.steps[k], self._sizes[k], n_columns)
            draw = torch.rand(shape, generator=generator) < UNKNOWN_RATE
            replaced[k, : shape[0], : shape[1]] = draw
        return replaced.to(device)

    def _mean_weight(self):
        weight = self.rows.table.weight
        if weight is None:
            return None
        means = torch.stack([weight[index.to(weight.device)].mean() for index in self.rows.index])
        return 1 / torch.where(means > 0, means, 1.0).unsqueeze(1).to(self.device)


_CPU_BYTES = 2**30


def memory_budget(device):
    """Return how many bytes a stack in training may take: half of what is free on a GPU."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0] // 2
    return _CPU_BYTES


def bytes_of_member(widths, n_embedded, n_rows, n_valid, batch_size, dtype):
    """Estimate what one network of a stack takes in training.

    Parameters
    ----------
    widths : sequence of int
        Inputs, units of each hidden layer, outputs.
    n_embedded : int
        Numbers in the vectors of categories.
    n_rows, n_valid : int
        Rows to train on and to stop by.
    batch_size : int or "auto"
    dtype : torch.dtype
    """
    n_weights = n_embedded + sum((a + 1) * b for a, b in pairwise(widths))
    # weights, gradients, two moments, the best epoch, and a copy on its way there
    of_weights = 6 * n_weights
    # of each layer the product, its activation, the mask, the masked units; twice for gradients
    of_step = 8 * sum(widths) * min(rows_of_step(n_rows, batch_size), n_rows)
    of_evaluation = 2 * sum(widths) * n_valid
    order = 8 * n_rows
    return dtype.itemsize * (of_weights + max(of_step, of_evaluation)) + order

"""Rows go through a stack in training: in batches, each member's its own."""

import math
from itertools import pairwise

import torch

# Training replaces this share of the symbols by "unknown", which is how that row is learnt.
UNKNOWN_RATE = 0.01
# What is small is gathered for so many rows of all members at once.
_TOGETHER = 2**14


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
    wait for the device nor send anything to it. A step is ``(x, y, share)``: ``x`` are ``numbers``
    and ``places`` as the encoding gives them, ``y`` the ``target`` and, where rows count unequally,
    their ``weight``; ``share`` is one over the member's rows in it, one where it has none.

    Parameters
    ----------
    rows : Rows
    batch_sizes : list of (int or "auto")
        One per member.
    device : torch.device
        Where batches go; the table may stay elsewhere if it is large.
    encoding : TableEncoding or GridEncoding
        What is done with numbers and codes before anything that is learnt.
    generators : list of torch.Generator, default=None
        One per member, to shuffle by and to draw unknown symbols; None keeps the order.
    inputs : Inputs, default=None
        The table's numbers, encoded already.
    n_steps : int, default=None
        Of each member, in place of what follows from its batch size; some may be left out at the
        end if rows are fewer.
    weight_scale : Tensor of shape (n_members, 1), default=None
        What weights are multiplied with; None makes a member's mean weight one.

    Attributes
    ----------
    steps : list of int
        How many steps each member has.
    counts : Tensor of int of shape (n_members, n_steps)
        How many rows of a step are real, on the CPU.
    n_rows : Tensor of shape (n_members,)
        How many rows each member has, on the device.
    """

    def __init__(
        self,
        rows,
        batch_sizes,
        device,
        encoding,
        generators=None,
        inputs=None,
        n_steps=None,
        weight_scale=None,
    ):
        self.rows, self.device, self.generators = rows, device, generators
        self._encoding, self.inputs = encoding, inputs
        lengths = [len(index) for index in rows.index]
        self.steps = [
            n_steps or max(1, -(-n // rows_of_step(n, size)))
            for n, size in zip(lengths, batch_sizes, strict=True)
        ]
        self._sizes = [-(-n // s) for n, s in zip(lengths, self.steps, strict=True)]
        self._shape = (max(self.steps), len(lengths), max(self._sizes))
        self.counts = torch.zeros(len(lengths), max(self.steps), dtype=torch.long)
        for k, (n, s, b) in enumerate(zip(lengths, self.steps, self._sizes, strict=True)):
            step = torch.arange(s)
            own = (n - b * step).clamp(max=b)
            if own[-1] < min(n, 1):  # too few rows for so many steps: each has nearly the same
                own = n // s + (step < n % s)
            self.counts[k, :s] = own
        self.n_rows = torch.tensor(lengths).to(device, rows.table.dtype)
        # trailing columns of a step that no member needs are cut off
        widest = self.counts.amax(0)
        self._widths = widest.tolist()
        self._is_padded = (self.counts != widest).any(0).tolist()
        self._weight_scale = weight_scale
        if weight_scale is None:
            self._weight_scale = scale_of_weights(rows, device)

    def __len__(self):
        return self._shape[0]

    def __iter__(self):
        near = self.rows.table.numeric.device
        counts = self.counts.T.contiguous().to(self.device, self.n_rows.dtype)
        order, replaced = self._order().to(near), self._replaced(near)
        of_inputs = order if self.inputs is None else self.inputs.places(order)
        return self._go_through(order, of_inputs, replaced, counts, 1 / counts.clamp(min=1))

    def _go_through(self, order, of_inputs, replaced, counts, shares):
        # steps come first, then members, then rows
        n_together = max(1, _TOGETHER // order[0].numel())
        for start in range(0, len(order), n_together):
            steps = slice(start, min(start + n_together, len(order)))
            places, y = self._small(order[steps], replaced, counts[steps], steps)
            for step in range(steps.start, steps.stop):
                if not self._widths[step]:
                    continue
                here, rows = step - start, slice(self._widths[step])
                x = {
                    "numbers": self._numbers(of_inputs[step, :, rows]),
                    "places": [part[here, :, rows] for part in places],
                }
                yield x, {name: part[here, :, rows] for name, part in y.items()}, shares[step]

    def _numbers(self, order):
        """Gather a step's numbers, encoded if nothing of that is learnt."""
        index = order.reshape(-1)
        if self.inputs is not None:
            return self.inputs.values.index_select(0, index).view(*order.shape, -1)
        numeric = self.rows.table.numeric.index_select(0, index).view(*order.shape, -1)
        return self._encoding.numbers(numeric.to(self.device))

    def _small(self, order, replaced, counts, steps):
        """Gather all but the numbers, for several steps at once."""
        table, device = self.rows.table, self.device
        index = order.reshape(-1)
        codes = table.codes.index_select(0, index).view(*order.shape, -1)
        if replaced is not None:
            codes = torch.where(replaced[steps], table.unknown, codes)
        # each member's rows of all steps along one axis
        flat = codes.to(device).transpose(0, 1).flatten(1, 2)
        places = [
            part.unflatten(1, (len(order), -1)).transpose(0, 1).contiguous()
            for part in self._encoding.places(flat)
        ]
        target = table.target.index_select(0, index).view(*order.shape, *table.target.shape[1:])
        y = {"target": target.to(device)}
        if table.weight is not None:
            weight = table.weight.index_select(0, index).view(order.shape)
            y["weight"] = weight.to(device) * self._weight_scale
        if any(self._is_padded[steps]):
            real = torch.arange(order.shape[-1], device=device) < counts.unsqueeze(-1)
            y["weight"] = y.get("weight", 1.0) * real.to(counts.dtype)
        return places, y

    def _order(self):
        order = torch.zeros(self._shape, dtype=torch.long)
        for k, index in enumerate(self.rows.index):
            if self.generators is not None:
                index = index[torch.randperm(len(index), generator=self.generators[k])]
            steps, size = self.steps[k], self._sizes[k]
            if self.counts[k, 0] * (steps - 1) < len(index):
                padding = index[:1].expand(steps * size - len(index))
                own = torch.cat([index, padding]).view(steps, size)
            else:
                real = torch.arange(size) < self.counts[k, :steps, None]
                own = index[:1].expand(real.shape).clone()
                own[real] = index
            order[:steps, k, :size] = own
        return order

    def _replaced(self, device):
        n_columns = self.rows.table.codes.shape[1]
        if self.generators is None or not n_columns:
            return None
        replaced = torch.zeros(*self._shape, n_columns, dtype=torch.bool)
        for k, generator in enumerate(self.generators):
            shape = (self.steps[k], self._sizes[k], n_columns)
            draw = torch.rand(shape, generator=generator) < UNKNOWN_RATE
            replaced[: shape[0], k, : shape[1]] = draw
        return replaced.to(device)


def scale_of_weights(rows, device):
    """Return one over each member's mean weight, (n_members, 1), or None if there are none."""
    weight = rows.table.weight
    if weight is None:
        return None
    means = torch.stack([weight[index.to(weight.device)].mean() for index in rows.index])
    return 1 / torch.where(means > 0, means, 1.0).unsqueeze(1).to(device)


_CPU_BYTES = 2**30
# Of a slice: a step makes about so many products, or the slice has so many members.
_PRODUCTS, _FEWEST = 2**26, 10


def memory_budget(device):
    """Return how many bytes a stack in training may take: half of what is free on a GPU."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0] // 2
    return _CPU_BYTES


def members_of_slice(widths, n_embedded, n_rows, n_valid, batch_size, dtype, device):
    """Return how many alike networks make a stack; what is more is trained in several.

    It follows from the table and the parameters alone, as the masks of a network depend on its
    stack: on a GPU from memory, one stack being the fastest; on a CPU also from the work of a step,
    for beyond so much of it larger stacks are no faster, and smaller ones can be shared out.
    """
    of_one = bytes_of_member(widths, n_embedded, n_rows, n_valid, batch_size, dtype)
    if device.type == "cuda":
        most = torch.cuda.get_device_properties(device).total_memory // 4
        return max(1, most // of_one)
    n_weights = sum((a + 1) * b for a, b in pairwise(widths))
    products = n_weights * min(rows_of_step(n_rows, batch_size), n_rows)
    return max(1, min(_CPU_BYTES // of_one, max(_PRODUCTS // products, _FEWEST)))


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

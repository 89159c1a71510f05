"""Rows go through a stack: in batches to train on, in blocks of bounded size to predict."""

import copy
import math
from functools import cached_property
from itertools import pairwise

import torch

from skdropout._device import memory_errors, prediction_dtype

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


# A block of rows of all members takes at most this many numbers in its widest layer: as many as
# stay in a core's cache. It has at least so many rows, by their logarithm.
_BLOCK_ELEMENTS = 2**18
_LEAST_BLOCK = 4


def predict_rows(net, rows):
    """Predict each member's own rows, in the precision of training.

    Parameters
    ----------
    net : StackNet
    rows : Rows

    Returns
    -------
    predictions : list of Tensor of shape (n_rows of the member, n_outputs)
        In the units of the table, on the CPU.
    """
    module = net.module_.eval()
    device = torch.device(net.device)
    block = max(1, _BLOCK_ELEMENTS // (module.widest * module.n_members))
    while True:
        done = []
        try:
            with torch.inference_mode():
                batches = Batches(rows, block, device)
                for (x, *_), counts in zip(batches, batches.counts.T.tolist(), strict=True):
                    raw = module(**x).to(prediction_dtype(device))
                    natural = module.natural(raw, net.criterion_).cpu()
                    done.append([p[:n] for p, n in zip(natural, counts, strict=True)])
            return [torch.cat(blocks) for blocks in zip(*done, strict=True)]
        except torch.cuda.OutOfMemoryError:
            if block == 1:
                raise
            block //= 2


class Predictor:
    """Predict with the networks of a net, all members at once.

    Numbers are put in units, and outputs in those of the target, in double precision; the layers
    between compute in the precision of training. There a row's last digits depend on how many rows
    share a matrix product, so every product has equally many: blocks that are not full are padded,
    and a row's prediction is the same, to the bit, alone and in any table.

    Parameters
    ----------
    net : StackNet
        Its module must not be in training.
    """

    def __init__(self, net):
        self._net = net
        self._device = torch.device(net.device)
        self._dtype = prediction_dtype(self._device)
        self._criterion = net.criterion_

    @cached_property
    def _module(self):
        return self._net.module_.folded()

    @cached_property
    def block(self):
        """How many rows go through the layers at once, a power of two."""
        most = _BLOCK_ELEMENTS // (self._module.widest * self._module.n_members)
        return 2 ** max(most.bit_length() - 1, _LEAST_BLOCK)

    def __call__(self, parts, combine=None):
        """Return predictions in the units of the table, (n_members, n_rows, n_outputs).

        Parameters
        ----------
        parts : iterable of (numeric, codes)
            The rows, as ``TableEncoder.parts`` gives them.
        combine : callable, default=None
            Makes of the predictions of a block, (n_members, n_rows, n_outputs), what is kept of
            them, rows along the last axis but one.
        """
        return self._in_blocks(self._module.respond, self._natural, parts, combine)

    def log_probabilities(self, parts, combine=None):
        """Return the members' log probabilities, for a criterion that has them."""
        output = self._criterion.log_probabilities
        return self._in_blocks(self._module.respond, output, parts, combine)

    def draw(self, parts, n_draws, masks):
        """Return ``n_draws`` predictions under masks from ``masks``, the members taking turns."""
        module = copy.deepcopy(self._module)  # other threads may be predicting
        module.drop_with(masks)
        parts, n_passes = list(parts), -(-n_draws // module.n_members)
        passes = [self._in_blocks(module.draw, self._natural, parts) for _ in range(n_passes)]
        return torch.cat(passes)[:n_draws]

    def _natural(self, raw):
        return self._module.natural(raw, self._criterion)

    @memory_errors()
    def _in_blocks(self, network, output, parts, combine=None):
        done = []
        with torch.inference_mode():
            for numeric, codes in parts:
                for rows in self._blocks(numeric, codes, network):
                    predictions = output(rows.to(self._dtype))
                    done.append((combine(predictions) if combine else predictions).cpu())
        return done[0] if len(done) == 1 else torch.cat(done, -2)

    def _blocks(self, numeric, codes, network):
        """Yield the raw outputs of block after block of a part."""
        start, block = 0, self.block
        while start == 0 or start < len(numeric):
            rows = slice(start, start + block)
            x, c = (torch.as_tensor(part[rows]) for part in (numeric, codes))
            n_rows = len(x)
            x, c = (_padded(part, block).to(self._device) for part in (x, c))
            try:
                encoded = self._module.encoding(x[None].to(self._dtype), c[None])
                raw = network(encoded)
            except torch.cuda.OutOfMemoryError:
                if block == 1:
                    raise
                block //= 2
                continue
            yield raw[:, :n_rows]
            start += block


def _padded(part, n_rows):
    return torch.cat([part, part.new_zeros(n_rows - len(part), part.shape[1])])

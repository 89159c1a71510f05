"""Rows go through a trained stack, in blocks of bounded size."""

import copy
from functools import cached_property
from itertools import count, islice

import numpy as np
import torch

from skdropout._device import prediction_dtype
from skdropout._stack.batches import Batches
from skdropout._stack.blocks import BlockBatches
from skdropout._table import StoredTable
from skdropout.functional._inner import memory_errors

# A block of rows of all members takes at most this many numbers in its widest layer: as many as
# stay in a core's cache. It has at least and at most so many rows, by their logarithm.
_BLOCK_ELEMENTS = 2**19
_LEAST_BLOCK, _LARGEST_BLOCK = 4, 12


def predict_rows(net, rows):
    """Predict each member's own rows, in the precision of training.

    Parameters
    ----------
    net : StackNet
    rows : Rows
        In order where the table is on disk.

    Returns
    -------
    predictions : list of Tensor of shape (n_rows of the member, n_outputs)
        In the units of the table, on the CPU.
    """
    if not isinstance(rows.table, StoredTable):
        return _predict_rows(net, rows)
    module = net.module_
    read = BlockBatches(rows, [1] * len(rows.index), torch.device(net.device), module.encoding)
    done = [_predict_rows(net, piece) for piece in read.pieces() if len(piece)]
    return [torch.cat(pieces) for pieces in zip(*done, strict=True)]


def _predict_rows(net, rows):
    module = net.module_.eval()
    device = torch.device(net.device)
    block = max(1, _BLOCK_ELEMENTS // (module.widest * module.n_members))
    while True:
        done = []
        try:
            with torch.inference_mode():
                batches = Batches(rows, [block] * len(rows.index), device, module.encoding)
                for (x, *_), counts in zip(batches, batches.counts.T.tolist(), strict=True):
                    raw = module.evaluate(**x).to(prediction_dtype(device))
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
    share a matrix product, so every product has equally many: what is missing is filled up, and a
    row's prediction is the same, to the bit, alone and in any table.

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
        return self._net.module_.for_predictions()

    @cached_property
    def block(self):
        """How many rows go through the layers at once, a power of two."""
        most = _BLOCK_ELEMENTS // (self._module.widest * self._module.n_members)
        return 2 ** min(max(most.bit_length() - 1, _LEAST_BLOCK), _LARGEST_BLOCK)

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

    def draw(self, parts, n_draws, masks, weights=None):
        """Return ``n_draws`` predictions under masks from ``masks``, the members taking turns.

        With ``weights`` each member has its share of the turns.
        """
        module = copy.deepcopy(self._net.module_)  # other threads may be predicting
        module.drop_with(masks)
        turns = np.array(list(islice(_turns(module.n_members, weights), n_draws)))
        parts, n_passes = list(parts), int(turns[:, 0].max()) + 1
        # a row's masks depend on how many rows are filled up
        drawn = [
            self._in_blocks(module.draw, self._natural, parts, fills=True) for _ in range(n_passes)
        ]
        return torch.stack([drawn[n][k] for n, k in turns.tolist()])

    def _natural(self, raw):
        return self._module.natural(raw, self._criterion)

    @memory_errors()
    def _in_blocks(self, network, output, parts, combine=None, fills=False):
        done = []
        with torch.inference_mode():
            for numeric, codes in parts:
                # small tensors that stayed would leave holes between what is freed
                kept, start = None, 0
                for rows in self._blocks(numeric, codes, network, fills):
                    predictions = output(rows.to(self._dtype))
                    predictions = combine(predictions) if combine else predictions
                    *others, n_rows, n_outputs = predictions.shape
                    if kept is None:
                        kept = torch.empty(*others, len(numeric), n_outputs, dtype=self._dtype)
                    kept[..., start : start + n_rows, :] = predictions
                    start += n_rows
                done.append(kept)
        return done[0] if len(done) == 1 else torch.cat(done, -2)

    def _blocks(self, numeric, codes, network, fills):
        """Yield the raw outputs of block after block of a part; the last one may be filled up."""
        start, block = 0, self.block
        fills = fills or self._module.rows_of_product is None
        while start == 0 or start < len(numeric):
            rows = slice(start, start + block)
            x, c = (torch.as_tensor(part[rows]) for part in (numeric, codes))
            n_rows, multiple = len(x), block if fills else self._module.rows_of_product
            n_filled = max(-(-n_rows // multiple), 1) * multiple
            x = _padded(x, n_filled).to(self._device, self._dtype)
            try:
                c = _padded(c, n_filled).to(self._device)
                encoded = self._module.encoding(x[None], c[None])
                raw = network(encoded)
            except torch.cuda.OutOfMemoryError:
                if block == 1:
                    raise
                block //= 2
                continue
            yield raw[:, :n_rows]
            start += block


def _turns(n_members, weights):
    """Yield, for draw after draw, how often its member had a turn before, and which one it is."""
    weights = np.full(n_members, 1 / n_members) if weights is None else weights
    had = np.zeros(n_members, dtype=int)
    for n_draws in count(1):
        k = int(np.argmax((weights * n_draws - had).round(9)))
        yield had[k], k
        had[k] += 1


def _padded(part, n_rows):
    # torch.nn.functional.pad refuses tables without columns in some versions
    return torch.cat([part, part.new_zeros(n_rows - len(part), part.shape[1])])

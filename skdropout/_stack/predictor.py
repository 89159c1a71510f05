"""The forward pass after training: in blocks of bounded size, in a precision that hides them."""

import copy
from functools import cached_property

import torch

from skdropout._device import prediction_dtype
from skdropout._stack.batches import Batches

__all__ = ["Predictor", "predict_rows"]

# A block of rows of all members takes at most this many numbers in its widest layer.
_BLOCK_ELEMENTS = 2**20


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
    block = _rows_of_block(module)
    while True:
        done = []
        try:
            with torch.inference_mode():
                for x, _, count in Batches(rows, block, device):
                    raw = module(**x).to(prediction_dtype(device))
                    natural = module.natural(raw, net.criterion_).cpu()
                    done.append([p[: int(n)] for p, n in zip(natural, count.tolist(), strict=True)])
            return [torch.cat(blocks) for blocks in zip(*done, strict=True)]
        except torch.cuda.OutOfMemoryError:
            if block == 1:
                raise
            block //= 2


def _rows_of_block(module):
    return max(1, _BLOCK_ELEMENTS // (module.widest * module.n_members))


class Predictor:
    """Predict with a copy of a net's module, all members at once.

    Parameters
    ----------
    net : StackNet
        Its module is copied at the first prediction, so it must not be in training.
    """

    def __init__(self, net):
        self._net = net
        self._device = torch.device(net.device)
        self._dtype = prediction_dtype(self._device)
        self._criterion = net.criterion_

    @cached_property
    def _module(self):
        return copy.deepcopy(self._net.module_).to(self._device, self._dtype).eval()

    @cached_property
    def _block(self):
        return _rows_of_block(self._module)

    def __call__(self, numeric, codes):
        """Return predictions in the units of the table, (n_members, n_rows, n_outputs)."""
        return self._in_blocks(self._module, self._natural, numeric, codes)

    def log_probabilities(self, numeric, codes):
        """Return the members' log probabilities, for a criterion that has them."""
        return self._in_blocks(self._module, self._criterion.log_probabilities, numeric, codes)

    def draw(self, numeric, codes, n_draws, masks):
        """Return ``n_draws`` predictions under masks from ``masks``, the members taking turns."""
        module = copy.deepcopy(self._module)  # other threads may be predicting
        module.drop_with(masks)
        n_passes = -(-n_draws // module.n_members)
        passes = [
            self._in_blocks(module.draw, self._natural, numeric, codes) for _ in range(n_passes)
        ]
        return torch.cat(passes)[:n_draws]

    def _natural(self, raw):
        return self._module.natural(raw, self._criterion)

    def _in_blocks(self, network, output, numeric, codes):
        n_rows, start, done = len(numeric), 0, []
        block = self._block
        with torch.inference_mode():
            while start < n_rows or not done:
                rows = slice(start, start + block)
                try:
                    x = torch.as_tensor(numeric[rows]).to(self._device, self._dtype)
                    raw = network(x[None], torch.as_tensor(codes[rows]).to(self._device)[None])
                    done.append(output(raw).cpu())
                except torch.cuda.OutOfMemoryError:
                    if block == 1:
                        raise
                    block //= 2
                    continue
                start += block
        return done[0] if len(done) == 1 else torch.cat(done, 1)

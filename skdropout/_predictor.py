"""The forward pass after training: in blocks of bounded size, in a precision that hides them."""

import copy

import torch

from skdropout._device import prediction_dtype

__all__ = ["Predictor"]

# A block of rows takes at most this many numbers in its widest layer.
_BLOCK_ELEMENTS = 2**20


class Predictor:
    """Predict with a copy of a net's module, all members at once.

    Parameters
    ----------
    net : StackNet
    """

    def __init__(self, net):
        self._device = torch.device(net.device)
        self._dtype = prediction_dtype(self._device)
        self._module = copy.deepcopy(net.module_).to(self._device, self._dtype).eval()
        self._criterion = net.criterion_
        widths = [layer.weight.shape[1] for layer in (*self._module.hidden, self._module.output)]
        self._block = max(1, _BLOCK_ELEMENTS // (max(widths) * self._module.n_members))

    def __call__(self, numeric, codes):
        """Return predictions in the units of the table, (n_members, n_rows, n_outputs)."""
        return self._in_blocks(self._natural, numeric, codes)

    def log_probabilities(self, numeric, codes):
        """Return the members' log probabilities, for a criterion that has them."""
        return self._in_blocks(self._criterion.log_probabilities, numeric, codes)

    def draw(self, numeric, codes, n_draws, masks):
        """Return ``n_draws`` predictions under masks from ``masks``, the members taking turns."""
        self._module.train().drop_with(masks)
        try:
            n_passes = -(-n_draws // self._module.n_members)
            passes = [self._in_blocks(self._natural, numeric, codes) for _ in range(n_passes)]
        finally:
            self._module.eval().stop_dropping()
        return torch.cat(passes)[:n_draws]

    def _natural(self, raw):
        return self._module.natural(raw, self._criterion)

    def _in_blocks(self, output, numeric, codes):
        n_rows, start, done = len(numeric), 0, []
        with torch.inference_mode():
            while start < n_rows or not done:
                rows = slice(start, start + self._block)
                try:
                    x = torch.as_tensor(numeric[rows]).to(self._device, self._dtype)
                    raw = self._module(x[None], torch.as_tensor(codes[rows]).to(self._device)[None])
                    done.append(output(raw).cpu())
                except torch.cuda.OutOfMemoryError:
                    if self._block == 1:
                        raise
                    self._block //= 2
                    continue
                start += self._block
        return done[0] if len(done) == 1 else torch.cat(done, 1)

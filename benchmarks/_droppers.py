"""Ways to drop relevant columns that were tried and not taken: skorch callbacks.

`reldrop.py --tried` measures them beside the defaults.
"""

import copy

import torch
from skorch.callbacks import Callback

__all__ = ["AveragedRelevance", "DropCounter", "FromOtherRows", "ScaledUp", "Untold"]


class _Keep(Callback):
    """Drop columns by ``_kept`` in the place of the encoding's own ``keep``."""

    def on_train_begin(self, net, **_):
        self._encoding = net.module_.encoding
        self._keep = self._encoding.keep
        self._encoding.keep = self._kept

    def on_train_end(self, net, **_):
        del self._encoding.keep, self._encoding, self._keep


class DropCounter(_Keep):
    """Count, while networks are trained, the share of cells that are dropped.

    Attributes
    ----------
    shares : list of float
        Of each step that drops any.
    n_steps : int
        Steps in all.
    """

    def __init__(self):
        self.shares, self.n_steps = [], 0

    @property
    def share(self):
        """The share over all steps."""
        return sum(self.shares) / max(self.n_steps, 1)

    def on_batch_begin(self, net, batch=None, training=False, **_):
        self.n_steps += training

    def _kept(self, encoded, factor):
        self.shares.append(1 - float(factor.mean()))
        return self._keep(encoded, factor)


class FromOtherRows(_Keep):
    """Take a dropped column's value from another row of the batch: its own law."""

    def _kept(self, encoded, factor):
        other = encoded.roll(1, 1)
        return other + factor.index_select(-1, self._encoding.groups) * (encoded - other)


class ScaledUp(_Keep):
    """Multiply what is kept of a row, in its distance from typical, so that sums stay in size."""

    def _kept(self, encoded, factor):
        return self._keep(encoded, factor / factor.mean(-1, keepdim=True).clamp(min=0.3))


class Untold(Callback):
    """Keep from networks which numbers are dropped: these are medians."""

    def on_train_begin(self, net, **_):
        numeric = net.module_.encoding.numeric
        if numeric is not None:
            numeric.has_missing.zero_()
            numeric.is_marked.zero_()


class AveragedRelevance(Callback):
    """Find columns relevant for a running average of the weights, of fifty steps."""

    def on_train_begin(self, net, **_):
        self._columns = net.module_.columns
        self._forward, self._average = self._columns.forward, None
        self._columns.forward = self._drop

    def on_train_end(self, net, **_):
        del self._columns.forward, self._columns, self._forward, self._average

    def _drop(self, encoded, stack, target, masks):
        if self._average is None or self._average.n_members != stack.n_members:
            columns, stack.columns = stack.columns, None
            self._average = copy.deepcopy(stack)
            stack.columns = columns
            self._average.encoding = (
                stack.encoding
            )  # of which what is dropped takes part in training
        with torch.no_grad():
            for slow, fast in zip(self._layers(self._average), self._layers(stack), strict=True):
                slow.lerp_(fast, 0.02)
        return self._forward(encoded, self._average, target, masks)

    @staticmethod
    def _layers(stack):
        return [*stack.hidden.parameters(), *stack.output.parameters()]

"""Dropout masks for a stack of networks, each member at a rate of its own."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

__all__ = ["KeepLaw", "MaskSource"]

_LEVELS = 2**16


@dataclass(frozen=True)
class KeepLaw:
    """Keep a unit where a random integer of sixteen bits is at least ``threshold``.

    A rate ``p`` becomes ``threshold / 65536``, within 1/131072 of what was asked for. The
    scale is one over the keep probability really drawn, so masks have mean one exactly.

    Attributes
    ----------
    threshold, scale : Tensor of shape (n_members, 1, 1)
    """

    threshold: torch.Tensor
    scale: torch.Tensor

    @classmethod
    def from_rates(cls, rates, device, dtype):
        """Build the law for ``rates``, one number in [0, 1) per member."""
        # on the CPU: the device may have no float64
        rates = torch.as_tensor(rates, device="cpu").double().view(-1, 1, 1)
        # the last level is always kept: a threshold of 65536 would drop every unit
        threshold = (rates * _LEVELS).round().clamp(max=_LEVELS - 1)
        scale = _LEVELS / (_LEVELS - threshold)
        return cls(*(part.to(dtype).to(device) for part in (threshold, scale)))


class MaskSource:
    """A stream of masks with values 0 (dropped) and 1 / keep probability (kept).

    On a CPU one random 64-bit word serves four units, and the mask is made by arithmetic on
    whole vectors: several times cheaper than one uniform float a unit, which can cost as much
    as the matrix product beside it.

    Parameters
    ----------
    seed : int
    device : torch.device
    """

    def __init__(self, seed, device):
        self.seed, self._device = seed, device
        if device.type == "cpu":
            self._words = np.random.SFC64(seed)

    @cached_property
    def generator(self):
        """A generator on the device, for masks of other laws."""
        return torch.Generator(self._device).manual_seed(self.seed)

    @cached_property
    def _seeds(self):
        return torch.Generator().manual_seed(self.seed)

    def next_seed(self):
        """Draw a seed, for a module that draws from torch's own generators."""
        return int(torch.randint(2**62, (), generator=self._seeds))

    def draw(self, law, shape):
        """Draw a mask of ``shape`` (n_members, n_rows, n_units) by ``law``."""
        integers = self._integers(shape).to(law.threshold.dtype)
        # for integers, n >= threshold if and only if clamp(n - threshold + 1, 0, 1) is one
        return integers.sub_(law.threshold - 1).clamp_(0, 1).mul_(law.scale)

    def uniform(self, shape, dtype):
        """Draw from the multiples of 1/65536 in [0, 1)."""
        return self._integers(shape).to(dtype).div_(_LEVELS)

    def _integers(self, shape):
        if self._device.type != "cpu":
            options = {"generator": self.generator, "device": self._device}
            return torch.randint(_LEVELS, shape, dtype=torch.int32, **options)
        size = math.prod(shape)
        sixteens = self._words.random_raw(-(-size // 4)).view(np.uint16)[:size]
        return torch.from_numpy(sixteens).view(shape)

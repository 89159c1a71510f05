"""Layers of K members and the masks between them, computed together.

Every parameter and every per-member buffer has the members as its first axis, so a stack can be
cut down to some of its members (:func:`select_members`) and a member can be told apart by index.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import nn

from skdropout._stack.by_hand import ScaledWay, Way

_LEVELS = 2**16
_MIDDLES = (np.arange(_LEVELS) + 0.5) / _LEVELS
_LOGITS = np.log(_MIDDLES / (1 - _MIDDLES)).astype(np.float32)


@dataclass(frozen=True)
class KeepLaw:
    """Keep a unit where a random integer of sixteen bits is at least ``threshold``.

    A rate ``p`` becomes ``threshold / 65536``, within 1/131072 of what was asked for. The
    scale is one over the keep probability really drawn, so masks have mean one exactly.

    Attributes
    ----------
    threshold : ndarray or, beside a CPU, Tensor of int of shape (n_members, 1, 1)
    scale : Tensor of shape (n_members, 1, 1)
    """

    threshold: np.ndarray | torch.Tensor
    scale: torch.Tensor

    is_relaxed = False

    @classmethod
    def from_rates(cls, rates, device, dtype):
        """Build the law for ``rates``, one number in [0, 1) per member."""
        # on the CPU: the device may have no float64
        rates = torch.as_tensor(rates, device="cpu").double().view(-1, 1, 1)
        # the last level is always kept: a threshold of 65536 would drop every unit
        threshold = (rates * _LEVELS).round().clamp(max=_LEVELS - 1)
        scale = _LEVELS / (_LEVELS - threshold)
        threshold = threshold.int()
        is_near = device.type == "cpu"
        threshold = threshold.numpy().astype(np.uint16) if is_near else threshold.to(device)
        return cls(threshold, scale.to(dtype).to(device))


class MaskSource:
    """A stream of masks with values 0 (dropped) and 1 / keep probability (kept).

    On a CPU one random 64-bit word serves four units, and NumPy compares them: several times
    cheaper than one uniform float a unit, which can cost as much as the matrix product beside it.

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
        kept = self._integers(shape) >= law.threshold
        if self._device.type == "cpu":
            kept = torch.from_numpy(kept.view(np.uint8))
        return kept.to(law.scale.dtype).mul_(law.scale)

    def uniform(self, shape, dtype):
        """Draw from the multiples of 1/65536 in [0, 1)."""
        return torch.as_tensor(self._integers(shape)).to(dtype).div_(_LEVELS)

    def logits(self, shape, dtype):
        """Draw logits of uniform numbers, from the middles of 65536 parts of [0, 1]."""
        if self._device.type == "cpu":
            return torch.from_numpy(_LOGITS.take(self._integers(shape))).to(dtype)
        return (self._integers(shape).to(dtype) + 0.5).div_(_LEVELS).logit_()

    def _integers(self, shape):
        """Draw integers of sixteen bits; on a CPU as an array."""
        if self._device.type != "cpu":
            options = {"generator": self.generator, "device": self._device, "dtype": torch.int32}
            return torch.randint(_LEVELS, shape, **options)
        size = math.prod(shape)
        return self._words.random_raw(-(-size // 4)).view(np.uint16)[:size].reshape(shape)


ACTIVATIONS = {
    "relu": nn.ReLU(),
    "gelu": nn.GELU(),
    "silu": nn.SiLU(),
    "mish": nn.Mish(),
    "tanh": nn.Tanh(),
    "identity": nn.Identity(),
}


class StackLinear(nn.Module):
    """One linear layer per member: ``y[k] = x[k] @ weight[k] + bias[k]``.

    Parameters
    ----------
    n_inputs, n_outputs : int
    generators : list of torch.Generator
        One per member; each member's weights come from its own, so they do not depend on which
        other members there are.
    places : Tensor of int, default=None
        Of the inputs that weights are drawn for, those that there are; None: all.
    """

    def __init__(self, n_inputs, n_outputs, generators, places=None):
        super().__init__()
        weight, bias = _draw_layer(n_inputs, n_outputs, generators, places)
        self.weight, self.bias = nn.Parameter(weight), nn.Parameter(bias)

    def forward(self, x):
        """Map (n_members, n_rows, n_inputs) to (n_members, n_rows, n_outputs)."""
        return torch.baddbmm(self.bias, x, self.weight)

    def way(self, dtype):
        """Return the way through the layer in one step of training, products in ``dtype``."""
        return Way(self.weight, self.bias, dtype)


class BlockedLinear(StackLinear):
    """A layer for predictions on a CPU, which give a row the same bits in whatever company.

    Rows go through in blocks of ``ROWS``, each a matrix product of its own: how many there are
    decides nothing. Only products with a single column are not computed alike, so these get
    a second.

    Parameters
    ----------
    layer : StackLinear
    """

    ROWS = 8

    def __init__(self, layer):
        nn.Module.__init__(self)
        weight, bias = layer.weight.detach(), layer.bias.detach()
        self._n_outputs = weight.shape[-1]
        if self._n_outputs == 1:
            weight, bias = (
                torch.cat([part, torch.zeros_like(part)], -1) for part in (weight, bias)
            )
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.bias = nn.Parameter(bias, requires_grad=False)

    def forward(self, x):
        """Map (n_members, n_rows, n_inputs), a multiple of ``ROWS``, to its outputs."""
        n_members, n_rows, _ = x.shape
        n_blocks, n_outputs = n_rows // self.ROWS, self.bias.shape[-1]
        outputs = x.new_empty(n_members, n_blocks, self.ROWS, n_outputs)
        blocks = x.reshape(n_members, n_blocks, self.ROWS, -1)
        for k in range(n_members):
            bias, weight = (part[k].expand(n_blocks, -1, -1) for part in (self.bias, self.weight))
            torch.baddbmm(bias, blocks[k], weight, out=outputs[k])
        return outputs.view(n_members, n_rows, n_outputs)[..., : self._n_outputs]


class ScaledLinear(StackLinear):
    """A linear layer that learns apart, and faster, how much each input counts.

    The weights of an input are multiplied by a factor of its own [1]_, which starts at one and is
    written ``1 + speed * gain``: AdamW's steps have the size of the learning rate in ``gain``,
    ``speed`` times that in the factor, and its decay pulls the factor to one.

    Parameters
    ----------
    n_inputs, n_outputs : int
    generators : list of torch.Generator
    speed : float
    places : Tensor of int, default=None

    References
    ----------
    .. [1] D. Holzmüller, L. Grinsztajn, I. Steinwart, "Better by Default: Strong Pre-Tuned MLPs
       and Boosted Trees on Tabular Data", NeurIPS 2024, arXiv 2407.04491 (the scaling layer).
    """

    def __init__(self, n_inputs, n_outputs, generators, speed, places=None):
        nn.Module.__init__(self)
        self.speed = speed
        weight, bias = _draw_layer(n_inputs, n_outputs, generators, places)
        self.unscaled, self.bias = nn.Parameter(weight), nn.Parameter(bias)
        self.gain = nn.Parameter(torch.zeros_like(weight[..., :1]))

    @property
    def weight(self):
        """The weights, each input's times its factor."""
        return self.unscaled * (1 + self.speed * self.gain)

    def way(self, dtype):
        """Return the way through the layer in one step of training, products in ``dtype``."""
        return ScaledWay(self.unscaled, self.gain, self.speed, self.bias, dtype)


def _draw_layer(n_inputs, n_outputs, generators, places):
    """Draw weights (n_members, n_inputs, n_outputs) and biases (n_members, 1, n_outputs)."""
    bound = max(n_inputs, 1) ** -0.5
    weights, biases = [], []
    for generator in generators:
        both = torch.empty(n_inputs + 1, n_outputs, dtype=torch.float64)
        both.uniform_(-bound, bound, generator=generator)
        # what there is no input for is let go of at once: of many members it would take much memory
        weights.append(both[:-1] if places is None else both[places])
        biases.append(both[-1:].clone())
    return torch.stack(weights), torch.stack(biases)


def _member_tensors(module):
    """Yield (owner, name, tensor) of everything that has the members as its first axis."""
    for part in module.modules():
        for name, tensor in part.named_parameters(recurse=False):
            yield part, name, tensor
        for name, tensor in part.named_buffers(recurse=False):
            if name not in getattr(part, "shared_buffers", ()):
                yield part, name, tensor


def select_members(module, members):
    """Cut ``module`` down, in place, to ``members`` (a tensor of indices), in that order."""
    replace_members(module, [tensor[members] for tensor in member_tensors(module)])


def sliced(module, members):
    """Return a module of some ``members`` (a slice), whose tensors are views of this one's."""
    part = object.__new__(type(module))
    shared = getattr(module, "shared_buffers", ())
    vars(part).update(vars(module))
    vars(part).update(
        _parameters={
            name: nn.Parameter(p.detach()[members], p.requires_grad)
            for name, p in module.named_parameters(recurse=False)
        },
        _buffers={
            name: tensor if name in shared else tensor[members]
            for name, tensor in module.named_buffers(recurse=False)
        },
        _modules={name: sliced(child, members) for name, child in module.named_children()},
    )
    return part


def member_tensors(module):
    """Return every tensor that has the members as its first axis, as it is now."""
    return [tensor.detach() for *_, tensor in _member_tensors(module)]


def replace_members(module, tensors):
    """Put ``tensors`` in the place of the module's own, whatever their number of members."""
    for (part, name, old), new in zip(list(_member_tensors(module)), tensors, strict=True):
        if isinstance(old, nn.Parameter):
            old.data, old.grad = new, None
        else:
            setattr(part, name, new)

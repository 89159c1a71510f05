"""Gaussian moments of activation functions: what a unit does on average when its input is noisy."""

import math
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor, nn

_SMOOTH = (
    nn.CELU,
    nn.ELU,
    nn.GELU,
    nn.LogSigmoid,
    nn.Mish,
    nn.SELU,
    nn.SiLU,
    nn.Sigmoid,
    nn.Softplus,
    nn.Softsign,
    nn.Tanh,
    nn.Tanhshrink,
)
_REACH = 9.0  # standard normal mass beyond it: 2e-19
_NODES_PER_SIDE = 160
_UNITS_AT_ONCE = 2**13


def gaussian_activation(module):
    """The moments of ``module``'s activation, or None where they are not known."""
    kind = type(module)
    if kind is nn.Identity:
        return PiecewiseLinear(1.0)
    if kind is nn.ReLU:
        return PiecewiseLinear(0.0)
    if kind is nn.LeakyReLU:
        return PiecewiseLinear(module.negative_slope)
    return Smooth(module) if kind in _SMOOTH else None


class Response(NamedTuple):
    """Slope of a unit at its noisy input: ``const + amplitude * gate(stretch * a)``."""

    bend: Tensor  # mean derivative: E s''
    stretch: Tensor
    amplitude: Tensor
    mean_gate: Tensor  # E gate(stretch * a)


class PiecewiseLinear:
    """``s(a) = a`` for positive ``a``, ``slope * a`` for negative: all moments in closed form."""

    def __init__(self, slope):
        self.slope = slope
        self.is_affine = slope == 1.0

    def gate(self, inner: Tensor) -> Tensor:
        """The slope at ``inner``, up to the constants in ``response``."""
        return torch.erf(inner)

    def sharp_gate(self, a: Tensor) -> Tensor:
        """The same of ``a`` where nothing is smeared."""
        return torch.sign(a)

    def moments(self, mean: Tensor, scale: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """``E s(a)``, ``E s'(a)`` and ``Var s(a)`` for ``a`` normal with this mean and scale."""
        u = mean / scale.clamp_min(_tiny(mean))
        above, density = (1 + torch.erf(u * math.sqrt(0.5))) / 2, _normal_density(u)
        positive_part = mean * above + scale * density
        positive_square = (mean**2 + scale**2) * above + mean * scale * density
        first = self.slope * mean + (1 - self.slope) * positive_part
        second = self.slope**2 * (mean**2 + scale**2 - positive_square) + positive_square
        gate = self.slope + (1 - self.slope) * above
        return first, gate, (second - first**2).clamp_min(0)

    def response(self, mean: Tensor, scale: Tensor, smear: Tensor) -> "Response":
        """How the slope of ``mean + scale * z + smear * e``, mean over ``e``, depends on ``z``."""
        total = (scale**2 + smear**2).sqrt()
        safe = total.clamp_min(_tiny(mean))
        u = mean / safe
        half_step = torch.full_like(mean, (1 - self.slope) / 2)
        return Response(
            bend=2 * half_step * _normal_density(u) / safe * (total > 0),
            stretch=math.sqrt(0.5) / smear.clamp_min(_tiny(mean)),
            amplitude=half_step,
            mean_gate=torch.erf(u * math.sqrt(0.5)),
        )


class Smooth:
    """Any other activation whose one irregular point, if it has one, is at zero.

    The moments are integrals against the normal density by Gauss-Legendre quadrature on either side
    of ``a = 0``, with nodes that crowd around it (``z = z_0 +- l sinh t``): there the activation
    bends, and for a large scale only there.
    """

    is_affine = False

    def __init__(self, module):
        self.module = module

    def gate(self, inner: Tensor) -> Tensor:
        """The slope ``s'`` at ``inner``."""
        return _derivatives(self.module, inner, 1)[1]

    sharp_gate = gate

    def moments(self, mean: Tensor, scale: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """``E s(a)``, ``E s'(a)`` and ``Var s(a)`` for ``a`` normal with this mean and scale."""
        value, square, slope = self._expect(
            mean, scale, 1, lambda value, slope: (value, value**2, slope)
        )
        return value, slope, (square - value**2).clamp_min(0)

    def response(self, mean: Tensor, scale: Tensor, smear: Tensor) -> "Response":
        """How the slope at ``mean + scale * z`` depends on ``z``; the smear is left out."""
        slope, bend = self._expect(mean, scale, 2, lambda value, slope, bend: (slope, bend))
        sides = torch.tensor([-1e-9, 1e-9], dtype=torch.float64)  # not all devices have float64
        left, right = _derivatives(self.module, sides, 1)[1]
        jump = float(right - left)
        if abs(jump) > 1e-6:
            bend = bend + jump * PiecewiseLinear(0.0).response(mean, scale, 0 * scale).bend
        one = torch.ones_like(mean)
        return Response(bend=bend, stretch=one, amplitude=one, mean_gate=slope)

    def _expect(self, mean, scale, order, integrand):
        shape = mean.shape
        mean, scale = mean.reshape(-1), scale.expand(shape).reshape(-1)
        # the device may have no float64
        nodes, weights = (
            part.to(mean.dtype).to(mean.device) for part in _gauss_legendre(_NODES_PER_SIDE)
        )
        blocks = [
            self._expect_block(m, s, nodes, weights, order, integrand)
            for m, s in zip(mean.split(_UNITS_AT_ONCE), scale.split(_UNITS_AT_ONCE), strict=True)
        ]
        return [torch.cat(parts).reshape(shape) for parts in zip(*blocks, strict=True)]

    def _expect_block(self, mean, scale, nodes, weights, order, integrand):
        mean, scale = mean[:, None], scale[:, None]
        bend = (-mean / scale.clamp_min(_tiny(mean))).clamp(-_REACH, _REACH)
        length = 1 / scale.clamp_min(1.0)
        z, dz = [], []
        for side in (-1.0, 1.0):
            t_max = torch.asinh((_REACH - side * bend) / length)
            t = t_max * nodes
            z.append(bend + side * length * torch.sinh(t))
            dz.append(t_max * weights * length * torch.cosh(t))
        z, dz = torch.cat(z, 1), torch.cat(dz, 1)
        mass = dz * _normal_density(z)
        terms = integrand(*_derivatives(self.module, mean + scale * z, order))
        return [(term * mass).sum(1) for term in terms]


def _derivatives(module, a: Tensor, order: int) -> list[Tensor]:
    """``s(a)`` and its first ``order`` derivatives, element by element."""
    with torch.enable_grad():
        a = a.detach().requires_grad_()
        derivatives = [module(a.clone())]  # the module may work in place
        for i in range(order):
            (slope,) = torch.autograd.grad(derivatives[-1].sum(), a, create_graph=i + 1 < order)
            derivatives.append(slope)
    return [derivative.detach() for derivative in derivatives]


@cache
@torch.inference_mode(False)  # kept for later calls, whichever mode this one is in
def _gauss_legendre(n: int) -> tuple[Tensor, Tensor]:
    """Nodes and weights on [0, 1], from the Jacobi matrix (Golub and Welsch 1969), on the CPU."""
    k = torch.arange(1, n, dtype=torch.float64)
    off_diagonal = torch.diag(k / (4 * k**2 - 1).sqrt(), 1)
    nodes, vectors = torch.linalg.eigh(off_diagonal + off_diagonal.T)
    return (nodes + 1) / 2, vectors[0] ** 2


def _normal_density(u: Tensor) -> Tensor:
    return torch.exp(-(u**2) / 2) / math.sqrt(2 * math.pi)


def _tiny(like: Tensor) -> float:
    return torch.finfo(like.dtype).tiny ** 0.5

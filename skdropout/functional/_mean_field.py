"""A one-hidden-layer network that stands in for a deep one around a point, under Gaussian noise.

Each unit of the deep network becomes one unit whose input is linear in the noise: the layers below
are replaced by their average slopes, the layers above by their average back-propagated weights.
What such a network does on average under Gaussian noise is known in closed form. It *is* the given
network where that has one hidden layer; elsewhere it serves as a control variate.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from skdropout.functional._activations import gaussian_activation
from skdropout.functional._gradients import output_gradient

__all__ = ["MeanField", "layers_of", "mean_field"]


def first_layer(f):
    """Split ``f`` into ``rest(activation(x @ weight.T + bias))``, or None where it has no such form.

    Understood are ``nn.Linear``, ``nn.Sequential`` beginning with one, and any object with a method
    ``first_layer()`` that returns ``(weight, bias, activation, rest)``: weight ``(n_units, d)``,
    bias ``(n_units,)`` or None, activation an ``nn.Module``, rest a callable or module, which may in
    turn have a first layer.
    """
    if hasattr(f, "first_layer"):
        return f.first_layer()
    modules = _flatten(f)
    if not modules or not _is_plain(modules[0], nn.Linear):
        return None
    linear, *rest = modules
    activation = nn.Identity()
    if rest and gaussian_activation(rest[0]) is not None and not _has_hooks(rest[0]):
        activation, *rest = rest
    return linear.weight, linear.bias, activation, nn.Sequential(*rest)


def layers_of(f):
    """The leading layers ``[(weight, bias, activation), ...]`` of ``f`` and the rest after them."""
    layers = []
    while (split := first_layer(f)) is not None:
        weight, bias, activation, f = split
        bias = weight.new_zeros(len(weight)) if bias is None else bias
        layers.append((weight.detach(), bias.detach(), gaussian_activation(activation)))
    return layers, f


def _flatten(f) -> list:
    """The modules ``f`` applies one after the other, without those that do nothing in evaluation."""
    if isinstance(f, nn.Identity | nn.Dropout) and not _has_hooks(f):
        return []
    if _is_plain(f, nn.Sequential):
        return [module for child in f for module in _flatten(child)]
    return [f]


def _is_plain(module, kind) -> bool:
    """Whether ``module`` computes what ``kind`` does: no other forward, no hook that may change it."""
    return (
        isinstance(module, kind)
        and type(module).forward is kind.forward
        and not _has_hooks(module)
    )


def _has_hooks(module) -> bool:
    return bool(module._forward_hooks or module._forward_pre_hooks)


@dataclass
class _Units:
    """The units of one layer, around each of n points, as functions of whitened noise ``z``.

    Unit k contributes ``coefficients_k * s(offsets_k + weights_k . z)``; ``smears`` is the standard
    deviation of what its input does beyond the linear part.
    """

    activation: object
    weights: Tensor  # (n or 1, n_units, d)
    offsets: Tensor  # (n, n_units)
    smears: Tensor  # (n, n_units)
    coefficients: Tensor  # (n, n_units)
    slopes: Tensor  # (n, n_units): mean s'
    curvatures: Tensor  # (n, n_units): mean s''

    def gates(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """``s'`` at ``z`` and at ``-z``, each (n, n_draws, n_units)."""
        shift = z @ self.weights.mT
        offsets, smears = self.offsets[:, None], self.smears[:, None]
        return (
            self.activation.gate(offsets + shift, smears),
            self.activation.gate(offsets - shift, smears),
        )

    def through(self, factors: Tensor) -> Tensor:
        """Gradient of the network where the units have these slopes: (n, n_draws, d)."""
        return (factors * self.coefficients[:, None]) @ self.weights


@dataclass
class MeanField:
    """The stand-in network around n points: its gradients, and their means in closed form."""

    units: list[_Units]
    mean_gradient: Tensor  # (n, d)
    is_exact: bool

    def odd_gradient(self, z: Tensor) -> Tensor:
        """``(grad(z) - grad(-z)) / 2``: (n, n_draws, d)."""
        total = torch.zeros_like(z)
        for units in self.units:
            there, back = units.gates(z)
            total += units.through((there - back) / 2)
        return total

    def even_gradient(self, z: Tensor) -> Tensor:
        """``(grad(z) + grad(-z)) / 2``: (n, n_draws, d)."""
        total = self.mean_gradient[:, None].expand_as(z).clone()
        for units in self.units:
            there, back = units.gates(z)
            total += units.through((there + back) / 2 - units.slopes[:, None])
        return total

    def mean_hessian(self) -> Tensor:
        """``E hess`` under standard normal ``z``: ``sum_k v_k E s''_k w_k w_k^T``, (n, d, d)."""
        n, d = self.mean_gradient.shape
        total = self.mean_gradient.new_zeros(n, d, d)
        for units in self.units:
            bends = units.coefficients * units.curvatures
            total += units.weights.mT @ (bends[..., None] * units.weights)
        return total


def mean_field(f, x: Tensor, target: Tensor | None, noise) -> MeanField | None:
    """The stand-in for ``f`` around the rows of ``x``, or None where ``f`` shows no layers.

    Forward, the input of every unit is split into a part linear in the noise (its ``weights``) and
    the rest, of which mean and variance are kept as if units were independent (assumed density
    filtering); backward, weights are multiplied by mean slopes.
    """
    layers, rest = layers_of(f)
    is_whole = isinstance(rest, nn.Sequential) and len(rest) == 0
    n_bending = sum(not activation.is_affine for _, _, activation in layers)
    if not layers or (n_bending == 0 and not is_whole):
        return None

    forward = []
    for i, (weight, bias, activation) in enumerate(layers):
        if i == 0:
            linear = noise.whiten(weight)[None]
            mean, smear = x @ weight.T + bias, x.new_zeros(len(x), len(weight))
        else:
            linear = weight @ (slope[..., None] * linear)
            mean, smear = value @ weight.T + bias, (unexplained @ (weight**2).T).sqrt()
        scale = noise.norm(linear).expand_as(mean)
        value, slope, variance = activation.moments(mean, (scale**2 + smear**2).sqrt())
        unexplained = (variance - (slope * scale) ** 2).clamp_min(0)
        forward.append((activation, linear, mean, scale, smear, slope))

    units = []
    v = output_gradient(rest, value, target)
    for (weight, _, _), (activation, linear, mean, scale, smear, slope) in zip(
        reversed(layers), reversed(forward), strict=True
    ):
        if not activation.is_affine:
            slopes, curvatures = activation.gate_moments(mean, scale, smear)
            units.append(_Units(activation, linear, mean, smear, v, slopes, curvatures))
        v = (v * slope) @ weight
    return MeanField(units, noise.whiten(v), is_exact=is_whole and n_bending <= 1)

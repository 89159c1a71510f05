"""A one-hidden-layer network that stands in for a deep one around a point, under Gaussian noise.

Each unit of the deep network becomes one unit whose input is linear in the noise: the layers below
are replaced by their average slopes, the layers above by their average back-propagated weights.
What such a network does on average under Gaussian noise is known in closed form. It *is* the given
network where that has one hidden layer; elsewhere it serves as a control variate.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from skdropout.functional._activations import gaussian_activation
from skdropout.functional._asked import applied
from skdropout.functional._perturbation import Target, output_gradient


def first_layer(f):
    """``f`` as ``rest(activation(x @ weight.T + bias))``, or None where it has no such form.

    Understood are ``nn.Linear``, ``nn.Sequential`` beginning with one, and any object with a method
    ``split_first_layer()`` that returns ``(weight, bias, activation, rest)``: weight
    ``(n_units, d)``, bias ``(n_units,)`` or None, activation an ``nn.Module``, rest a callable or
    module, which may have a first layer in its turn; ``nn.Sequential()`` where nothing follows.
    """
    if hasattr(f, "split_first_layer"):
        return f.split_first_layer()
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
        weight, bias, activation, rest = split
        if gaussian_activation(activation) is None:
            break
        f = rest
        bias = weight.new_zeros(len(weight)) if bias is None else bias
        layers.append((weight.detach(), bias.detach(), gaussian_activation(activation)))
    return layers, f


def has_closed_form(f) -> bool:
    """Whether the stand-in is ``f`` itself: its layers all seen, and at most one of them bent."""
    layers, rest = layers_of(f)
    return _is_bent_once(layers, rest)


def _is_bent_once(layers: list, rest) -> bool:
    is_whole = isinstance(rest, nn.Sequential) and len(rest) == 0
    return (
        bool(layers)
        and is_whole
        and sum(not activation.is_affine for _, _, activation in layers) <= 1
    )


def _flatten(f) -> list:
    """The modules ``f`` applies in turn, without those that do nothing in evaluation mode."""
    if isinstance(f, nn.Identity | nn.Dropout) and not _has_hooks(f):
        return []
    if isinstance(f, nn.Sequential) and _is_plain(f, nn.Sequential):
        return [module for child in f for module in _flatten(child)]
    return [f]


def _is_plain(module, kind) -> bool:
    """Whether ``module`` computes what ``kind`` does, unchanged by a subclass or a hook."""
    return (
        isinstance(module, kind) and type(module).forward is kind.forward and not _has_hooks(module)
    )


def _has_hooks(module) -> bool:
    return bool(module._forward_hooks or module._forward_pre_hooks)


@dataclass
class _Units:
    """Units of one layer around each of n points, as functions of standard normal noise ``z``.

    Slopes are ``const + gate(offsets + weights . z)`` up to a factor; that factor, the weight of
    the unit in the output and its direction in the input make up ``pulls``.
    """

    gate: Callable[[Tensor], Tensor]
    weights: Tensor  # (n, n_units, d)
    offsets: Tensor  # (n, n_units)
    pulls: Tensor  # (n, n_units, d)
    mean_gates: Tensor  # (n, n_units)

    def gate_difference(self, z: Tensor) -> Tensor:
        there, back = self._gates(z)
        return there - back

    def gradient_sum(self, z: Tensor) -> Tensor:
        there, back = self._gates(z)
        return (there + back - 2 * self.mean_gates[:, None]) @ self.pulls

    def _gates(self, z: Tensor) -> tuple[Tensor, Tensor]:
        offsets = self.offsets[:, None]
        there = torch.baddbmm(offsets, z, self.weights.mT)
        return self.gate(there), self.gate(2 * offsets - there)


@dataclass
class MeanField:
    """The stand-in network around n points: its gradients, and their means in closed form."""

    first: "_FirstUnits | None"
    units: list[_Units]
    mean_gradient: Tensor  # (n, d): E grad under standard normal z
    mean_hessian: Tensor  # (n, d, d): E hess

    def gradient_sum(self, z: Tensor) -> Tensor:
        """``grad(z) + grad(-z)`` for ``z`` of shape (n, n_draws, d)."""
        mean = 2 * self.mean_gradient[:, None].expand_as(z)
        return sum((units.gradient_sum(z) for units in self.units), mean)


def mean_field(
    f,
    x: Tensor,
    target: Target | None,
    noise,
    share: float,
    *,
    by_directions: bool,
    first_apart: bool,
) -> MeanField | None:
    """The stand-in for ``f`` around the rows of ``x``, or None where ``f`` shows no layers.

    Units that bend the least are left out: those kept have at least this ``share`` of the curvature
    (sum of absolute traces). ``by_directions`` it is a function of the draws rather than of the
    whitened noise on all inputs. The first layer's units may be told ``first_apart``, as factors of
    their slopes.
    """
    layers, rest = layers_of(f)
    is_exact = _is_bent_once(layers, rest)
    bends = any(not activation.is_affine for _, _, activation in layers)
    if not (bends or is_exact):
        return None

    with applied(f, x):
        inputs, value = _forward(layers, x, noise, by_directions)
    coefficients, v = [], output_gradient(rest, value, target)
    for (weight, _, _), at in zip(reversed(layers), reversed(inputs), strict=True):
        coefficients.insert(0, v)
        v = (v * at.slope) @ weight
    share = 1.0 if is_exact else share
    first, units, mean_hessian = _most_bent(inputs, coefficients, share, first_apart)
    return MeanField(first, units, noise.whiten(v), mean_hessian)


class _FirstUnits(NamedTuple):
    """What the slopes of the first layer's units, as they are, add to the gradient there."""

    gate: Callable[[Tensor], Tensor]
    pulls: Tensor  # (n, n_units)


class _Inputs(NamedTuple):
    """Inputs of one layer's units: ``mean + linear . z`` plus noise of deviation ``smear``."""

    activation: object
    linear: Tensor  # (n, n_units, d)
    mean: Tensor  # (n, n_units), as are the others
    scale: Tensor  # deviation of the linear part
    smear: Tensor
    slope: Tensor  # mean slope of the activation


def _forward(layers, x: Tensor, noise, by_directions) -> tuple[list[_Inputs], Tensor]:
    """Inputs of all layers, and the mean output of the last.

    The part of a unit that is linear in ``z`` is passed on with its mean slope, and what is not
    linear as noise, as if independent from unit to unit (assumed density filtering).
    """
    weight, bias, _ = layers[0]
    linear, norm = noise.whiten(weight), noise.norm
    if by_directions:
        linear, norm = noise.collect(linear), partial(torch.linalg.vector_norm, dim=-1)
    linear = linear.expand(len(x), -1, -1)
    mean, smear = x @ weight.T + bias, x.new_zeros(len(x), len(weight))
    inputs = []
    for i, (_, _, activation) in enumerate(layers):
        scale = norm(linear)
        value, slope, variance = activation.moments(mean, (scale**2 + smear**2).sqrt())
        inputs.append(_Inputs(activation, linear, mean, scale, smear, slope))
        if i + 1 < len(layers):
            weight, bias, _ = layers[i + 1]
            unexplained = (variance - (slope * scale) ** 2).clamp_min(0)
            linear = weight @ (slope[..., None] * linear)
            mean, smear = value @ weight.T + bias, (unexplained @ (weight**2).T).sqrt()
    return inputs, value


def _most_bent(
    inputs, coefficients, share: float, first_apart: bool
) -> tuple[_FirstUnits | None, list[_Units], Tensor]:
    """Units with the given share of all curvature at every point, and their mean Hessian."""
    n, _, d = inputs[0].linear.shape
    hessian = inputs[0].mean.new_zeros(n, d, d)
    first = None
    layers = [
        (at, v, at.activation.response(at.mean, at.scale, at.smear))
        for at, v in zip(inputs, coefficients, strict=True)
        if not at.activation.is_affine
    ]
    if not layers:
        return None, [], hessian
    traces = [(v * response.bend).abs() * at.scale**2 for at, v, response in layers]
    least = _least_kept(torch.cat(traces, 1), share)
    is_first = [first_apart and at is inputs[0] for at, *_ in layers]
    # the one look at what was found: it waits for the device, once for a block of points
    n_kept = torch.stack([(trace >= least).sum(1).max() for trace in traces]).cpu().tolist()
    units = []
    for (at, v, response), trace, n_most, is_first_layer in zip(
        layers, traces, n_kept, is_first, strict=True
    ):
        linear, mean = at.linear, at.mean
        bend, stretch, amplitude, mean_gate = response
        if is_first_layer:
            first = _FirstUnits(at.activation.sharp_gate, amplitude * v)
        else:
            kept = trace.topk(n_most, dim=1, sorted=False).indices
            linear = linear.gather(1, kept[..., None].expand(-1, -1, d))
            v, mean, bend, stretch, amplitude, mean_gate = (
                part.gather(1, kept) for part in (v, mean, bend, stretch, amplitude, mean_gate)
            )
        hessian += linear.mT @ ((v * bend)[..., None] * linear)
        if is_first_layer:
            continue
        units.append(
            _Units(
                gate=at.activation.gate,
                weights=stretch[..., None] * linear,
                offsets=stretch * mean,
                pulls=(amplitude * v)[..., None] * linear,
                mean_gates=mean_gate,
            )
        )
    return first, units, hessian


def _least_kept(traces: Tensor, share: float) -> Tensor:
    """The smallest of the largest values that together make up the given share of each row."""
    ordered = traces.sort(dim=1, descending=True).values
    so_far = ordered.cumsum(1)
    n_needed = (so_far < share * so_far[:, -1:]).sum(1, keepdim=True)
    return ordered.gather(1, n_needed.clamp_max(traces.shape[1] - 1))

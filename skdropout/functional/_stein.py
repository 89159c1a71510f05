"""Stein's identities, sampled: mean gradient and Hessian of a function of Gaussian noise.

`Sampler` is in whitened coordinates: ``z`` is standard normal, ``x + L z`` is evaluated, and
gradients are with respect to ``z``. `Smoothing` goes over blocks of points and independent parts.
"""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from numbers import Integral

import torch
from torch import Tensor, nn

from skdropout.functional._asked import applied
from skdropout.functional._checks import brief, check_choice
from skdropout.functional._mean_field import (
    MeanField,
    first_layer,
    has_closed_form,
    layers_of,
    mean_field,
)
from skdropout.functional._perturbation import (
    GaussianNoise,
    Target,
    check_network,
    mirrored_directions,
    output_gradient,
    output_value,
    resolve_generator,
)

METHODS = ("orthogonal", "stein", "function_values")
PERTURBATIONS_AT_ONCE = {
    "cpu": 2**11,
    "accelerator": 2**17,
}  # what a cache holds; what fills a device
ELEMENTS_AT_ONCE = {"cpu": 2**23, "accelerator": 2**28}
MOST_PAIRS = 2**17
# Units of the first layer, in numbers of directions, up to which working there is less work.
_NARROW = 2
_SHARE_KEPT = 0.99  # of the curvature of a stand-in, for a fraction of its units and of its cost


@dataclass
class FirstLayer:
    """Around each point the inputs of the first layer's units, and what follows on them.

    A gradient there is all there is to one at ``x``, and cheaper: a draw moves the inputs by
    ``slopes``, whatever the number of columns of ``x``.
    """

    f: Callable[[Tensor], Tensor]
    slopes: Tensor  # (n_units, n_directions)
    center: Tensor  # (n, n_units)

    @classmethod
    def of(cls, f, x: Tensor, noise: GaussianNoise) -> "FirstLayer | None":
        """None where ``f`` shows no layers, or the first has many more units than inputs."""
        split = first_layer(f)
        if split is None or len(split[0]) > _NARROW * noise.n_directions:
            return None
        weight, bias, activation, rest = split
        with applied(f, x):
            center = nn.functional.linear(x, weight.detach(), bias)
        is_plain = all(isinstance(part, nn.Module) for part in (activation, rest))
        is_plain = is_plain and not any(
            getattr(module, "inplace", False)
            for part in (activation, rest)
            for module in part.modules()
        )

        def follows(a):
            return rest(activation(a if is_plain else a.clone()))

        return cls(follows, noise.collect(noise.whiten(weight.detach())), center.detach())


@dataclass
class Sampler:
    """Mirrored perturbations of one output of ``f`` around points, less what a stand-in does.

    ``law`` names the draws, see ``mirrored_draws``.
    """

    f: Callable[[Tensor], Tensor]
    x: Tensor  # (n, d)
    target: Target | None
    noise: GaussianNoise
    stand_in: MeanField | None
    generator: torch.Generator
    first_layer: FirstLayer | None = None

    def hessian(self, n_pairs: int, law: str) -> Tensor:
        """``E w dg z^T``, symmetric, with ``dg = (g(z) - g(-z)) / 2``: (n, d, d).

        Odd parts ``o(z) = f(z) - f(-z)`` make up the gradient's, ``2 dg = sum_i P_i^T o_i``; so
        ``E w o_i z^T`` are found, and multiplied by ``P_i`` once.

        Draws that do not fill an orthogonal block sample only the difference to the quadratic
        function that whole blocks have found: so they add no error where that is exact.
        """
        n, k = len(self.x), self.noise.n_directions
        block = 1 if law == "normal" else k
        n_whole = n_pairs // block * block
        pulls = self._pulls()
        found = [self.x.new_zeros(n, k if of is None else of.shape[-2], k) for of in pulls]
        for n_draws, n_so_far in ((n_whole, n_whole), (n_pairs - n_whole, n_pairs)):
            additions = [torch.zeros_like(slope) for slope in found]
            for z, weight in self._directions(n_draws, law):
                weighted = weight * z / 2
                for addition, slope, odd in zip(additions, found, self._odd(z), strict=True):
                    if n_so_far > n_draws:
                        odd.baddbmm_(z, slope.mT, alpha=-2)
                    addition.baddbmm_(odd.mT, weighted)
            found = [
                slope + addition / max(n_so_far, 1)
                for slope, addition in zip(found, additions, strict=True)
            ]
        hessian = self.x.new_zeros(n, k, k)
        for of, slope in zip(pulls, found, strict=True):
            hessian += slope if of is None else of.mT @ slope
        if self.stand_in is not None:
            hessian += self.stand_in.mean_hessian
        return self.noise.spread(self.noise.spread(hessian + hessian.mT).mT) / 2

    def _pulls(self) -> list[Tensor | None]:
        """What each odd part pulls at in the gradient: (n or nothing, n_parts, n_directions).

        None: the part is the gradient's own.
        """
        units = [] if self.stand_in is None else self.stand_in.units
        first = None if self.first_layer is None else self.first_layer.slopes
        return [first, *(-of.pulls for of in units)]

    def _odd(self, z: Tensor) -> list[Tensor]:
        """Odd parts at draws ``z`` (n, n_draws, n_directions): (n, n_draws, n_parts) each."""
        if self.first_layer is None:
            there, back = self.gradients(self.noise.spread(z))
            odd = self.noise.collect(self.noise.whiten(there - back))
        else:
            odd = self._odd_of_first_layer(self.first_layer, z)
        units = [] if self.stand_in is None else self.stand_in.units
        return [odd, *(of.gate_difference(z) for of in units)]

    def _odd_of_first_layer(self, first: FirstLayer, z: Tensor) -> Tensor:
        step, center = z @ first.slopes.mT, first.center[:, None]
        inputs = step.new_empty(2, *step.shape)
        torch.add(center, step, out=inputs[0])
        torch.sub(center, step, out=inputs[1])
        targets = None if self.target is None else self.target.tiled(z.shape[1], 2)
        gradient = output_gradient(first.f, inputs.flatten(0, 2), targets).reshape(inputs.shape)
        odd = gradient[0].sub_(gradient[1])
        if self.stand_in is not None and (of := self.stand_in.first) is not None:
            odd.addcmul_(of.pulls[:, None], of.gate(inputs[0]).sub_(of.gate(inputs[1])), value=-1)
        return odd

    def gradient(self, n_pairs: int, law: str) -> Tensor:
        """``E g``: (n, d)."""
        total = torch.zeros_like(self.x)
        for z, _ in self.draws(n_pairs, law):
            there, back = self.gradients(z)
            even = self.noise.whiten(there + back) / 2
            if self.stand_in is not None:
                even = even - self.stand_in.gradient_sum(z) / 2
            total += even.sum(1)
        return total / max(n_pairs, 1)

    def hessian_from_values(self, n_pairs: int) -> Tensor:
        """``E (f(z) - f(0)) (z z^T - I)``, from mirrored pairs."""
        n, d = self.x.shape
        center = self._values(self.x.new_zeros(n, 1, d))
        hessian = self.x.new_zeros(n, d, d)
        for z, _ in self.draws(n_pairs, "gradient"):
            even = (self._values(z) + self._values(-z)) / 2 - center
            hessian += (even * z).mT @ z
            hessian -= even.sum(1, keepdim=True) * torch.eye(d, dtype=z.dtype, device=z.device)
        return hessian / n_pairs

    def gradient_from_values(self, n_pairs: int) -> Tensor:
        """``E f z``, from mirrored pairs."""
        gradient = torch.zeros_like(self.x)
        for z, _ in self.draws(n_pairs, "gradient"):
            gradient += ((self._values(z) - self._values(-z)) / 2 * z).sum(1)
        return gradient / n_pairs

    def draws(self, n_pairs: int, law: str) -> Iterator[tuple[Tensor, Tensor]]:
        """All draws, in steps of bounded memory and, where there are enough, of whole blocks."""
        for z, weight in self._directions(n_pairs, law):
            yield self.noise.spread(z), weight

    def _directions(self, n_pairs: int, law: str) -> Iterator[tuple[Tensor, Tensor]]:
        block = self.noise.n_directions
        most = at_once(PERTURBATIONS_AT_ONCE, self.x) // (2 * len(self.x))
        step = max(most // block * block, min(block, n_pairs), 1)
        for start in range(0, n_pairs, step):
            n_draws = min(step, n_pairs - start)
            yield mirrored_directions(self.noise, self.x, n_draws, law, self.generator)

    def gradients(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Gradients at ``z`` and ``-z``, each (n, n_draws, d)."""
        delta, x = self.noise.delta(z), self.x[:, None]
        points = torch.stack([x + delta, x - delta], 2).flatten(0, 2)
        gradient = output_gradient(self.f, points, self._targets(2 * z.shape[1]))
        there, back = gradient.reshape(*z.shape[:2], 2, -1).unbind(2)
        return there, back

    def _values(self, z: Tensor) -> Tensor:
        """Values at ``z``: (n, n_draws, 1)."""
        points = self.x[:, None] + self.noise.delta(z)
        with torch.no_grad():
            value = output_value(self.f, points.flatten(0, 1), self._targets(z.shape[1]))
        return value.reshape(*z.shape[:2], 1)

    def _targets(self, n_per_point: int) -> Target | None:
        return None if self.target is None else self.target.repeat_interleave(n_per_point)


@dataclass
class Smoothing:
    """How the derivatives of ``f`` are smoothed and estimated: all but the points."""

    f: Callable[[Tensor], Tensor]
    noise: GaussianNoise
    method: str
    is_exact: bool  # nothing is sampled: the closed form is all there is to `f`
    generator: torch.Generator

    @classmethod
    def of(
        cls,
        f: Callable[[Tensor], Tensor],
        x: Tensor,
        sigma: float | Tensor,
        method: str,
        generator: torch.Generator | None,
    ) -> "Smoothing":
        """Checked, with the noise made for points like ``x``."""
        check_choice("method", method, METHODS)
        check_network(f, x)
        noise = GaussianNoise(sigma, x)
        if method == "orthogonal" and (first := first_layer(f)):
            if first[0].shape[1] != x.shape[1]:
                raise ValueError(f"x has {x.shape[1]} columns, but f takes {first[0].shape[1]}.")
            noise.attend_to(first[0].detach())
        is_exact = method == "orthogonal" and has_closed_form(f)
        return cls(f, noise, method, is_exact, resolve_generator(generator, x.device))

    def hessian_parts(self, x: Tensor, target: Target | None, n_pairs: list[int]) -> Tensor:
        """Independent estimates from ``n_pairs`` mirrored pairs each: (n_parts, n, d, d)."""
        return torch.cat(
            [
                torch.stack([self._hessian(sampler, n) for n in n_pairs])
                for sampler in self._samplers(x, target, max(n_pairs), of_hessian=True)
            ],
            1,
        )

    def gradient(self, x: Tensor, target: Target | None, n_pairs: int) -> Tensor:
        """The smoothed gradient, (n, d)."""
        return torch.cat(
            [self._gradient(sampler, n_pairs) for sampler in self._samplers(x, target, n_pairs)]
        )

    def _hessian(self, sampler: Sampler, n_pairs: int) -> Tensor:
        if self.method == "function_values":
            hessian = sampler.hessian_from_values(n_pairs)
        else:
            hessian = sampler.hessian(0 if self.is_exact else n_pairs, self._law("hessian"))
        return self.noise.unwhiten_hessian(hessian)

    def _gradient(self, sampler: Sampler, n_pairs: int) -> Tensor:
        if self.method == "function_values":
            gradient = sampler.gradient_from_values(n_pairs)
        else:
            gradient = sampler.gradient(0 if self.is_exact else n_pairs, self._law("gradient"))
        if sampler.stand_in is not None:
            gradient = gradient + sampler.stand_in.mean_gradient
        return self.noise.unwhiten(gradient)

    def _samplers(
        self, x: Tensor, target: Target | None, n_pairs: int, of_hessian: bool = False
    ) -> Iterator[Sampler]:
        """One sampler for each block of points: all that is kept at once is of bounded size."""
        n_units = 0
        if self.method == "orthogonal":
            n_units = sum(len(weight) for weight, _, _ in layers_of(self.f)[0])
        d = x.shape[1]
        by_memory = at_once(ELEMENTS_AT_ONCE, x) // ((n_units + 4 * d) * d)
        by_draws = at_once(PERTURBATIONS_AT_ONCE, x) // (2 * min(max(n_pairs, 1), d))
        size = max(min(by_memory, by_draws), 1)
        for start in range(0, len(x), size):
            points = x[start : start + size].detach()
            targets = None if target is None else target[start : start + size]
            stand_in = first = None
            if self.method == "orthogonal":
                share = _SHARE_KEPT if n_pairs else 1.0
                first = FirstLayer.of(self.f, points, self.noise) if of_hessian else None
                options = {"by_directions": of_hessian, "first_apart": first is not None}
                stand_in = mean_field(self.f, points, targets, self.noise, share, **options)
            if n_pairs == 0 and stand_in is None:
                raise ValueError(
                    "n_perturbations=0 is too few: f shows no layers from which a closed form "
                    "could be taken. Give an even number of 2 or more."
                )
            yield Sampler(self.f, points, targets, self.noise, stand_in, self.generator, first)

    def _law(self, law: str) -> str:
        return "normal" if self.method == "stein" else law


def sample_until(
    smoothing: Smoothing, x: Tensor, target: Target | None, tolerance: float, with_error: bool
) -> tuple[Tensor, Tensor]:
    """Double the draws of four independent parts until the mean is known to ``tolerance``.

    If no errors are asked for, one block of draws tests the closed form first: what it adds is the
    closed form's fault and its own error, and where both together are within the tolerance no more
    is drawn.

    Returns the Hessians of the parts, (n_parts, n, d, d), equal where there was but one; and the
    pairs drawn at each point, (n,), on the CPU.
    """
    n_parts = 4
    n_pairs = smoothing.noise.n_directions
    n_drawn = torch.full((len(x),), n_parts * n_pairs)
    if with_error or smoothing.method != "orthogonal":
        hessians = smoothing.hessian_parts(x, target, [n_pairs] * n_parts)
    else:
        tested, closed = smoothing.hessian_parts(x, target, [n_pairs, 0])
        size = torch.linalg.matrix_norm(tested)
        fails = torch.linalg.matrix_norm(tested - closed) > tolerance * size
        doubtful = fails.cpu().nonzero().squeeze(1)
        n_drawn = torch.where(fails.cpu(), n_parts * n_pairs, n_pairs)
        hessians = tested.repeat(n_parts, 1, 1, 1)
        if len(doubtful):
            there = doubtful.to(x.device)
            targets = None if target is None else target[there]
            more = smoothing.hessian_parts(x[there], targets, [n_pairs] * (n_parts - 1))
            hessians[1:, there] = more
    while True:
        error = (hessians.var(0).sum((1, 2)) / n_parts).sqrt()
        is_unsure = error > tolerance * torch.linalg.matrix_norm(hessians.mean(0))
        unsure = is_unsure.cpu().nonzero().squeeze(1)
        if not len(unsure):
            return hessians, n_drawn
        if 2 * n_pairs * n_parts > MOST_PAIRS:
            warnings.warn(
                f"tolerance={tolerance} was not reached at {len(unsure)} of {len(x)} points "
                f"with {2 * n_pairs * n_parts} perturbations each; raise tolerance or sigma.",
                RuntimeWarning,
                stacklevel=3,
            )
            return hessians, n_drawn
        there = unsure.to(x.device)
        targets = None if target is None else target[there]
        more = smoothing.hessian_parts(x[there], targets, [n_pairs] * n_parts)
        hessians[:, there] = (hessians[:, there] + more) / 2
        n_pairs *= 2
        n_drawn[unsure] = n_parts * n_pairs


def split_pairs(n_perturbations, n_parts: int, or_else: str = "") -> list[int]:
    """Mirrored pairs for each of ``n_parts`` independent parts; ``or_else`` is allowed besides."""
    is_count = isinstance(n_perturbations, Integral)
    if not is_count or int(n_perturbations) < 0 or int(n_perturbations) % 2:
        raise ValueError(
            f"n_perturbations={brief(n_perturbations)} must be an even integer (perturbations come "
            f"in mirrored pairs){or_else}."
        )
    n_pairs = int(n_perturbations) // 2
    if n_parts > 1 and n_pairs < n_parts:
        raise ValueError(
            f"n_perturbations={n_perturbations} is too few for {n_parts} independent parts; give "
            f"at least {2 * n_parts}."
        )
    return [n_pairs // n_parts + (i < n_pairs % n_parts) for i in range(n_parts)]


def at_once(limits: dict[str, int], x: Tensor) -> int:
    return limits["cpu" if x.device.type == "cpu" else "accelerator"]

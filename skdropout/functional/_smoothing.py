"""The estimators of smoothed derivatives, over blocks of points and in independent parts."""

import warnings
from dataclasses import dataclass
from numbers import Integral

import torch
from torch import Tensor

from skdropout.functional._gaussian_noise import GaussianNoise, resolve_generator
from skdropout.functional._gradients import check_network
from skdropout.functional._mean_field import first_layer, layers_of, mean_field
from skdropout.functional._stein import PERTURBATIONS_AT_ONCE, Sampler

__all__ = ["Smoothing", "check_points", "check_target", "sample_until", "split_pairs"]

_METHODS = ("orthogonal", "stein", "function_values")
_ELEMENTS_AT_ONCE = {"cpu": 2**23, "cuda": 2**28}
_MOST_PAIRS = 2**17
_SHARE_KEPT = 0.99  # of the curvature of a stand-in, for a fraction of its units and of its cost


@dataclass
class Smoothing:
    """How the derivatives of ``f`` are smoothed and estimated: all but the points."""

    f: object
    noise: GaussianNoise
    method: str
    generator: torch.Generator

    @classmethod
    def of(cls, f, x: Tensor, sigma, method: str, generator) -> "Smoothing":
        """Checked, with the noise made for points like ``x``."""
        if method not in _METHODS:
            raise ValueError(f"method={method!r} is unknown; choose one of {list(_METHODS)}.")
        check_network(f, x)
        noise = GaussianNoise(sigma, x)
        if method == "orthogonal" and (first := first_layer(f)):
            noise.attend_to(first[0].detach())
        return cls(f, noise, method, resolve_generator(generator, x.device))

    def hessian_parts(self, x, target, n_pairs: list[int], with_gradient=False):
        """Independent estimates from ``n_pairs`` mirrored pairs each.

        Returns Hessians (n_parts, n, d, d) and gradients (n_parts, n, d).
        """
        estimates = []
        for sampler in self._samplers(x, target, max(n_pairs)):
            parts = [self._estimate(sampler, n, with_gradient) for n in n_pairs]
            estimates.append([torch.stack(tensors) for tensors in zip(*parts, strict=True)])
        hessians, gradients = zip(*estimates, strict=True)
        return torch.cat(hessians, 1), torch.cat(gradients, 1)

    def gradient(self, x, target, n_pairs: int) -> Tensor:
        """The smoothed gradient, (n, d)."""
        estimates = []
        for sampler in self._samplers(x, target, n_pairs):
            if self.method == "function_values":
                _, gradient = sampler.hessian_from_values(n_pairs)
            elif sampler.stand_in is not None and sampler.stand_in.is_exact:
                gradient = sampler.stand_in.mean_gradient
            else:
                gradient = sampler.gradient(n_pairs, self._law("gradient"))
                if sampler.stand_in is not None:
                    gradient = gradient + sampler.stand_in.mean_gradient
            estimates.append(self.noise.unwhiten(gradient))
        return torch.cat(estimates)

    def _estimate(self, sampler: Sampler, n_pairs: int, with_gradient: bool):
        stand_in = sampler.stand_in
        if self.method == "function_values":
            hessian, gradient = sampler.hessian_from_values(n_pairs)
        else:
            if stand_in is not None and stand_in.is_exact:
                n_pairs = 0
            with_gradient = with_gradient and n_pairs > 0
            hessian, gradient = sampler.hessian(n_pairs, self._law("hessian"), with_gradient)
        if stand_in is not None:
            hessian = hessian + stand_in.mean_hessian
            gradient = gradient + stand_in.mean_gradient
        return self.noise.unwhiten_hessian(hessian), self.noise.unwhiten(gradient)

    def _samplers(self, x, target, n_pairs: int):
        """One sampler for each block of points: all that is kept at once is of bounded size."""
        n_units = 0
        if self.method == "orthogonal":
            n_units = sum(len(weight) for weight, _, _ in layers_of(self.f)[0])
        d = x.shape[1]
        by_memory = _ELEMENTS_AT_ONCE[x.device.type] // ((n_units + 4 * d) * d)
        by_draws = PERTURBATIONS_AT_ONCE[x.device.type] // (2 * min(max(n_pairs, 1), d))
        size = max(min(by_memory, by_draws), 1)
        for start in range(0, len(x), size):
            points = x[start : start + size].detach()
            targets = None if target is None else target[start : start + size]
            stand_in = None
            if self.method == "orthogonal":
                share = _SHARE_KEPT if n_pairs else 1.0
                stand_in = mean_field(self.f, points, targets, self.noise, share)
            if n_pairs == 0 and stand_in is None:
                raise ValueError(
                    "n_perturbations=0 is too few: f shows no layers from which a closed form "
                    "could be taken. Give an even number of 2 or more."
                )
            yield Sampler(self.f, points, targets, self.noise, stand_in, self.generator)

    def _law(self, law: str) -> str:
        return "normal" if self.method == "stein" else law


def sample_until(smoothing: Smoothing, x, target, tolerance: float, with_gradient: bool):
    """Double the draws of four independent parts until the mean is known to ``tolerance``.

    Returns Hessians and gradients of the parts, as ``hessian_parts`` does.
    """
    n_parts = 4
    n_pairs = smoothing.noise.n_directions
    hessians, gradients = smoothing.hessian_parts(x, target, [n_pairs] * n_parts, with_gradient)
    while True:
        error = (hessians.var(0).sum((1, 2)) / n_parts).sqrt()
        unsure = error > tolerance * torch.linalg.matrix_norm(hessians.mean(0))
        if not unsure.any():
            return hessians, gradients
        if 2 * n_pairs * n_parts > _MOST_PAIRS:
            warnings.warn(
                f"tolerance={tolerance} was not reached at {int(unsure.sum())} of {len(x)} points "
                f"with {2 * n_pairs * n_parts} perturbations each; raise tolerance or sigma.",
                RuntimeWarning,
                stacklevel=3,
            )
            return hessians, gradients
        more = smoothing.hessian_parts(
            x[unsure],
            None if target is None else target[unsure],
            [n_pairs] * n_parts,
            with_gradient,
        )
        hessians[:, unsure] = (hessians[:, unsure] + more[0]) / 2
        gradients[:, unsure] = (gradients[:, unsure] + more[1]) / 2
        n_pairs *= 2


def split_pairs(n_perturbations, n_parts: int) -> list[int]:
    """Mirrored pairs for each of ``n_parts`` independent parts."""
    is_count = isinstance(n_perturbations, Integral) and n_perturbations >= 0
    if not is_count or n_perturbations % 2:
        raise ValueError(
            f"n_perturbations={n_perturbations!r} must be an even integer (perturbations come in "
            'mirrored pairs) or "auto".'
        )
    n_pairs = int(n_perturbations) // 2
    if n_parts > 1 and n_pairs < n_parts:
        raise ValueError(
            f"n_perturbations={n_perturbations} is too few for {n_parts} independent parts; give "
            f"at least {2 * n_parts}."
        )
    return [n_pairs // n_parts + (i < n_pairs % n_parts) for i in range(n_parts)]


def check_points(x) -> None:
    """Refuse anything but a finite floating-point matrix."""
    if not isinstance(x, Tensor) or x.ndim != 2 or not x.is_floating_point() or x.numel() == 0:
        what = (
            f"a tensor of shape {tuple(x.shape)}, {x.dtype}" if isinstance(x, Tensor) else type(x)
        )
        raise ValueError(f"x must be a non-empty floating-point tensor (n, d); got {what}.")
    if not torch.isfinite(x).all():
        raise ValueError("x contains NaN or infinity; impute or drop those points.")


def check_target(target, x: Tensor) -> Tensor | None:
    """One output index per point, or None."""
    if target is None:
        return None
    target = torch.as_tensor(target, device=x.device)
    if target.is_floating_point() or target.shape not in {(), (len(x),)} or (target < 0).any():
        raise ValueError(
            f"target={target.tolist() if target.numel() < 6 else tuple(target.shape)} must be one "
            f"non-negative output index, or one for each of the {len(x)} points."
        )
    return target.long().expand(len(x))

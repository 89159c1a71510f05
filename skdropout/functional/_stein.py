"""Stein's identities, sampled: mean gradient and Hessian of a function of standard normal noise.

All here is in whitened coordinates: ``z`` is standard normal, ``x + L z`` is evaluated, and
gradients are with respect to ``z``.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from skdropout.functional._gaussian_noise import GaussianNoise, mirrored_draws
from skdropout.functional._gradients import output_gradient, output_value
from skdropout.functional._mean_field import MeanField

__all__ = ["PERTURBATIONS_AT_ONCE", "Sampler"]

PERTURBATIONS_AT_ONCE = {"cpu": 2**11, "cuda": 2**17}  # what a cache holds; what fills a device


@dataclass
class Sampler:
    """Mirrored perturbations of one output of ``f`` around points, less what a stand-in does.

    ``law`` names the draws, see ``mirrored_draws``.
    """

    f: object
    x: Tensor  # (n, d)
    target: Tensor | None  # (n,)
    noise: GaussianNoise
    stand_in: MeanField | None
    generator: torch.Generator

    def hessian(self, n_pairs: int, law: str, with_gradient: bool) -> tuple[Tensor, Tensor]:
        """``E w dg z^T``, symmetric, with ``dg = (g(z) - g(-z)) / 2``; and ``E g``, else zero.

        Draws that do not fill an orthogonal block sample only the difference to the quadratic
        function that whole blocks have found: so they add no error where that is exact. The mean
        gradient is that of the difference to ``g(0)``: small where weights are large.
        """
        n, d = self.x.shape
        block = 1 if law == "normal" else self.noise.n_directions
        n_whole = n_pairs // block * block
        zero = self.x.new_zeros(n, 1, d)
        center = self._even_part(*self._gradients(zero), zero) if with_gradient else None
        hessian, gradient = self.x.new_zeros(n, d, d), self.x.new_zeros(n, d)
        for n_draws, n_so_far in ((n_whole, n_whole), (n_pairs - n_whole, n_pairs)):
            found, addition = hessian, torch.zeros_like(hessian)
            for z, weight in self._draws(n_draws, law):
                there, back = self._gradients(z)
                difference = self.noise.whiten(there - back)
                if self.stand_in is not None:
                    difference -= self.stand_in.gradient_difference(z)
                if n_so_far > n_draws:
                    difference -= 2 * z @ found
                addition += difference.mT @ (weight * z) / 2
                if with_gradient:
                    gradient += (weight * (self._even_part(there, back, z) - center)).sum(1)
            hessian = found + (addition + addition.mT) / (2 * max(n_so_far, 1))
        if with_gradient:
            gradient = center[:, 0] + gradient / max(n_pairs, 1)
        return hessian, gradient

    def gradient(self, n_pairs: int, law: str) -> Tensor:
        """``E g``: (n, d)."""
        total = torch.zeros_like(self.x)
        for z, _ in self._draws(n_pairs, law):
            total += self._even_part(*self._gradients(z), z).sum(1)
        return total / max(n_pairs, 1)

    def hessian_from_values(self, n_pairs: int) -> tuple[Tensor, Tensor]:
        """``E (f(z) - f(0)) (z z^T - I)`` and ``E f z``, from mirrored pairs."""
        n, d = self.x.shape
        center = self._values(self.x.new_zeros(n, 1, d))
        hessian, gradient = self.x.new_zeros(n, d, d), self.x.new_zeros(n, d)
        for z, _ in self._draws(n_pairs, "gradient"):
            there, back = self._values(z), self._values(-z)
            even = (there + back) / 2 - center
            hessian += (even * z).mT @ z
            hessian -= even.sum(1, keepdim=True) * torch.eye(d, dtype=z.dtype, device=z.device)
            gradient += ((there - back) / 2 * z).sum(1)
        return hessian / n_pairs, gradient / n_pairs

    def _draws(self, n_pairs: int, law: str):
        """All draws, in steps of bounded memory and, where there are enough, of whole blocks."""
        block = self.noise.n_directions
        at_once = PERTURBATIONS_AT_ONCE[self.x.device.type] // (2 * len(self.x))
        step = max(at_once // block * block, min(block, n_pairs), 1)
        for start in range(0, n_pairs, step):
            n_draws = min(step, n_pairs - start)
            yield mirrored_draws(self.noise, self.x, n_draws, law, self.generator)

    def _even_part(self, there: Tensor, back: Tensor, z: Tensor) -> Tensor:
        even = self.noise.whiten(there + back) / 2
        return even if self.stand_in is None else even - self.stand_in.gradient_sum(z) / 2

    def _gradients(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Gradients at ``z`` and ``-z``, each (n, n_draws, d)."""
        delta, x = self.noise.delta(z), self.x[:, None]
        points = torch.stack([x + delta, x - delta], 2).flatten(0, 2)
        gradient = output_gradient(self.f, points, self._targets(2 * z.shape[1]))
        return gradient.reshape(*z.shape[:2], 2, -1).unbind(2)

    def _values(self, z: Tensor) -> Tensor:
        """Values at ``z``: (n, n_draws, 1)."""
        points = self.x[:, None] + self.noise.delta(z)
        with torch.no_grad():
            value = output_value(self.f, points.flatten(0, 1), self._targets(z.shape[1]))
        return value.reshape(*z.shape[:2], 1)

    def _targets(self, n_per_point: int) -> Tensor | None:
        return None if self.target is None else self.target.repeat_interleave(n_per_point)

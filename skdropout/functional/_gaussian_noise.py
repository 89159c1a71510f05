"""Gaussian noise of any covariance, seen as standard normal noise in whitened coordinates."""

import math

import torch
from torch import Tensor

__all__ = ["GaussianNoise", "mirrored_draws", "resolve_generator"]

_OWN_DIRECTIONS_UP_TO = 32  # dimensions


class GaussianNoise:
    """``delta = L z`` with ``z`` standard normal and ``L L^T`` the covariance.

    Parameters
    ----------
    sigma : float, Tensor of shape (d,) or Tensor of shape (d, d)
        One standard deviation for all inputs, one for each (zero: that input is not moved), or a
        full covariance matrix.
    like : Tensor of shape (n, d)
        The points that will be moved: gives d, dtype and device.
    """

    def __init__(self, sigma, like: Tensor):
        d = like.shape[1]
        sigma = torch.as_tensor(sigma, dtype=like.dtype, device=like.device).detach()
        if sigma.shape not in {(), (d,), (d, d)}:
            raise ValueError(
                f"sigma has shape {tuple(sigma.shape)}; for d={d} inputs give one number, ({d},) "
                f"standard deviations or a ({d}, {d}) covariance."
            )
        if not torch.isfinite(sigma).all():
            raise ValueError("sigma contains NaN or infinity; all entries must be finite.")
        self.is_full = sigma.ndim == 2
        if self.is_full:
            self.factor = _cholesky(sigma)
            self.moves = torch.ones(d, dtype=torch.bool, device=like.device)
        else:
            self.moves = sigma.expand(d) > 0
            if (sigma < 0).any() or not self.moves.any():
                raise ValueError(
                    f"sigma={_brief(sigma)} must be positive (zeros are allowed for single inputs, "
                    "not for all): it is a standard deviation."
                )
            # One in place of zero: such an input is never moved, and its gradient keeps its unit.
            self.factor = torch.where(self.moves, sigma, 1.0)
        self.basis = None

    def attend_to(self, weight: Tensor) -> None:
        """Draw only what a function of ``weight @ x`` can tell, if that has fewer dimensions.

        Whatever the noise does at right angles to the rows of ``weight`` (n_units, d) changes
        neither the function nor its gradient: it would add error and nothing else.
        """
        rows = self.whiten(weight)[:, self.moves]
        if len(rows) < rows.shape[1]:
            self.basis = torch.linalg.qr(rows.mT).Q

    @property
    def n_directions(self) -> int:
        """How many dimensions the draws have."""
        return int(self.moves.sum()) if self.basis is None else self.basis.shape[1]

    def spread(self, draws: Tensor) -> Tensor:
        """Draws (..., n_directions) as whitened noise on all inputs, (..., d)."""
        if self.basis is not None:
            draws = draws @ self.basis.mT
        if self.moves.all():
            return draws
        z = draws.new_zeros(*draws.shape[:-1], len(self.moves))
        z[..., self.moves] = draws
        return z

    def delta(self, z: Tensor) -> Tensor:
        """Whitened noise to noise on the inputs: ``L z``, for ``z`` (..., d)."""
        return z @ self.factor.mT if self.is_full else z * self.factor

    def whiten(self, gradient: Tensor) -> Tensor:
        """Gradients with respect to ``z``: ``L^T g``, for ``gradient`` (..., d)."""
        return gradient @ self.factor if self.is_full else gradient * self.factor

    def unwhiten(self, gradient: Tensor) -> Tensor:
        """The inverse of ``whiten``."""
        if self.is_full:
            return torch.linalg.solve_triangular(self.factor, gradient, upper=False, left=False)
        return gradient / self.factor

    def unwhiten_hessian(self, hessian: Tensor) -> Tensor:
        """``L^-T H L^-1``, with zero rows and columns for inputs that do not move."""
        half = self.unwhiten(hessian)
        both = self.unwhiten(half.mT).mT
        return both * (self.moves[:, None] & self.moves)

    def norm(self, rows: Tensor) -> Tensor:
        """Standard deviation of ``rows @ z``: (..., n_rows)."""
        return torch.linalg.vector_norm(rows * self.moves, dim=-1)


def resolve_generator(generator, device) -> torch.Generator:
    """The caller's generator, or a freshly seeded one; torch's own is left alone."""
    if generator is not None:
        return generator
    generator = torch.Generator(device)
    generator.seed()
    return generator


def mirrored_draws(noise: GaussianNoise, x: Tensor, n_pairs: int, law: str, generator):
    """Draws ``z`` to be used with both signs, and their weights, for each of the n points ``x``.

    ``law="normal"``: independent standard normal draws of weight 1. The others come in blocks of
    orthogonal directions, as many as there are dimensions k, the last block possibly cut short.
    ``"gradient"``: chi-distributed lengths with k degrees of freedom, so that each draw is normal;
    weight 1. ``"hessian"``: k + 2 degrees of freedom and weight ``k / |z|^2``; then too
    ``E[w h(z)] = E[h]``, and within a block the *mean* of ``w z z^T`` is I, not only its
    expectation: one block finds the slope of a linear gradient exactly.

    In many dimensions, where orthogonalisation is dear, the points share the directions but for a
    random order and random signs of the coordinates, which leaves them all but independent.

    Returns
    -------
    z : Tensor of shape (n, n_pairs, d)
    weight : Tensor of shape (n, n_pairs, 1)
    """
    n, k = len(x), noise.n_directions
    options = {"dtype": x.dtype, "device": x.device, "generator": generator}
    if law == "normal":
        draws, weight = torch.randn(n, n_pairs, k, **options), x.new_ones(1, 1, 1)
    else:
        half_freedom = x.new_full((n, n_pairs, 1), (k + 2 if law == "hessian" else k) / 2)
        # A chi-squared variable is twice a gamma one; torch.distributions takes no generator.
        length = (2 * torch._standard_gamma(half_freedom, generator)).sqrt()
        draws = _orthogonal_blocks(n, n_pairs, k, options) * length
        weight = k / length**2 if law == "hessian" else x.new_ones(1, 1, 1)
    return noise.spread(draws), weight


def _orthogonal_blocks(n: int, n_pairs: int, k: int, options: dict) -> Tensor:
    """Uniform unit vectors, orthogonal within blocks of k: (n, n_pairs, k)."""
    n_blocks = math.ceil(n_pairs / k)
    n_own = n if k <= _OWN_DIRECTIONS_UP_TO else 1
    normal = torch.randn(n_own, n_blocks, k, min(k, n_pairs), **options)
    frames = torch.linalg.qr(normal).Q.mT.reshape(n_own, -1, k)[:, :n_pairs]
    if n_own == n:
        return frames
    device, generator = options["device"], options["generator"]
    order = torch.rand(n, k, device=device, generator=generator).argsort(1)
    sign = torch.randint(0, 2, (n, 1, k), device=device, generator=generator) * 2 - 1
    return frames[0][:, order].transpose(0, 1) * sign


def _cholesky(covariance: Tensor) -> Tensor:
    factor, info = torch.linalg.cholesky_ex(covariance)
    if info or not torch.allclose(covariance, covariance.mT):
        raise ValueError(
            "sigma, read as a covariance because it is a matrix, must be symmetric and positive "
            "definite. For inputs that must not move give (d,) standard deviations with zeros."
        )
    return factor


def _brief(sigma: Tensor):
    return sigma.item() if sigma.ndim == 0 else sigma.tolist() if len(sigma) <= 6 else "array"

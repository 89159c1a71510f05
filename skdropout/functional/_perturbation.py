"""What is asked of a network around points: Gaussian noise there, and its values and gradients.

Noise of any covariance is seen as standard normal noise in whitened coordinates. Arguments are
looked at once, before anything is sampled: each look waits for the device.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from skdropout.functional._asked import call
from skdropout.functional._checks import as_tensor, brief, check_like, check_tensor

_OWN_DIRECTIONS_UP_TO = 32  # dimensions


def resolve_generator(generator: torch.Generator | None, device: torch.device) -> torch.Generator:
    """The caller's generator, or a fresh one."""
    if generator is not None and not isinstance(generator, torch.Generator):
        raise ValueError(
            f"generator={brief(generator)} must be a torch.Generator or None; make one by "
            "torch.Generator().manual_seed(0)."
        )
    return fresh_generator(device) if generator is None else generator


def fresh_generator(device: torch.device) -> torch.Generator:
    """A new generator with a seed from the operating system; torch's own chance is left alone."""
    generator = torch.Generator(device)
    generator.seed()
    return generator


def branch_of(generator: torch.Generator) -> torch.Generator:
    """A generator that starts from this one's state and goes its own way; this one stays."""
    branch = torch.Generator(generator.device)
    branch.set_state(generator.get_state())
    options = {"generator": branch, "device": generator.device}
    return branch.manual_seed(int(torch.randint(2**62, (), **options)))


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

    def __init__(self, sigma: float | Tensor, like: Tensor):
        d = like.shape[1]
        sigma = as_tensor("sigma", sigma).to(like.dtype).cpu().detach()
        if sigma.shape not in {(), (d,), (d, d)}:
            raise ValueError(
                f"sigma has shape {tuple(sigma.shape)}; for d={d} inputs give one number, ({d},) "
                f"standard deviations or a ({d}, {d}) covariance."
            )
        if not torch.isfinite(sigma).all():
            raise ValueError("sigma contains NaN or infinity; all entries must be finite.")
        self.is_full = sigma.ndim == 2
        if self.is_full:
            factor, moves = _cholesky(sigma), torch.ones(d, dtype=torch.bool)
        else:
            moves = sigma.expand(d) > 0
            if (sigma < 0).any() or not moves.any():
                raise ValueError(
                    f"sigma={_brief(sigma)} must be positive (zeros are allowed for single inputs, "
                    "not for all): it is a standard deviation."
                )
            # One in place of zero: such an input is never moved, and its gradient keeps its unit.
            factor = torch.where(moves, sigma, 1.0)
        self.factor, self.moves = factor.to(like.device), moves.to(like.device)
        self._moving = None if moves.all() else moves.nonzero().squeeze(1).to(like.device)
        self.basis = None

    def attend_to(self, weight: Tensor) -> None:
        """Draw only what a function of ``weight @ x`` can tell, if that has fewer dimensions.

        Whatever the noise does at right angles to the rows of ``weight`` (n_units, d) changes
        neither the function nor its gradient: it would add error and nothing else.
        """
        rows = self.whiten(weight)
        if self._moving is not None:
            rows = rows.index_select(1, self._moving)
        if len(rows) < rows.shape[1]:
            self.basis = torch.linalg.qr(rows.mT).Q

    @property
    def n_directions(self) -> int:
        """How many dimensions the draws have."""
        if self.basis is not None:
            return self.basis.shape[1]
        return len(self.moves if self._moving is None else self._moving)

    def spread(self, draws: Tensor) -> Tensor:
        """Draws (..., n_directions) as whitened noise on all inputs, (..., d)."""
        if self.basis is not None:
            draws = draws @ self.basis.mT
        if self._moving is None:
            return draws
        z = draws.new_zeros(*draws.shape[:-1], len(self.moves))
        return z.index_copy_(-1, self._moving, draws)

    def collect(self, rows: Tensor) -> Tensor:
        """The transpose of ``spread``: what whitened rows (..., d) are to the draws."""
        if self._moving is not None:
            rows = rows.index_select(-1, self._moving)
        return rows if self.basis is None else rows @ self.basis

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


def mirrored_draws(
    noise: GaussianNoise, x: Tensor, n_pairs: int, law: str, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Draws ``z`` to be used with both signs, and their weights, for each of the n points ``x``.

    As whitened noise on all inputs; see ``mirrored_directions``.

    Returns
    -------
    z : Tensor of shape (n, n_pairs, d)
    weight : Tensor of shape (n, n_pairs, 1)
    """
    draws, weight = mirrored_directions(noise, x, n_pairs, law, generator)
    return noise.spread(draws), weight


def mirrored_directions(
    noise: GaussianNoise, x: Tensor, n_pairs: int, law: str, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Draws in the dimensions that there is noise in, and their weights, for each of n points.

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
    draws : Tensor of shape (n, n_pairs, n_directions)
    weight : Tensor of shape (n, n_pairs, 1)
    """
    n, k = len(x), noise.n_directions
    options = {"dtype": x.dtype, "device": x.device, "generator": generator}
    if law == "normal":
        draws, weight = torch.randn(n, n_pairs, k, **options), x.new_ones(1, 1, 1)
    else:
        half_freedom = x.new_full((n, n_pairs, 1), (k + 2 if law == "hessian" else k) / 2)
        # A chi-squared variable is twice a gamma one; torch.distributions takes no generator.
        chi_squared = 2 * torch._standard_gamma(  # pyright: ignore[reportPrivateImportUsage]
            half_freedom, generator
        )
        length = chi_squared.sqrt()
        draws = _orthogonal_blocks(n, n_pairs, k, options) * length
        weight = k / length**2 if law == "hessian" else x.new_ones(1, 1, 1)
    return draws, weight


@dataclass
class Target:
    """Which output is meant at each point, and the highest of these indices."""

    index: Tensor  # (n,)
    highest: int

    def __getitem__(self, points) -> "Target":
        return Target(self.index[points], self.highest)

    def repeat_interleave(self, n: int) -> "Target":
        return Target(self.index.repeat_interleave(n), self.highest)

    def tiled(self, n: int, times: int) -> "Target":
        """Each ``n`` times, and all these so many times."""
        return Target(self.index.repeat_interleave(n).repeat(times), self.highest)


def output_value(f: Callable[[Tensor], Tensor], x: Tensor, target: Target | None) -> Tensor:
    """The chosen output of ``f`` at each row of ``x``: (n,)."""
    output = call(f, x)
    if output.ndim > 2:
        raise ValueError(
            f"f must map (n, d) to (n,) or (n, n_outputs); for input {tuple(x.shape)} it returned "
            f"{tuple(output.shape)}."
        )
    if output.ndim == 1:
        output = output[:, None]
    if target is None:
        if output.shape[1] > 1:
            raise ValueError(
                f"f has {output.shape[1]} outputs; choose one with target=<index>, or give one "
                "index per point."
            )
        return output[:, 0]
    if target.highest >= output.shape[1]:
        raise ValueError(
            f"target={target.highest} does not exist: f has {output.shape[1]} outputs."
        )
    return output.gather(1, target.index[:, None])[:, 0]


def output_gradient(f: Callable[[Tensor], Tensor], x: Tensor, target: Target | None) -> Tensor:
    """Gradient of the chosen output of ``f`` at each row of ``x``: (n, d).

    Where the device runs out of memory the rows are taken in two halves.
    """
    try:
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            value = output_value(f, x, target)
            if not value.requires_grad:
                raise ValueError(
                    "f gives no gradient with respect to its input (is it detached, or computed "
                    'outside torch?). Use method="function_values", which needs none.'
                )
            (gradient,) = torch.autograd.grad(value.sum(), x, materialize_grads=True)
        return gradient
    except torch.cuda.OutOfMemoryError:
        if len(x) == 1:
            raise
    half = len(x) // 2
    targets = (None, None) if target is None else (target[:half], target[half:])
    return torch.cat(
        [output_gradient(f, x[:half], targets[0]), output_gradient(f, x[half:], targets[1])]
    )


def check_network(f, x: Tensor) -> None:
    """Refuse a network that depends on chance or on the rest of a batch, or does not fit ``x``."""
    if not isinstance(f, nn.Module):
        return
    for name, module in f.named_modules():
        is_random = isinstance(module, nn.modules.dropout._DropoutNd)
        if module.training and (is_random or isinstance(module, nn.modules.batchnorm._BatchNorm)):
            raise ValueError(
                f"f is in training mode: its layer {name!r} ({type(module).__name__}) makes it "
                "random. Call f.eval() first."
            )
    weight = next((p for p in f.parameters() if p.is_floating_point()), x)
    check_like("x", x, "f", weight)


def check_points(x) -> None:
    """Refuse anything but a finite floating-point matrix."""
    check_tensor("x", x, "(n, d)", 2, double_or_single=True)
    if x.numel() == 0:
        raise ValueError(f"x must hold at least one point and column; got shape {tuple(x.shape)}.")


def check_target(target, x: Tensor) -> Target | None:
    """One output index per point, or None."""
    if target is None:
        return None
    try:
        index = torch.as_tensor(target).cpu()
    except (OverflowError, RuntimeError, TypeError, ValueError):
        index = torch.tensor(-1)
    is_whole = not index.is_floating_point() and not index.is_complex()
    if not is_whole or index.shape not in {(), (len(x),)} or (index < 0).any():
        raise ValueError(
            f"target={brief(target)} must be one non-negative output index, or one for each of "
            f"the {len(x)} points."
        )
    return Target(index.long().to(x.device).expand(len(x)), int(index.max()))


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

"""Third derivatives of a network smoothed with Gaussian noise, from its gradients."""

from collections.abc import Callable, Iterator
from typing import Literal, overload

import torch
from torch import Tensor

from skdropout.functional._asked import memory_errors
from skdropout.functional._checks import as_flag
from skdropout.functional._perturbation import (
    GaussianNoise,
    Target,
    check_network,
    check_points,
    check_target,
    resolve_generator,
)
from skdropout.functional._stein import (
    ELEMENTS_AT_ONCE,
    PERTURBATIONS_AT_ONCE,
    Sampler,
    at_once,
    split_pairs,
)

_MOST_PARTS = 8  # for a standard error


@overload
def smooth_third(
    f: Callable[[Tensor], Tensor],
    x: Tensor,
    *,
    sigma: float | Tensor,
    n_perturbations: int,
    target: int | Tensor | None = ...,
    return_error: Literal[False] = ...,
    generator: torch.Generator | None = ...,
) -> Tensor: ...
@overload
def smooth_third(
    f: Callable[[Tensor], Tensor],
    x: Tensor,
    *,
    sigma: float | Tensor,
    n_perturbations: int,
    target: int | Tensor | None = ...,
    return_error: bool = ...,
    generator: torch.Generator | None = ...,
) -> Tensor | tuple[Tensor, Tensor]: ...
@memory_errors()
def smooth_third(
    f: Callable[[Tensor], Tensor],
    x: Tensor,
    *,
    sigma: float | Tensor,
    n_perturbations: int,
    target: int | Tensor | None = None,
    return_error: bool = False,
    generator: torch.Generator | None = None,
) -> Tensor | tuple[Tensor, Tensor]:
    r"""Third derivatives of ``f`` smoothed with Gaussian noise: ``E d3f(x + delta)``.

    They say how three inputs act together within a distance of about ``sigma``, beyond what any two
    of them do. Only gradients of ``f`` are needed, so a ReLU network has them too.

    Parameters
    ----------
    f : torch.nn.Module or callable
        Maps ``(n, d)`` to ``(n,)`` or ``(n, n_outputs)``, each row by itself, see
        ``smooth_hessian``.
    x : Tensor of shape (n, d)
        The points, in the units of the network's inputs.
    sigma : float, Tensor of shape (d,) or Tensor of shape (d, d)
        The noise, in the units of ``x``: a standard deviation for all inputs or one for each (zero:
        the input is not moved, what belongs to it is zero), or a full covariance matrix.
    n_perturbations : int
        Gradient evaluations per point, mirrored ones included: even, at least 4, with
        ``return_error`` at least 8.
    target : int, Tensor of shape (n,) or None
        Index of the output explained, or one for each point. None where there is but one output.
    return_error : bool
        Also return standard errors, from 2 to 8 independent parts of the perturbations.
    generator : torch.Generator, optional
        Source of randomness, on the device of ``x``. None: a new one, seeded by the system.

    Returns
    -------
    third : Tensor of shape (n, d, d, d)
        The same whichever way its three axes are exchanged.
    error : Tensor of shape (n, d, d, d)
        If ``return_error``: standard error of each entry. The distance from the truth divided by it
        follows Student's t law with one degree of freedom less than there are parts, see
        ``smooth_hessian``.

    Raises
    ------
    ValueError
        If an argument has a wrong value or shape, ``f`` is in training mode with dropout or batch
        normalisation layers, or gives no gradient.

    Notes
    -----
    With ``delta = L z``, ``z`` standard normal, ``g`` the gradient with respect to ``z``, Stein's
    identity, taken twice, is

    .. math:: E\, \partial_i \partial_j g_k = E (z_i z_j - \delta_{ij}) g_k = Cov(z_i z_j, g_k).

    The average over the three ways to choose ``k`` is symmetric. Of ``g`` only the even part
    ``(g(z) + g(-z)) / 2`` counts, which mirrored perturbations find by themselves. The covariance
    is that of the sample: without bias from any number of perturbations, however large ``g`` is.

    References
    ----------
    .. [1] Lin, Khan, Schmidt, "Stein's Lemma for the Reparameterization Trick with Exponential
       Family Mixtures", 2019, arXiv 1910.13398.

    Examples
    --------
    >>> import torch
    >>> from skdropout.functional import smooth_third
    >>> product = lambda x: x.prod(1)
    >>> x = torch.zeros(1, 3, dtype=torch.float64)
    >>> draws = torch.Generator().manual_seed(0)
    >>> third = smooth_third(product, x, sigma=0.5, n_perturbations=20_000, generator=draws)
    >>> print(f"{third[0, 0, 1, 2]:.1f}")
    1.0
    """
    check_points(x)
    targets = check_target(target, x)
    check_network(f, x)
    noise, generator = GaussianNoise(sigma, x), resolve_generator(generator, x.device)
    n_parts = 1
    if as_flag("return_error", return_error):
        n_parts = min(max(sum(split_pairs(n_perturbations, 1)) // 2, 2), _MOST_PARTS)
    n_pairs = split_pairs(n_perturbations, n_parts)
    if min(n_pairs) < 2:
        raise ValueError(
            f"n_perturbations={n_perturbations} is too few for a covariance"
            f"{' with an error' * (n_parts > 1)}; give at least {4 * n_parts}."
        )
    shares = x.new_tensor(n_pairs) / sum(n_pairs)
    found, errors = [], []
    for sampler in _samplers(f, x, targets, noise, generator):
        parts = torch.stack([_third(sampler, n) for n in n_pairs])
        mean = torch.einsum("p,pnijk->nijk", shares, parts)
        spread = torch.einsum("p,pnijk->nijk", shares, (parts - mean) ** 2)
        found.append(mean)
        errors.append((spread / max(n_parts - 1, 1)).sqrt())
    return (torch.cat(found), torch.cat(errors)) if return_error else torch.cat(found)


def _samplers(
    f, x: Tensor, target: Target | None, noise: GaussianNoise, generator: torch.Generator
) -> Iterator[Sampler]:
    """One sampler for each block of points: all that is kept at once is of bounded size."""
    by_memory = at_once(ELEMENTS_AT_ONCE, x) // (4 * x.shape[1] ** 3)
    size = max(min(by_memory, at_once(PERTURBATIONS_AT_ONCE, x) // 4), 1)
    for start in range(0, len(x), size):
        targets = None if target is None else target[start : start + size]
        yield Sampler(f, x[start : start + size].detach(), targets, noise, None, generator)


def _third(sampler: Sampler, n_pairs: int) -> Tensor:
    """``Cov(z_i z_j, g_k)`` of mirrored pairs, symmetric, in the units of ``x``: (n, d, d, d)."""
    noise, (n, d) = sampler.noise, sampler.x.shape
    sum_zz, sum_g, sum_zz_g = (
        sampler.x.new_zeros(n, *rest) for rest in ((d * d, 1), (1, d), (d * d, d))
    )
    pivot = None
    for z, _ in sampler.draws(n_pairs, "normal"):
        there, back = sampler.gradients(z)
        g = noise.whiten(there + back) / 2
        # any constant may be taken off: one like the mean leaves no large numbers to cancel
        pivot = g[:, :1] if pivot is None else pivot
        g = g - pivot
        zz = (z[..., :, None] * z[..., None, :]).flatten(2)
        sum_zz += zz.sum(1)[..., None]
        sum_g += g.sum(1, keepdim=True)
        sum_zz_g += zz.mT @ g
    third = (sum_zz_g - sum_zz * sum_g / n_pairs) / (n_pairs - 1)
    third = third.reshape(n, d, d, d)
    third = (third + third.transpose(1, 3) + third.transpose(2, 3)) / 3
    for _ in range(3):  # each axis in turn
        third = noise.unwhiten(third.movedim(3, 1))
    moves = noise.moves
    return third * (moves[:, None, None] & moves[:, None] & moves)

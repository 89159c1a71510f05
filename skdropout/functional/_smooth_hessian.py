"""Gradient and Hessian of a network smoothed with Gaussian noise (SmoothGrad, SmoothHess)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal, TypeAlias, overload

import torch
from torch import Tensor

from skdropout.functional._asked import memory_errors
from skdropout.functional._checks import as_count, as_flag, as_positive
from skdropout.functional._perturbation import Target, branch_of, check_points, check_target
from skdropout.functional._stein import Smoothing, sample_until, split_pairs

_MOST_PARTS = 8  # for a standard error

Method: TypeAlias = Literal["orthogonal", "stein", "function_values"]


@overload
def smooth_hessian(
    f: Callable[[Tensor], Tensor],
    x: Tensor,
    *,
    sigma: float | Tensor,
    n_perturbations: int | Literal["auto"],
    target: int | Tensor | None = ...,
    method: Method = ...,
    return_gradient: Literal[False] = ...,
    return_error: Literal[False] = ...,
    tolerance: float = ...,
    generator: torch.Generator | None = ...,
) -> Tensor: ...
@overload
def smooth_hessian(
    f: Callable[[Tensor], Tensor],
    x: Tensor,
    *,
    sigma: float | Tensor,
    n_perturbations: int | Literal["auto"],
    target: int | Tensor | None = ...,
    method: Method = ...,
    return_gradient: bool = ...,
    return_error: bool = ...,
    tolerance: float = ...,
    generator: torch.Generator | None = ...,
) -> Tensor | tuple[Tensor, ...]: ...
@memory_errors()
def smooth_hessian(
    f: Callable[[Tensor], Tensor],
    x: Tensor,
    *,
    sigma: float | Tensor,
    n_perturbations: int | Literal["auto"],
    target: int | Tensor | None = None,
    method: Method = "orthogonal",
    return_gradient: bool = False,
    return_error: bool = False,
    tolerance: float = 0.05,
    generator: torch.Generator | None = None,
) -> Tensor | tuple[Tensor, ...]:
    """Hessian of ``f`` smoothed with Gaussian noise: ``E hess f(x + delta)``.

    A ReLU network has no curvature almost everywhere; smoothed, its Hessian says how two inputs act
    together within a distance of about ``sigma``. Only gradients of ``f`` are needed (Stein's
    identity), and fewer of them the more of its layers can be seen: see Notes.

    Parameters
    ----------
    f : torch.nn.Module or callable
        Maps ``(n, d)`` to ``(n,)`` or ``(n, n_outputs)``, each row by itself. What is explained is
        what ``f`` returns: a value, a logit (``net, target=3``), a probability
        (``nn.Sequential(net, nn.Softmax(1)), target=3``) or a hidden unit (``net[:2], target=7``).
        Passed as a module rather than wrapped in a function, its layers can be seen.
    x : Tensor of shape (n, d)
        The points, in the units of the network's inputs.
    sigma : float, Tensor of shape (d,) or Tensor of shape (d, d)
        The noise, in the units of ``x``: a standard deviation for all inputs or one for each (zero:
        the input is not moved, its row and column of the result are zero), or a full covariance
        matrix.
    n_perturbations : int or "auto"
        Gradient evaluations per point, mirrored ones included: an even number. 0 takes the closed
        form alone, where there is one; it may be wrong where a deep network bends sharply, by half
        and more. ``"auto"`` tests it by ``2 d``, and where it is off by more than ``tolerance``
        times the Hessian's norm (Frobenius), doubles the number, from ``8 d`` on, until the
        standard error is at most that. With ``return_error`` there are ``8 d`` at least.
    target : int, Tensor of shape (n,) or None
        Index of the output explained, or one for each point. None where there is but one output.
    method : {"orthogonal", "stein", "function_values"}
        ``"stein"`` is the plain estimator of [1]_, for comparison; ``"function_values"`` needs no
        gradients (second-order Stein identity) and many more perturbations, which then count
        evaluations of ``f`` besides one at ``x``.
    return_gradient : bool
        Also return the smoothed gradient, as ``smooth_gradient`` finds it: from perturbations of
        its own, at each point as many again as for the Hessian, which is the same without it.
        Where fewer do, call ``smooth_gradient``.
    return_error : bool
        Also return standard errors, from 2 to 8 independent parts of the perturbations: see Notes.
    tolerance : float
        Relative standard error at which ``"auto"`` stops.
    generator : torch.Generator, optional
        Source of randomness, on the device of ``x``. None: a new one, seeded by the system.

    Returns
    -------
    hessian : Tensor of shape (n, d, d)
        Symmetric.
    gradient : Tensor of shape (n, d)
        If ``return_gradient``.
    error : Tensor of shape (n, d, d)
        If ``return_error``: standard error of each entry; zero where the result is exact. It is
        refused for ``n_perturbations=0`` where the closed form is not exact.

    Raises
    ------
    ValueError
        If an argument has a wrong value or shape, ``f`` is in training mode with dropout or batch
        normalisation layers, or gives no gradient.

    Warns
    -----
    RuntimeWarning
        If ``"auto"`` gives up before the tolerance is reached.

    Notes
    -----
    With ``delta = L z``, ``z`` standard normal, ``g`` the gradient with respect to ``z`` and
    ``dg = (g(z) - g(-z)) / 2``, Stein's identity is ``H = E[dg z^T]``. The default method

    - draws orthogonal blocks of ``z``, longer than normal ones and weighted accordingly, such that
      the estimate is unbiased for any number and one block (``2 d`` gradients) is exact for a
      quadratic function;
    - samples only the difference between ``f`` and a one-hidden-layer network that resembles it
      around each point and has a smoothed Hessian in closed form (a control variate). It is built
      from the leading ``nn.Linear`` layers and activations of an ``nn.Sequential``, or of any
      object whose method ``split_first_layer()`` returns ``(weight, bias, activation, rest)`` such
      that ``f(x) = rest(activation(x @ weight.T + bias))``, and so on with ``rest``. A network
      with one hidden layer and a linear output is its own stand-in: the result is exact, without
      sampling;
    - draws no directions that the first such layer cannot tell apart, where it has fewer units than
      inputs: they would change neither ``f`` nor its gradient. A block is then as many gradients
      as twice its units.

    The distance of an entry from the truth, divided by its standard error, follows Student's t law
    with one degree of freedom less than there are parts. There are as many parts as whole blocks of
    perturbations, but at least 2 and at most 8; "auto" has 4. So 95 of 100 intervals hold the truth
    at 12.7 errors to either side with 2 parts, 3.18 with 4, 2.36 with 8; at 1.96 errors only 70,
    85 and 91 do. For another number of parts take ``smooth_hessian_parts``.

    References
    ----------
    .. [1] Torop et al., "SmoothHess: ReLU Network Feature Interactions via Stein's Lemma",
       NeurIPS 2023, arXiv 2311.00858.
    .. [2] Lin, Khan, Schmidt, "Stein's Lemma for the Reparameterization Trick with Exponential
       Family Mixtures", 2019, arXiv 1910.13398 (``E hess f = E S^-1 delta grad f^T``).

    Examples
    --------
    >>> import torch
    >>> from skdropout.functional import smooth_hessian
    >>> product = lambda x: x[:, 0] * x[:, 1]
    >>> x = torch.zeros(1, 2, dtype=torch.float64)
    >>> smooth_hessian(product, x, sigma=0.5, n_perturbations=4)[0].round(decimals=6).abs()
    tensor([[0., 1.],
            [1., 0.]], dtype=torch.float64)
    """
    check_points(x)
    outputs = check_target(target, x)
    smoothing = Smoothing.of(f, x, sigma, method, generator)
    return_gradient = as_flag("return_gradient", return_gradient)
    return_error = as_flag("return_error", return_error)
    if isinstance(n_perturbations, str) and n_perturbations == "auto":
        tolerance = as_positive("tolerance", tolerance)
        hessians, n_drawn = sample_until(smoothing, x, outputs, tolerance, return_error)
        shares = x.new_full((len(hessians),), 1 / len(hessians))
    else:
        pairs = split_pairs(n_perturbations, 1, ' or "auto"')
        n_drawn = torch.full((len(x),), pairs[0])
        if return_error and not smoothing.is_exact:
            whole_blocks = pairs[0] // smoothing.noise.n_directions
            pairs = split_pairs(n_perturbations, min(max(whole_blocks, 2), _MOST_PARTS))
        hessians = smoothing.hessian_parts(x, outputs, pairs)
        shares = x.new_tensor(pairs) / sum(pairs) if len(pairs) > 1 else x.new_ones(1)

    hessian = torch.einsum("p,pnij->nij", shares, hessians)
    results = [hessian]
    if return_gradient:
        results.append(_gradient_beside(smoothing, x, outputs, n_drawn))
    if return_error:
        spread = torch.einsum("p,pnij->nij", shares, (hessians - hessian) ** 2)
        # one part alone is a closed form: without spread
        results.append((spread / max(len(shares) - 1, 1)).sqrt())
    return results[0] if len(results) == 1 else tuple(results)


def _gradient_beside(
    smoothing: Smoothing, x: Tensor, target: Target | None, n_drawn: Tensor
) -> Tensor:
    """The smoothed gradient, from draws of its own: of each point as many as its Hessian had.

    From the Hessian's draws, which are longer, it would need weights that are large where a draw is
    short: in few dimensions they multiply its error. The generator is left as the Hessian left it.
    """
    smoothing = replace(smoothing, generator=branch_of(smoothing.generator))
    gradient = torch.empty_like(x)
    for n_pairs in n_drawn.unique().tolist():
        rows = (n_drawn == n_pairs).nonzero().squeeze(1).to(x.device)
        targets = None if target is None else target[rows]
        gradient[rows] = smoothing.gradient(x[rows], targets, n_pairs)
    return gradient


@memory_errors()
def smooth_hessian_parts(
    f: Callable[[Tensor], Tensor],
    x: Tensor,
    *,
    sigma: float | Tensor,
    n_perturbations: int,
    n_parts: int = 2,
    target: int | Tensor | None = None,
    method: Method = "orthogonal",
    generator: torch.Generator | None = None,
) -> Tensor:
    """Independent unbiased estimates of ``E hess f(x + delta)``, from equal shares of the draws.

    Products of two of them are unbiased for products of Hessian entries: the mean over points of
    ``parts[0] * parts[1]`` estimates ``E_x H_ij^2`` without the bias of a square, from few
    perturbations a point.

    Parameters
    ----------
    f, x, sigma, target, method, generator
        As in ``smooth_hessian``.
    n_perturbations : int
        Gradient evaluations per point in all: even, at least ``2 * n_parts``.
    n_parts : int
        Number of independent estimates, at least 2.

    Returns
    -------
    hessians : Tensor of shape (n_parts, n, d, d)

    Raises
    ------
    ValueError
        As ``smooth_hessian``.

    Examples
    --------
    >>> import torch
    >>> from skdropout.functional import smooth_hessian_parts
    >>> x = torch.zeros(3, 2)
    >>> smooth_hessian_parts(lambda x: x.prod(1), x, sigma=1.0, n_perturbations=8).shape
    torch.Size([2, 3, 2, 2])
    """
    check_points(x)
    outputs = check_target(target, x)
    smoothing = Smoothing.of(f, x, sigma, method, generator)
    pairs = split_pairs(n_perturbations, as_count("n_parts", n_parts, 2))
    return smoothing.hessian_parts(x, outputs, pairs)


@memory_errors()
def smooth_gradient(
    f: Callable[[Tensor], Tensor],
    x: Tensor,
    *,
    sigma: float | Tensor,
    n_perturbations: int,
    target: int | Tensor | None = None,
    method: Method = "orthogonal",
    generator: torch.Generator | None = None,
) -> Tensor:
    """Gradient of ``f`` smoothed with Gaussian noise: ``E grad f(x + delta)`` (SmoothGrad).

    Parameters
    ----------
    f, x, sigma, target, generator
        As in ``smooth_hessian``.
    n_perturbations : int
        Gradient evaluations per point, mirrored ones included: even, at least 2.
    method : {"orthogonal", "stein", "function_values"}
        ``"orthogonal"`` draws orthogonal directions and samples only the difference to a stand-in
        in closed form (exact for one hidden layer), ``"stein"`` is the plain mean over mirrored
        pairs, ``"function_values"`` needs no gradients; it gives zero for inputs that do not move.

    Returns
    -------
    gradient : Tensor of shape (n, d)

    Raises
    ------
    ValueError
        As ``smooth_hessian``.

    References
    ----------
    .. [1] Smilkov et al., "SmoothGrad: removing noise by adding noise", 2017, arXiv 1706.03825.

    Examples
    --------
    >>> import torch
    >>> from skdropout.functional import smooth_gradient
    >>> x = torch.tensor([[1.0, 2.0]])
    >>> smooth_gradient(lambda x: x.prod(1), x, sigma=0.1, n_perturbations=8).round(decimals=4)
    tensor([[2., 1.]])
    """
    check_points(x)
    outputs = check_target(target, x)
    smoothing = Smoothing.of(f, x, sigma, method, generator)
    (n_pairs,) = split_pairs(n_perturbations, 1)
    if n_pairs == 0:
        raise ValueError("n_perturbations=0 is too few for a gradient; give at least 2.")
    return smoothing.gradient(x, outputs, n_pairs)

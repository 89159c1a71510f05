"""What a gradient and a Hessian say about a function nearby, and how well."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from skdropout.functional._asked import memory_errors
from skdropout.functional._checks import (
    as_count,
    as_positive,
    check_choice,
    check_like,
    check_tensor,
)
from skdropout.functional._perturbation import (
    check_network,
    check_points,
    check_target,
    output_value,
    resolve_generator,
)

_LAWS = ("radius", "ball")
_PERTURBATIONS_AT_ONCE = 2**14
_BISECTIONS = 100


@memory_errors()
def perturbation_mse(
    f: Callable[[Tensor], Tensor],
    x: Tensor,
    gradient: Tensor,
    hessian: Tensor,
    *,
    radius: float,
    n_perturbations: int = 1000,
    law: Literal["radius", "ball"] = "radius",
    target: int | Tensor | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Mean squared error of a local quadratic model of ``f`` (P-MSE).

    ``E (f(x + D) - f(x) - g . D - D^T H D / 2)^2``.

    Parameters
    ----------
    f : torch.nn.Module or callable
        Maps ``(n, d)`` to ``(n,)`` or ``(n, n_outputs)``.
    x, gradient : Tensor of shape (n, d)
        Points, and the model's gradient at each.
    hessian : Tensor of shape (n, d, d)
        The model's Hessian at each point.
    radius : float
        Largest length of the perturbations ``D``, in the units of ``x``.
    n_perturbations : int
        Perturbations of each point.
    law : {"radius", "ball"}
        ``"radius"``: direction uniform, length uniform between 0 and ``radius``, as in the code
        released with [1]_. ``"ball"``: uniform in the ball, almost all near its surface when d is
        large.
    target : int, Tensor of shape (n,) or None
        Index of the output, or one for each point; None where there is but one.
    generator : torch.Generator, optional
        Source of randomness, on the device of ``x``. None: a new one, seeded by the system.

    Returns
    -------
    mse : Tensor of shape (n,)
        In squared units of the output.

    Raises
    ------
    ValueError
        If a shape does not fit, ``radius`` or ``n_perturbations`` is not positive, ``law`` is
        unknown or ``f`` is in training mode.

    References
    ----------
    .. [1] Torop et al., "SmoothHess: ReLU Network Feature Interactions via Stein's Lemma",
       NeurIPS 2023, arXiv 2311.00858, section 5.

    Examples
    --------
    >>> import torch
    >>> from skdropout.functional import perturbation_mse
    >>> x = torch.zeros(1, 2)
    >>> gradient, hessian = torch.zeros(1, 2), 2 * torch.eye(2)[None]
    >>> perturbation_mse(lambda x: (x**2).sum(1), x, gradient, hessian, radius=1.0)
    tensor([0.])
    """
    check_points(x)
    _check_model(gradient, hessian)
    check_like("gradient", gradient, "x", x)
    if gradient.shape != x.shape:
        raise ValueError(
            f"gradient must have the shape of x, {tuple(x.shape)}; got {tuple(gradient.shape)}."
        )
    radius = as_positive("radius", radius)
    n_perturbations = as_count("n_perturbations", n_perturbations)
    check_choice("law", law, _LAWS)
    check_network(f, x)
    outputs = check_target(target, x)
    generator = resolve_generator(generator, x.device)

    n = len(x)
    total = x.new_zeros(n)
    at_once = max(_PERTURBATIONS_AT_ONCE // n, 1)
    with torch.no_grad():
        start_value = output_value(f, x, outputs)[:, None]
        for start in range(0, n_perturbations, at_once):
            count = min(at_once, n_perturbations - start)
            delta = radius * _unit_ball(n, count, x, law, generator)
            points = (x[:, None] + delta).flatten(0, 1)
            targets = None if outputs is None else outputs.repeat_interleave(count)
            value = output_value(f, points, targets).reshape(n, count)
            linear = (delta @ gradient[..., None])[..., 0]
            quadratic = ((delta @ hessian) * delta).sum(2) / 2
            total += ((value - start_value - linear - quadratic) ** 2).sum(1)
    return total / n_perturbations


@memory_errors()
def second_order_attack(gradient: Tensor, hessian: Tensor, *, radius: float) -> Tensor:
    """The step that most decreases a quadratic model within a ball.

    Minimises ``g . D + D^T H D / 2`` over ``|D| <= radius`` exactly (trust-region problem): with
    ``(H + mu I) D = -g``, ``mu >= 0`` making ``H + mu I`` positive semi-definite, either ``mu = 0``
    or ``|D| = radius``. Where ``g`` has no part along the lowest eigenvectors such a ``D`` may be
    too short at the least ``mu``; it is then prolonged along the lowest one (the hard case).

    Parameters
    ----------
    gradient : Tensor of shape (n, d)
        Derivatives of what is to fall: the logit or probability of a class to attack it, the
        negative of an output to raise it.
    hessian : Tensor of shape (n, d, d)
        Its second derivatives, symmetric.
    radius : float
        In the units of the inputs.

    Returns
    -------
    step : Tensor of shape (n, d)

    Raises
    ------
    ValueError
        If a shape does not fit or ``radius`` is not positive.

    References
    ----------
    .. [1] Moré and Sorensen, "Computing a trust region step", SIAM J. Sci. Stat. Comput. 4, 1983.
    .. [2] Torop et al., "SmoothHess", NeurIPS 2023, arXiv 2311.00858 (as an attack).

    Examples
    --------
    >>> import torch
    >>> from skdropout.functional import second_order_attack
    >>> second_order_attack(torch.tensor([[1.0, 0.0]]), torch.zeros(1, 2, 2), radius=0.5) + 0.0
    tensor([[-0.5000,  0.0000]])
    """
    _check_model(gradient, hessian)
    radius = as_positive("radius", radius)
    if gradient.numel() == 0:
        return torch.zeros_like(gradient)

    # what is not symmetric in a Hessian moves nothing
    gradient, hessian = _in_units(gradient, hessian / 2 + hessian.mT / 2, radius)
    return radius * _step_within_one(gradient, hessian)


def _in_units(gradient: Tensor, hessian: Tensor, radius: float) -> tuple[Tensor, Tensor]:
    """The same problem for steps in units of the radius; its larger part is about one.

    A common factor changes no step, and so no square of a derivative overflows.
    """
    tiny = torch.finfo(gradient.dtype).tiny
    steep = gradient.abs().amax(1).clamp_min(tiny)
    bent = hessian.abs().amax((1, 2)).clamp_min(tiny)
    ratio = bent / steep * radius
    gradient = gradient / steep[:, None] / ratio.clamp_min(1)[:, None]
    return gradient, hessian / bent[:, None, None] * ratio.clamp_max(1)[:, None, None]


def _step_within_one(gradient: Tensor, hessian: Tensor) -> Tensor:
    eigenvalues, vectors = torch.linalg.eigh(hessian)  # ascending
    slope = (vectors.mT @ gradient[..., None])[..., 0]
    excess = eigenvalues - eigenvalues[:, :1]
    # Sought is t = mu + lowest eigenvalue >= 0: close to a pole at t = 0 it keeps its precision.
    least = eigenvalues[:, :1].clamp_min(0)
    low, high = least, torch.maximum(least, slope.norm(dim=1, keepdim=True))
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        is_too_long = _step(slope, excess, middle).norm(dim=1, keepdim=True) > 1
        low, high = torch.where(is_too_long, middle, low), torch.where(is_too_long, high, middle)
    step = _step(slope, excess, high)
    missing = (1 - step[:, 1:].square().sum(1)).clamp_min(0).sqrt()
    step[:, 0] = torch.where(slope[:, 0] > 0, -missing, missing)

    unbound = _step(slope, excess, least)
    is_inside = (eigenvalues[:, :1] >= 0) & (unbound.norm(dim=1, keepdim=True) <= 1)
    step = torch.where(is_inside, unbound, step)
    return (vectors @ step[..., None])[..., 0]


def _step(slope: Tensor, excess: Tensor, t: Tensor) -> Tensor:
    """``-c_i / (lambda_i - lambda_1 + t)``, zero where both are zero."""
    denominator = excess + t
    return torch.where(slope == 0, 0.0, -slope / denominator)


def _unit_ball(n: int, count: int, like: Tensor, law: str, generator) -> Tensor:
    """Random points of the unit ball: (n, count, d)."""
    d = like.shape[1]
    options = {"dtype": like.dtype, "device": like.device, "generator": generator}
    direction = torch.randn(n, count, d, **options)
    length = torch.rand(n, count, 1, **options)
    if law == "ball":
        length = length ** (1 / d)
    return direction / direction.norm(dim=2, keepdim=True) * length


def _check_model(gradient: Tensor, hessian: Tensor) -> None:
    check_tensor("gradient", gradient, "(n, d)", 2, double_or_single=True)
    check_tensor("hessian", hessian, "(n, d, d)", 3)
    check_like("hessian", hessian, "gradient", gradient)
    n, d = gradient.shape
    if hessian.shape != (n, d, d):
        raise ValueError(
            f"hessian must have shape {(n, d, d)}, as gradient is {(n, d)}; got "
            f"{tuple(hessian.shape)}."
        )

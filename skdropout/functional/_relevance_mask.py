"""Which groups of inputs to occlude, given their relevance."""

import math
from numbers import Real

import torch
from torch import Tensor, nn

from skdropout.functional._asked import memory_errors
from skdropout.functional._checks import (
    as_count,
    brief,
    check_fits,
    check_tensor,
    described,
)
from skdropout.functional._perturbation import resolve_generator


@memory_errors()
def group_sum(relevance: Tensor, groups: Tensor, *, n_groups: int | None = None) -> Tensor:
    """Relevance of groups of inputs: the sum over the inputs of each group.

    A matrix product with the groups' indicator, so that the order of summation, and with it the
    result, is the same on every run on a device.

    Parameters
    ----------
    relevance : Tensor of the shape of groups after its leading dimensions
        Relevance of every input.
    groups : Tensor of int64, of the shape of one sample's inputs
        The group of every input, numbered from 0.
    n_groups : int, optional
        Found from `groups` if not given; else all of them must be below it.

    Returns
    -------
    Tensor of shape (..., n_groups)

    Raises
    ------
    ValueError
        If the shapes do not fit, or `groups` holds numbers that are no groups'.

    Examples
    --------
    >>> import torch
    >>> from skdropout.functional import group_sum
    >>> group_sum(torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([0, 1, 0]))
    tensor([[4., 2.]])
    """
    check_tensor("relevance", relevance, "of one number for each input")
    check_groups(groups, n_groups)
    n_leading = relevance.ndim - groups.ndim
    if n_leading < 0 or relevance.shape[n_leading:] != groups.shape:
        raise ValueError(
            f"groups of shape {tuple(groups.shape)} does not fit relevance of shape "
            f"{tuple(relevance.shape)}; pass one group number for each input of a sample."
        )
    return sum_by_group(relevance, groups, n_groups)


def sum_by_group(relevance: Tensor, groups: Tensor, n_groups: int | None = None) -> Tensor:
    """`group_sum` of what is known to fit."""
    indicator = nn.functional.one_hot(groups.flatten(), n_groups or -1).to(relevance.dtype)
    return relevance.flatten(relevance.ndim - groups.ndim) @ indicator


def check_groups(groups: Tensor, n_groups: int | None = None) -> None:
    """Refuse what are no numbers of groups, below ``n_groups`` if it is given."""
    if not isinstance(groups, Tensor) or groups.dtype != torch.int64 or not groups.ndim:
        raise ValueError(
            "groups must be a tensor of int64 with one group number for each input of a sample; "
            f"got {described(groups)}."
        )
    if n_groups is not None:
        as_count("n_groups", n_groups)
    # elsewhere the look at the values would wait for the device at every training step
    if groups.device.type == "cpu":
        least, most = (int(v) for v in groups.aminmax()) if groups.numel() else (-1, -1)
        if least < 0 or (n_groups is not None and most >= n_groups):
            below = "" if n_groups is None else f" and below n_groups={n_groups}"
            raise ValueError(f"groups={brief(groups)} must be numbers from 0 on{below}.")


@memory_errors()
def relevance_mask(
    relevance: Tensor,
    *,
    alpha: float | Tensor,
    beta: float | Tensor,
    probability: float | Tensor = 1.0,
    generator: torch.Generator | None = None,
) -> Tensor:
    r"""Draw which groups of each sample to drop, the relevant ones more often.

    With :math:`r \in [0, 1]` the signed relevance of a sample scaled from its least to its most
    relevant group, and :math:`u \sim U[0, 1)` for each group, drop where
    :math:`\alpha u + (1 - \alpha) r \ge 1 - \beta`, that is with probability

    .. math:: P(\text{drop} \mid r) = \operatorname{clip}\left(
              \frac{\alpha + \beta - 1 + (1 - \alpha) r}{\alpha}, 0, 1\right).

    Parameters
    ----------
    relevance : Tensor of shape (..., n_groups)
        Signed relevance. Where it is constant in a sample (to rounding), r is 0 for all groups.
    alpha : float or Tensor that broadcasts to relevance
        Share of chance, from 0 to 1. 1: plain dropout at rate `beta`; 0: drop exactly where
        r >= 1 - beta. With alpha = beta = 0.5 the probability to drop is r.
    beta : float or Tensor that broadcasts to relevance
        Strength, from 0 to 1. It does not cap the share of groups dropped.
    probability : float or Tensor that broadcasts to (..., 1), default=1.0
        Probability that a sample is treated at all.
    generator : torch.Generator, optional
        On the device of `relevance`. None: a new one with a seed from the operating system.

    Returns
    -------
    bool Tensor of shape (..., n_groups)
        True = dropped.

    Raises
    ------
    ValueError
        If `alpha`, `beta` or `probability` is outside [0, 1], or `relevance` is not finite. Values
        of tensors are looked at on a CPU only: on other devices each look would wait for the
        device, and a sample with NaN has nothing dropped.

    References
    ----------
    Gururaj et al. (2025), *Relevance-driven Input Dropout*, arXiv 2505.21595.

    Examples
    --------
    >>> import torch
    >>> from skdropout.functional import relevance_mask
    >>> relevance_mask(torch.tensor([[0.1, 3.0, -2.0]]), alpha=0.0, beta=0.5)
    tensor([[False,  True, False]])
    """
    _check_relevance(relevance, "(..., n_groups)")
    if not relevance.ndim or not relevance.shape[-1]:
        raise ValueError(f"relevance of shape {tuple(relevance.shape)} has no groups.")
    check_in_unit_interval(alpha=alpha, beta=beta, probability=probability)
    alpha, beta, probability = (
        value if isinstance(value, Tensor) else float(value) for value in (alpha, beta, probability)
    )
    check_fits("alpha", alpha, relevance.shape, "relevance")
    check_fits("beta", beta, relevance.shape, "relevance")
    check_fits("probability", probability, (*relevance.shape[:-1], 1), "the samples")
    generator = resolve_generator(generator, relevance.device)
    u = torch.empty_like(relevance).uniform_(generator=generator)
    treated = torch.empty_like(relevance[..., :1]).uniform_(generator=generator) < probability
    return is_dropped(relevance, u, alpha, beta) & treated


def is_dropped(relevance: Tensor, u: Tensor, alpha: float | Tensor, beta: float | Tensor) -> Tensor:
    """The law of `relevance_mask` given its uniform draws, with its check of the relevance."""
    return alpha * u + (1 - alpha) * _scaled(relevance) >= 1 - beta


@memory_errors()
def relevance_block_mask(
    relevance: Tensor,
    *,
    n_centers: int = 1,
    probability: float = 0.5,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Draw one rectangle per image to drop, centred on a relevant pixel.

    Its area is a share U(0.02, 0.4) of the image, its aspect ratio log-uniform in [0.3, 1 / 0.3]
    and its centre one of the `n_centers` most relevant pixels; what sticks out is cut off.
    Rectangles as high or as wide as the image are drawn again.

    Parameters
    ----------
    relevance : Tensor of shape (n_samples, height, width)
        Signed relevance of the pixels.
    n_centers : int, default=1
        Number of candidates for the centre; at most the number of pixels counts.
    probability : float, default=0.5
        Probability that an image is treated at all.
    generator : torch.Generator, optional
        On the device of `relevance`. None: a new one with a seed from the operating system.

    Returns
    -------
    bool Tensor of shape (n_samples, height, width)
        True = dropped.

    Raises
    ------
    ValueError
        If `relevance` is not three-dimensional or (looked at on a CPU only) not finite,
        `n_centers` is below 1 or `probability` outside [0, 1].

    References
    ----------
    Gururaj et al. (2025), *Relevance-driven Input Dropout*, arXiv 2505.21595.

    Examples
    --------
    >>> import torch
    >>> from skdropout.functional import relevance_block_mask
    >>> mask = relevance_block_mask(torch.eye(8).unsqueeze(0), probability=1.0)
    >>> mask.shape, bool(mask[0, 0, 0])
    (torch.Size([1, 8, 8]), True)
    """
    check_in_unit_interval(probability=probability)
    n_centers = as_count("n_centers", n_centers)
    _check_relevance(relevance, "(n_samples, height, width)")
    if relevance.ndim != 3 or not relevance.shape[1] * relevance.shape[2]:
        raise ValueError(
            f"relevance of shape {tuple(relevance.shape)} is not a batch of images; "
            "pass (n_samples, height, width), channels summed."
        )
    check_fits("probability", probability, relevance.shape[:1], "the images")
    _check_finite(relevance)
    generator = resolve_generator(generator, relevance.device)
    n, height, width = relevance.shape

    def uniform(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator, device=relevance.device)

    n_tries = 100
    area = (0.02 + 0.38 * uniform(n, n_tries)) * height * width
    aspect = torch.exp(math.log(0.3) * (2 * uniform(n, n_tries) - 1))
    sides = torch.stack([(area * aspect).sqrt(), (area / aspect).sqrt()], -1).round()
    fits = (sides > 0).all(-1) & (sides[..., 0] < height) & (sides[..., 1] < width)
    first = fits.int().argmax(1)[:, None, None].expand(n, 1, 2)
    side = sides.gather(1, first).squeeze(1)

    candidates = relevance.flatten(1).topk(min(n_centers, height * width)).indices
    choice = (uniform(n, 1) * candidates.shape[1]).long()
    pixel = candidates.gather(1, choice).squeeze(1)
    center = torch.stack([pixel // width, pixel % width], -1)
    start = (center - side / 2).round()
    end = start + side

    def inside(axis: int, length: int) -> Tensor:
        position = torch.arange(length, device=relevance.device)
        return (position >= start[:, axis, None]) & (position < end[:, axis, None])

    probability = probability if isinstance(probability, Tensor) else float(probability)
    treated = (uniform(n) < probability) & fits.any(1)
    return inside(0, height)[:, :, None] & inside(1, width)[:, None, :] & treated[:, None, None]


def check_in_unit_interval(**parameters: float | Tensor) -> None:
    for name, value in parameters.items():
        is_tensor = isinstance(value, Tensor)
        is_real = isinstance(value, Real) and not is_tensor
        if is_tensor:
            is_real = not value.is_complex() and value.dtype != torch.bool
        if not is_real:
            raise ValueError(f"{name}={brief(value)} must be a number in [0, 1].")
        # a look at another device's values would wait for it at every training step
        if is_tensor and value.device.type != "cpu":
            continue
        for each in value.flatten().tolist() if is_tensor else [value]:
            if not 0 <= each <= 1:
                raise ValueError(f"{name}={each!r} must lie in [0, 1].")


def _check_relevance(relevance: Tensor, shape: str) -> None:
    is_dense = isinstance(relevance, Tensor) and relevance.layout == torch.strided
    if not is_dense or not relevance.is_floating_point():
        raise ValueError(
            f"relevance must be a floating-point tensor {shape}; got {described(relevance)}."
        )


def _check_finite(relevance: Tensor) -> None:
    # on a CPU only, for the same reason
    if relevance.device.type == "cpu" and not (is_finite := relevance.isfinite()).all():
        raise ValueError(
            f"relevance holds {relevance[~is_finite][0].item()}, from which it cannot be told what "
            "to drop: the network has diverged, or its slope is infinite somewhere. Look for a "
            "learning rate (an estimator's learning_rate_init) that is too high."
        )


def _scaled(relevance: Tensor) -> Tensor:
    """From 0 for the least to 1 for the most relevant group; 0 for all where they are equal."""
    low, high = torch.aminmax(relevance, dim=-1, keepdim=True)  # NaN where there is one
    _check_finite(low)
    _check_finite(high)
    rounding = 100 * torch.finfo(relevance.dtype).eps * torch.maximum(low.abs(), high.abs())
    span = high - low
    if span.device.type == "cpu" and not span.isfinite().all():
        raise ValueError(
            f"relevance spans more than {relevance.dtype} holds, from {brief(low.min())} to "
            f"{brief(high.max())}; divide it by a number."
        )
    return (relevance - low) / span.masked_fill(span <= rounding, math.inf)

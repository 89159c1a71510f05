"""How dropout acts on an interaction effect of a given order."""

import math
from collections.abc import Callable, Sequence
from itertools import combinations
from numbers import Integral
from typing import Any

import torch
from torch import Tensor

from skdropout.functional._asked import call, memory_errors
from skdropout.functional._checks import (
    as_count,
    as_number,
    as_tensor,
    brief,
    check_tensor,
)

_MAX_SUBSET = 20  # 2**20 evaluations of f
_LARGEST_LOG = 710  # of a number that float64 holds


@memory_errors()
def survival_probability(p: float | Tensor, k: int | Tensor) -> Tensor:
    """Probability that an interaction effect of order `k` survives dropout.

    All `k` features (or units) of the effect have to be kept: ``(1 - p)**k``.

    Parameters
    ----------
    p : float or tensor
        Dropout rate, in [0, 1].
    k : int or tensor of int
        Order of the effect, >= 0. Broadcast against `p`.

    Returns
    -------
    tensor
        Of the broadcast shape of `p` and `k`; float64 unless `p` is a tensor.

    Raises
    ------
    ValueError
        If a rate lies outside [0, 1] or an order is negative.

    References
    ----------
    Lengerich, Xing, Caruana (2022), *Dropout as a Regularizer of Interaction Effects*,
    AISTATS, section 4.

    Examples
    --------
    >>> import torch
    >>> from skdropout.functional import survival_probability
    >>> survival_probability(0.5, torch.arange(4))
    tensor([1.0000, 0.5000, 0.2500, 0.1250], dtype=torch.float64)
    """
    p, k = _as_rate(p), _as_order(k)
    try:
        torch.broadcast_shapes(p.shape, k.shape)
    except RuntimeError:
        raise ValueError(
            f"k of shape {tuple(k.shape)} and p of shape {tuple(p.shape)} do not broadcast."
        ) from None
    return (1 - p) ** k.to(p.device)


def effective_learning_rate(
    p: float | Tensor, k: int | Tensor, *, learning_rate: float = 1.0
) -> Tensor:
    """Learning rate at which dropout lets effects of order `k` be learnt.

    A step moves an effect of order `k` only when all of its features are kept, so that the
    learning rate of that order is ``r_p(k) = (1 - p)**k`` times the optimiser's.

    Parameters
    ----------
    p : float or tensor
        Dropout rate, in [0, 1].
    k : int or tensor of int
        Order of the effect, >= 0. Broadcast against `p`.
    learning_rate : float, default=1.0
        Learning rate of the optimiser.

    Returns
    -------
    tensor
        Of the broadcast shape of `p` and `k`; float64 unless `p` is a tensor.

    References
    ----------
    Lengerich, Xing, Caruana (2022), *Dropout as a Regularizer of Interaction Effects*,
    AISTATS, section 4.

    Examples
    --------
    The number of possible effects grows with their order and the rate at which each is learnt
    falls; at ``p = 0.5`` the two balance at a third of the features:

    >>> import torch
    >>> from skdropout.functional import effective_learning_rate, n_interactions
    >>> order = torch.arange(26)
    >>> int((n_interactions(25, order) * effective_learning_rate(0.5, order)).argmax())
    8
    """
    rate = as_number("learning_rate", learning_rate, "0 or more", lambda v: 0 <= v < math.inf)
    return rate * survival_probability(p, k)


def n_interactions(d: int, k: int | Tensor) -> Tensor:
    """Number of possible interaction effects of order `k` among `d` features.

    Parameters
    ----------
    d : int
        Number of features.
    k : int or tensor of int
        Order of the effects, >= 0.

    Returns
    -------
    tensor of float64 (float32 where `k` is on an Apple device, which has no other)
        The binomial coefficient ``C(d, k)``, of the shape of `k`; exact up to 2**53 (2**24), and
        infinite where it is beyond the dtype's range.

    Raises
    ------
    ValueError
        If `d` or an order is negative.

    References
    ----------
    Lengerich, Xing, Caruana (2022), *Dropout as a Regularizer of Interaction Effects*,
    AISTATS, section 3: the size of the hypothesis space.

    Examples
    --------
    >>> import torch
    >>> from skdropout.functional import n_interactions
    >>> n_interactions(25, torch.tensor([1, 2, 3]))
    tensor([  25.,  300., 2300.], dtype=torch.float64)
    """
    d, k = as_count("d", d, 0, ": it counts features"), _as_order(k)
    counts = [_comb(d, order) for order in k.flatten().tolist()]
    dtype = torch.float32 if k.device.type == "mps" else torch.float64  # Apple's devices have none
    return torch.tensor(counts, dtype=dtype, device=k.device).reshape(k.shape)


def _comb(d: int, k: int) -> float:
    fewer = min(k, d - k)
    # C(d, k) >= (d / k)**k: known to be out of range without the product of a million numbers
    if fewer > 0 and fewer * (math.log(d) - math.log(fewer)) > _LARGEST_LOG:
        return math.inf
    try:
        return float(math.comb(d, k))
    except OverflowError:
        return math.inf


@memory_errors()
def masked_expectation(
    f: Callable[[Tensor], Tensor],
    x: Tensor,
    *,
    p: float | Tensor,
    features: Sequence[int] | None = None,
) -> Tensor:
    r"""Expectation of `f` under input dropout, without sampling.

    With a raw mask `M` that sets each feature of `u` to zero with probability `p` (and does
    not rescale the others)

    .. math:: E_M f(x * M) = \sum_{v \subseteq u} p^{|v|} (1 - p)^{|u| - |v|}
              f(x_{u \setminus v}, 0_v).

    If `f` is a product of functions of the single features in `u`, each zero at zero, only
    the empty `v` is left: the effect is shrunk to ``(1 - p)**len(u)`` of its size.

    Parameters
    ----------
    f : callable
        Maps a tensor (n_samples, n_features) to a tensor whose first axis is n_samples.
        It is called ``2**len(u)`` times.
    x : tensor of shape (n_samples, n_features)
        Points at which to take the expectation.
    p : float or tensor of shape (n_features,)
        Probability of *dropping* a feature, in [0, 1].
    features : sequence of int, default=None
        The columns `u` that the mask acts on; all if None. Masking a feature that `f` does not
        use changes nothing, so for an effect `f` on few features name just those.

    Returns
    -------
    tensor
        Of the shape that `f` returns.

    Raises
    ------
    ValueError
        If `p` lies outside [0, 1] or has the wrong shape, a feature is unknown or named
        twice, or there are more than 20 features.

    References
    ----------
    Lengerich, Xing, Caruana (2022), *Dropout as a Regularizer of Interaction Effects*,
    AISTATS, theorem 1, where the two exponents are printed the wrong way round.

    Examples
    --------
    >>> import torch
    >>> from skdropout.functional import masked_expectation
    >>> x = torch.tensor([[2.0, 3.0, 5.0]])
    >>> masked_expectation(lambda x: x[:, 0] * x[:, 1] + x[:, 2], x, p=0.5)
    tensor([4.])
    """
    check_tensor("x", x, "(n_samples, n_features)", 2)
    u = _as_columns(features, x.shape[1])
    p = _as_rate(p).to(x.device, x.dtype)
    if p.ndim > 0 and p.shape != x.shape[1:]:
        raise ValueError(
            f"p must be one rate or one per feature, shape ({x.shape[1]},); got {tuple(p.shape)}."
        )
    drop = p.expand(x.shape[1])
    expectation = torch.zeros((), dtype=x.dtype, device=x.device)
    for size in range(len(u) + 1):
        for v in combinations(u, size):
            kept = [j for j in u if j not in v]
            x_v = x.clone()
            x_v[:, list(v)] = 0
            weight = drop[list(v)].prod() * (1 - drop[kept]).prod()
            expectation = expectation + weight * call(f, x_v)
    return expectation


def _as_rate(p: float | Tensor) -> Tensor:
    p = as_tensor("p", p)
    if not bool(((p >= 0) & (p <= 1)).all()):
        raise ValueError(
            f"p must be a dropout rate (probability of dropping) in [0, 1]; got {brief(p)}."
        )
    return p


def _as_order(k: int | Tensor) -> Tensor:
    try:
        order = torch.as_tensor(k)
    except (OverflowError, RuntimeError, TypeError, ValueError):
        order = torch.tensor(-1)
    if order.is_floating_point() or order.is_complex() or bool((order < 0).any()):
        raise ValueError(f"k must be an order of interaction, an integer >= 0; got {brief(k)}.")
    return order.long()


def _as_columns(features: Sequence[int] | None, n_features: int) -> list[int]:
    try:
        u: list[Any] = list(range(n_features)) if features is None else [*features]
    except TypeError:
        u = [None]
    # of a tensor or array each entry is one
    u = [j.item() if hasattr(j, "item") else j for j in u]
    are_numbers = all(isinstance(j, Integral) and not isinstance(j, bool) for j in u)
    if not are_numbers or not {*u} <= {*range(n_features)} or len({*u}) < len(u):
        raise ValueError(
            f"features must be distinct columns in 0..{n_features - 1}; got {brief(features)}."
        )
    if len(u) > _MAX_SUBSET:
        raise ValueError(
            f"features names {len(u)} columns, and f would be called 2**{len(u)} times; name at "
            f"most {_MAX_SUBSET}: those that f uses."
        )
    return u

"""How dropout acts on an interaction effect of a given order."""

from collections.abc import Callable, Sequence
from itertools import combinations
from math import comb
from typing import NamedTuple

import torch
from torch import Tensor

_MAX_SUBSET = 20  # 2**20 evaluations of f


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
    return learning_rate * survival_probability(p, k)


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
        The binomial coefficient ``C(d, k)``, of the shape of `k`; exact up to 2**53 (2**24).

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
    if d < 0:
        raise ValueError(f"d must be a number of features, >= 0; got {d}.")
    k = _as_order(k)
    counts = [float(comb(d, order)) for order in k.flatten().tolist()]
    dtype = torch.float32 if k.device.type == "mps" else torch.float64  # Apple's devices have none
    return torch.tensor(counts, dtype=dtype, device=k.device).reshape(k.shape)


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
    if x.ndim != 2:
        raise ValueError(f"x must have shape (n_samples, n_features); got {tuple(x.shape)}.")
    u = _as_columns(features, x.shape[1])
    p = torch.as_tensor(_as_rate(p), dtype=x.dtype, device=x.device)
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
            expectation = expectation + drop[list(v)].prod() * (1 - drop[kept]).prod() * f(x_v)
    return expectation


def _as_rate(p: float | Tensor) -> Tensor:
    p = p if isinstance(p, Tensor) else torch.as_tensor(p, dtype=torch.float64)
    if not bool(((p >= 0) & (p <= 1)).all()):
        raise ValueError(f"p must be a dropout rate (probability of dropping) in [0, 1]; got {p}.")
    return p


def _as_order(k: int | Tensor) -> Tensor:
    k = torch.as_tensor(k)
    if k.is_floating_point() or k.is_complex() or bool((k < 0).any()):
        raise ValueError(f"k must be an order of interaction, an integer >= 0; got {k}.")
    return k


def _as_columns(features: Sequence[int] | None, n_features: int) -> list[int]:
    u = list(range(n_features)) if features is None else [int(j) for j in features]
    if len(set(u)) < len(u) or not all(0 <= j < n_features for j in u):
        raise ValueError(f"features must be distinct columns in 0..{n_features - 1}; got {u}.")
    if len(u) > _MAX_SUBSET:
        raise ValueError(
            f"features names {len(u)} columns, and f would be called 2**{len(u)} times; name at "
            f"most {_MAX_SUBSET}: those that f uses."
        )
    return u


class PurifiedTable(NamedTuple):
    """Functional ANOVA of a table; the four parts, broadcast, sum to it.

    Attributes
    ----------
    intercept : tensor of shape ()
        Weighted mean of the table.
    mains : tuple of tensors, one per axis
        ``mains[i]`` has shape (n_i,) and weighted mean zero.
    pairs : dict of tensors
        ``pairs[i, j]`` (i < j) of shape (n_i, n_j): the pure pair effects of a 3-D table; empty
        for a 2-D one.
    pure : tensor, of the shape of the table
        What no function of fewer axes explains: its weighted mean along each axis is zero.
    """

    intercept: Tensor
    mains: tuple[Tensor, ...]
    pairs: dict[tuple[int, int], Tensor]
    pure: Tensor


def purify(
    table: Tensor, weights: Tensor | None = None, *, tol: float = 1e-10, max_iter: int = 10_000
) -> PurifiedTable:
    """Split a 2-D or 3-D table into pure effects by moving mass to lower orders.

    The weighted means along each axis are moved into the effects of the remaining axes, until
    all of them vanish; then the lower effects are purified likewise.

    Parameters
    ----------
    table : floating tensor of shape (n_0, n_1) or (n_0, n_1, n_2)
        Value of the effect in each cell.
    weights : tensor of the shape of `table`, default=None
        Weight (share of the data) of each cell, >= 0; equal if None. Where a whole line of
        cells has no weight it has no mean, and nothing is moved out of it.
    tol : float, default=1e-10
        Largest mean left behind, relative to the largest absolute value in the table. Never
        taken below ten times the resolution of the table's dtype.
    max_iter : int, default=10_000
        Many are needed only where the weights make two axes almost functions of each other.

    Returns
    -------
    PurifiedTable
        Named tuple ``(intercept, mains, pairs, pure)``, whose parts sum to `table`.

    Raises
    ------
    ValueError
        If the table is not 2-D or 3-D, or not finite; if the weights do not fit it, are
        negative or all zero; if `max_iter` did not suffice.

    References
    ----------
    Lengerich, Tan, Chang, Hooker, Caruana (2020), *Purifying Interaction Effects with the
    Functional ANOVA*, AISTATS, algorithms 1 and 2.

    Examples
    --------
    The logical AND of two features is a pair effect only to a quarter:

    >>> import torch
    >>> from skdropout.functional import purify
    >>> purified = purify(torch.tensor([[0.0, 0.0], [0.0, 1.0]]))
    >>> purified.intercept, purified.mains[0], purified.pure
    (tensor(0.2500), tensor([-0.2500,  0.2500]), tensor([[ 0.2500, -0.2500],
            [-0.2500,  0.2500]]))
    """
    weights = _check_weights(table, weights)
    tol = max(tol, 10 * torch.finfo(table.dtype).eps) * float(table.abs().max())
    axes = range(table.ndim)
    pure, moved = _move_mass(table, weights, tol, max_iter)

    pairs, mains = {}, [table.new_zeros(n) for n in table.shape]
    if table.ndim == 2:
        mains = [moved[1], moved[0]]
    else:
        for axis, (i, j) in zip(reversed(axes), combinations(axes, 2), strict=True):
            pair, (to_j, to_i) = _move_mass(moved[axis], weights.sum(axis), tol, max_iter)
            pairs[i, j] = pair
            mains[i] = mains[i] + to_i
            mains[j] = mains[j] + to_j

    intercept = table.new_zeros(())
    for axis in axes:
        marginal = weights.sum([other for other in axes if other != axis])
        mean = (marginal * mains[axis]).sum() / marginal.sum()
        mains[axis] = mains[axis] - mean
        intercept = intercept + mean
    return PurifiedTable(intercept, tuple(mains), pairs, pure)


def _move_mass(
    table: Tensor, weights: Tensor, tol: float, max_iter: int
) -> tuple[Tensor, list[Tensor]]:
    """Return the table without its means along any axis, and per axis what was moved out.

    Moving the means axis by axis is a descent on the weighted sum of squares of what remains,
    and a slow one where axes depend on each other; conjugate directions make it short.
    """
    totals = [weights.sum(axis) for axis in range(table.ndim)]
    moved = [table.new_zeros(total.shape) for total in totals]
    direction, last_size = moved, 1.0
    for _ in range(max_iter):
        means = [
            (weights * table).sum(axis) / torch.where(total > 0, total, 1)
            for axis, total in enumerate(totals)
        ]
        largest = max(float(mean.abs().max()) for mean in means)
        if largest <= tol:
            return table, moved
        size = sum((total * mean**2).sum() for total, mean in zip(totals, means, strict=True))
        direction = [m + size / last_size * d for m, d in zip(means, direction, strict=True)]
        change = sum(d.unsqueeze(axis) for axis, d in enumerate(direction))
        step = size / (weights * change**2).sum()
        table = table - step * change
        moved = [m + step * d for m, d in zip(moved, direction, strict=True)]
        last_size = size
    raise ValueError(
        f"max_iter={max_iter} steps left a mean of {largest:.1e} in the table, more than "
        f"{tol:.1e}: the weights make its axes almost functions of each other. Allow more "
        f"steps or a larger tol, or merge sparse bins."
    )


def _check_weights(table: Tensor, weights: Tensor | None) -> Tensor:
    if table.ndim not in (2, 3) or table.numel() == 0:
        raise ValueError(f"table must be 2-D or 3-D and not empty; got {tuple(table.shape)}.")
    if not table.is_floating_point() or not bool(table.isfinite().all()):
        raise ValueError(f"table must hold finite floating point values; got {table.dtype}.")
    if weights is None:
        return torch.ones_like(table)
    if weights.shape != table.shape:
        raise ValueError(
            f"weights must have the shape of table, {tuple(table.shape)}; "
            f"got {tuple(weights.shape)}."
        )
    weights = weights.to(table)
    if not bool((weights.isfinite() & (weights >= 0)).all()) or not bool(weights.any()):
        raise ValueError("weights must be finite, none negative, and not all zero.")
    return weights / weights.max()

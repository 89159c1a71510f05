"""A table split into pure effects: functional ANOVA of what is given cell by cell."""

import math
from itertools import combinations
from typing import NamedTuple

import torch
from torch import Tensor

from skdropout.functional._asked import memory_errors
from skdropout.functional._checks import (
    as_count,
    as_number,
    as_tensor,
    check_tensor,
    described,
    power_of_two,
)


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


@memory_errors()
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
    check_tensor("table", table, "(n_0, n_1) or (n_0, n_1, n_2)", 2, 3)
    if table.numel() == 0:
        raise ValueError(f"table must hold at least one cell; got shape {tuple(table.shape)}.")
    weights = _check_weights(table, weights)
    tol = as_number("tol", tol, "0 or more", lambda v: 0 <= v < math.inf)
    max_iter = as_count("max_iter", max_iter)
    # in units of about its largest value: sums of any finite numbers are finite then
    unit = power_of_two(table)
    intercept, mains, pairs, pure = _purified(table * (1 / unit), weights, tol, max_iter)
    return PurifiedTable(
        intercept * unit,
        tuple(main * unit for main in mains),
        {axes: pair * unit for axes, pair in pairs.items()},
        pure * unit,
    )


def _purified(
    table: Tensor, weights: Tensor, tol: float, max_iter: int
) -> tuple[Tensor, list[Tensor], dict[tuple[int, int], Tensor], Tensor]:
    tol = max(tol, 10 * torch.finfo(table.dtype).eps) * float(table.detach().abs().max())
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
    return intercept, mains, pairs, pure


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
        largest = max(float(mean.detach().abs().max()) for mean in means)
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
    if weights is None:
        return torch.ones_like(table)
    if getattr(weights, "shape", None) != table.shape:
        raise ValueError(
            f"weights must have the shape of table, {tuple(table.shape)}; got {described(weights)}."
        )
    weights = as_tensor("weights", weights)
    if not bool((weights.isfinite() & (weights >= 0)).all()) or not bool(weights.any()):
        raise ValueError("weights must be finite, none negative, and not all zero.")
    return (weights / weights.max()).to(table)

"""What a model believes that groups of columns do together, as functions of the rows."""

from itertools import combinations, product

import numpy as np
import torch

from skdropout.inspection._expansion import mid_ranks

_ROWS_AT_ONCE = 2**12
# Functions of each column whose products tell what 2, 3, ... columns do together.
_FUNCTIONS = {2: 4, 3: 2, 4: 2, 5: 1}
_ROWS_OF_BIN, _MOST_BINS = 20, 100
_ROUNDS = 4


def anchored_effects(model, rows, anchors, groups):
    r"""Effects of groups of columns beside anchors: rows that other cells are taken from.

    A group ``u`` of the largest size has

    .. math:: \sum_{v \subseteq u} (-1)^{|v|} f(a_v, x_{-v}),

    the row's own cells but those of ``v``, which are the anchor's: what is left are functions that
    ``u`` has a part in, and functions of fewer columns. Of smaller groups all columns outside are
    the anchor's, so that these functions are of ``u`` alone. As every row has the same anchors what
    else is left is a function of fewer columns too, and no noise.

    Parameters
    ----------
    model : Model
    rows : ndarray of int, shape (n_rows,)
    anchors : ndarray of int
    groups : list of tuple of int

    Returns
    -------
    effects : ndarray of shape (n_rows, n_groups, n_outputs)
        Means over anchors and the model's networks.
    """
    d, largest = model.n_columns, max(map(len, groups))
    masks, sums = {}, []
    for u in groups:
        terms = []
        for k in range(len(u) + 1):
            for v in combinations(u, k):
                mask = np.zeros(d, dtype=bool)
                if len(u) < largest:
                    mask[:] = True
                    mask[list(u)] = False
                mask[list(v)] = True
                terms.append((masks.setdefault(mask.tobytes(), len(masks)), (-1.0) ** k))
        sums.append(terms)
    changed = torch.tensor(np.array([np.frombuffer(mask, dtype=bool) for mask in masks]))
    signed = torch.zeros(len(masks), len(groups), dtype=torch.float64)
    for g, terms in enumerate(sums):
        for place, sign in terms:
            signed[place, g] += sign
    effects = []
    for block in torch.as_tensor(rows).split(max(_ROWS_AT_ONCE // len(changed), 1)):
        total = 0.0
        for anchor in anchors:
            source = torch.where(changed, int(anchor), block[:, None, None])
            parts = source.flatten(0, 1).split(_ROWS_AT_ONCE)
            f = torch.cat([model.scores(part).mean(0) for part in parts]).cpu().double()
            f = f.unflatten(0, (len(block), len(changed)))
            total = total + torch.einsum("rso,sg->rgo", f, signed)
        effects.append(total / len(anchors))
    return torch.cat(effects).numpy()


def beside_single_columns(effects, groups, codes, holds_levels):
    """Take from what groups do whatever one column of theirs tells of it, however finely.

    Parameters
    ----------
    effects : ndarray of shape (n_rows, n_groups, n_outputs)
    groups : list of tuple of int
    codes : ndarray of shape (n_rows, n_columns)
        Numbers, NaN where missing, and codes of levels.
    holds_levels : ndarray of bool, shape (n_columns,)

    Returns
    -------
    effects : ndarray of shape (n_rows, n_groups, n_outputs)
        Less their means over bins of each column, in turn.
    """
    n_bins = min(max(len(codes) // _ROWS_OF_BIN, 1), _MOST_BINS)
    bins = []
    for values, is_levels in zip(codes.T, holds_levels, strict=True):
        of_rows = values if is_levels else (mid_ranks(values) * n_bins).astype(int)
        bins.append(np.unique(of_rows, return_inverse=True)[1])
    effects = effects.copy()
    for g, u in enumerate(groups):
        for _ in range(_ROUNDS):
            for j in u:
                effects[:, g] -= _means(effects[:, g], bins[j])
    return effects


def products_within(group, bases, sizes):
    """Return products of functions of so many columns of a group.

    Parameters
    ----------
    group : tuple of int
    bases : list of ndarray of shape (n_functions, n_rows)
        Of each column, as of ``column_bases``.
    sizes : iterable of int

    Returns
    -------
    products : ndarray of shape (n_rows, n_products)
    """
    found = [
        np.prod(functions, axis=0)
        for k in sizes
        for v in combinations(group, k)
        for functions in product(*(bases[j][: _FUNCTIONS[k]] for j in v))
    ]
    return np.array(found).reshape(len(found), -1).T


def _means(values, bins):
    """Return for each row the mean over the rows of its bin."""
    total = np.zeros((bins.max() + 1, values.shape[1]))
    np.add.at(total, bins, values)
    return (total / np.bincount(bins)[:, None])[bins]

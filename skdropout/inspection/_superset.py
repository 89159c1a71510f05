"""How a group of columns acts together, from predictions alone: superset importance."""

from itertools import combinations

import torch

from skdropout.inspection._pair_effects import Moments

_ROWS_AT_ONCE = 2**12


def superset_effects(model, rows, partners, groups, mixing=None):
    r"""Mean squares of what is left of groups of columns when each cell of them is redrawn.

    .. math:: 2^{-|u|/2} \sum_{v \subseteq u} (-1)^{|v|} f_v,

    ``f_v`` the prediction with the cells of ``v`` redrawn. Where columns are redrawn independently,
    its mean square is the variance of all effects that contain ``u`` (Liu and Owen 2006).

    Parameters
    ----------
    model : Model
    rows : Tensor of shape (n_rows,)
    partners : Tensor of shape (n_rows,) or (n_rows, n_columns)
        The rows from which cells are redrawn, one for all columns or one for each.
    groups : list of tuple of int
        Ascending in length.
    mixing : Tensor, default=None
        As of ``Moments``, for the groups.

    Returns
    -------
    own, joint : Moments
        Of the columns, and of the groups.
    """
    own, joint = Moments(), Moments(mixing)
    d = model.n_columns
    partners = partners.reshape(len(partners), -1).expand(-1, d)
    singles = [(j,) for j in range(d)]
    below = (v for u in groups for k in range(2, len(u) + 1) for v in combinations(u, k))
    changes = [(), *singles, *dict.fromkeys(below)]
    place = {v: number for number, v in enumerate(changes)}
    changed = torch.zeros(len(changes), d, dtype=torch.bool)
    for number, v in enumerate(changes):
        changed[number, list(v)] = True
    of_columns, of_groups = (_signed_sums(of, place) for of in (singles, groups))
    step = max(_ROWS_AT_ONCE // len(changes), 1)
    for block in torch.arange(len(rows)).split(step):
        source = torch.where(changed, partners[block, None], rows[block, None, None])
        f = torch.cat([model.scores(part) for part in source.flatten(0, 1).split(_ROWS_AT_ONCE)], 1)
        f = f.unflatten(1, (len(block), len(changes)))
        own.add(_applied(of_columns, f))
        joint.add(_applied(of_groups, f))
    return own, joint


def _signed_sums(groups, place):
    """Return, for groups of each size, where their subsets are (n_groups, 2^k), and the signs."""
    sums = []
    for k in sorted({len(u) for u in groups}):
        below = [
            [v for m in range(k + 1) for v in combinations(u, m)] for u in groups if len(u) == k
        ]
        signs = torch.tensor([(-1.0) ** len(v) for v in below[0]]) / 2 ** (k / 2)
        sums.append((torch.tensor([[place[v] for v in subsets] for subsets in below]), signs))
    return sums


def _applied(sums, f):
    """Return the sums of predictions (n_members, n_rows, n_changes, n_outputs), group by group."""
    return torch.cat(
        [
            torch.einsum("mrgso,s->mrgo", f[:, :, places.to(f.device)], signs.to(f))
            for places, signs in sums
        ],
        2,
    )

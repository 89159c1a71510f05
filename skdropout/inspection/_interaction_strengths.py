"""Which columns act together in a fitted model."""

import warnings
from collections.abc import Iterable, Sequence
from itertools import chain, combinations
from numbers import Integral
from typing import Literal

import numpy as np
import torch
from sklearn.utils import Bunch

from skdropout._device import draw_seeds
from skdropout._table import TableLike
from skdropout.functional._inner import as_count, as_flag, as_number, check_choice
from skdropout.inspection._cells import as_table, column_names
from skdropout.inspection._dependence import Likeness
from skdropout.inspection._duplicates import near_duplicates, said_of
from skdropout.inspection._groups import check_exhaustive, measured_groups
from skdropout.inspection._look_into import look_into
from skdropout.inspection._model import FittedModel
from skdropout.inspection._pair_effects import Moments, hessian_effects
from skdropout.inspection._superset import superset_effects

_METHODS = ("auto", "smooth_hessian", "superset", "conditional")
# "auto" redraws the cells of at most so many pairs. Among more it looks at so many rows to choose
# these, and then at so many changed ones: else it would take longer than training.
_MOST_REDRAWN = 500
_ROWS_TO_CHOOSE_BY = 200
_MOST_EVALUATIONS = 2**17
_LARGEST_ORDER = 5
# The dependence from which on something is said, and what.
_FOLLOWS = {
    "superset": (
        0.25,
        "cells redrawn from any other row make rows that do not occur, and what the model says of "
        "these is measured: method='conditional' redraws from rows that are alike.",
    ),
    "auto": (
        0.9,
        "cells are redrawn from rows that are alike in the other columns, which hardly leaves them "
        "free to change: what such columns do together, or with others, counts little.",
    ),
}
# Columns that do next to nothing must not look important by division by nothing.
_LEAST_OWN_EFFECT = 1e-4


def interaction_strengths(
    estimator: FittedModel,
    X: TableLike,
    *,
    method: Literal["smooth_hessian", "superset", "conditional", "auto"] = "smooth_hessian",
    max_order: int = 2,
    exhaustive: bool = False,
    sigma: float = 0.25,
    n_perturbations: int | Literal["auto"] = "auto",
    n_points: int = 1000,
    exclude: Sequence[int | str] | None = None,
    normalize: bool = True,
    random_state: int | np.random.RandomState | None = None,
) -> Bunch:
    """Rank groups of columns of ``X`` by how strongly they act together in a fitted model.

    The strength of a pair is the root mean square, over rows of ``X``, of its joint effect on the
    model's output: the smoothed second derivative times the spread of both columns, or the change
    that is left when what each of the two cells changes alone is taken away. Networks of one
    ensemble are compared with each other: the mean is taken of products of what two different
    networks say, so effects that only one of them believes cancel.

    Parameters
    ----------
    estimator : estimator, skorch net or torch.nn.Module
        Fitted. Any network of the library, ``MLPRegressor`` or ``MLPClassifier`` of scikit-learn,
        a skorch net or torch module on numbers, or a pipeline ending in one whose steps make each
        of their columns out of one column; with ``method="superset"`` anything that predicts.
        Outputs explained are values (of networks with a log link their logarithm, in units of the
        standardised target for the library's own) or a classifier's score: the log-odds of the
        second of two classes, centred log-odds of more, each label's own log-odds, or the decision
        function where there are no probabilities. Several outputs are taken together.
    X : array-like or data frame of shape (n_samples, n_columns)
        Rows the model knows the like of.
    method : {"smooth_hessian", "superset", "conditional", "auto"}
        "smooth_hessian" needs gradients and takes a time proportional to the number of columns.
        "superset" needs predictions alone, takes a time proportional to the number of pairs, and
        redraws cells from other rows. Where columns depend on each other, that asks the model about
        rows that do not occur. "conditional" redraws the cells of each column that depends on the
        others from rows that are alike in these, see Notes, and is "superset" where none does.
        "auto" is "conditional" for up to 500 pairs; among more it is so for the 500 strongest by
        "smooth_hessian", all others being put behind them, and looks at fewer rows: 200 to choose
        by, then one in ``1 + n_columns + 500`` of 2**17. Categories are followed by
        "smooth_hessian" along the line from a row's vector to another row's, in the others they are
        redrawn.
    max_order : int
        Largest number of columns of a group, 2 to 5. From 3 on groups are measured by redrawn cells
        whatever the method, which then is about pairs; see Notes.
    exhaustive : bool
        Whether to look at all groups of up to ``max_order`` columns, where these are at most
        20,000. Else groups of three and more are looked at whose subsets are all among the 500
        strongest of their size, up to 500 of each size.
    sigma : float
        Noise that smooths the second derivatives, in standard deviations of each input.
    n_perturbations : int or "auto"
        Gradients a row and network for "smooth_hessian", even; twice as many of a single network,
        in two halves. "auto": twice the number of inputs, at most 64. A quarter as many again go
        into the columns' own effects.
    n_points : int
        Number of rows of ``X``, drawn at random, to average over.
    exclude : sequence of int or str, optional
        Columns whose pairs are of no interest; their strengths are zero.
    normalize : bool
        Whether to divide by the root of the geometric mean of the two columns' own effects. A
        network that learns a strong effect of one column makes small errors in proportion, and they
        look like interactions.
    random_state : int, RandomState instance or None
        Source of randomness.

    Returns
    -------
    result : Bunch
        - ``strengths``: ndarray (n_columns, n_columns), symmetric with zero diagonal, zero also
          where the estimate is below zero by chance;
        - ``errors``: ndarray of the same shape, standard errors, over rows, of the strengths;
        - ``pairs``: list of tuple of int, all pairs, strongest first;
        - ``names``: list of tuple of str, the same by name;
        - ``interactions``: list of tuple of int, all groups that were measured, strongest first,
          then the other pairs; ``pairs`` if ``max_order`` is 2;
        - ``interaction_strengths``: ndarray (n_interactions,), theirs, on one scale;
        - ``interaction_errors``: ndarray (n_interactions,), standard errors of these;
        - ``interaction_shares``: ndarray (n_interactions,), what each carries of the variance of
          the model's output, of which larger groups are a part with ``max_order=2``; with
          "smooth_hessian" that of a product of the two columns. NaN of what was only sorted out;
        - ``own_effects``: ndarray (n_columns,), root mean square of what each column does;
        - ``duplicates``: list of tuple of int, pairs left out, of columns of which one, nearly,
          determines the other;
        - ``dependence``: ndarray (n_columns,), how far each column is determined by all others, 0
          (independent, by chance a little to either side) to 1; None with "smooth_hessian", which
          redraws no cells;
        - ``feature_names``: list of str.

    Raises
    ------
    ValueError
        If a parameter cannot be used, or the estimator gives no gradients and the method needs
        them.

    Warns
    -----
    UserWarning
        If columns nearly duplicate each other; if ``method`` is "superset" and columns depend on
        others (a coefficient above 0.25); or if it is "auto" and others all but determine columns
        (above 0.9), beside such as duplicate each other. It says what follows.

    Notes
    -----
    The dependence of a column on the others is the coefficient of [3]_, which no kind of dependence
    escapes if there are rows enough: the sign of a product of two others is one. It compares rows
    with those most alike in the other columns, up to 2,000 rows (fewer of more than 150 columns),
    and by the 32 columns most correlated with the one in question, in proportion to the square of
    their maximal correlation. A column is dependent from 0.1 on, or four standard deviations of
    chance if that is more. Its cells are redrawn from one of the ten rows most alike, which keeps
    rows where there are data. What a column does that others all but determine is small then.

    What two columns do together of which one determines the other cannot be told from what either
    does. So pairs are left out, and groups that contain one, where the ranks of two columns of
    numbers correlate by more than 0.99 in size, or where a column is, but for a hundredth, a
    function of another one: the same levels by other names, a level and what it belongs to, a
    number and the class it falls in.

    Networks of an ensemble count equally here, whatever their ``member_weights_``.

    With ``max_order`` above 2 the strength of a group is the root of the variance of its *own*
    effect, without that of its subsets and of larger groups. Redrawing tells the variance ``S_u``
    of all effects that contain ``u`` [2]_, and the sum of ``(-1)^(|w| - |u|) S_w`` over the ``w``
    that contain ``u`` leaves its own; effects of more than ``max_order`` columns stay with the
    largest groups. So three columns whose product acts are one triple and, by ``interactions``, no
    pairs; by ``strengths``, which are never purified, they are three pairs too. As ``S_u`` is at
    most that of any subset, a triple without effects of its pairs is found by growing as any other.
    Missed are groups with a subset that is not among the 500 strongest of its size: weak ones in a
    table of many strong pairs, and with "smooth_hessian", or "auto" in a table of more than 500
    pairs, those whose pairs have small second derivatives, as those of a step are far from it.

    References
    ----------
    .. [1] Torop et al., "SmoothHess: ReLU Network Feature Interactions via Stein's Lemma",
       NeurIPS 2023, arXiv 2311.00858.
    .. [2] R. Liu, A. B. Owen, "Estimating Mean Dimensionality of Analysis of Variance
       Decompositions", JASA 101, 2006 (superset importance).
    .. [3] M. Azadkia, S. Chatterjee, "A simple measure of conditional dependence", Annals of
       Statistics 49, 2021, arXiv 1910.12327.

    Examples
    --------
    >>> import torch
    >>> from skdropout.inspection import interaction_strengths
    >>> class Product(torch.nn.Module):
    ...     def forward(self, x):
    ...         return x[:, 0] * x[:, 2] + x[:, 1]
    >>> X = torch.randn(200, 3, generator=torch.Generator().manual_seed(0)).numpy()
    >>> interaction_strengths(Product(), X, random_state=0).pairs[0]
    (0, 2)
    """
    sigma, n_points, max_order = _checked(method, sigma, n_perturbations, n_points, max_order)
    is_exhaustive = as_flag("exhaustive", exhaustive)
    normalize = as_flag("normalize", normalize)
    X = as_table(X)
    seed = draw_seeds(random_state, 1)[0]
    random_state = np.random.RandomState(seed)
    model = look_into(estimator, X)
    names, d = model.names, model.n_columns
    pairs = _candidates(d, _positions(exclude, names))
    duplicates = sorted({*near_duplicates(X, np.random.RandomState(seed))}.intersection(pairs))
    left_out = {*duplicates}
    pairs = [pair for pair in pairs if pair not in left_out]
    said = [said_of(duplicates, names)] if duplicates else []
    if is_exhaustive:
        check_exhaustive(len({j for pair in pairs for j in pair}), max_order)
    rows, partners = _rows(len(X), n_points, random_state)
    by_hessian = method == "smooth_hessian" or (method == "auto" and len(pairs) > _MOST_REDRAWN)
    if by_hessian:
        model.require_networks("use method='superset', which needs predictions alone")
    sources, dependence = partners, None
    if method != "smooth_hessian" or max_order > 2:
        likeness = Likeness(X, rows.numpy(), np.random.RandomState(seed))
        dependence = likeness.dependence
        if method in _FOLLOWS:
            least, what_follows = _FOLLOWS[method]
            dependent = likeness.said_of(names, least, without={*chain(*duplicates)})
            said += [f"{dependent}; {what_follows}"] if dependent else []
        if method != "superset":
            sources = torch.as_tensor(likeness.partners(partners.numpy()))

    if said:
        warnings.warn(" ".join(said), UserWarning, stacklevel=2)

    own = np.zeros(d)
    scores, errors, squares = np.zeros((3, len(pairs)))
    if by_hessian and pairs:
        generator = torch.Generator(model.networks[0].inputs.device)
        generator.manual_seed(random_state.randint(2**31))
        options = {"sigma": sigma, "n_perturbations": n_perturbations, "generator": generator}
        n_rows = len(rows) if method == "smooth_hessian" else _ROWS_TO_CHOOSE_BY
        moments = hessian_effects(model, rows[:n_rows], partners[:n_rows], pairs, **options)
        scores, errors, squares, own = _scores(*moments, pairs, normalize)
    if method != "smooth_hessian" and pairs:
        chosen, n_rows = np.arange(len(pairs)), len(rows)
        if by_hessian:
            chosen = np.sort(np.argsort(-scores, kind="stable")[:_MOST_REDRAWN])
            n_rows = max(_MOST_EVALUATIONS // (1 + d + len(chosen)), 2)
        redrawn = [pairs[p] for p in chosen]
        moments = superset_effects(model, rows[:n_rows], sources[:n_rows], redrawn)
        squares = np.full(len(pairs), np.nan)
        of_redrawn, errors[chosen], squares[chosen], own = _scores(*moments, redrawn, normalize)
        # the others keep their order and stay behind
        scores = scores - scores.max() + min(of_redrawn.min(), 0.0)
        scores[chosen] = of_redrawn

    order = np.argsort(-scores, kind="stable")
    ranked = [pairs[p] for p in order]
    interactions, of_interactions = ranked, [of[order] for of in (scores, errors, squares)]
    if max_order > 2 and pairs:
        groups, *moments = measured_groups(
            model, rows, sources, pairs, scores, max_order, is_exhaustive
        )
        *of_groups, own = _scores(*moments, groups, normalize)
        order = np.argsort(-of_groups[0], kind="stable")
        interactions = [groups[g] for g in order]
        others = [pair for pair in ranked if pair not in set(groups)]
        interactions += others
        of_interactions = [
            np.append(of[order], np.full(len(others), unknown))
            for of, unknown in zip(of_groups, (0.0, 0.0, np.nan), strict=True)
        ]
    total = _variance(model, rows)
    return Bunch(
        strengths=_symmetric(np.maximum(scores, 0.0), pairs, d),
        errors=_symmetric(errors, pairs, d),
        pairs=ranked,
        names=[(names[i], names[j]) for i, j in ranked],
        interactions=interactions,
        interaction_strengths=np.maximum(of_interactions[0], 0.0),
        interaction_errors=of_interactions[1],
        interaction_shares=np.maximum(of_interactions[2], 0.0) / (total if total > 0 else 1.0),
        own_effects=own,
        duplicates=duplicates,
        dependence=dependence,
        feature_names=names,
    )


def _scores(own, joint, groups, normalize):
    """Return of groups scores, errors and mean squares (n_groups,), of columns own effects."""
    square, error = joint.mean.cpu().numpy(), joint.error.cpu().numpy()
    scores = np.sign(square) * np.sqrt(np.abs(square))
    # the error of a root, finite where the root is zero
    errors = error / np.sqrt(np.maximum(4 * np.abs(square), error) + np.finfo(float).tiny)
    own_square = np.maximum(own.mean.cpu().numpy(), 0.0)
    if normalize:
        floor = np.maximum(own_square, _LEAST_OWN_EFFECT * own_square.max(initial=0.0))
        # the root of the geometric mean of the columns' own effects
        scale = np.array([floor[list(u)].prod() ** (0.25 / len(u)) for u in groups])
        scale[scale == 0] = 1.0
        scores, errors = scores / scale, errors / scale
    return scores, errors, square, np.sqrt(own_square)


def _variance(model, rows):
    """Return the variance over rows of what the networks say, as far as they agree."""
    source = rows[:, None].expand(-1, model.n_columns)
    scores = model.scores(source)
    moments = Moments()
    moments.add((scores - scores.mean(1, keepdim=True))[:, :, None])
    return float(moments.mean)


def _symmetric(values, pairs, d):
    matrix = np.zeros((d, d))
    if pairs:
        first, second = np.array(pairs).T
        matrix[first, second] = matrix[second, first] = values
    return matrix


def _rows(n_rows, n_points, random_state):
    """Draw rows to look at, and for each another row to draw cells from."""
    rows = random_state.permutation(n_rows)[:n_points]
    away = random_state.randint(1, max(n_rows, 2), size=len(rows))
    return torch.as_tensor(rows), torch.as_tensor((rows + away) % n_rows)


def _candidates(d, excluded):
    return [pair for pair in combinations(range(d), 2) if not excluded.intersection(pair)]


def _positions(columns, names):
    """Return the positions of ``columns``, given by position or name."""
    positions = set()
    is_list = isinstance(columns, Iterable | None) and getattr(columns, "shape", None) != ()
    if not is_list or isinstance(columns, str | bytes):
        raise ValueError(f"exclude={columns!r} must be a list of columns, such as ['hour'] or [0].")
    for column in () if columns is None else columns:
        if isinstance(column, Integral) and 0 <= column < len(names):
            positions.add(int(column))
        elif isinstance(column, str) and column in names:
            positions.add(names.index(column))
        else:
            raise ValueError(f"exclude names {column!r}, which is no column; there are {names}.")
    return positions


def check_measurement(
    X, *, method, max_order, exhaustive, sigma, n_perturbations, n_points, exclude
):
    """Refuse what ``interaction_strengths`` would refuse, before anything is trained for it."""
    *_, max_order = _checked(method, sigma, n_perturbations, n_points, max_order)
    names = column_names(as_table(X))
    n_excluded = len(_positions(exclude, names))
    if as_flag("exhaustive", exhaustive):
        check_exhaustive(len(names) - n_excluded, max_order)


def _checked(method, sigma, n_perturbations, n_points, max_order):
    check_choice("method", method, _METHODS)
    sigma = as_number(
        "sigma", sigma, "positive: it is in standard deviations", lambda v: 0 < v < np.inf
    )
    is_count = isinstance(n_perturbations, Integral) and n_perturbations >= 2
    is_auto = isinstance(n_perturbations, str) and n_perturbations == "auto"
    if not is_auto and (not is_count or n_perturbations % 2):
        raise ValueError(
            f"n_perturbations={n_perturbations!r} must be 'auto' or a positive even integer: "
            "perturbations come in mirrored pairs."
        )
    max_order = as_count("max_order", max_order, 2)
    if max_order > _LARGEST_ORDER:
        raise ValueError(
            f"max_order={max_order} must be at most {_LARGEST_ORDER}: a group of k columns "
            "takes 2^k predictions a row."
        )
    return sigma, as_count("n_points", n_points, 2), max_order

"""Which interactions hold on rows that no model was trained on: p-values and q-values."""

from collections.abc import Sequence
from itertools import combinations
from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike
from sklearn.preprocessing import SplineTransformer
from sklearn.utils import Bunch, check_consistent_length

from skdropout._device import draw_seeds
from skdropout._table import TableLike
from skdropout.functional._inner import as_count, brief
from skdropout.inspection._anchored import anchored_effects, beside_single_columns, products_within
from skdropout.inspection._cells import as_table, as_targets, coded, column_names, take_rows
from skdropout.inspection._expansion import column_bases, mid_ranks, orthonormal_basis
from skdropout.inspection._forward import Output, forward
from skdropout.inspection._look_into import look_into
from skdropout.inspection._model import FittedModel
from skdropout.inspection._score import Regression

_MOST_ANCHORS = 8
_MOST_EVALUATIONS = 2**21
_LEAST_ROWS = 1000  # where that takes more evaluations
_KNOTS = 10
_MOST_LEVELS = 32  # each with a constant of its own; rarer ones share one
_ROWS_PER_FUNCTION = 5  # of what columns do alone
_ROWS_PER_FEATURE = 10  # of interactions that are tested
_ROWS_PER_OWN = 20  # of what one that has passed may do otherwise than models say


def interaction_tests(
    estimators: Sequence[FittedModel],
    X: TableLike,
    y: ArrayLike,
    rows: Sequence[ArrayLike],
    *,
    interactions: Sequence[Sequence[int]] | None = None,
    n_hypotheses: int | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> Bunch:
    r"""Test which interactions are real, on rows that the models were not trained on.

    Models of a cross-validation propose how columns act together; the rows that each of them never
    saw decide. With :math:`D_u` what the columns :math:`u` do together in a prediction, the target
    of unseen rows is regressed on functions of every column by itself, and each :math:`D_u` is
    tested beside them. The clearest one, if it passes, joins them, and all others are tested again;
    pairs come first, then triples, and so on. Where columns act only by themselves these functions
    say all there is to say, whatever the models believe and however columns depend on each other.
    So an interaction passes only if it tells something that is new; of two columns that say much
    the same, one will do.

    Parameters
    ----------
    estimators : sequence of estimator, skorch net or torch.nn.Module
        Fitted to different parts of the rows, such as ``cross_validate(...,
        return_estimator=True)["estimator"]``. Anything that predicts will do, see
        :func:`interaction_strengths`.
    X : array-like or data frame of shape (n_samples, n_columns)
        The whole table.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Targets: numbers, classes or labels.
    rows : sequence of array-like of int
        For each estimator the numbers of the rows that it has not seen, such as
        ``cross_validate(..., return_indices=True)["indices"]["test"]``. What several have not seen
        is told by the mean of what they say. Rows that all have seen are not used.
    interactions : sequence of tuple of int, default=None
        The candidates, pairs of columns or larger groups. None: all pairs.
    n_hypotheses : int, default=None
        How many there were to choose candidates from, for the q-values. None: as many as
        ``interactions``.
    random_state : int, RandomState instance or None, default=None
        Source of randomness.

    Returns
    -------
    result : Bunch
        - ``interactions``: list of tuple of int, in the order given;
        - ``p_values``: ndarray (n_interactions,), probability of so large a coefficient where the
          columns do not act together, beside all that passed before;
        - ``q_values``: ndarray (n_interactions,), the false discovery rate at which an interaction
          just passes [2]_: of those whose value is at most 0.05, on average at most 5 % are false.
          Those above 0.2 are tested beside those below;
        - ``z_scores``: ndarray (n_interactions,), coefficients in units of their standard errors;
        - ``n_rows``: number of rows used;
        - ``feature_names``: list of str.

    Raises
    ------
    ValueError
        If there are not as many sets of rows as estimators, rows that ``X`` has not, or groups
        that are none.

    Notes
    -----
    The coefficients' errors are White's, so neither equal variances nor a law of the noise are
    taken for granted; classes are compared by logistic regressions, each with the most frequent
    one, targets of a model with a log link by a log-linear one. Of several outputs or classes the
    least p-value counts, times their number. What columns do alone is told by cubic splines of
    their ranks, and levels by constants; these are few where rows are few, and steps or waves of a
    dependent column that are finer may then pass for an interaction.

    :math:`D_u` is the prediction less those with cells of :math:`u` taken from another row, by
    inclusion and exclusion: what is left are effects that all of :math:`u` have a part in and, as
    that other row is the same for all (a few such are averaged), functions of fewer columns. Those
    of single columns are taken away by means over many bins, so a step of the target that splines
    cannot follow is taken for no interaction; in groups of three and more those of fewer are taken
    away by regression on products of functions. Of groups that are not the largest all cells
    outside are from the other row, so a pair beside triples passes for what it does itself.

    Of more candidates than a tenth of the rows those are tested with which predictions vary most;
    the p-values of the others are one.

    Rows that a network stopped training by have been seen, though not learnt from; in simulations
    that did not show in the error rate.

    References
    ----------
    .. [1] V. Chernozhukov et al., "Double/debiased machine learning for treatment and structural
       parameters", Econometrics Journal 21, 2018 (models and tests on different rows).
    .. [2] Y. Benjamini, Y. Gavrilov, "A simple forward selection procedure based on false discovery
       rate control", Annals of Applied Statistics 3, 2009.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.model_selection import cross_validate
    >>> from skdropout import DropoutMLPRegressor
    >>> from skdropout.inspection import interaction_tests
    >>> X = np.random.default_rng(0).normal(size=(300, 4))
    >>> y = X[:, 0] * X[:, 2] + X[:, 1]
    >>> net = DropoutMLPRegressor((32,), dropout=0.1, learning_rate_init=0.01, max_iter=30,
    ...                           n_members=1, random_state=0)
    >>> cv = cross_validate(net, X, y, cv=3, return_estimator=True, return_indices=True)
    >>> tests = interaction_tests(cv["estimator"], X, y, cv["indices"]["test"], random_state=0)
    >>> [pair for pair, q in zip(tests.interactions, tests.q_values) if q <= 0.05]
    [(0, 2)]
    """
    X = as_table(X)
    names, (n_samples, d) = column_names(X), X.shape
    check_consistent_length(X, y)
    groups = _groups(interactions, d)
    if n_hypotheses is None:
        n_hypotheses = len(groups)
    n_hypotheses = as_count("n_hypotheses", n_hypotheses, max(len(groups), 1))
    estimators = _listed("estimators", estimators, "fitted models")
    parts = _parts(estimators, rows, n_samples)
    random_state = np.random.RandomState(draw_seeds(random_state, 1)[0])
    models = [look_into(estimator, X) for estimator in estimators]
    n_anchors, parts = _affordable(parts, 1 + d + len(groups), random_state)
    (z, p_values, q_values), n_rows = np.outer([0.0, 1.0, 1.0], np.ones(len(groups))), 0
    if groups:
        seen, model_of_row, effects = _effects(models, parts, groups, n_anchors, random_state)
        n_rows = len(seen)
        # by how far predictions move, which no target of these rows has had a part in
        most = max(n_rows // _ROWS_PER_FEATURE, 1)
        tested = np.argsort(-effects.var(0).sum(-1), kind="stable")[:most]
        codes, holds_levels = coded(take_rows(X, seen))
        candidates = [groups[g] for g in tested]
        effects = beside_single_columns(effects[:, tested], candidates, codes, holds_levels)
        outputs = _outputs(models[0], effects, _targets(y, models[0])[seen])
        by_output = _tested(
            candidates,
            outputs,
            _alone(codes, holds_levels),
            column_bases(codes, holds_levels),
            model_of_row,
        )
        sizes = np.array([len(u) for u in candidates])
        found = forward(by_output, sizes, n_hypotheses)
        z[tested], p_values[tested], q_values[tested] = found
    return Bunch(
        interactions=groups,
        p_values=p_values,
        q_values=q_values,
        z_scores=z,
        n_rows=n_rows,
        feature_names=names,
    )


def _groups(interactions, d):
    if interactions is None:
        return [*combinations(range(d), 2)]
    groups = []
    for given in _listed("interactions", interactions, "groups of columns, such as [(0, 1)]"):
        columns = list(given) if isinstance(given, Sequence | np.ndarray) else [given]
        are_places = all(isinstance(j, Integral) and 0 <= j < d for j in columns)
        if len(columns) < 2 or not are_places or len({*columns}) < len(columns):
            raise ValueError(
                f"interactions holds {given!r}, which is no group of two or more different columns "
                f"from 0 to {d - 1}."
            )
        groups.append(tuple(sorted(int(j) for j in columns)))
    return groups


def _listed(name, values, of):
    """Return a list of what is given, refusing what is none."""
    is_list = isinstance(values, Sequence | np.ndarray) and not isinstance(values, str | bytes)
    if not is_list or getattr(values, "ndim", 1) == 0:
        raise ValueError(f"{name}={brief(values)} must be a list of {of}.")
    return [*values]


def _parts(estimators, rows, n_samples):
    """Return the unseen rows of each estimator, checked."""
    rows = _listed("rows", rows, "arrays of row numbers, one for each estimator")
    parts = [np.asarray(part) for part in rows]
    if len(parts) != len(estimators) or not parts:
        raise ValueError(
            f"rows has {len(parts)} entries for {len(estimators)} estimators; give each "
            "estimator, of one or more, the rows it has not seen."
        )
    for part in parts:
        if part.ndim != 1 or (part.size and part.dtype.kind not in "iu"):
            raise ValueError("rows must hold arrays of row numbers, one for each estimator.")
        if part.size and not 0 <= part.min() <= part.max() < n_samples:
            raise ValueError(f"rows has numbers that X has not; they go from 0 to {n_samples - 1}.")
    if not any(part.size for part in parts):
        raise ValueError("rows are empty: each estimator has seen every row; give unseen ones.")
    return parts


def _affordable(parts, n_changes, random_state):
    """Return how many anchors to take, and as many rows of each part as there is time for."""
    n_rows = sum(map(len, parts))
    n_anchors = int(np.clip(_MOST_EVALUATIONS // (n_changes * n_rows), 1, _MOST_ANCHORS))
    most = max(_MOST_EVALUATIONS // (n_changes * n_anchors), _LEAST_ROWS)
    if n_rows > most:
        share = most / n_rows
        parts = [
            np.sort(random_state.permutation(part)[: max(round(share * len(part)), 1)])
            for part in parts
        ]
    return n_anchors, parts


def _effects(models, parts, groups, n_anchors, random_state):
    """Return the rows used, of which model each is, and what groups do, (n_rows, n_groups, ...)."""
    seen, place = np.unique(np.concatenate(parts), return_inverse=True)
    anchors = seen[random_state.randint(len(seen), size=n_anchors)]
    of_parts = [
        anchored_effects(model, part, anchors, groups)
        for model, part in zip(models, parts, strict=True)
        if len(part)
    ]
    of_parts = np.concatenate(of_parts)
    total = np.zeros((len(seen), *of_parts.shape[1:]))
    np.add.at(total, place, of_parts)
    model_of_row = np.empty(len(seen), dtype=int)
    model_of_row[place] = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    return seen, model_of_row, total / np.bincount(place)[:, None, None]


def _tested(groups, outputs, alone, bases, model_of_row):
    """Return what each output's candidates are tested by."""
    place = {u: g for g, u in enumerate(groups)}

    def of_output(effects, rows, y, link):
        own_bases = [basis[:, rows] for basis in bases]

        def fewer(g):
            group, sizes = groups[g], range(2, len(groups[g]))
            if not sizes:
                return None
            within = [place[v] for k in sizes for v in combinations(group, k) if v in place]
            return np.hstack([effects[:, within], products_within(group, own_bases, sizes)])

        def own(g):
            functions = products_within(groups[g], own_bases, range(2, len(groups[g]) + 1))
            is_affordable = functions.shape[1] * _ROWS_PER_OWN <= len(y)
            return functions if is_affordable else functions[:, :0]

        return Output(Regression(y, alone[rows], link), effects, model_of_row[rows], fewer, own)

    return [of_output(*output) for output in outputs]


def _targets(y, model):
    """Return targets as numbers, or as indicators of classes or labels, (n_samples, n_outputs)."""
    y = as_targets(y, model.classes is None or model.are_labels)
    if model.classes is None or model.are_labels:
        return y.reshape(len(y), -1).astype(float)
    return (y.reshape(-1, 1) == np.asarray(model.classes)).astype(float)


def _outputs(model, effects, y):
    """Return regressions: effects (n_rows, n_groups), which rows, their targets, and the link."""
    every, found = np.ones(len(y), dtype=bool), []
    if model.classes is None or model.are_labels:
        link = "logit" if model.are_labels else "log" if model.has_log_link else "identity"
        for k in range(effects.shape[-1]):  # several quantiles are of one target
            found.append((effects[..., k], every, y[:, min(k, y.shape[1] - 1)], link))
    elif y.shape[1] == 2:  # the score is the log-odds of the second class
        found.append((effects[..., 0], every, y[:, 1], "logit"))
    else:
        common = int(y.sum(0).argmax())
        for k in np.flatnonzero(y.any(0)):
            if k != common:
                rows = y[:, k] + y[:, common] > 0
                of_class = effects[..., k] - effects[..., common]
                found.append((of_class[rows], rows, y[rows, k], "logit"))
    return found


def _alone(codes, holds_levels):
    """Return functions of every column by itself, (n_rows, n_functions)."""
    n, d = codes.shape
    most = max(n // (_ROWS_PER_FUNCTION * d), 1)
    functions = []
    for values, is_levels in zip(codes.T, holds_levels, strict=True):
        is_few = len(np.unique(values[~np.isnan(values)])) <= _KNOTS
        if is_levels or (is_few and not np.isnan(values).any()):
            functions.append(orthonormal_basis(values, True, min(_MOST_LEVELS, most)).T)
        else:
            functions.append(_splines(values, most))
    return np.concatenate(functions, axis=1)


def _splines(values, most):
    """Return the value, whether it is missing, and cubic splines of the rank, as many as wanted."""
    # its value, whether it is missing, its rank
    functions = orthonormal_basis(values, False, min(most, 3)).T
    n_knots = min(_KNOTS, most - 3)
    if n_knots < 2:
        return functions
    splines = SplineTransformer(n_knots, degree=3, include_bias=False)
    return np.hstack([functions, splines.fit_transform(mid_ranks(values)[:, None])])

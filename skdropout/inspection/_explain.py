"""What a model has learnt, and what adds up to a prediction, as ``interpret.show`` displays it."""

from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from skdropout._device import draw_seeds
from skdropout._table import TableLike, as_objects, column_of
from skdropout.functional._inner import as_count
from skdropout.inspection._anova import Anova, grid_of, rows_of_grid
from skdropout.inspection._cells import as_table, as_targets, column_names, numbers_of, with_rows
from skdropout.inspection._interaction_strengths import interaction_strengths
from skdropout.inspection._model import FittedModel

if TYPE_CHECKING:
    from interpret.api.templates import FeatureValueExplanation


_DENSITY_BINS = 20
_WIDE = np.finfo(float).max / 4
_REST = "all other interactions"


def explain_global(
    estimator: FittedModel,
    X: TableLike,
    *,
    interactions: int | Sequence[tuple[int | str, int | str]] = 10,
    output: Any = None,
    n_grid: int = 32,
    n_points: int = 200,
    name: str | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> "FeatureValueExplanation":
    """Draw up main effects and strongest pairs of a fitted model for ``interpret.show``.

    Effects are those of the functional ANOVA with columns drawn independently of each other: a
    main effect is a centred partial dependence, a pair's is what its partial dependence holds
    beyond the two main effects. Scores are in units of the target; of two classes log-odds, of
    more centred log-odds, of labels each one's own log-odds.

    Parameters
    ----------
    estimator : estimator
        Fitted: any of the library's, or whatever else predicts, see :func:`interaction_strengths`.
    X : array-like or data frame of shape (n_samples, n_columns)
        Rows the model knows the like of, such as those it was trained on.
    interactions : int or list of pairs, default=10
        Number of pairs, those that :func:`interaction_strengths` finds strongest, or the pairs
        themselves, of names or positions.
    output : object, default=None
        Class or label whose score to explain, or index of one of several outputs; needed where
        there are more than two classes, or more than one output.
    n_grid : int, default=32
        Number of values of a column of numbers, quantiles of ``X``; half as many in a pair.
        Categories have all theirs.
    n_points : int, default=200
        Number of rows to average over.
    name : str, default=None
        Name of the explanation; None is the class of the estimator.
    random_state : int, RandomState instance or None, default=None
        Draws the rows.

    Returns
    -------
    explanation : interpret.api.templates.FeatureValueExplanation
        ``explanation_type`` is "global". ``data()`` holds each term's mean absolute score,
        ``data(k)`` the k-th term; the bounds of main effects are a standard error of the average
        to either side. ``visualize(k)`` needs plotly.

    Raises
    ------
    ImportError
        If interpret is not installed.
    ValueError
        If a pair or an output is none of the model's.

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> from skdropout import DropoutMLPRegressor
    >>> from skdropout.inspection import explain_global
    >>> X, y = make_friedman1(n_samples=300, n_features=5, random_state=0)
    >>> model = DropoutMLPRegressor((32,), learning_rate_init=0.01, max_iter=30, random_state=0)
    >>> explanation = explain_global(model.fit(X, y), X, interactions=1, random_state=0)
    >>> explanation.feature_names
    ['x0', 'x1', 'x2', 'x3', 'x4', 'x0 & x1']
    """
    template = _interpret_template("explain_global")
    n_grid, n_points = as_count("n_grid", n_grid, 2), as_count("n_points", n_points)
    X, names = as_table(X), column_names(as_table(X))
    seeds = draw_seeds(random_state, 2)
    anova = Anova(estimator, X, _background_rows(len(X), n_points, seeds[0]), output)
    pairs = _chosen_pairs(estimator, X, interactions, names, seeds[1])
    terms, importances, types = [], [], []
    for j in range(len(names)):
        rows, values = grid_of(X, j, n_grid)
        weight = rows_of_grid(X, j, values)
        scores, errors = anova.main(j, rows, weight)
        terms.append(_main(scores, errors, values, _density(X, j, values, weight)))
        importances.append(float(np.average(np.abs(scores), weights=weight)))
        types.append("nominal" if values.dtype == object else "continuous")
    for pair in pairs:
        rows, values = zip(*(grid_of(X, j, max(n_grid // 2, 2)) for j in pair), strict=True)
        weights = [rows_of_grid(X, j, v) for j, v in zip(pair, values, strict=True)]
        scores = anova.pair(pair, rows, weights)
        terms.append(_pair(scores, values))
        importances.append(float(np.average(np.abs(scores), weights=np.outer(*weights))))
        types.append("interaction")
    most = max(np.abs(term["scores"]).max() for term in terms)
    for term in terms:
        term["scores_range"] = (-most, most)
    of_terms = _term_names(names, pairs)
    return template(
        "global",
        {
            "overall": {"type": "univariate", "names": of_terms, "scores": importances},
            "specific": terms,
            "mli": [],
        },
        feature_names=of_terms,
        feature_types=types,
        name=type(estimator).__name__ if name is None else name,
        selector=_global_selector(X, of_terms, types),
    )


def explain_local(
    estimator: FittedModel,
    X: TableLike,
    y: ArrayLike | None = None,
    *,
    background: TableLike | None = None,
    interactions: int | Sequence[tuple[int | str, int | str]] = 10,
    output: Any = None,
    n_points: int = 200,
    name: str | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> "FeatureValueExplanation":
    """Draw up what columns and pairs add to single predictions, for ``interpret.show``.

    The terms are those of :func:`explain_global`, at each row's own cells. What they leave of the
    prediction is shown as "all other interactions", so that with the intercept, the mean score, the
    sum is the model's own score.

    Parameters
    ----------
    estimator : estimator
        Fitted, as for :func:`explain_global`.
    X : array-like or data frame of shape (n_samples, n_columns)
        Rows to explain; the time is proportional to their number.
    y : array-like of shape (n_samples,), default=None
        Their targets, to be shown beside the predictions.
    background : array-like or data frame of shape (n_background, n_columns), default=None
        Rows the model knows the like of, such as those it was trained on: what a cell adds is what
        it adds to their mean. None: the rows to explain, which should then be some hundred.
    interactions : int or list of pairs, default=10
        As for :func:`explain_global`; strengths are measured on ``background``.
    output : object, default=None
        As for :func:`explain_global`.
    n_points : int, default=200
        Number of rows of ``background`` to average over.
    name : str, default=None
        Name of the explanation; None is the class of the estimator.
    random_state : int, RandomState instance or None, default=None
        Draws the rows.

    Returns
    -------
    explanation : interpret.api.templates.FeatureValueExplanation
        ``explanation_type`` is "local", and ``data(k)`` holds what adds up to the score of row k.

    Raises
    ------
    ImportError
        If interpret is not installed.
    ValueError
        If a pair or an output is none of the model's, if tables differ in their columns, or if
        there is no ``background`` beside a single row.

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> from skdropout import DropoutMLPRegressor
    >>> from skdropout.inspection import explain_local
    >>> X, y = make_friedman1(n_samples=300, n_features=5, random_state=0)
    >>> model = DropoutMLPRegressor((32,), max_iter=5, random_state=0).fit(X, y)
    >>> found = explain_local(model, X[:2], background=X, interactions=1, random_state=0).data(0)
    >>> bool(abs(sum(found["scores"], found["extra"]["scores"][0]) - model.predict(X)[0]) < 1e-6)
    True
    """
    template = _interpret_template("explain_local")
    n_points = as_count("n_points", n_points)
    X = as_table(X)
    if background is None and len(X) < 2:
        raise ValueError(
            f"X has {len(X)} rows, which leaves nothing to compare a row with; give background=, "
            "such as the rows that the model was trained on."
        )
    background = X if background is None else as_table(background)
    names = column_names(background)
    if column_names(X) != names:
        raise ValueError(f"X has the columns {column_names(X)}, but background has {names}.")
    seeds = draw_seeds(random_state, 2)
    both = with_rows(X, background)
    points = len(X) + _background_rows(len(background), n_points, seeds[0])
    anova = Anova(estimator, both, points, output)
    pairs = _chosen_pairs(estimator, background, interactions, names, seeds[1])
    of_terms = [*_term_names(names, pairs), _REST]
    scores = anova.of_rows(np.arange(len(X)), pairs)
    cells = np.array([as_objects(column_of(X, j)) for j in range(len(names))], dtype=object).T
    shown, classes = _predictions(anova, len(X), y)
    rows = [
        {
            "type": "univariate",
            "names": list(of_terms),
            "scores": terms.tolist(),
            "values": [*of_row, *[""] * (len(pairs) + 1)],
            "extra": {"names": ["Intercept"], "scores": [float(anova.intercept)], "values": [1]},
            "perf": prediction,
        }
        | ({} if classes is None else {"meta": {"label_names": classes}})
        for terms, of_row, prediction in zip(scores, cells, shown, strict=True)
    ]
    types = [
        "nominal" if grid_of(background, j, 2)[1].dtype == object else "continuous"
        for j in range(len(names))
    ]
    return template(
        "local",
        {"overall": None, "specific": rows, "mli": []},
        feature_names=of_terms,
        feature_types=[*types, *["interaction"] * (len(pairs) + 1)],
        name=type(estimator).__name__ if name is None else name,
        selector=_local_selector(shown),
    )


def _interpret_template(caller):
    try:
        from interpret.api.templates import FeatureValueExplanation
    except ImportError as error:
        raise ImportError(
            f"{caller} needs interpret; install it with pip install 'skdropout[interpret]'."
        ) from error
    return FeatureValueExplanation


def _background_rows(n_rows, n_points, seed):
    return np.random.RandomState(seed).permutation(n_rows)[:n_points]


def _chosen_pairs(estimator, X, interactions, names, seed):
    """Return pairs of positions."""
    if isinstance(interactions, Integral) or getattr(interactions, "shape", None) == ():
        if not interactions:
            return []
        n_pairs = as_count("interactions", interactions, 0)
        found = interaction_strengths(estimator, X, method="conditional", random_state=seed)
        return found.pairs[:n_pairs]
    if isinstance(interactions, str | bytes) or not isinstance(interactions, Iterable):
        raise ValueError(
            f"interactions={interactions!r} must be a number of pairs, or a list of them."
        )
    interactions = [*interactions]
    pairs = [pair_of(pair, names) for pair in interactions]
    for given, pair in zip(interactions, pairs, strict=True):
        if pair is None:
            raise ValueError(
                f"interactions holds {given!r}, which is no pair of columns of {names}."
            )
    return pairs


def pair_of(pair, names):
    """Return a pair of columns, given by names or positions, as positions; None if it is none."""
    if isinstance(pair, str | bytes) or not isinstance(pair, Sequence | np.ndarray):
        return None
    places = [names.index(c) if isinstance(c, str) and c in names else c for c in pair]
    is_place = all(isinstance(c, Integral) and 0 <= c < len(names) for c in places)
    return tuple(map(int, places)) if is_place and len(places) == 2 == len({*places}) else None


def _term_names(names, pairs):
    return [*names, *(f"{names[i]} & {names[j]}" for i, j in pairs)]


def _main(scores, errors, values, density):
    return {
        "type": "univariate",
        "names": values.tolist(),
        "scores": scores,
        "upper_bounds": scores + errors,
        "lower_bounds": scores - errors,
        "density": density,
    }


def _pair(scores, values):
    left, right = (v.tolist() for v in values)
    return {"type": "interaction", "left_names": left, "right_names": right, "scores": scores}


def _density(X, column, values, weight):
    if values.dtype == object:
        return {"names": values.tolist(), "scores": weight.tolist()}
    numbers = numbers_of(X, column)
    counts, edges = _histogram(numbers[np.isfinite(numbers)])
    return {"names": edges.tolist(), "scores": counts.tolist()}


def _histogram(numbers):
    low, high = numbers.min(), numbers.max()
    share = np.linspace(0, 1, _DENSITY_BINS + 1)
    edges = low * (1 - share) + high * share
    is_fine = abs(low) < 1e14 if low == high else (np.diff(edges) > 0).all()
    if is_fine and high / 2 - low / 2 < _WIDE:
        return np.histogram(numbers, bins=_DENSITY_BINS)
    # a range narrower than rounding, or wider than floats, is none to NumPy
    place = np.searchsorted(edges, numbers, side="right") - 1
    return np.bincount(place.clip(0, _DENSITY_BINS - 1), minlength=_DENSITY_BINS), edges


def _global_selector(X, names, types):
    import pandas as pd

    n_distinct = [len(set(as_objects(column_of(X, j)))) for j in range(X.shape[1])]
    n_distinct += [np.nan] * (len(names) - len(n_distinct))
    kinds = ["categorical" if kind == "nominal" else kind for kind in types]
    return pd.DataFrame(
        {"Name": names, "Type": kinds, "# Unique": n_distinct, "% Non-zero": np.nan}
    )


def _predictions(anova, n_rows, y):
    """Return for each of the first rows what was predicted and what is true; and the classes."""
    model, column = anova.model, anova.column
    own = np.repeat(np.arange(n_rows)[:, None], model.n_columns, axis=1)
    found, scores = model.answers(own, "probability")[0], model.answers(own)[0]
    y = np.full(n_rows, np.nan) if y is None else as_targets(y, model.classes is None)
    if y.ndim not in (1, 2) or len(y) != n_rows or (y.ndim == 2 and y.shape[1] <= column):
        raise ValueError(f"y of shape {y.shape} does not fit X with its {n_rows} rows.")
    y = y[:, column] if y.ndim == 2 else y
    if model.classes is None:
        pairs = zip(y.tolist(), found[:, column].tolist(), strict=True)
        return [_shown(False, true, true, value, value) for true, value in pairs], None
    classes = model.classes
    if model.are_labels:
        classes, found, scores = [0, 1], found[:, [column]], scores[:, [column]]
    if found.shape[1] == 1:
        found, scores = np.hstack([1 - found, found]), np.hstack([-scores, scores])
    place = {label: k for k, label in enumerate(classes)}
    shown = []
    for true, p, best in zip(y.tolist(), found, scores.argmax(1).tolist(), strict=True):
        k = place.get(true, np.nan)
        shown.append(_shown(True, k, p[k] if k == k else np.nan, best, p[best]))
    return shown, classes


def _shown(is_classification, actual, actual_score, predicted, predicted_score):
    return {
        "is_classification": is_classification,
        "actual": actual,
        "actual_score": actual_score,
        "predicted": predicted,
        "predicted_score": predicted_score,
    }


def _local_selector(shown):
    import pandas as pd

    table = pd.DataFrame(
        {
            "Actual": [row["actual"] for row in shown],
            "Predicted": [row["predicted"] for row in shown],
            "PrScore": [row["predicted_score"] for row in shown],
            "AcScore": [row["actual_score"] for row in shown],
        }
    )
    table["Resid"] = table["AcScore"] - table["PrScore"]
    table["AbsResid"] = table["Resid"].abs()
    if not any(row["is_classification"] for row in shown):
        table = table.drop(columns=["PrScore", "AcScore"])
    return table.round(3)

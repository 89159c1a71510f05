"""Main effects and pairs of any model, in the form that ``interpret.show`` displays."""

import numpy as np

from skdropout._device import draw_seeds
from skdropout._table import as_numbers, as_objects, column_of
from skdropout.inspection._anova import Anova
from skdropout.inspection._grid import grid_of, rows_of_grid
from skdropout.inspection._interaction_strengths import as_table, column_names
from skdropout.inspection._interpret import (
    background_rows,
    chosen_pairs,
    interpret_template,
    term_names,
)

__all__ = ["explain_global"]

_DENSITY_BINS = 20


def explain_global(
    estimator,
    X,
    *,
    interactions=10,
    output=None,
    n_grid=32,
    n_points=200,
    name=None,
    random_state=None,
):
    """Draw up main effects and strongest pairs of a fitted model for ``interpret.show``.

    Effects are those of the functional ANOVA with columns drawn independently of each other: a
    main effect is a centred partial dependence, a pair's is what its partial dependence holds
    beyond the two main effects. Scores are in units of the target, or log-odds of a class.

    Parameters
    ----------
    estimator : estimator
        Fitted: any of the library's, or whatever else has ``predict``, or ``predict_proba`` if it
        is a classifier.
    X : array-like or data frame of shape (n_samples, n_columns)
        Rows the model knows the like of, such as those it was trained on.
    interactions : int or list of pairs, default=10
        Number of pairs, those that :func:`interaction_strengths` finds strongest, or the pairs
        themselves, of names or positions.
    output : object, default=None
        Class whose log-odds to explain, or index of one of several outputs; needed where there
        are more than two classes, or more than one output.
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
    template = interpret_template("explain_global")
    X, names = as_table(X), column_names(as_table(X))
    seeds = draw_seeds(random_state, 2)
    anova = Anova(estimator, X, background_rows(len(X), n_points, seeds[0]), output)
    pairs = chosen_pairs(estimator, X, interactions, names, seeds[1])
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
    of_terms = term_names(names, pairs)
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
    numbers = as_numbers(column_of(X, column), column)
    counts, edges = np.histogram(numbers[np.isfinite(numbers)], bins=_DENSITY_BINS)
    return {"names": edges.tolist(), "scores": counts.tolist()}


def _global_selector(X, names, types):
    import pandas as pd

    n_distinct = [len(set(as_objects(column_of(X, j)))) for j in range(X.shape[1])]
    n_distinct += [np.nan] * (len(names) - len(n_distinct))
    kinds = ["categorical" if kind == "nominal" else kind for kind in types]
    return pd.DataFrame(
        {"Name": names, "Type": kinds, "# Unique": n_distinct, "% Non-zero": np.nan}
    )

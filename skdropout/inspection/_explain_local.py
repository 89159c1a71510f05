"""What adds up to single predictions, in the form that ``interpret.show`` displays."""

import numpy as np
from sklearn.base import is_classifier

from skdropout._device import draw_seeds
from skdropout._table import as_objects, column_of, is_frame
from skdropout.inspection._anova import Anova
from skdropout.inspection._grid import grid_of
from skdropout.inspection._interaction_strengths import as_table, column_names
from skdropout.inspection._interpret import (
    background_rows,
    chosen_pairs,
    interpret_template,
    term_names,
)

__all__ = ["explain_local"]

_REST = "all other interactions"


def explain_local(
    estimator,
    X,
    y=None,
    *,
    background,
    interactions=10,
    output=None,
    n_points=200,
    name=None,
    random_state=None,
):
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
    background : array-like or data frame of shape (n_background, n_columns)
        Rows the model knows the like of, such as those it was trained on.
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
        If a pair or an output is none of the model's, or tables differ in their columns.

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
    template = interpret_template("explain_local")
    X, background = as_table(X), as_table(background)
    names = column_names(background)
    if column_names(X) != names:
        raise ValueError(f"X has the columns {column_names(X)}, but background has {names}.")
    seeds = draw_seeds(random_state, 2)
    both = _one_below_the_other(X, background)
    points = len(X) + background_rows(len(background), n_points, seeds[0])
    anova = Anova(estimator, both, points, output)
    pairs = chosen_pairs(estimator, background, interactions, names, seeds[1])
    of_terms = [*term_names(names, pairs), _REST]
    scores = anova.of_rows(np.arange(len(X)), pairs)
    cells = np.array([as_objects(column_of(X, j)) for j in range(len(names))], dtype=object).T
    shown = _predictions(estimator, X, y)
    classes = estimator.classes_.tolist() if is_classifier(estimator) else None
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


def _one_below_the_other(X, background):
    if not is_frame(X):
        return np.concatenate([X, background])
    if hasattr(X, "iloc"):
        import pandas as pd

        return pd.concat([X, background], ignore_index=True)
    return X.vstack(background)


def _predictions(estimator, X, y):
    """Return for each row what was predicted and what is true, as interpret's displays have it."""
    y = [np.nan] * len(X) if y is None else list(y)
    if not is_classifier(estimator):
        return [
            _shown(False, true, true, found, found)
            for true, found in zip(y, estimator.predict(X).tolist(), strict=True)
        ]
    place = {label: k for k, label in enumerate(estimator.classes_)}
    rows = []
    for true, p in zip(y, estimator.predict_proba(X), strict=True):
        k, best = place.get(true, np.nan), int(p.argmax())
        rows.append(_shown(True, k, p[k] if k == k else np.nan, best, p[best]))
    return rows


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

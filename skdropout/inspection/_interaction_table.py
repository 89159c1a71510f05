"""What a finder of interactions has found, as a table to read."""

import importlib.util
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, is_classifier
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import check_is_fitted

from skdropout._estimators import import_pandas
from skdropout._table import TableLike
from skdropout.inspection._cells import as_table, as_targets, column_names

if TYPE_CHECKING:
    from pandas import DataFrame

# column of the table: attribute of the finder
_OF_FINDER = {
    "standard_error": "interaction_errors_",
    "q_value": "q_values_",
    "share": "interaction_shares_",
}


def interaction_table(
    finder: BaseEstimator,
    X: TableLike | None = None,
    y: ArrayLike | None = None,
) -> "DataFrame":
    """Tabulate the interactions that a finder has found, strongest first.

    Parameters
    ----------
    finder : SmoothHessInteractions
        Fitted.
    X : array-like or data frame of shape (n_samples, n_features), default=None
        Rows for ``fast_rank``, usually those the finder was fitted on; columns are named by them.
    y : array-like of shape (n_samples,), default=None
        Their targets; this fits an additive boosting machine, and takes a time
        proportional to the number of all pairs.

    Returns
    -------
    table : pandas.DataFrame
        One row for each of ``finder.interactions_``, with the columns

        - ``interaction``: the names, joined by " & " as interpret names its terms;
        - ``columns``: tuple of int, what ``ExplainableBoostingRegressor(interactions=...)`` takes;
        - ``order``: number of columns;
        - ``strength``: see :func:`interaction_strengths`;
        - ``standard_error``: of the strength, over rows;
        - ``q_value``: the false discovery rate at which it would just pass, with
          ``n_interactions="auto"``;
        - ``share``: what it carries of the variance of the model's output;
        - ``fast_rank``: rank that FAST gives a pair among all pairs, 1 being the strongest, missing
          for larger groups; on what main effects leave of the target, as in an explainable boosting
          machine.

        ``fast_rank`` is left out without ``y``, or if interpret is not installed.

    Raises
    ------
    ValueError
        If ``finder`` has found nothing yet, or ``X`` does not have its columns.
    ImportError
        If pandas is not installed.

    References
    ----------
    .. [1] Lou, Caruana, Gehrke, Hooker, "Accurate Intelligible Models with Pairwise Interactions",
       KDD 2013 (FAST).

    Examples
    --------
    >>> import numpy as np
    >>> from skdropout import DropoutMLPRegressor, SmoothHessInteractions
    >>> from skdropout.inspection import interaction_table
    >>> X = np.random.default_rng(0).normal(size=(300, 4))
    >>> y = X[:, 0] * X[:, 2] + X[:, 1]
    >>> net = DropoutMLPRegressor((32,), learning_rate_init=0.01, max_iter=30, random_state=0)
    >>> finder = SmoothHessInteractions(net, n_interactions=2, random_state=0).fit(X, y)
    >>> interaction_table(finder)["columns"].tolist()[0]
    (0, 2)
    """
    pd = import_pandas("interaction_table")
    fitted: Any = finder
    if not hasattr(fitted, "interactions_"):
        if hasattr(fitted, "fit") and hasattr(fitted, "output"):
            check_is_fitted(fitted, "interactions_")
        raise ValueError(f"finder={finder!r} must be a fitted SmoothHessInteractions.")
    groups = fitted.interactions_
    names = _names(fitted, X)
    table = pd.DataFrame(
        {
            "interaction": [" & ".join(names[j] for j in group) for group in groups],
            "columns": groups,
            "order": [len(group) for group in groups],
            "strength": fitted.interaction_strengths_,
        }
    )
    for column, name in _OF_FINDER.items():
        if (values := getattr(fitted, name)) is not None:
            table[column] = values
    if y is not None and importlib.util.find_spec("interpret") is not None:
        if X is None:
            raise ValueError("y was given without X; pass the rows it belongs to.")
        ranks = _ranks_of_fast(X, y, is_classifier(fitted.estimator_))
        table["fast_rank"] = pd.array([ranks.get(group) for group in groups], dtype="Int64")
    return table


def _names(finder, X):
    names = [*getattr(finder, "feature_names_in_", ())]
    if not names:
        names = [f"x{j}" for j in range(finder.n_features_in_)]
    if X is not None and (found := column_names(as_table(X))) != [*map(str, names)]:
        if len(found) != len(names) or hasattr(finder, "feature_names_in_"):
            raise ValueError(
                f"X has the columns {found}, but the finder was fitted on {names}; pass a table of "
                "these."
            )
        names = found
    return [*map(str, names)]


def _ranks_of_fast(X, y, are_classes):
    """The rank of every pair, 1 for the strongest."""
    from interpret.glassbox import ExplainableBoostingClassifier, ExplainableBoostingRegressor
    from interpret.utils import measure_interactions

    kind = ExplainableBoostingClassifier if are_classes else ExplainableBoostingRegressor
    y = as_targets(y, not are_classes)
    check_consistent_length(X, y)
    if y.ndim > 1:
        raise ValueError(f"y of shape {y.shape} must be one target; FAST takes no more.")
    additive = kind(interactions=0, outer_bags=1, random_state=0, n_jobs=1).fit(X, y)
    objective = "log_loss" if are_classes else "rmse"
    found = measure_interactions(X, y, init_score=additive, objective=objective)
    return {tuple(sorted(pair)): rank for rank, (pair, _) in enumerate(found, start=1)}

"""Order spectrum by distillation into boosted trees of growing depth."""

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.model_selection import train_test_split

_MAX_LEVELS = 255  # of a categorical column, for the trees
_HELD_OUT = 0.25


def distilled_variances(codes, categorical, scores, max_order, seed):
    """What each further order explains of rows that the trees have not seen.

    A tree of depth `k` uses at most `k` features, so trees `T_k` of depth `k` approach the
    effects up to order `k`, and ``V_k = E (f - T_(k-1))**2 - E (f - T_k)**2``. Unlike
    ``Var(T_k - T_(k-1))`` this does not count the misfit of the trees as an effect.

    Parameters
    ----------
    codes : ndarray of shape (n_samples, n_features)
        Values of numeric columns, codes of categorical ones.
    categorical : ndarray of bool, shape (n_features,)
        Which columns are categorical.
    scores : ndarray of shape (n_samples, n_outputs)
        Values there of the function to be distilled.
    max_order : int
        Depth of the deepest trees.
    seed : int
        Draws the held-out rows, and the features that each split may use.

    Returns
    -------
    variances, standard_errors : ndarray of shape (max_order + 1,)
        Of orders 1, ..., max_order, and what trees of depth `max_order` leave unexplained.
    """
    few_levels = np.nan_to_num(codes).max(0) < _MAX_LEVELS
    seen, held_out = train_test_split(np.arange(len(codes)), test_size=_HELD_OUT, random_state=seed)
    squared_errors = [((scores[held_out] - scores[seen].mean(0)) ** 2).sum(1)]
    for depth in range(1, max_order + 1):
        trees = HistGradientBoostingRegressor(
            max_depth=depth,
            max_leaf_nodes=None,
            max_iter=1000,
            max_features=0.5,  # else the greedy first split hides a pure interaction
            early_stopping=False,
            categorical_features=categorical & few_levels,
            random_state=seed,
        )
        fitted = [trees.fit(codes[seen], y[seen]).predict(codes[held_out]) for y in scores.T]
        squared_errors.append(((scores[held_out] - np.column_stack(fitted)) ** 2).sum(1))
    explained = -np.diff([*squared_errors, np.zeros(len(held_out))], axis=0)
    standard_errors = explained.std(1) / np.sqrt(len(held_out))
    return explained.mean(1).clip(min=0), standard_errors

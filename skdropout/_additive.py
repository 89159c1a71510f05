"""What the strengths of pairs look like where no columns act together."""

import numpy as np
from scipy.stats import norm
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.model_selection import cross_val_predict

__all__ = ["additive_target", "noise_level"]

_OPTIONS = {"interaction_cst": "no_interactions", "max_iter": 300, "early_stopping": True}


def additive_target(table, y, is_classification, random_state):
    """Draw a target like ``y`` from a model in which every column acts by itself.

    Parameters
    ----------
    table : ndarray of shape (n_rows, n_columns)
        Numbers, codes in place of categories.
    y : ndarray of shape (n_rows,)
    is_classification : bool
    random_state : RandomState

    Returns
    -------
    target : ndarray of shape (n_rows,)
        Boosted one-column trees plus their own residuals (those of rows left out) in another
        order; or classes drawn with the probabilities of such trees.
    """
    options = {**_OPTIONS, "random_state": random_state.randint(2**31)}
    if is_classification:
        model = HistGradientBoostingClassifier(**options).fit(table, y)
        below = model.predict_proba(table).cumsum(1)
        drawn = (random_state.random_sample((len(y), 1)) > below[:, :-1]).sum(1)
        return model.classes_[drawn]
    model = HistGradientBoostingRegressor(**options)
    residuals = y - cross_val_predict(model, table, y)
    return model.fit(table, y).predict(table) + random_state.permutation(residuals)


def noise_level(strengths, error_rate):
    """Return what none of ``strengths``, of pairs that do not interact, exceeds by chance.

    Their logarithms are taken as normal; all pairs together exceed the level with a probability
    of about ``error_rate``.
    """
    logs = np.log(strengths[strengths > 0])
    if len(logs) < 3:
        return strengths.max(initial=0.0)
    return np.exp(logs.mean() + norm.isf(error_rate / len(strengths)) * logs.std(ddof=1))

"""What both kinds of explanation for ``interpret.show`` need."""

from numbers import Integral

import numpy as np

from skdropout.inspection._interaction_strengths import interaction_strengths

__all__ = ["background_rows", "chosen_pairs", "interpret_template", "term_names"]


def interpret_template(caller):
    try:
        from interpret.api.templates import FeatureValueExplanation
    except ImportError as error:
        raise ImportError(
            f"{caller} needs interpret; install it with pip install 'skdropout[interpret]'."
        ) from error
    return FeatureValueExplanation


def background_rows(n_rows, n_points, seed):
    return np.random.RandomState(seed).permutation(n_rows)[:n_points]


def chosen_pairs(estimator, X, interactions, names, seed):
    """Return pairs of positions."""
    if isinstance(interactions, Integral):
        if not interactions:
            return []
        found = interaction_strengths(estimator, X, method="superset", random_state=seed)
        return found.pairs[:interactions]
    pairs = [tuple(names.index(c) if c in names else c for c in pair) for pair in interactions]
    for pair in pairs:
        if len(set(pair)) != 2 or not set(pair) <= set(range(len(names))):
            raise ValueError(f"interactions holds {pair}, which is no pair of columns of {names}.")
    return pairs


def term_names(names, pairs):
    return [*names, *(f"{names[i]} & {names[j]}" for i, j in pairs)]

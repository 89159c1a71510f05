"""What is asked of the target, and refused, before anything is fitted."""

import numpy as np
from sklearn.base import is_classifier, is_regressor
from sklearn.frozen import FrozenEstimator

from skdropout._estimators import kind_of_target
from skdropout._table import readable

TARGET_TYPES = {"auto", "continuous", "classes"}
# Counts and rounded measurements soon have more values, classes rarely do.
_MOST_CLASSES = 50


def as_target(y, name):
    """Return the target given to the transformer of that ``name``, as NumPy can read it."""
    if y is None:
        raise ValueError(f"{name} requires y to be passed, but the target y is None.")
    y = readable(y, "y")
    if hasattr(y, "toarray"):
        raise ValueError("y is a sparse matrix; pass y.toarray().")
    if not np.asarray(y).ndim:
        raise ValueError(f"y={y!r} must be an array with one target, or more, for each row.")
    return y


def refuse(y, n_interactions, output, max_order, estimator):
    """Refuse what cannot be done with any table."""
    if n_interactions == "auto" and isinstance(estimator, FrozenEstimator):
        raise ValueError(
            "n_interactions='auto' fits the estimator to parts of the rows, which a "
            "FrozenEstimator cannot; give a number, or an estimator that is not frozen."
        )
    if output == "hessian" and max_order > 2:
        raise ValueError(
            f"output='hessian' is about pairs, but max_order={max_order}; give max_order=2, or "
            "output='product'."
        )
    n_outputs = np.asarray(y).size // max(len(np.asarray(y)), 1)
    if output == "hessian" and n_outputs > 1:
        raise ValueError(
            f"output='hessian' needs a single output, but y has {n_outputs}; give "
            "output='product', or one transformer for each output."
        )


def has_classes(y, target_type, estimator=None):
    """Return whether ``y`` is a target of classes.

    A classifier or regressor that is given decides. Else "auto" is what scikit-learn's
    ``type_of_target`` says, but that whole numbers of more than 50 values, or in several columns,
    are numbers.
    """
    if estimator is not None and (is_classifier(estimator) or is_regressor(estimator)):
        own_type = "classes" if is_classifier(estimator) else "continuous"
        if target_type not in ("auto", own_type):
            raise ValueError(
                f"target_type={target_type!r} contradicts estimator={type(estimator).__name__}, "
                f"which takes its target for {own_type}; leave it at 'auto', or give another "
                "estimator."
            )
        return own_type == "classes"
    if target_type != "auto":
        return target_type == "classes"
    kind = kind_of_target(y)
    if kind.startswith("continuous"):
        return False
    values = np.asarray(y)
    if values.dtype.kind not in "iuf" or kind in ("binary", "multilabel-indicator"):
        return True
    return values.ndim == 1 and len(np.unique(values)) <= _MOST_CLASSES

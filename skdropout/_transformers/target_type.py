"""What a transformer's default estimator takes the target for."""

import numpy as np
from sklearn.utils.multiclass import type_of_target

__all__ = ["TARGET_TYPES", "has_classes"]

TARGET_TYPES = {"auto", "continuous", "classes"}
# Counts and rounded measurements soon have more values, classes rarely do.
_MOST_CLASSES = 50


def has_classes(y, target_type):
    """Return whether ``y`` is a target of classes.

    "auto" is what scikit-learn's ``type_of_target`` says, but that whole numbers of more than 50
    values, or in several columns, are numbers.
    """
    if target_type != "auto":
        return target_type == "classes"
    kind = type_of_target(y, input_name="y")
    if kind.startswith("continuous"):
        return False
    values = np.asarray(y)
    if values.dtype.kind not in "iuf" or kind in ("binary", "multilabel-indicator"):
        return True
    return values.ndim == 1 and len(np.unique(values)) <= _MOST_CLASSES

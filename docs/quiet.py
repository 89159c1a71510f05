"""Before each example: no warnings of trainings that are short on purpose."""

import warnings

from sklearn.exceptions import ConvergenceWarning

__all__ = ["before_example"]


def before_example(gallery_conf, fname):
    """Set the filter anew, as libraries that examples import take it away."""
    warnings.filterwarnings("ignore", category=ConvergenceWarning)

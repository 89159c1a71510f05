"""The equations, in torch alone: tensors in, tensors out."""

from skdropout.functional._dropout_theory import (
    effective_learning_rate,
    masked_expectation,
    n_interactions,
    survival_probability,
)
from skdropout.functional._purify import PurifiedTable, purify

__all__ = [
    "PurifiedTable",
    "effective_learning_rate",
    "masked_expectation",
    "n_interactions",
    "purify",
    "survival_probability",
]

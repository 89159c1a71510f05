"""The equations, in torch alone: tensors in, tensors out."""

from skdropout.functional._dropout_theory import (
    effective_learning_rate,
    masked_expectation,
    n_interactions,
    survival_probability,
)
from skdropout.functional._linear_relevance import linear_relevance
from skdropout.functional._local_quadratic import perturbation_mse, second_order_attack
from skdropout.functional._purify import PurifiedTable, purify
from skdropout.functional._relevance import gradient_x_input, integrated_gradients, relevance
from skdropout.functional._relevance_mask import group_sum, relevance_block_mask, relevance_mask
from skdropout.functional._relevance_rules import Rule
from skdropout.functional._smooth_hessian import (
    smooth_gradient,
    smooth_hessian,
    smooth_hessian_parts,
)
from skdropout.functional._smooth_third import smooth_third

__all__ = [
    "PurifiedTable",
    "Rule",
    "effective_learning_rate",
    "gradient_x_input",
    "group_sum",
    "integrated_gradients",
    "linear_relevance",
    "masked_expectation",
    "n_interactions",
    "perturbation_mse",
    "purify",
    "relevance",
    "relevance_block_mask",
    "relevance_mask",
    "second_order_attack",
    "smooth_gradient",
    "smooth_hessian",
    "smooth_hessian_parts",
    "smooth_third",
    "survival_probability",
]

"""The equations, in torch alone: tensors in, tensors out."""

from skdropout.functional._relevance import (
    gradient_x_input,
    group_sum,
    integrated_gradients,
    relevance,
)
from skdropout.functional._relevance_mask import relevance_block_mask, relevance_mask
from skdropout.functional._relevance_rules import Rule, linear_relevance

__all__ = [
    "Rule",
    "gradient_x_input",
    "group_sum",
    "integrated_gradients",
    "linear_relevance",
    "relevance",
    "relevance_block_mask",
    "relevance_mask",
]

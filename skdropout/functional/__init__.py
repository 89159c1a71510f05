"""The equations, in torch alone: tensors in, tensors out."""

from skdropout.functional._local_quadratic import perturbation_mse, second_order_attack
from skdropout.functional._smooth_hessian import (
    smooth_gradient,
    smooth_hessian,
    smooth_hessian_parts,
)

__all__ = [
    "perturbation_mse",
    "second_order_attack",
    "smooth_gradient",
    "smooth_hessian",
    "smooth_hessian_parts",
]

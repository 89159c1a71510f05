"""The equations, in torch alone: tensors in, tensors out."""

from skdropout.functional._smooth_hessian import (
    smooth_gradient,
    smooth_hessian,
    smooth_hessian_parts,
)

__all__ = ["smooth_gradient", "smooth_hessian", "smooth_hessian_parts"]

"""What arguments must be; whatever is refused is named, with its value and the remedy.

One rule for all functions: a number that is not finite is refused, wherever it can be looked at
without waiting for a device. What the caller's own ``f`` returns is passed on as it is, so that NaN
there gives NaN in the rows concerned and in no others.
"""

import math
import sys
from collections.abc import Callable, Sequence
from numbers import Integral, Real
from typing import Any

import torch
from torch import Tensor

_ENTRIES_SHOWN_UP_TO = 6
_LETTERS_SHOWN_UP_TO = 200


def check_tensor(
    name: str, x: Any, shape: str, *n_dimensions: int, double_or_single: bool = False
) -> None:
    """Refuse anything but a dense floating-point tensor, of as many dimensions as named if any."""
    is_dense = isinstance(x, Tensor) and x.layout == torch.strided
    if not is_dense or not x.is_floating_point() or (n_dimensions and x.ndim not in n_dimensions):
        raise ValueError(f"{name} must be a floating-point tensor {shape}; got {described(x)}.")
    if double_or_single and x.dtype not in (torch.float32, torch.float64):
        raise ValueError(
            f"{name} must be in float32 or float64; got {x.dtype}: pass {name}.float()."
        )
    check_finite(name, x)


def check_finite(name: str, x: Tensor) -> None:
    """Refuse NaN and infinity; of a device's tensor, at which a look would wait, nothing."""
    if x.device.type == "cpu" and not (is_finite := x.isfinite()).all():
        raise ValueError(
            f"{name} holds {x[~is_finite][0].item()}, and all its numbers must be finite; impute "
            "or drop what is not."
        )


def check_like(name: str, x: Any, other_name: str, other: Tensor) -> None:
    """Refuse a tensor of another dtype or device."""
    if (x.dtype, x.device) != (other.dtype, other.device):
        raise ValueError(
            f"{name} is {x.dtype} on {x.device} but {other_name} is {other.dtype} on "
            f"{other.device}; convert one of them with .to()."
        )


def check_fits(name: str, value: Any, shape: Sequence[int], of: str) -> None:
    """Refuse a tensor that does not broadcast to a shape; a mere number always does."""
    sizes = tuple(value.shape) if isinstance(value, Tensor) else ()
    padded = (1,) * (len(shape) - len(sizes)) + sizes
    if len(sizes) > len(shape) or any(n not in (1, m) for n, m in zip(padded, shape, strict=True)):
        raise ValueError(
            f"{name} of shape {sizes} does not broadcast to {of}, of shape {tuple(shape)}."
        )


def check_choice(name: str, value: Any, choices: Sequence[str]) -> None:
    """Refuse what is none of the words."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name}={brief(value)} is unknown; choose one of {list(choices)}.")


def as_tensor(name: str, value: Any, like: Tensor | None = None) -> Tensor:
    """Real numbers, one or more in whatever holds them, as a tensor; like another, if there is one.

    Numbers that are no tensor, and tensors of whole numbers, become float64 else.
    """
    try:
        found = torch.as_tensor(value)
        if not isinstance(value, Tensor) and not found.is_complex():
            found = torch.as_tensor(value, dtype=torch.float64)
    except (OverflowError, RuntimeError, TypeError, ValueError) as error:
        raise ValueError(f"{name}={brief(value)} cannot be read as numbers: {error}.") from error
    if found.is_complex() or found.layout != torch.strided:
        raise ValueError(f"{name} must be real numbers in a dense tensor; got {described(value)}.")
    if like is not None:
        return found.to(like.dtype).to(like.device)  # which may have no float64
    if found.is_floating_point():
        return found
    return found.to(torch.float64 if found.device.type == "cpu" else torch.float32)


def as_number(name: str, value: Any, what: str, fits: Callable[[float], bool]) -> float:
    """A real number, that of a tensor or array without dimensions too, if it ``fits``."""
    value_: Any = value.item() if getattr(value, "shape", None) == () else value
    try:
        number = float(value_) if isinstance(value_, Real) else math.nan
    except OverflowError:
        number = math.inf
    if not fits(number):
        raise ValueError(f"{name}={brief(value)} must be {what}.")
    return number


def as_positive(name: str, value: Any) -> float:
    """A number that is positive and finite."""
    return as_number(name, value, "positive and finite", lambda v: 0 < v < math.inf)


def as_count(name: str, value: Any, least: int = 1, why: str = "") -> int:
    """A whole number, that of a tensor or array without dimensions too."""
    value_: Any = value.item() if getattr(value, "shape", None) == () else value
    count = int(value_) if isinstance(value_, Integral) else least - 1
    if not least <= count <= sys.maxsize:
        most = f" and at most {sys.maxsize}" if count > least else ""
        raise ValueError(
            f"{name}={brief(value)} must be an integer of at least {least}{most}{why}."
        )
    return count


def as_flag(name: str, value: Any) -> bool:
    """A truth value, 0 and 1 among them."""
    value_: Any = value.item() if getattr(value, "shape", None) == () else value
    if not isinstance(value_, Integral) or value_ not in (0, 1):
        raise ValueError(f"{name}={brief(value)} must be True or False.")
    return bool(value_)


def power_of_two(x: Tensor) -> float:
    """The one next to the largest number of ``x``; to divide by it is exact."""
    _, exponent = math.frexp(float(x.detach().abs().max()))
    most = -round(math.log2(torch.finfo(x.dtype).tiny))
    return 2.0 ** min(max(exponent, -most), most)


def described(x: Any) -> str:
    """What it is, in words."""
    if isinstance(x, Tensor):
        layout = "" if x.layout == torch.strided else f", {x.layout}"
        return f"a tensor of shape {tuple(x.shape)}, {x.dtype}{layout}"
    return f"{brief(x)}, a {type(x).__name__}"


def brief(value: Any) -> str:
    """A value as text; of many numbers their shape."""
    if isinstance(value, Tensor):
        few = value.numel() <= _ENTRIES_SHOWN_UP_TO and value.device.type == "cpu"
        return str(value.tolist()) if few else f"tensor of shape {tuple(value.shape)}"
    text = repr(value)
    return text if len(text) <= _LETTERS_SHOWN_UP_TO else f"{text[:_LETTERS_SHOWN_UP_TO]}..."

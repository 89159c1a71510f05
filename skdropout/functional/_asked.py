"""What is asked of the caller's own function, and of torch: their errors, said as ours."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from skdropout.functional._checks import brief, described

_OBJECTIONS = (AssertionError, AttributeError, IndexError, RuntimeError, TypeError, ValueError)
_LACKS_MEMORY = (
    "allocate memory",
    "not enough memory",
    "Storage size calculation overflowed",
    "integer multiplication overflow",
)
_TORCH = str(Path(torch.__file__).parent)


def call(f: Callable, x: Tensor, name: str = "f") -> Tensor:
    """``f(x)``, which must be a tensor of floats; ``name`` is what ``f`` is called.

    What a layer or function of torch's objects to ``x`` is said of both. An error within the
    caller's own code, or of a class that neither Python nor torch raises, is the caller's.
    """
    if not callable(f):
        raise ValueError(f"{name} must be a torch module or a function; got {brief(f)}.")
    try:
        output = f(x)
    except _OBJECTIONS as error:
        if type(error) not in _OBJECTIONS or _is_of_caller(error) or lacks_memory(error):
            raise
        raise ValueError(_objection(f, x, error, name)) from error
    check_output(output, x, name)
    return output


def check_output(output: Any, x: Tensor, name: str = "f") -> None:
    """Refuse as an output of ``f`` what has not a number, or several, for each row of ``x``."""
    is_tensor = isinstance(output, Tensor) and output.is_floating_point()
    if not is_tensor or output.shape[:1] != x.shape[:1] or 0 in output.shape[1:]:
        raise ValueError(
            f"{name} must map (n, ...) to a floating-point tensor (n,) or (n, n_outputs); for "
            f"input {tuple(x.shape)} it returned {described(output)}."
        )


@contextmanager
def applied(f: Any, x: Tensor) -> Iterator[None]:
    """Within it the layers of ``f`` are applied to ``x``: what they object is said of both."""
    try:
        yield
    except (IndexError, RuntimeError, TypeError) as error:
        if type(error) not in _OBJECTIONS or lacks_memory(error):
            raise
        raise ValueError(_objection(f, x, error)) from error


@contextmanager
def memory_errors() -> Iterator[None]:
    """Raise MemoryError, not torch's RuntimeError, where the host has no memory for a tensor."""
    try:
        yield
    except RuntimeError as error:
        if isinstance(error, torch.OutOfMemoryError) or not lacks_memory(error):
            raise
        reason = str(error).split("\n")[0]
        raise MemoryError(
            f"A tensor is too large for this machine ({reason}); take fewer or smaller layers, "
            "networks, rows or columns."
        ) from error


def lacks_memory(error: BaseException) -> bool:
    """Whether torch raised it for want of memory."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(word in str(error) for word in _LACKS_MEMORY)


def _is_of_caller(error: BaseException) -> bool:
    """Whether it was raised in frames of the caller's, below ours and above torch's."""
    first = last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    if last is None or last is first:
        return False
    return not last.tb_frame.f_code.co_filename.startswith(_TORCH)


def _objection(f: Any, x: Tensor, error: Exception, name: str = "f") -> str:
    what = f"a {type(f).__name__}" if isinstance(f, nn.Module) else brief(f)
    reason = str(error).split("\n")[0]
    return (
        f"{name}, {what}, cannot be applied to x of shape {tuple(x.shape)}, {x.dtype} ({reason}); "
        "pass what fits it."
    )

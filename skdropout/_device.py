"""Where tensors live, and seeds that leave the caller's random state alone."""

from contextlib import contextmanager

import numpy as np
import torch
from sklearn.utils import check_random_state


def resolve_device(device):
    """Return the ``torch.device`` that ``device`` names; "auto" takes the best there is.

    Raises
    ------
    ValueError
        If ``device`` is no device name, names an accelerator this machine lacks, or one whose
        tensors cannot be read ("meta").
    """
    if device == "auto":
        return _best_device()
    try:
        resolved = torch.device(device)
        torch.empty(0, device=resolved).cpu()
    except torch.cuda.OutOfMemoryError:
        raise
    except (RuntimeError, AssertionError, TypeError, NotImplementedError) as error:
        reason = str(error).split("\n")[0].split(". ")[0].rstrip(".")  # torch has much to say
        raise ValueError(
            f"device={device!r} is not available here: {reason}. Use device='auto' or 'cpu'."
        ) from error
    return resolved


def _best_device():
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def product_dtype(precision, device):
    """Return the torch type that ``precision`` names, None for that of the weights.

    Raises
    ------
    ValueError
        If ``device`` does not multiply in it.
    """
    if precision == "float32":
        return None
    if not _multiplies_bfloat16(device):
        raise ValueError(
            f"precision={precision!r}, but {device.type!r} has no such products here and would "
            "make them up from others, more slowly; use precision='float32'."
        )
    return torch.bfloat16


def _multiplies_bfloat16(device):
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    names = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")  # torch has no public ones
    return device.type == "cpu" and any(getattr(torch.cpu, name, bool)() for name in names)


def prediction_dtype(device):
    """Return the precision of predictions on ``device``.

    In float32 the result for a row depends, in its last digits, on how many rows share the
    matrix product. Float64 hides that far below anything that matters, so a row's prediction
    is the same alone and in a table. Apple's GPUs have no float64.
    """
    return torch.float32 if device.type == "mps" else torch.float64


def as_random_state(random_state):
    """Return the ``RandomState`` that ``random_state`` means; None takes fresh entropy.

    scikit-learn takes None for NumPy's global state, and draws from it. Ours leaves it alone.
    """
    if random_state is None:
        return np.random.RandomState()
    try:
        return check_random_state(random_state)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"random_state={random_state!r} must be None, an integer from 0 to 2**32 - 1, or a "
            "numpy.random.RandomState."
        ) from error


def draw_seeds(random_state, size):
    """Draw seeds from what scikit-learn calls a random state; None means fresh entropy."""
    return as_random_state(random_state).randint(np.iinfo(np.int32).max, size=size).tolist()


@contextmanager
def seeded(seed, device):
    """Let torch's own generators start from ``seed`` within, and go on as before after it.

    These are the CPU's and that of ``device``: no other is touched.
    """
    own = None if device.type == "cpu" else torch.get_device_module(device)
    states = torch.default_generator.get_state(), own and own.get_rng_state()
    try:
        torch.default_generator.manual_seed(seed)
        if own:
            own.manual_seed(seed)
        yield
    finally:
        torch.default_generator.set_state(states[0])
        if own:
            own.set_rng_state(states[1])

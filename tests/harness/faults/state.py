"""What must be as before: the object, to the bit, and everything around it."""

import hashlib
import random
import types
import warnings
from functools import cached_property

import numpy as np
import pandas as pd
import sklearn
import torch
from torch import nn

# how long an epoch took; what a callback of the user's has recorded, of a fit that failed as well
PASSING = {"dur", "spectra_"}


def digest(value):
    """Return a text that two values share if they are equal to the bit, whatever they are."""
    found = hashlib.blake2b(digest_size=16)
    _feed(value, found.update, set())
    return found.hexdigest()


def _feed(value, update, within):
    """Feed what ``value`` consists of to ``update``; ``within`` are those it is part of."""
    say = lambda *words: update(repr(words).encode())  # noqa: E731
    if isinstance(value, torch.Tensor):
        flags = value.requires_grad, value.grad is None
        say("tensor", str(value.dtype), tuple(value.shape), str(value.device), *flags)
        update(np.ascontiguousarray(value.detach().cpu().numpy()).tobytes())
    elif isinstance(value, np.ndarray) and value.dtype != object:
        say("array", value.dtype.str, value.shape)
        update(np.ascontiguousarray(value).tobytes())
    elif isinstance(value, torch.Generator | np.random.RandomState):
        _feed(value.get_state(), update, within)
    elif isinstance(value, pd.DataFrame | pd.Series):
        _feed(value.to_dict(), update, within)
    elif isinstance(value, (types.FunctionType, types.MethodType, type)):
        say(value.__module__, value.__qualname__)
    elif id(value) in within:
        say("itself")
    elif isinstance(value, dict):
        say("dict", len(value))
        for name, part in value.items():
            if name not in PASSING:
                _feed(name, update, within)
                _feed(part, update, within | {id(value)})
    elif isinstance(value, list | tuple | np.ndarray):
        say(type(value).__name__, len(value))
        for part in value:
            _feed(part, update, within | {id(value)})
    elif isinstance(value, set | frozenset):
        say("set", sorted(map(digest, value)))
    elif getattr(value, "__dict__", None) is not None:
        say(type(value).__qualname__)
        for name in sorted(vars(value)):
            # what is kept for later calls is no state
            kept = isinstance(getattr(type(value), name, None), cached_property)
            if not kept and name not in PASSING:
                say(name)
                _feed(vars(value)[name], update, within | {id(value)})
    else:
        # addresses tell nothing
        text = repr(value)
        say(type(value).__qualname__, text.partition(" at 0x")[0])


def surroundings():
    """Return what a call must leave alone, whatever happens in it, as texts by name."""
    kind, keys, position, has_normal, normal = np.random.get_state()  # noqa: NPY002
    return {
        "random": hash(random.getstate()),
        "NumPy's random state": (kind, keys.tobytes(), position, has_normal, normal),
        "torch's random state": torch.get_rng_state().numpy().tobytes(),
        "grad mode": torch.is_grad_enabled(),
        "inference mode": torch.is_inference_mode_enabled(),
        "autocast": torch.is_autocast_enabled("cpu"),
        "anomaly mode": torch.is_anomaly_enabled(),
        "number of threads": torch.get_num_threads(),
        "default dtype": torch.get_default_dtype(),
        "deterministic algorithms": torch.are_deterministic_algorithms_enabled(),
        "warning filters": list(warnings.filters),
        "NumPy's error state": tuple(np.geterr().items()),
        "scikit-learn's configuration": repr(sorted(sklearn.get_config().items())),
        "dispatch modes": torch._C._len_torch_dispatch_stack(),
        "hooks of all modules": len(nn.modules.module._global_forward_hooks),
    }

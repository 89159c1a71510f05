"""A device without float64, such as Apple's, played by the CPU under the name of "meta"."""

from contextlib import contextmanager

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

DEVICE = torch.device("meta")  # the only other device that every build of torch knows


@contextmanager
def pretended_device():
    """Within it the device can be asked for new tensors; of float64 it raises a TypeError."""
    with _Operators(), _Literals():
        yield DEVICE


class OnDevice(torch.Tensor):
    """A tensor said to be on the device; its numbers are those of ``inner``, on the CPU."""

    @staticmethod
    def __new__(cls, inner):
        if inner.dtype == torch.float64:
            raise TypeError("Cannot convert a tensor to float64: the device has none.")
        return torch.Tensor._make_wrapper_subclass(
            cls, inner.shape, strides=inner.stride(), dtype=inner.dtype, device=DEVICE
        )

    def __init__(self, inner):
        self.inner = inner

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return _run(func, args, kwargs or {})


class _Operators(TorchDispatchMode):
    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return _run(func, args, kwargs or {})


class _Literals(TorchFunctionMode):
    """Python numbers become tensors before any operator sees them."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func is torch.Tensor.new_tensor and args[0].device == DEVICE:
            func, args, kwargs = torch.tensor, args[1:], {"dtype": args[0].dtype, **kwargs}
        elif func not in (torch.tensor, torch.as_tensor) or kwargs.get("device") != DEVICE:
            return func(*args, **kwargs)
        return func(*args, **{**kwargs, "device": "cpu"}).to(DEVICE)


def _run(func, args, kwargs):
    given = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, OnDevice)]
    asked = kwargs.get("device")
    args, kwargs = tree_map(_inner, (args, kwargs))
    if asked == DEVICE:
        kwargs["device"] = torch.device("cpu")
    result = func(*args, **kwargs)
    stays = asked == DEVICE or (given and asked is None)
    return tree_map(lambda leaf: _outer(leaf, given), result) if stays else result


def _inner(leaf):
    return leaf.inner if isinstance(leaf, OnDevice) else leaf


def _outer(leaf, given):
    if not isinstance(leaf, torch.Tensor) or isinstance(leaf, OnDevice):
        return leaf
    # what was changed in place is the same tensor as before
    same = [tensor for tensor in given if tensor.inner is leaf]
    return same[0] if same else OnDevice(leaf)

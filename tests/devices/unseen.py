"""A device that nobody has seen: torch's "meta", under modes that watch the traffic to it.

Its tensors have shapes and no numbers, so whatever needs a number raises. Where looking is allowed
the watch keeps a record, and answers for the device: what was sent there comes back as it was, any
other number is one and any other truth value true.
"""

import os
import sys
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakTensorKeyDictionary

import skdropout

META = torch.device("meta")
TO_HOST, TO_DEVICE = "to the host", "to the device"

_PACKAGE = os.path.dirname(skdropout.__file__)
_NUMBERS = {
    torch.Tensor.item: float,
    torch.Tensor.__float__: float,
    torch.Tensor.__int__: int,
    torch.Tensor.__index__: int,
    torch.Tensor.__bool__: bool,
}
_INDEXINGS = (torch.Tensor.__getitem__, torch.Tensor.__setitem__)
_LITERALS = (torch.tensor, torch.as_tensor, torch.asarray)
# operators that only make room, or another view of the same memory, launch nothing on a GPU
_ROOM = {"empty", "empty_like", "new_empty", "empty_strided", "new_empty_strided", "detach"}
_ROOM |= {"lift_fresh", "_unsafe_view"}


class CopyError(RuntimeError):
    """Something crossed between host and device where nothing may."""


class CPUTensorError(RuntimeError):
    """An operator on the device was given a tensor that is on the CPU."""


class Float64Error(RuntimeError):
    """Float64 was asked of a device that has none."""


class Operator(NamedTuple):
    """An operator that ran on the device, and the shapes of what went in."""

    name: str
    shapes: tuple
    launches: bool  # something on a GPU, rather than making room or a view
    is_of_optimizer: bool


@dataclass
class Watch:
    """What crossed between host and device, and the operators that ran on the device.

    Attributes
    ----------
    forbidden : tuple of str
        Directions in which nothing may cross for now.
    copies : Counter
        How often each (direction, file:function of the package) crossed where it was allowed.
    epochs : list of Counter
        The same, of each epoch that has a next one.
    operators : list of Operator
    steps : list of (str, list of Operator)
        Operators by steps of training ("train") and of evaluation ("valid").
    is_apart : bool
        Whether what runs is done for several steps at once and counts for none.
    table_stays : bool
        Whether the table is too large for the device, so that batches are sent there.
    """

    device: torch.device = META
    has_float64: bool = False
    table_stays: bool = False
    forbidden: tuple = ()
    copies: Counter = field(default_factory=Counter)
    epochs: list = field(default_factory=list)
    operators: list = field(default_factory=list)
    steps: list = field(default_factory=list)
    is_in_optimizer: bool = False
    is_apart: bool = False
    _marks: list = field(default_factory=list)
    _at_epoch: Counter | None = None
    _sent: WeakTensorKeyDictionary = field(default_factory=WeakTensorKeyDictionary)

    @contextmanager
    def on(self):
        """Watch all that is computed within."""
        with _Looks(self), _Operators(self):
            yield self

    @contextmanager
    def within_epoch(self):
        """Refuse copies; batches may be sent if the table stays on the host."""
        self.forbidden = (TO_HOST,) if self.table_stays else (TO_HOST, TO_DEVICE)
        try:
            yield
        finally:
            self.forbidden = ()

    def begin_epoch(self):
        """Tell the copies of one epoch, its begin and its end, from those of the next."""
        if self._at_epoch is not None:
            self.epochs.append(self.copies - self._at_epoch)
        self._at_epoch = self.copies.copy()

    def begin_step(self, part):
        """Begin a step of this part of an epoch."""
        self._marks.append((part, len(self.operators)))

    def end_part(self):
        """End the part; its last mark is no step."""
        for (part, start), (_, stop) in pairwise(self._marks):
            self.steps.append((part, self.operators[start:stop]))
        self._marks = []

    def of_training(self):
        """Return the operators of each step of training."""
        return [operators for part, operators in self.steps if part == "train"]

    def cross(self, direction, what):
        """Record a copy, or refuse it."""
        if direction in self.forbidden:
            raise CopyError(f"{what} {direction}, in {_caller()}")
        self.copies[direction, _caller()] += 1

    def remember(self, there, here):
        """Keep in mind what was sent to the device."""
        self.check_dtype("a copy", [there])
        if not there.is_inference():
            self._sent[there] = here.clone(), there._version

    def answer(self, there):
        """Say what a tensor on the device holds."""
        if there in self._sent:
            here, version = self._sent[there]
            if version == there._version:
                return here
        return torch.ones(there.shape)

    def check_dtype(self, name, tensors):
        """Refuse float64 where the device has none."""
        if not self.has_float64 and any(t.dtype == torch.float64 for t in tensors):
            raise Float64Error(f"{name} has float64, in {_caller()}")


class _Operators(TorchDispatchMode):
    def __init__(self, watch):
        super().__init__()
        self.watch = watch

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs, watch, name = kwargs or {}, self.watch, func._schema.name.removeprefix("aten::")
        if torch.is_inference_mode_enabled():
            # there an operator made of others arrives whole
            with self:
                if (result := func.decompose(*args, **kwargs)) is not NotImplemented:
                    return result
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        there = [t for t in tensors if t.device == watch.device]
        if name in ("_to_copy", "copy_"):
            source, goal = tensors[-1], kwargs.get("device") or tensors[0].device
            if source.device == watch.device != goal:
                watch.cross(TO_HOST, name)
                return watch.answer(source).to(kwargs.get("dtype") or source.dtype)
            if source.device != watch.device == goal:
                watch.cross(TO_DEVICE, name)
                result = func(*args, **kwargs)
                watch.remember(result, source)
                return result
        # a CPU tensor of one number is handed over with the launch
        elif there and any(t.device != watch.device and t.dim() for t in tensors):
            raise CPUTensorError(f"{name} was given a tensor on the CPU, in {_caller()}")
        result = func(*args, **kwargs)
        made = [leaf for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor)]
        there += [t for t in made if t.device == watch.device]
        if there:
            watch.check_dtype(name, there)
        if there and not watch.is_apart:
            shapes = tuple(tuple(t.shape) for t in tensors)
            launches = not (func.is_view or name in _ROOM)
            watch.operators.append(Operator(name, shapes, launches, watch.is_in_optimizer))
        return result


class _Looks(TorchFunctionMode):
    """Python's own looks at numbers, which reach no operator on "meta", and literals sent over."""

    def __init__(self, watch):
        super().__init__()
        self.watch = watch

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs, watch = kwargs or {}, self.watch
        if watch.device.type == "cpu":
            return func(*args, **kwargs)
        if args and isinstance(args[0], torch.Tensor) and args[0].device == watch.device:
            if func in _NUMBERS:
                watch.cross(TO_HOST, func.__name__)
                return _NUMBERS[func](watch.answer(args[0]))
            if func is torch.Tensor.tolist:
                watch.cross(TO_HOST, func.__name__)
                return watch.answer(args[0]).to(args[0].dtype).tolist()
            if func is torch.Tensor.new_tensor or (func in _INDEXINGS and _has_lists(args[1])):
                watch.cross(TO_DEVICE, func.__name__)
        elif func in _LITERALS:
            # of tensors and arrays the copy itself is seen
            is_literal = not isinstance(args[0], torch.Tensor | np.ndarray)
            if is_literal and torch.device(kwargs.get("device") or "cpu") == watch.device:
                watch.cross(TO_DEVICE, func.__name__)
        return func(*args, **kwargs)


def _has_lists(index):
    """Whether an index becomes a tensor first."""
    parts = index if isinstance(index, tuple) else (index,)
    return any(isinstance(part, list | np.ndarray) for part in parts)


def _caller():
    """The file and function of the package that are at work."""
    frame = sys._getframe(2)
    while frame is not None:
        code = frame.f_code
        if code.co_filename.startswith(_PACKAGE):
            path = os.path.relpath(code.co_filename, _PACKAGE)
            return f"{path.replace(os.sep, '/')}:{code.co_name}"
        frame = frame.f_back
    return "outside"

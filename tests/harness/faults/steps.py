"""Steps of a call, counted by kind; a fault is raised at one of them."""

import ast
import sys
from contextlib import ExitStack, contextmanager
from functools import cache, wraps
from pathlib import Path
from pkgutil import resolve_name
from unittest import mock

import torch
from skorch.callbacks import Callback
from torch.utils._python_dispatch import TorchDispatchMode

import skdropout

PACKAGE = str(Path(skdropout.__file__).parent)


class Fault(RuntimeError):
    """An error of nobody's."""


FAULTS = {
    "Fault": Fault,
    "MemoryError": MemoryError,
    "OutOfMemoryError": torch.cuda.OutOfMemoryError,
    "KeyboardInterrupt": KeyboardInterrupt,
}


class Trigger:
    """Count the steps of each kind, and raise ``fault`` at the step of this ``kind`` and number.

    Attributes
    ----------
    counts : dict of str to int
    raised : BaseException or None
        The exception that was raised.
    where : str or None
        The function of the library in which it was, if it was in a line or under one.
    """

    def __init__(self, kind=None, number=None, fault=None):
        self.kind, self.number, self.fault = kind, number, fault
        self.counts, self.raised, self.where = {}, None, None

    def reach(self, kind):
        count = self.counts[kind] = self.counts.get(kind, 0) + 1
        if kind == self.kind and count == self.number:
            self.raised = FAULTS[self.fault](f"injected at {kind} {count}")
            self.where = function_of_the_library(sys._getframe())
            raise self.raised


_triggers = []


def reach(kind):
    """Say that a step is reached; for whatever is the user's own."""
    if _triggers:
        _triggers[-1].reach(kind)


def function_of_the_library(frame):
    while frame is not None:
        if frame.f_code.co_filename.startswith(PACKAGE):
            return frame.f_code.co_qualname
        frame = frame.f_back
    return None


class Operators(TorchDispatchMode):
    """Each operator of torch is a step."""

    def __torch_dispatch__(self, operator, types, args=(), kwargs=None):
        reach("operator")
        return operator(*args, **(kwargs or {}))


class Events(Callback):
    """Each event of a training is a step: a user's own callback."""

    def on_train_begin(self, net, **_):
        reach("event")

    def on_train_end(self, net, **_):
        reach("event")

    def on_epoch_begin(self, net, **_):
        reach("event")

    def on_epoch_end(self, net, **_):
        reach("event")

    def on_batch_begin(self, net, **_):
        reach("event")

    def on_batch_end(self, net, **_):
        reach("event")

    def on_grad_computed(self, net, **_):
        reach("event")


class FitEvents:
    """Each event of scikit-learn's protocol of callbacks is a step."""

    def setup(self, estimator, context):
        reach("event")

    def on_fit_task_begin(self, estimator, context):
        reach("event")

    def on_fit_task_end(self, estimator, context):
        reach("event")

    def teardown(self, estimator, context):
        reach("event")


@contextmanager
def counted_lines():
    """Each line of the library that is executed is a step, where an exception can be met at all.

    Python itself gives no way to survive what arrives within ``finally``, or between the end of a
    ``with`` block and its ``__exit__``.
    """

    def of_line(frame, event, _):
        if event == "line" and frame.f_lineno not in unguarded(frame.f_code.co_filename):
            reach("line")
        return of_line

    def of_call(frame, event, _):
        return of_line if frame.f_code.co_filename.startswith(PACKAGE) else None

    before = sys.gettrace()
    sys.settrace(of_call)
    try:
        yield
    finally:
        sys.settrace(before)


@cache
def unguarded(path):
    """Lines of ``with`` statements, and of what is done ``finally``."""
    lines = set()
    for node in ast.walk(ast.parse(Path(path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.With):
            lines.update(range(node.lineno, node.body[0].lineno))
        for part in getattr(node, "finalbody", []):
            lines.update(range(part.lineno, part.end_lineno + 1))
    return frozenset(lines)


def reaching(method, kind, unless):
    """Return ``method`` with a step at its beginning."""

    @wraps(method)
    def wrapped(self, *args, **kwargs):
        if not unless(self):
            reach(kind)
        return method(self, *args, **kwargs)

    return wrapped


# methods whose calls are steps: those of the networks outside of training take a block each
PLACES = {
    "skdropout._training.net:StackNet._go_once": "epoch",
    "skdropout._training.net:StackNet.train_step": "training step",
    "skdropout._stack.networks:Stack.forward": "block",
    "skdropout._stack.networks:Stack.draw": "block",
}


@contextmanager
def small_blocks():
    """Predictions have several blocks."""
    with mock.patch("skdropout._stack.predictor._BLOCK_ELEMENTS", 2000):
        yield


@contextmanager
def steps(trigger, lines):
    """Count the steps within: all kinds, or all but ``lines``, which are slow to count."""
    with ExitStack() as stack:
        for place, kind in PLACES.items():
            owner, _, name = place.rpartition(".")
            unless = (lambda network: network.training) if kind == "block" else (lambda _: False)
            owner = resolve_name(owner)
            method = reaching(getattr(owner, name), kind, unless)
            stack.enter_context(mock.patch.object(owner, name, method))
        _triggers.append(trigger)
        stack.callback(_triggers.pop)
        if lines:
            stack.enter_context(counted_lines())
        else:
            stack.enter_context(Operators())
        yield

"""Does the harness bite? Faults that the library once had are put back, one at a time.

Each is a function that patches the library in the worker's process; a part of the harness must
come upon it.
"""

import torch

from skdropout import _device
from skdropout._estimators import checks, classification, reading, template, training
from skdropout._estimators.search import estimators as search
from skdropout._estimators.search import folds
from skdropout._stack import build, losses
from skdropout._table import column, encoder


def targets_overflow():
    """Squares of targets of 1e154 and more are infinite, and so are predictions."""
    losses._unit = lambda y: 1.0


def weights_underflow():
    """Weights of 1e-300 sum up to nothing, and the mean is divided by it."""
    checks.near_one = classification.near_one = lambda weights: weights
    build._check_weights = lambda weight, rows: None


def groups_of_any_length():
    """Groups of another length than X are an IndexError in the middle of a search."""
    search.check_groups = lambda groups, n_rows: groups


def rows_of_any_number():
    """Folds may name rows that X has not."""

    def make_splits(cv, X, y, classifier, n_rows, params, *, least, **options):
        splitter = folds.check_cv(cv, y, classifier=classifier, **options)
        return [tuple(map(folds.np.asarray, split)) for split in splitter.split(X, y, **params)]

    search.make_splits = make_splits


def any_device():
    """A device whose tensors cannot be read is taken, and training ends in torch's error."""

    def resolve_device(device):
        return torch.device("cpu" if device == "auto" else device)

    _device.resolve_device = reading.resolve_device = resolve_device


def tensors_as_they_are():
    """Tensors with a gradient reach NumPy, which cannot read them."""
    column.readable = encoder.readable = reading.readable = lambda X, name="X": X


def no_end_of_numbers():
    """A whole number beyond any float is an OverflowError."""

    def as_numbers(cells, name):
        if hasattr(cells, "to_numpy"):
            return cells.to_numpy().astype(float)
        return cells.astype(float)

    column.as_numbers = encoder.as_numbers = as_numbers


def divergence_is_silent():
    """Training that has diverged leaves networks that predict NaN."""
    template.BaseDropoutMLP._check_finite = lambda self, net: None


def second_pass_on_the_spot():
    """``partial_fit`` trains the fitted networks themselves; a failure leaves them half trained."""
    training.copy.deepcopy = lambda module: module


def untrained_after_interruption():
    """Ctrl-C in the first epoch leaves an untrained network as a fitted one."""

    def _run(self, net, plan, table, members, train, found):
        try:
            return run(self, net, plan, table, members, train, found)
        except KeyboardInterrupt:
            net.finished_ = 1
            net.losses_.setdefault("train", torch.zeros(len(members)))
            return net

    run = template.BaseDropoutMLP._run
    template.BaseDropoutMLP._run = _run


# name: (part that is to find it, what puts it back)
FAULTS = {
    "targets of 1e154 overflow": ("fuzz", targets_overflow),
    "weights of 1e-300 are divided by": ("fuzz", weights_underflow),
    "groups of another length": ("fuzz", groups_of_any_length),
    "folds of rows that are not there": ("fuzz", rows_of_any_number),
    "device='meta'": ("fuzz", any_device),
    "tensors with a gradient": ("fuzz", tensors_as_they_are),
    "10**400 in a column of objects": ("fuzz", no_end_of_numbers),
    "divergence without an error": ("fuzz", divergence_is_silent),
    "partial_fit is not all or nothing": ("faults", second_pass_on_the_spot),
    "Ctrl-C in the first epoch": ("faults", untrained_after_interruption),
}

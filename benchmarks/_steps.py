"""A step of training, taken apart; and its matrix products alone, the least it can take."""

import time
from collections import defaultdict
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

import torch

from skdropout._stack import Batches, MaskSource
from skdropout._stack.by_hand import Pass
from skdropout._stack.encoding import TableEncoding
from skdropout._training import StackNet
from skdropout._training.optimizer import StackAdamW

SECONDS_ALONE = 0.3


def seconds_of_products(stack, n_rows):
    """Return the seconds of the processor that a step's own products take, nothing beside them."""
    layers = [layer.weight.detach() for layer in (*stack.hidden, stack.output)]
    n_members, n_constant = stack.n_members, stack.encoding.n_constant
    inputs = [torch.randn(n_members, n_rows, weight.shape[1]) for weight in layers]
    outputs = [torch.randn(n_members, n_rows, weight.shape[2]) for weight in layers]

    def products():
        for x, weight in zip(inputs, layers, strict=True):
            torch.bmm(x, weight)
        for k, (x, gradient, weight) in enumerate(zip(inputs, outputs, layers, strict=True)):
            torch.bmm(x.mT, gradient)
            # of the first layer's inputs only what is learnt has a gradient
            wanted = weight if k else weight[:, n_constant:]
            if wanted.shape[1]:
                torch.bmm(gradient, wanted.mT)

    products()
    start, n = time.process_time(), 0
    while time.process_time() < start + SECONDS_ALONE:
        products()
        n += 1
    return (time.process_time() - start) / n


def seconds_of_epoch(fit, short=1, long=3):
    """Return a fitted model and the seconds of the processor that an epoch of it takes.

    Parameters
    ----------
    fit : callable
        Maps a number of epochs to a fitted model.
    short, long : int
        What two fits of so many epochs share is no step's.
    """
    times = []
    for epochs in (short, long):
        start = time.process_time()
        model = fit(epochs)
        times.append(time.process_time() - start)
    return model, (times[1] - times[0]) / (long - short)


@contextmanager
def taken_apart():
    """Within it training is watched; yield the seconds of each part of its steps.

    Parts do not overlap: what one part calls counts for the inner one.
    """
    seconds, stack = defaultdict(float), []

    def timed(part, function):
        def call(*args, **options):
            stack.append(0.0)
            start = time.process_time()
            try:
                return function(*args, **options)
            finally:
                elapsed = time.process_time() - start
                seconds[part] += elapsed - stack.pop()
                if stack:
                    stack[-1] += elapsed

        return call

    def gathered(batches):
        steps = iterate(batches)
        while (step := timed("rows", next)(steps, None)) is not None:
            yield step

    iterate = Batches.__iter__
    watched = [
        (torch, "bmm", "products"),
        (torch, "baddbmm", "products"),
        (MaskSource, "draw", "masks"),
        (Pass, "__init__", "layers"),
        (Pass, "back", "layers"),
        (TableEncoding, "fill", "vectors"),
        (TableEncoding, "learn", "vectors"),
        (StackAdamW, "zero_grad", "optimiser"),
        (StackAdamW, "collect", "optimiser"),
        (StackAdamW, "step_of_epoch", "optimiser"),
        (StackNet, "member_losses", "loss"),
        (StackNet, "train_step", "Python"),
    ]
    with ExitStack() as patches:
        patches.enter_context(patch.object(Batches, "__iter__", gathered))
        for owner, name, part in watched:
            function = timed(part, getattr(owner, name))
            patches.enter_context(patch.object(owner, name, function))
        yield seconds

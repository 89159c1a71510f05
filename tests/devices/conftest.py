"""Estimators that are fitted on the device nobody has seen."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

import skdropout._estimators.reading as reading
import skdropout._stack.predictor as predictor
from skdropout._stack import Batches, MaskSource
from skdropout._table import TableTensors
from skdropout._training import StackNet
from skdropout._training.optimizer import StackAdamW
from tests.devices.unseen import Watch


class _Steps:
    """Batches whose steps are watched: within them nothing may cross."""

    def __init__(self, batches, watch, part):
        self.batches, self.watch, self.part = batches, watch, part

    def __getattr__(self, name):
        return getattr(self.batches, name)

    def __iter__(self):
        steps = iter(self.batches)
        with self.watch.within_epoch():
            while True:
                self.watch.begin_step(self.part)
                batch = next(steps, None)
                if batch is None:
                    return self.watch.end_part()
                yield batch


@pytest.fixture
def watched(monkeypatch):
    """Return a function that lets a Watch on a device follow all that is trained."""

    def follow(watch):
        go_once, run, step = StackNet._go_once, StackNet.run_single_epoch, StackAdamW._update

        def watched_epoch(net):
            watch.begin_epoch()
            go_once(net)

        def watched_run(net, iterator, training, part, step_fn, **options):
            steps = None if iterator is None else _Steps(iterator, watch, part)
            run(net, steps, training, part, step_fn, **options)

        def watched_step(optimizer):
            watch.is_in_optimizer = True
            step(optimizer)
            watch.is_in_optimizer = False

        gather = Batches._small

        def watched_gather(batches, *steps):
            watch.is_apart = True
            small = gather(batches, *steps)
            watch.is_apart = False
            return small

        monkeypatch.setattr(Batches, "_small", watched_gather)
        monkeypatch.setattr(StackNet, "_go_once", watched_epoch)
        monkeypatch.setattr(StackNet, "run_single_epoch", watched_run)
        monkeypatch.setattr(StackAdamW, "_update", watched_step)
        return watch

    return follow


@pytest.fixture
def unseen(monkeypatch, watched):
    """Return a watch on the device that nobody has seen, which `fit` takes for the one asked for.

    "meta" has no generators and no fused optimiser: a generator on the CPU, which its operators
    accept and do not use, and the unfused optimiser stand in.
    """
    watch, near = Watch(), TableTensors.near

    def precision(_):
        return torch.float64 if watch.has_float64 else torch.float32

    monkeypatch.setattr(reading, "resolve_device", lambda _: watch.device)
    monkeypatch.setattr(MaskSource, "generator", torch.Generator())
    nothing = SimpleNamespace(
        get_rng_state=lambda: None, set_rng_state=lambda _: None, manual_seed=lambda _: None
    )
    monkeypatch.setattr(torch, "get_device_module", lambda _: nothing)
    monkeypatch.setattr(predictor, "prediction_dtype", precision)
    monkeypatch.setattr(
        TableTensors, "near", lambda table, to: table if watch.table_stays else near(table, to)
    )
    return watched(watch)


@pytest.fixture(scope="session")
def small_table():
    """90 rows: numbers, one column with missing cells, and categories with vectors of two sizes."""
    rng = np.random.default_rng(0)
    n = 90
    X = pd.DataFrame(
        {
            "few": pd.Categorical(rng.choice(["Rome", "Oslo", "Lima"], n)),
            "a": rng.normal(size=n),
            "many": pd.Categorical(rng.integers(0, 40, n)),
            "b": np.where(rng.random(n) < 0.2, np.nan, rng.exponential(size=n)),
            "other": pd.Categorical(rng.choice(["up", "down"], n)),
        }
    )
    return X, X["a"].to_numpy() + rng.normal(size=n)

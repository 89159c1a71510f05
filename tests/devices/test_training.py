"""Whole fits on a device that nobody has seen: no step of an epoch waits, or is sent anything.

That no operator is given a tensor on the CPU, and none has float64, the watch sees to throughout.
"""

from collections import Counter

import numpy as np
import pytest
import torch

from skdropout import DropoutMLPRegressor, DropoutMLPRegressorCV
from skdropout._training.callbacks import BestEpoch, Race
from tests.devices.models import MODELS, SMALL
from tests.devices.unseen import TO_DEVICE, TO_HOST

# All that crosses in an epoch, by what makes it. What is sent is sent as the epoch begins, or with
# what is looked at, at its end.
TRAINING = Counter(
    {
        (TO_DEVICE, "_stack/batches.py:__iter__"): 2,  # the order of the rows; rows of each step
        (TO_HOST, "_training/net.py:_go_once"): 1,  # the mean loss
    }
)
CATEGORIES = Counter({(TO_DEVICE, "_stack/batches.py:_replaced"): 1})  # by the unknown level
EARLY_STOPPING = Counter(
    {
        (TO_DEVICE, "_stack/batches.py:__iter__"): 2,  # the same of the validation rows
        (TO_HOST, "_training/net.py:_go_once"): 1,
        (TO_DEVICE, "_training/callbacks.py:on_epoch_end"): 1,  # who is in training
        (TO_DEVICE, "_training/callbacks.py:stop"): 1,
        (TO_HOST, "_training/callbacks.py:stop"): 1,  # who goes on
    }
)
LOSSES_OF_RACE = Counter({(TO_HOST, "_training/callbacks.py:_record"): 1})
# who is in training, from the fourth epoch on
RACING = LOSSES_OF_RACE + Counter({(TO_HOST, "_training/callbacks.py:going"): 1})
SOMEBODY_LEAVES = Counter(
    {
        (TO_DEVICE, "_training/net.py:keep"): 1,  # who stays
        (TO_DEVICE, "_stack/batches.py:__init__"): 2,  # numbers of rows
        (TO_HOST, "_stack/columns.py:prepare"): 1,  # rates of dropout
        (TO_HOST, "_stack/networks.py:drop_with"): 1,
    }
)


@pytest.mark.parametrize("name", MODELS)
def test_copies_of_an_epoch(unseen, small_table, name):
    with unseen.on():
        model, X = MODELS[name](*small_table)
        model.predict(X)
    known = TRAINING
    if name != "no early stopping":
        known = known + EARLY_STOPPING
    if not name.startswith("own"):
        known = known + CATEGORIES
    if name == "recipes":
        known = known + LOSSES_OF_RACE
    assert unseen.epochs[0] == known
    assert unseen.of_training()


def test_members_leave(unseen, small_table, monkeypatch):
    """One of three networks stops after the second epoch."""
    stop = BestEpoch.stop

    def stopping(callback, net, stopped):
        stop(callback, net, stopped)
        if net.epoch_ == 2:
            net.keep(torch.tensor([0, 2]))

    monkeypatch.setattr(BestEpoch, "stop", stopping)
    options = {**SMALL, "max_iter": 4, "dropout": 0.2, "input_dropout": 0.1}
    X, y = small_table
    with unseen.on():
        model = DropoutMLPRegressor((8,), **options).fit(X, y)
    usual = TRAINING + EARLY_STOPPING + CATEGORIES
    first, second, third = unseen.epochs
    assert first == third == usual
    laws = Counter({(TO_DEVICE, "_stack/layers.py:from_rates"): 4})  # two, each of two numbers
    assert second == usual + SOMEBODY_LEAVES + laws
    assert model.net_.members_.tolist() == [0, 2]
    steps = unseen.of_training()
    widths = [next(op.shapes[0][0] for op in step if op.name == "baddbmm") for step in steps]
    assert widths == [3, 3, 2, 2]


def test_racing(unseen, small_table, monkeypatch):
    """One of two candidates is beaten in the fifth epoch."""
    monkeypatch.setattr(
        Race, "_beaten", lambda race, epoch: np.array([False, epoch == 5 and not race.out_.any()])
    )
    X, y = small_table
    options = {**SMALL, "n_members": 1, "max_iter": 6, "cv": 3, "dropouts": [0.0, 0.2]}
    with unseen.on():
        DropoutMLPRegressorCV((8,), racing=True, refit=False, **options).fit(X, y)
    usual = TRAINING + EARLY_STOPPING + CATEGORIES
    going = Counter({(TO_HOST, "_training/callbacks.py:going"): 1})
    beaten = Counter(
        {(way, "_training/callbacks.py:stop"): n for way, n in ((TO_HOST, 1), (TO_DEVICE, 2))}
    )
    assert unseen.epochs[:3] == [usual + RACING - going] * 3
    assert unseen.epochs[3:] == [usual + RACING, usual + RACING + beaten]


def test_a_table_too_large_for_the_device(unseen, small_table):
    """Batches are sent: numbers, codes, target and weight; still nothing is looked at."""
    unseen.table_stays = True
    with unseen.on():
        MODELS["standard numbers"](*small_table)
    copies = unseen.epochs[0]
    assert copies[TO_DEVICE, "_stack/batches.py:_numbers"] == len(unseen.steps) / 2
    # of all steps of training at once, and of evaluation
    assert copies[TO_DEVICE, "_stack/batches.py:_small"] == 2 * 3
    assert not any(way == TO_HOST and "batches" in where for way, where in unseen.epochs[0])


def test_partial_fit(unseen, small_table):
    """The optimiser of an earlier pass is taken up where the networks are."""
    X, y = small_table
    with unseen.on():
        model = DropoutMLPRegressor((8,), **SMALL)
        for _ in range(3):
            model.partial_fit(X, y)
    assert len(unseen.steps) == 6
    *moments, counts = model.net_.moments_
    assert {moment.device for moment in moments} == {unseen.device}
    assert [int(count) for count in counts] == [6, 6, 6]

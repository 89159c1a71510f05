"""Predictions, pickles and smoothed Hessians on a device that nobody has seen."""

import copy
import pickle
from collections import Counter

import numpy as np
import pytest
import torch

from skdropout import DropoutMLPRegressor, DropoutMLPRegressorCV
from tests.devices.models import MODELS, SMALL
from tests.devices.unseen import TO_DEVICE, TO_HOST

ROWS, BLOCKS = "_stack/predictor.py:_blocks", "_stack/predictor.py:_in_blocks"


@pytest.mark.parametrize(("rows_of_block", "has_float64"), [(90, True), (30, False)])
@pytest.mark.parametrize("name", ["periodic numbers", "three classes", "own module"])
def test_a_block_goes_there_and_back(
    unseen, small_table, monkeypatch, name, rows_of_block, has_float64
):
    """Numbers and codes go there, predictions come back; the networks went there once."""
    with unseen.on():
        model, X = MODELS[name](*small_table)
        monkeypatch.setattr(type(model._predictor), "block", rows_of_block)
        unseen.has_float64 = has_float64
        model.predict(X)
        unseen.copies.clear()
        unseen.operators.clear()
        model.predict(X)
    assert len(unseen.operators) > 10
    n_blocks = 90 // rows_of_block
    assert unseen.copies == {(TO_DEVICE, ROWS): 2 * n_blocks, (TO_HOST, BLOCKS): n_blocks}


def test_draws(unseen, small_table):
    """Monte-Carlo dropout looks at the rates once."""
    with unseen.on():
        model, X = MODELS["standard numbers"](*small_table)
        unseen.copies.clear()
        model.sample_predictions(X, n_samples=6)
    assert unseen.copies[TO_HOST, BLOCKS] == 2  # of three networks each
    assert sum(n for (way, _), n in unseen.copies.items() if way == TO_HOST) == 2 + 2


def test_rows_of_folds(unseen, small_table):
    """Each block of a fold's rows comes back once, and nothing is asked besides."""
    X, y = small_table
    options = {**SMALL, "n_members": 1, "cv": 3, "dropouts": [0.0, 0.2], "refit": False}
    with unseen.on():
        DropoutMLPRegressorCV((8,), **options).fit(X, y)
    # rows to test and to train on
    assert unseen.copies[TO_HOST, "_stack/predictor.py:_predict_rows"] == 2


def tensors_of(state):
    """All tensors that a net's pickle holds."""
    module = state["module_"]
    *moments, counts = state["moments_"] or ([],)
    callbacks = [vars(callback).values() for _, callback in state["callbacks_"]]
    return [
        *module.parameters(),
        *module.buffers(),
        *state["losses_"].values(),
        *moments,
        *counts,
        *(value for values in callbacks for value in values if isinstance(value, torch.Tensor)),
        *(value for value in state.values() if isinstance(value, torch.Tensor)),
    ]


@pytest.mark.parametrize("goes_on", [False, True])
def test_pickles_are_of_the_cpu(unseen, small_table, goes_on):
    """Loaded they go to the device of the fit if the machine has it, else stay."""
    X, y = small_table
    X = X[["a", "b"]]
    with unseen.on():
        model = DropoutMLPRegressor((8,), **SMALL)
        model = model.partial_fit(X, y) if goes_on else model.fit(X, y)
        tensors = tensors_of(model.net_.__getstate__())
        assert len(tensors) > (20 if goes_on else 15)
        assert {tensor.device.type for tensor in tensors} == {"cpu"}
        again = pickle.loads(pickle.dumps(model))
        assert again.device_ == unseen.device
        again.predict(X)
        if goes_on:
            again.partial_fit(X, y)
        model.net_.device = "cuda:63"
        again = pickle.loads(pickle.dumps(model))
        assert again.device_ == torch.device("cpu")
    # without the watch: nothing of it is on the device
    unseen.device = torch.device("cpu")
    assert again.predict(X).shape == (90,)
    if goes_on:
        again.partial_fit(X, y)


def test_a_copy_stays_on_the_device(unseen, small_table):
    with unseen.on():
        model, X = MODELS["standard numbers"](*small_table)
        again = copy.deepcopy(model)
        assert next(again.net_.module_.parameters()).device == unseen.device
        with np.errstate(all="ignore"):  # numbers that nobody computed may be anything
            again.predict(X)
    assert Counter(way for way, _ in unseen.copies)[TO_HOST] > 0

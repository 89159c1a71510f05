"""Data and engine pieces that several test modules use."""

import random

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import BaseEstimator

from skdropout import _device
from skdropout._stack.build import build_stack
from skdropout._stack.columns import RandomColumns
from skdropout._stack.layers import MaskSource
from skdropout._stack.losses import SquaredError
from skdropout._table.encoder import TableEncoder
from skdropout._table.tensors import Rows, TableTensors
from skdropout._training.callbacks import BestEpoch
from skdropout._training.net import StackNet
from skdropout._training.optimizer import Pace


def pytest_addoption(parser):
    parser.addoption(
        "--device", default="cpu", help='what device="auto" means to the tests: cpu, cuda or mps'
    )


def pytest_configure(config):
    """Let "auto" be the option's device, in doctests too; whatever names its device keeps it."""
    name = config.getoption("--device")
    if name == "auto":
        raise pytest.UsageError("--device=auto: name the device that the tests are to run on.")
    try:
        found = _device.resolve_device(name)
    except ValueError as error:
        raise pytest.UsageError(f"--device={name}: {error}") from error
    _device._best_device = lambda: found


@pytest.fixture
def device(pytestconfig):
    """The device of the option ``--device``."""
    return torch.device(pytestconfig.getoption("--device"))


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    """Small products are slower on several threads, and test workers share the cores."""
    torch.set_num_threads(1)


def random_states():
    """All of them: NumPy's keys, position and kept normal number; torch's of every device."""
    kind, keys, position, has_normal, normal = np.random.get_state()  # noqa: NPY002
    return {
        "random": random.getstate(),
        "numpy": (kind, keys.tolist(), position, has_normal, normal),
        "torch": torch.get_rng_state().tolist(),
        "cuda": [state.tolist() for state in torch.cuda.get_rng_state_all()],
    }


@pytest.fixture
def untouched_random_state():
    """Fail if the test changed a global random state."""
    before = random_states()
    yield
    after = random_states()
    assert [part for part in before if before[part] != after[part]] == []


@pytest.fixture(scope="session")
def mixed_table():
    """300 rows of numbers (one column with missing cells) and two categorical columns."""
    rng = np.random.default_rng(0)
    n = 300
    X = pd.DataFrame(
        {
            "a": rng.normal(size=n),
            "b": np.where(rng.random(n) < 0.2, np.nan, rng.exponential(size=n)),
            "city": pd.Categorical(rng.choice(["Rome", "Oslo", "Lima", "Bonn"], n)),
            "grade": pd.Categorical(rng.integers(0, 7, n)),
        }
    )
    y = X["a"] * (X["city"] == "Rome") + X["grade"].astype(float) + X["b"].fillna(2.0)
    return X, y.to_numpy() * 100


def make_table(X, y, dtype=torch.float64, weight=None):
    """Return (encoder, table) of a data frame and a target."""
    owner = BaseEstimator()  # what fit writes the columns' names to
    encoder = TableEncoder("from_dtype").fit(X, owner)
    numeric, codes = encoder.transform(X, owner)
    target = np.asarray(y, dtype=float).reshape(len(y), -1)
    table = TableTensors(
        torch.as_tensor(numeric, dtype=dtype),
        torch.as_tensor(codes),
        torch.as_tensor(target, dtype=dtype),
        None if weight is None else torch.as_tensor(weight, dtype=dtype),
        torch.tensor(encoder.n_levels) + 1,
    )
    return encoder, table


def train_stack(
    encoder,
    table,
    members,
    *,
    epochs=3,
    patience=None,
    mask_seed=0,
    columns=RandomColumns,
    numeric_encoding="standard",
    input_scaling=0.0,
    activation="relu",
    paces=None,
    **options,
):
    """Train a small stack on the CPU; return its net."""
    criterion = SquaredError()
    module = build_stack(
        encoder,
        table,
        members,
        criterion,
        hidden_layer_sizes=(16, 8),
        activation=activation,
        numeric_encoding=numeric_encoding,
        dims=[4] * len(encoder.categorical_),
        n_outputs=table.target.shape[1],
        columns=columns,
        input_scaling=input_scaling,
    )
    valid = [torch.as_tensor(member.valid) for member in members]
    paces = paces or [(1e-2, 1e-2, "cosine")] * len(members)
    net = StackNet(
        module,
        criterion,
        seeds=[member.seed for member in members],
        masks=MaskSource(mask_seed, torch.device("cpu")),
        rows_valid=Rows(table, valid) if len(valid[0]) else None,
        max_epochs=epochs,
        batch_size=[32] * len(members),
        schedules=[member.schedules for member in members],
        paces=[Pace(*pace) for pace in paces[: len(members)]],
        callbacks=[] if patience is None else [("best_epoch", BestEpoch(patience, 0.0))],
        device="cpu",
        **options,
    )
    net.fit(Rows(table, [torch.as_tensor(member.train) for member in members]))
    return net

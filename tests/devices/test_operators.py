"""How many operators a step of training takes, each a launch on a GPU, and of which shapes."""

import pytest
import torch
from torch.torch_version import TorchVersion

from skdropout import DropoutMLPRegressor, RelDropRegressor
from tests.devices.models import MODELS, SMALL, perceptron
from tests.devices.unseen import Watch

# AdamW in one, and one that counts the steps; on "meta" it is unfused, of some eight a parameter.
FUSED = ["add_", "_fused_adamw_"]


def launches(step):
    """Names of the operators that launch something on a GPU, the optimiser apart."""
    return [op.name for op in step if op.launches and not op.is_of_optimizer]


def numbers_only(**options):
    """A column of numbers, one hidden layer."""

    def fit(X, y, **changed):
        return DropoutMLPRegressor((16,), **{**SMALL, **options, **changed}).fit(X[["a"]], y)

    return fit


PLAIN = {"dropout": 0.0, "input_dropout": 0.0, "input_scaling": 0.0}
AT_MOST = {
    "one layer, nothing dropped": (numbers_only(**PLAIN), 23),
    "its inputs scaled": (numbers_only(**{**PLAIN, "input_scaling": 20.0}), 30),
    "units dropped too, the default": (numbers_only(), 36),
    "columns dropped too": (numbers_only(input_dropout=0.1), 49),
    "gradients clipped too": (numbers_only(input_dropout=0.1, max_grad_norm=1.0), 54),
    **{
        f"one layer, {encoding}": (numbers_only(**PLAIN, numeric_encoding=encoding), most)
        for encoding, most in (("standard", 23), ("quantile", 23), ("periodic", 52))
    },
    "one layer, everything": (perceptron(sizes=(16,), input_dropout=0.1, max_grad_norm=1.0), 89),
    "RelDrop by integrated gradients": (
        perceptron(RelDropRegressor, rule="integrated_gradients"),
        886,
    ),
    **{
        name: (MODELS[name], most)
        for name, most in (
            ("RelDrop by gradient_x_input", 154),
            ("RelDrop by epsilon", 170),
            ("own module", 91),
            ("own module, blocks", 122),
        )
    },
}


def signature(step):
    """What a captured graph of the step would fix."""
    return tuple((op.name, op.shapes) for op in step if op.launches)


@pytest.mark.parametrize("name", AT_MOST)
def test_steps(unseen, small_table, name):
    """Where steps divide the rows all are alike.

    Of 90 rows 18 are to stop by, and 72 make two steps of 36.
    """
    fit, most = AT_MOST[name]
    with unseen.on():
        fit(*small_table, batch_size=36, validation_fraction=0.2)
    steps = unseen.of_training()
    assert len(steps) == 4
    assert len({signature(step) for step in steps}) == 1
    n = len(launches(steps[0])) + len(FUSED)
    print(f"\n{name}: {n} operators a step, {len(steps[0])} with views and AdamW unfused")
    # older releases launch two more where categories are looked up
    assert n <= most + 2 * (torch.__version__ < TorchVersion("2.13"))


@pytest.mark.parametrize("encoding", ["standard", "quantile", "piecewise_linear", "periodic"])
def test_a_cpu_runs_the_same(unseen, watched, small_table, monkeypatch, encoding):
    """But for masks; so the counts are what networks take, and the fused optimiser's are two."""
    fit = perceptron(numeric_encoding=encoding, dropout=0.0, input_dropout=0.0)
    with unseen.on():
        fit(*small_table)
    monkeypatch.undo()
    here = watched(Watch(torch.device("cpu"), has_float64=True))
    with here.on():
        fit(*small_table)
    for there, step in zip(unseen.of_training(), here.of_training(), strict=True):
        assert launches(there) == launches(step)
        assert [op.name for op in step if op.is_of_optimizer and op.launches][-2:] == FUSED


def test_the_last_step_is_narrower(unseen, small_table):
    """82 rows go in steps of 28, 28 and 26: two shapes, of which the second is the last step's."""
    X, y = small_table
    options = {**SMALL, "batch_size": 28, "early_stopping": False, "max_iter": 3}
    with unseen.on():
        DropoutMLPRegressor((8,), **options).fit(X[:82], y[:82])
    wide, _, narrow, *_ = signatures = list(map(signature, unseen.of_training()))
    assert wide != narrow
    assert signatures == [wide, wide, narrow] * 3

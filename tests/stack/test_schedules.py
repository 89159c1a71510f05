"""What rates are multiplied by over a training, and at which step."""

import numpy as np
import pytest
import torch

from skdropout._stack.layers import MaskSource
from skdropout._stack.schedules import SCHEDULES, Factors, Laws, factors_of

CPU = torch.device("cpu")
AT = np.array([0, 1 / 6, 1 / 3, 1 / 2, 3 / 4, 1])
EXPECTED = {
    "constant": [1, 1, 1, 1, 1, 1],
    "early": [1, 0.5, 0, 0, 0, 0],
    "late": [0, 0, 1, 1, 1, 1],
    "decay": [1, 1, 1, 1, 0.5, 0],
    "ramp": [0, 1 / 3, 2 / 3, 1, 1, 1],
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_named_schedules(name):
    got = [SCHEDULES[name](progress) for progress in AT]
    np.testing.assert_allclose(got, EXPECTED[name], atol=1e-12)


@pytest.mark.parametrize("n_epochs", [1, 3, 30, 999, 1000, 1001, 20_000])
def test_factors_are_those_of_progress(n_epochs):
    factors = factors_of(lambda progress: progress, n_epochs)
    np.testing.assert_allclose(factors, np.arange(len(factors)) / len(factors))
    assert 1000 <= len(factors) <= 10_000
    assert len(factors) % n_epochs == 0 or n_epochs > 10_000


@pytest.mark.parametrize("n_epochs", [7, 100])
@pytest.mark.parametrize("steps", [[1], [30], [3, 30], [7, 7, 1]])
def test_place_of_a_step(n_epochs, steps):
    """At each step the factor of progress so far, to the distance between two; an epoch's first."""
    factors = Factors.of([(lambda progress: progress, "constant")] * len(steps), n_epochs)
    for epoch in range(n_epochs):
        for step in range(max(steps)):
            place = factors.place(epoch, step, steps)
            assert np.ndim(place) == (len({*steps}) > 1)
            for k, n in enumerate(steps):
                got = factors.of_units[place if np.ndim(place) == 0 else place[k], k]
                done = (epoch + min(step, n - 1) / n) / n_epochs
                assert 0 <= done - got + 1e-9 < 1 / 1000 + 1e-9
                assert step or got == pytest.approx(done)


def test_nothing_changes_where_all_is_constant():
    assert Factors.of([("constant", "constant")] * 2, 5) is None


def test_members_keep_their_factors():
    factors = Factors.of([("early", "late"), ("ramp", "ramp"), ("decay", "early")], 10)
    part = factors.select(torch.tensor([2]))
    np.testing.assert_array_equal(part.of_units[:, 0], factors_of("decay", 10))
    np.testing.assert_array_equal(part.of_columns[:, 0], factors_of("early", 10))


def test_masks_over_a_training():
    """Shares dropped are rate times factor, within five standard errors; means stay one."""
    rates, n = torch.tensor([0.5, 0.2]), 200_000
    factors = np.array([[0.0, 0.0], [0.5, 1.0], [1.0, 0.0]])
    laws, masks = Laws(rates, factors, CPU, torch.float64), MaskSource(0, CPU)
    assert laws.at(0) is None
    for place in (1, 2, np.array([2, 1])):
        mask = masks.draw(laws.at(place), (2, n, 1))
        expected = rates.numpy() * factors[place, np.arange(2)]
        error = 5 * np.sqrt(expected * (1 - expected) / n) + 1e-4
        assert (np.abs((mask == 0).double().mean((1, 2)).numpy() - expected) <= error).all()
        kept = mask.max(1).values[:, 0].numpy()
        np.testing.assert_allclose(kept, 1 / (1 - expected), rtol=1e-4)


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        (lambda progress: 1 + progress, r"returns 1 at progress=0.00.*\[0, 1\]"),
        (lambda progress: -1.0, "returns -1 at progress=0"),
        (lambda progress: float("nan"), "returns nan"),
        (lambda progress: None, "fails at progress=0"),
        (lambda: 1, "fails at progress=0"),
        (lambda progress: 1 / progress, "division by zero"),
    ],
)
def test_bad_schedules(schedule, message):
    with pytest.raises(ValueError, match=message):
        factors_of(schedule, 10)

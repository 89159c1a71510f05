"""What the displays store and draw."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from torch import nn

from skdropout import DropoutMLPRegressor
from skdropout.inspection import InteractionDisplay, interaction_strengths

mpl.use("agg")
from matplotlib import pyplot as plt

pytestmark = pytest.mark.usefixtures("untouched_random_state")


class Product(nn.Module):
    def forward(self, x):
        return 2 * x[:, 0] * x[:, 2] + x[:, 0] ** 2 - x[:, 1]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def X():
    return np.random.default_rng(0).normal(size=(300, 3))


def test_map_shows_the_strengths(X):
    frame = pd.DataFrame(X, columns=["hour", "wind", "day"])
    model = DropoutMLPRegressor((4,), max_iter=2, random_state=0).fit(frame, X[:, 0])
    display = InteractionDisplay.from_estimator(model, frame, random_state=0)
    expected = interaction_strengths(model, frame, random_state=0).strengths
    np.testing.assert_array_equal(display.values, expected)
    assert [t.get_text() for t in display.ax_.get_yticklabels()] == ["hour", "wind", "day"]
    _, ax = plt.subplots()
    assert display.plot(ax=ax).ax_ is ax


def test_surface_is_the_joint_effect_alone(X):
    display = InteractionDisplay.from_pair(Product(), X, (0, 2), n_grid=9)
    first, second = display.grid
    expected = 2 * np.outer(first - first.mean(), second - second.mean())
    np.testing.assert_allclose(display.values, expected, atol=1e-4)
    assert display.ax_.get_xlabel() == "x0"
    nothing = InteractionDisplay.from_pair(Product(), X, ("x0", "x1"), n_grid=5)
    np.testing.assert_allclose(nothing.values, 0, atol=1e-5)


def test_bad_pairs(X):
    for pair in ((0, 0), (0, 7), ("x0", "z")):
        with pytest.raises(ValueError, match="two different columns"):
            InteractionDisplay.from_pair(Product(), X, pair)


def test_surface_of_categories():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"hour": rng.normal(size=200), "day": rng.choice(["Mon", "Sun"], 200)})
    y = frame["hour"] * (frame["day"] == "Sun")
    model = DropoutMLPRegressor((16,), max_iter=20, learning_rate_init=0.01, random_state=0)
    display = InteractionDisplay.from_pair(model.fit(frame, y), frame, ("hour", "day"), n_grid=7)
    assert display.values.shape == (7, 2)
    assert [t.get_text() for t in display.ax_.get_yticklabels()] == ["Mon", "Sun"]
    assert display.values[-1, 1] > 0.3 > -0.3 > display.values[0, 1]

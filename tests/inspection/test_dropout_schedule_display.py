"""DropoutScheduleDisplay draws what was dropped when, DropoutRatesDisplay what was learnt."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.datasets import make_friedman1

from skdropout import DropoutMLPRegressor, RelDropRegressor
from skdropout.inspection import DropoutRatesDisplay, DropoutScheduleDisplay

pytestmark = pytest.mark.usefixtures("agg")
SMALL = {"hidden_layer_sizes": (8, 8), "n_members": 2, "max_iter": 4, "random_state": 0}


@pytest.fixture(scope="module")
def data():
    return make_friedman1(n_samples=100, random_state=0)


def test_rates_are_the_largest_times_the_factor(data):
    model = DropoutMLPRegressor(**SMALL, dropout=0.2, input_dropout=0.1, dropout_schedule="ramp")
    display = DropoutScheduleDisplay.from_estimator(model.fit(*data))
    assert list(display.lines_) == ["hidden units", "columns"]
    for name, rate in (("hidden units", 0.2), ("columns", 0.1)):
        epochs, rates = display.lines_[name].get_data()
        np.testing.assert_allclose(rates, rate * np.minimum(1, 2 * epochs / 4), rtol=1e-6)
    kept = dict(model.net_.callbacks_)["best_epoch"].best_epoch_
    np.testing.assert_array_equal(display.kept_.get_offsets()[:, 0], np.unique(kept))


def test_networks_and_layers_that_differ(data):
    _, ax = plt.subplots()
    model = RelDropRegressor(
        **SMALL,
        dropout=0.3,
        beta=0.15,
        dropout_profile="front",
        dropout_schedule=["late", "constant"],
        early_stopping=False,
    ).fit(*data)
    display = DropoutScheduleDisplay.from_estimator(model, ax=ax)
    assert display.ax_ is ax
    assert display.kept_ is None
    whose = ", kind 1 of networks", ", kind 2 of networks"
    names = "hidden layer 1", "hidden layer 2", "columns, beta"
    assert list(display.lines_) == [name + of for of in whose for name in names]
    last = {name: line.get_ydata()[-1] for name, line in display.lines_.items()}
    assert [last[name + whose[0]] for name in names] == pytest.approx([0.4, 0.2, 0.15])
    assert display.lines_[names[0] + whose[0]].get_ydata()[0] == 0


def test_rates_that_were_learnt(data):
    model = DropoutMLPRegressor(**SMALL, dropout="learnt", input_dropout="learnt").fit(*data)
    display = DropoutRatesDisplay.from_estimator(model)
    names = list(display.rates)
    assert names[:2] == ["hidden layer 1", "hidden layer 2"]
    assert {*names[2:]} == {f"column {j}" for j in np.flatnonzero(model.kept_columns_)}
    widths = dict(zip(names, [bar.get_width() for bar in display.bars_], strict=True))
    np.testing.assert_allclose([widths[name] for name in names[:2]], model.dropout_)
    for name in names[2:]:
        column = int(name.removeprefix("column "))
        assert widths[name] == pytest.approx(model.input_dropout_[column])
    with pytest.raises(ValueError, match="DropoutRatesDisplay"):
        DropoutScheduleDisplay.from_estimator(model)
    given = DropoutMLPRegressor(**SMALL, dropout=0.1).fit(*data)
    with pytest.raises(ValueError, match="were given"):
        DropoutRatesDisplay.from_estimator(given)

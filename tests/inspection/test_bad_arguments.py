"""Odd arguments of measures and displays are refused by name, before anything is measured."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.utils import Bunch
from torch import nn

from skdropout.inspection import (
    DropoutPathDisplay,
    DropoutRatesDisplay,
    DropoutScheduleDisplay,
    EmbeddingDisplay,
    InteractionDisplay,
    OcclusionDisplay,
    OrderSpectrumDisplay,
    effective_number_of_features,
    explain_global,
    explain_local,
    interaction_order_spectrum,
    interaction_strengths,
    occlusion_curve,
    perturbation_mse,
    supported_orders,
)

X = np.random.default_rng(0).normal(size=(60, 3))
y = X[:, 0] * X[:, 1]
LINE = LinearRegression().fit(X, y)
CLASSES = LogisticRegression().fit(X, y > 0)
NET = nn.Linear(3, 1).double()
WORDS = pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "city": ["Rome", "Oslo"] * 30})
SPECTRUM = Bunch(variances=np.ones(2), remainder=0.0, standard_errors=np.zeros(2))


def strengths(**change):
    return interaction_strengths(**{"estimator": NET, "X": X} | change)


def curve(**change):
    return occlusion_curve(**{"estimator": LINE, "X": X, "y": y} | change)


REFUSED = [
    (lambda: strengths(random_state="a"), "random_state='a' must be None"),
    (lambda: strengths(random_state=2**32), "random_state=4294967296 must be None"),
    (lambda: strengths(exclude="x0"), "exclude='x0' must be a list"),
    (lambda: strengths(exclude=[[0]]), "exclude names"),
    (lambda: strengths(exclude=np.array(0)), "exclude=.* must be a list"),
    (lambda: strengths(normalize="a"), "normalize='a' must be True"),
    (lambda: strengths(X=[[1.0], [1.0, 2.0]]), "X cannot be read as a table"),
    (lambda: strengths(X=WORDS), "Column 'city' cannot be read as numbers"),
    (lambda: strengths(X=np.full((5, 3), np.inf)), "X has missing or infinite cells in the col"),
    (lambda: strengths(estimator=nn.LSTM(3, 2)), "estimator must map"),
    (lambda: strengths(estimator=nn.Linear(5, 1)), "estimator, a Linear, cannot be applied"),
    (lambda: strengths(estimator=lambda: 1, method="superset"), "estimator does not take a table"),
    (lambda: strengths(estimator=lambda X: None, method="superset"), "estimator must return"),
    (lambda: interaction_order_spectrum(lambda X: X[:, :0], X), "estimator must return one finite"),
    (lambda: perturbation_mse(NET, X, output=1), "output=1 must be the index"),
    (lambda: perturbation_mse(NET, X, radius=0), "radius=0 must be positive"),
    (lambda: perturbation_mse(LINE, X), "estimator cannot be asked: LinearRegression gives no"),
    (lambda: curve(fractions="a"), "fractions='a' must be an integer"),
    (lambda: curve(fractions=["a"]), "fractions=.* must be a positive number of steps"),
    (lambda: curve(fill=5), "fill=5 must be"),
    (lambda: curve(fill=["a", "b", "c"]), "fill gives cells that do not go with"),
    (lambda: curve(scoring=["r2"]), "scoring=.* must be a name"),
    (lambda: curve(scoring="accuracy"), "scoring='accuracy' does not fit"),
    (lambda: curve(scoring=lambda e, X, y: np.nan), "scoring gave nan"),
    (lambda: curve(scoring=lambda: 0), "scoring does not take"),
    (lambda: curve(y=np.array(["a"] * 60)), "y must hold numbers"),
    (lambda: curve(y=np.append(y[1:], np.nan)), "y holds nan"),
    (lambda: curve(estimator=CLASSES, y=[None] * 60), "y holds None, but estimator knows"),
    (lambda: curve(estimator=CLASSES, y=np.arange(60)), "y holds 2, but estimator knows"),
    (lambda: effective_number_of_features(LINE, X, y, share="a"), "share='a' must be a number"),
    (lambda: interaction_order_spectrum(LINE, X, per_member="a"), "per_member='a' must be True"),
    (lambda: interaction_order_spectrum(LINE, X, method=["a"]), "method=.* is unknown"),
    (lambda: explain_global(LINE, X, n_grid=1), "n_grid=1 must be an integer of at least 2"),
    (lambda: explain_global(LINE, X, interactions="ab"), "interactions='ab' must be"),
    (lambda: explain_global(LINE, X, interactions=[(0, 1, 2)]), "interactions holds"),
    (lambda: explain_global(LINE, X, output=[0]), "output=.* must be the index"),
    (lambda: explain_local(LINE, X[:2], y[:1], background=X), "y of shape .* does not fit X"),
    (lambda: explain_local(LINE, X[:2], ["a", "b"], background=X), "y must hold numbers"),
    (lambda: supported_orders(LINE, X, y, alpha="a"), "alpha='a' must be a number"),
    (lambda: supported_orders(LINE, X, y, n_evaluations=0), "n_evaluations=0 must be"),
    (lambda: supported_orders(LINE, X, 5), "y=5.0 must hold one target per row"),
    (lambda: InteractionDisplay.from_pair(LINE, X, 5), "pair=5 must be two different columns"),
    (lambda: InteractionDisplay.from_pair(LINE, X, (0, 1), n_grid=0), "n_grid=0 must be"),
    (lambda: InteractionDisplay(np.eye(2), ["a"]).plot(), r"values must have shape \(1, 1\)"),
    (lambda: InteractionDisplay(np.eye(1), 5).plot(), "feature_names=5 must be a list"),
    (lambda: InteractionDisplay(np.eye(2), ["a", "b"], grid=5).plot(), "grid=5 must be"),
    (lambda: InteractionDisplay(np.eye(1), ["a"]).plot(cmap="no"), "cmap='no' must be"),
    (lambda: InteractionDisplay(np.eye(1), ["a"]).plot(ax=5), "ax=5 must be matplotlib Axes"),
    (lambda: OrderSpectrumDisplay.from_spectra([SPECTRUM]), "spectra=.* must be what"),
    (lambda: OrderSpectrumDisplay.from_spectra({"a": SPECTRUM}, along="t"), "along='t' needs"),
    (lambda: OrderSpectrumDisplay.from_callback(None), "callback=None has measured nothing"),
    (lambda: OrderSpectrumDisplay({"a": SPECTRUM}).plot(colors=[]), "colors=.* must hold"),
    (lambda: OrderSpectrumDisplay({"a": SPECTRUM}).plot(colors=["no"]), "colors holds 'no'"),
    (lambda: OcclusionDisplay.from_estimators(LINE, X, y, ax=[]), "ax=.* must be matplotlib"),
    (lambda: DropoutPathDisplay.from_estimator(LINE), "estimator=.* holds no search"),
    (lambda: DropoutScheduleDisplay.from_estimator(LINE), "estimator=.* has no networks"),
    (lambda: DropoutRatesDisplay.from_estimator(LINE), "estimator=.* has no networks"),
    (lambda: EmbeddingDisplay.from_estimator(LINE, ["a"]), "estimator=.* holds no embedding"),
    (lambda: EmbeddingDisplay(vectors=np.eye(2), levels=["a"]).plot(), "levels has 1 entries"),
    (lambda: EmbeddingDisplay(vectors=np.eye(2), levels=5).plot(), "levels=5 must be a list"),
    (lambda: EmbeddingDisplay(vectors=[[np.nan]], levels=["a"]).plot(), "vectors of shape"),
]


@pytest.mark.parametrize(("call", "message"), REFUSED)
def test_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_levels_may_hold_dollar_signs():
    shown = EmbeddingDisplay(vectors=torch.eye(2).numpy(), levels=["$x", "$$"]).plot()
    shown.figure_.canvas.draw()
    assert len(shown.labels_) == 2


def test_constant_scores_have_no_variance():
    """However their mean is rounded."""
    constant = DummyClassifier().fit(X, np.arange(60) % 3 * (np.arange(60) > 7))
    spectrum = interaction_order_spectrum(constant, X, n_evaluations=2000, random_state=0)
    assert not spectrum.variances.any()


@pytest.mark.parametrize("column", [[1e16, 1e16 + 2], [-1.7e308, 1.7e308]])
def test_densities_of_narrow_and_of_wide_columns(column):
    table = np.column_stack([np.resize(column, 60), X[:, 1]])
    explained = explain_global(lambda X: X[:, 1], table, interactions=0, n_grid=2)
    assert sum(explained.data(0)["density"]["scores"]) == 60

"""Columns of second derivatives are close to what very many gradients would tell."""

import re

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator

from skdropout import DropoutMLPRegressor, SmoothHessInteractions

pytestmark = pytest.mark.usefixtures("untouched_random_state")

X = np.random.default_rng(0).normal(size=(200, 4))
Y = X[:, 0] * X[:, 2] + X[:, 1]


def network(encoding):
    return DropoutMLPRegressor(
        (16,),
        n_members=1,
        numeric_encoding=encoding,
        learning_rate_init=0.01,
        max_iter=20,
        screening=None,
        random_state=0,
    ).fit(X, Y)


def column(net, n_perturbations, seed):
    finder = SmoothHessInteractions(
        FrozenEstimator(net),
        n_interactions=1,
        output="hessian",
        n_perturbations=n_perturbations,
        passthrough=False,
        exclude=[1, 3],
        random_state=seed,
    )
    return finder.fit(X, Y).transform(X[:50])[:, 0]


@pytest.mark.parametrize(
    ("encoding", "n_many"),
    [("piecewise_linear", 1000), pytest.param("quantile", 20_000, marks=pytest.mark.slow)],
)
def test_auto_takes_as_many_gradients_as_are_needed(encoding, n_many):
    """An error below a fifth of the column's spread is a correlation of at least 0.98.

    What ``n_many`` gradients a row tell correlates at more than 0.995 with the truth. Bins of
    quantiles are steep, and need more of them than those of pieces of lines.
    """
    net = network(encoding)
    converged = column(net, n_many, 99)
    correlations = [np.corrcoef(column(net, "auto", s), converged)[0, 1] for s in range(3)]
    assert np.mean(correlations) > 0.97


def test_what_was_reached_is_said(monkeypatch):
    """The error told is that between columns of different seeds, as a share of their spread."""
    monkeypatch.setattr("skdropout._transformers.interactions.pair_columns._MOST_GRADIENTS", 32)
    net = network("quantile")
    told, columns = [], []
    for seed in range(60):
        with pytest.warns(RuntimeWarning, match="stopped at 32 gradients") as said:
            columns.append(column(net, "auto", seed))
        told.append(float(re.search(r"'x0 x2' ([\d.]+);", str(said[0].message))[1]))
    columns = np.array(columns)
    known = np.sqrt(columns.var(0, ddof=1).mean() / columns.var(1).mean())
    # Four blocks tell a variance to a share of sqrt(2 / 3) if rows err alike, 60 of them to 0.11,
    # and 60 columns theirs to sqrt(2 / 59) = 0.18: together 0.11 of the root; thrice that.
    assert np.sqrt(np.mean(np.square(told))) == pytest.approx(known, rel=0.33)


def test_no_interaction_is_no_reason_to_go_on():
    """A linear network's second derivatives are zero, as is their spread: no warning."""
    linear = DropoutMLPRegressor(
        (), n_members=2, numeric_encoding="standard", max_iter=2, random_state=0
    ).fit(X, Y)
    np.testing.assert_allclose(column(linear, "auto", 0), 0, atol=1e-6)

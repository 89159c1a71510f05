"""Columns of second derivatives are close to what very many gradients would tell."""

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator

from skdropout import DropoutMLPRegressor, SmoothHessInteractions

pytestmark = pytest.mark.usefixtures("untouched_random_state")


@pytest.mark.parametrize(
    ("encoding", "n_many"),
    [("piecewise_linear", 1000), pytest.param("quantile", 20_000, marks=pytest.mark.slow)],
)
def test_auto_takes_as_many_gradients_as_are_needed(encoding, n_many):
    """An error below a fifth of the column's spread is a correlation of at least 0.98.

    What ``n_many`` gradients a row tell correlates at more than 0.995 with the truth. Bins of
    quantiles are steep, and need more of them than those of pieces of lines.
    """
    X = np.random.default_rng(0).normal(size=(200, 4))
    y = X[:, 0] * X[:, 2] + X[:, 1]
    net = DropoutMLPRegressor(
        (16,),
        n_members=1,
        numeric_encoding=encoding,
        learning_rate_init=0.01,
        max_iter=20,
        device="cpu",
        random_state=0,
    )
    net.fit(X, y)

    def column(n_perturbations, seed):
        finder = SmoothHessInteractions(
            FrozenEstimator(net),
            n_interactions=1,
            output="hessian",
            n_perturbations=n_perturbations,
            passthrough=False,
            exclude=[1, 3],
            random_state=seed,
        )
        return finder.fit(X, y).transform(X[:50])[:, 0]

    converged = column(n_many, 99)
    correlations = [np.corrcoef(column("auto", seed), converged)[0, 1] for seed in range(3)]
    assert np.mean(correlations) > 0.97

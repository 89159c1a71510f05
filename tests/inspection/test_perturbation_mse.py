"""The local models of fitted networks."""

import numpy as np
import pytest
from sklearn.tree import DecisionTreeRegressor

from skdropout import DropoutMLPRegressor
from skdropout.inspection import perturbation_mse

pytestmark = pytest.mark.usefixtures("untouched_random_state")


@pytest.mark.parametrize("law", ["radius", "ball"])
def test_curvature_helps(law):
    X = np.random.default_rng(0).normal(size=(300, 3))
    options = {"learning_rate_init": 1e-2, "max_iter": 20, "random_state": 0, "device": "cpu"}
    model = DropoutMLPRegressor((32, 32), n_members=2, numeric_encoding="standard", **options).fit(
        X, X[:, 0] * X[:, 1]
    )
    result = perturbation_mse(model, X, law=law, n_points=20, n_perturbations=200, random_state=0)
    assert result.linear.shape == result.quadratic.shape == (2, 20)
    assert result.quadratic.mean() < 0.5 * result.linear.mean()
    again = perturbation_mse(model, X, law=law, n_points=20, n_perturbations=200, random_state=0)
    np.testing.assert_array_equal(result.quadratic, again.quadratic)


def test_trees_have_no_gradients():
    X = np.eye(4)
    with pytest.raises(ValueError, match="no gradients"):
        perturbation_mse(DecisionTreeRegressor(random_state=0).fit(X, X[:, 0]), X)

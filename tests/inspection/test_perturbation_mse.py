"""The local models of fitted networks."""

import numpy as np
import pytest
import torch
from sklearn.tree import DecisionTreeRegressor
from torch import nn

from skdropout import DropoutMLPRegressor
from skdropout.inspection import perturbation_mse

pytestmark = pytest.mark.usefixtures("untouched_random_state")


class Quadratic(nn.Module):
    hessian = torch.tensor([[1.0, 2.0, 0.0], [2.0, -3.0, 0.5], [0.0, 0.5, 4.0]])

    def forward(self, x):
        return ((x @ self.hessian.to(x)) * x).sum(1) / 2 + x[:, 0]


@pytest.mark.parametrize(("law", "fourth_power"), [("radius", 1 / 5), ("ball", 3 / 7)])
def test_of_a_quadratic_the_hessian_is_all_there_is(law, fourth_power):
    """Without it the error is E (D'HD / 2)^2, D in standard deviations.

    With u uniform on the sphere in d dimensions, E (u'Hu)^2 = (tr(H)^2 + 2 tr(H^2)) / (d (d + 2)).
    Lengths uniform up to one have a mean fourth power of 1/5, points uniform in the ball of
    d / (d + 4). The 20 points are independent, so the mean is within five of its standard errors
    but for a probability of 1e-4 (Student's t law, 19 degrees of freedom).
    """
    X = np.random.default_rng(0).normal(size=(300, 3)) * [1.0, 2.0, 0.3]
    options = {"law": law, "radius": 0.7, "n_points": 20, "random_state": 0}
    result = perturbation_mse(Quadratic(), X, n_perturbations=1000, **options)
    H = Quadratic.hessian.numpy() * np.outer(X.std(0), X.std(0))
    expected = 0.7**4 * fourth_power * (np.trace(H) ** 2 + 2 * np.trace(H @ H)) / 15 / 4
    error = result.linear.std(ddof=1) / 20**0.5
    assert result.linear.shape == result.quadratic.shape == (1, 20)
    assert abs(result.linear.mean() - expected) < 5 * error < 0.1 * expected
    assert result.quadratic.max() < 1e-6 * expected


@pytest.mark.parametrize("law", ["radius", "ball"])
def test_curvature_helps(law):
    X = np.random.default_rng(0).normal(size=(300, 3))
    options = {"learning_rate_init": 1e-2, "max_iter": 20, "random_state": 0}
    model = DropoutMLPRegressor((32, 32), n_members=2, numeric_encoding="standard", **options).fit(
        X, X[:, 0] * X[:, 1]
    )
    result = perturbation_mse(model, X, law=law, n_points=20, n_perturbations=200, random_state=0)
    assert (result.quadratic.mean(1) < 0.5 * result.linear.mean(1)).all()
    again = perturbation_mse(model, X, law=law, n_points=20, n_perturbations=200, random_state=0)
    np.testing.assert_array_equal(result.quadratic, again.quadratic)


def test_trees_have_no_gradients():
    X = np.eye(4)
    with pytest.raises(ValueError, match="no gradients"):
        perturbation_mse(DecisionTreeRegressor(random_state=0).fit(X, X[:, 0]), X)

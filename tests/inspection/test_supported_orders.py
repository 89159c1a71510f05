"""Orders that the data support: right ones found, wrong ones called at the stated rate."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

from skdropout import DropoutMLPClassifierCV, DropoutMLPRegressorCV
from skdropout.datasets import make_pure_interaction
from skdropout.inspection import supported_orders

# learns effects of order 1, 2 and 3 from anything, noise included
OVERFITS = make_pipeline(PolynomialFeatures(3), Ridge(1e-3))
FAST = {"n_evaluations": 4000, "random_state": 0}


def network(cls=DropoutMLPRegressorCV):
    return cls((32,), dropouts=[0, 0.2], cv=3, max_iter=40, random_state=0)


def test_targets_whose_squares_no_float_holds_are_refused_before_training():
    class NeverFitted(LinearRegression):
        def fit(self, X, y):
            raise AssertionError("it was trained")

    X = np.random.default_rng(0).normal(size=(60, 3))
    with pytest.raises(ValueError, match="y holds values up to 1e"):
        supported_orders(NeverFitted(), X, np.append(X[1:, 0], 1e300), **FAST)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_pure_orders_of_a_network_that_chooses_its_rate(order):
    X, y = make_pure_interaction(1500, n_features=4, order=order, noise=0.3, random_state=order)
    assert supported_orders(network(), X, y, **FAST).orders == [order]


def test_all_orders_of_a_mixture_and_none_of_noise():
    """Both targets are polynomials of degree 3 at most, and noise.

    Least squares of 84 terms on 750 rows err by 1 + 84 / (750 - 84 - 1) times the noise's variance;
    a mean of 750 squares has a relative standard deviation of (2 / 750)^1/2.
    """
    error, near = 1 + 84 / 665, 3 * (2 / 750) ** 0.5
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, size=(1500, 6))
    noise = rng.normal(size=1500)
    y = X[:, 0] + 3 * X[:, 1] * X[:, 2] + 5 * X[:, 3] * X[:, 4] * X[:, 5] + 0.3 * noise
    result = supported_orders(OVERFITS, X, y, **FAST)
    assert result.orders == [1, 2, 3]
    assert result.noise_variance == pytest.approx(0.09 * error, rel=near)
    result = supported_orders(OVERFITS, X, noise, **FAST)
    assert result.orders == []
    assert result.table["variance_in_model"].min() > 0
    assert result.noise_variance == pytest.approx(error, rel=near)


def test_classes():
    """The second class is certain where x1 x2 > 0: a pair effect of 1/2 or -1/2, variance 1/4.

    No part of a model has more covariance with it than the root of the product of the variances;
    a model that has learnt it has more than half of this, and a tenth of the Brier score of chance.
    """
    X, y = make_pure_interaction(1500, n_features=3, order=2, random_state=0)
    result = supported_orders(network(DropoutMLPClassifierCV), X, y > 0, **FAST)
    assert result.orders == [2]
    _, variance, covariance, error, *_ = (column[1] for column in result.table.values())
    assert 1 / 8 < covariance < (variance / 4) ** 0.5 + 3 * error < 0.3
    assert result.noise_variance < 0.1 / 4


def test_several_outputs_and_a_frame_with_categories():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {"a": rng.normal(size=1000), "b": pd.Categorical(rng.choice(list("xyz"), 1000))}
    )
    pair = X["a"] * X["b"].map({"x": -1.0, "y": 0.0, "z": 1.0}).astype(float)
    Y = np.column_stack([pair + 0.2 * rng.normal(size=1000), rng.normal(size=1000)])
    result = supported_orders(network(), X, Y, **FAST)
    assert 2 in result.orders
    assert 3 not in result.orders


def test_an_order_the_model_lacks_is_not_supported():
    X, y = make_pure_interaction(500, n_features=4, order=2, random_state=0)
    result = supported_orders(LinearRegression(), X, y, **FAST)
    np.testing.assert_array_equal(result.table["p_value"][1:], 1)
    assert result.orders == []


@pytest.mark.slow
@pytest.mark.parametrize("order", [1, 2, 3])
def test_error_rate(order):
    """Any wrong order: at most 5 % of 200; three standard deviations are .046."""
    wrong, right = 0, 0
    for seed in range(200):
        X, y = make_pure_interaction(300, n_features=4, order=order, noise=1.0, random_state=seed)
        result = supported_orders(OVERFITS, X, y, n_evaluations=2000, random_state=seed)
        wrong += any(k != order for k in result.orders)
        right += order in result.orders
    assert wrong / 200 < 0.05 + 0.046
    assert right / 200 > 0.8


class Product(RegressorMixin, BaseEstimator):
    """Knows the truth; `fit` looks at nothing."""

    def fit(self, X, y):
        self.n_features_in_ = X.shape[1]
        return self

    def predict(self, X):
        return X[:, 0] * X[:, 1] + X[:, 2]


def test_covariances_of_a_model_that_is_right():
    """With the truth as model, the covariance is the variance: 1/9 of the pair, 1/3."""
    rng = np.random.default_rng(1)
    X = rng.uniform(-1, 1, size=(4000, 3))
    y = Product().fit(X, None).predict(X) + rng.normal(size=4000)
    result = supported_orders(Product(), X, y, **FAST)
    error = result.table["covariance_with_data"][:2] - [1 / 3, 1 / 9]
    assert (np.abs(error) < 3 * result.table["standard_error"][:2]).all()
    assert result.noise_variance == pytest.approx(1, abs=0.1)  # 3 sqrt(2 / 2000)


def test_table_for_pandas_and_for_people():
    X, y = make_pure_interaction(300, n_features=3, order=1, random_state=0)
    result = supported_orders(LinearRegression(), X, y, **FAST)
    frame = pd.DataFrame(result.table)
    assert frame["order"].tolist() == [1, 2, 3]
    assert frame["supported"].tolist() == [True, False, False]
    lines = str(result).splitlines()
    assert len(lines) == 6
    assert lines[1].startswith("1 main effects")
    assert lines[1].endswith("yes")


def test_dependent_features_are_warned_of():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 1)) + 0.05 * rng.normal(size=(300, 2))
    with pytest.warns(UserWarning, match="depend strongly"):
        supported_orders(LinearRegression(), X, X[:, 0], **FAST)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alpha": 0}, "alpha=0 must be"),
        ({"test_size": 1.0}, "test_size=1.0 must be"),
        ({"estimator": lambda X: X}, "with fit"),
        ({"X": np.zeros((30, 2))}, "X has 30 rows"),
        ({"estimator": DropoutMLPClassifierCV(), "y": np.zeros((100, 2))}, "several labels"),
    ],
)
def test_bad_input(options, message):
    X = options.get("X", np.zeros((100, 2)))
    options = {"estimator": LinearRegression(), "X": X, "y": np.zeros(len(X)), **options}
    with pytest.raises(ValueError, match=message):
        supported_orders(options.pop("estimator"), options.pop("X"), options.pop("y"), **options)

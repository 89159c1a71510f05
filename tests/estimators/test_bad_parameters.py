"""Parameters that only look like what they should be."""

import numpy as np
import pytest

from skdropout import DropoutMLPRegressor, DropoutMLPRegressorCV, RelDropRegressor

pytestmark = pytest.mark.usefixtures("untouched_random_state")

X = np.random.default_rng(0).normal(size=(60, 3))
Y = X[:, 0]
SMALL = {"hidden_layer_sizes": (4,), "n_members": 1, "max_iter": 3, "random_state": 0}


@pytest.mark.parametrize("cls", [DropoutMLPRegressor, RelDropRegressor])
def test_a_truth_value_is_no_tolerance(cls):
    with pytest.raises(ValueError, match="tol"):
        cls(**SMALL, tol=True).fit(X, Y)


@pytest.mark.parametrize("cls", [DropoutMLPRegressor, DropoutMLPRegressorCV])
def test_a_device_without_memory(cls):
    with pytest.raises(ValueError, match="device"):
        cls(**SMALL, device="meta").fit(X, Y)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("batch_size", np.int8(1)),
        ("batch_size", np.int8(7)),
        ("max_iter", np.int8(3)),
        ("n_members", np.int8(2)),
        ("n_iter_no_change", np.int8(2)),
        ("hidden_layer_sizes", np.int8(4)),
    ],
    ids=str,
)
def test_small_types_of_numpy_are_numbers(name, value):
    X = np.random.default_rng(0).normal(size=(300, 3))
    model = DropoutMLPRegressor(**{**SMALL, name: value}).fit(X, X[:, 0])
    plain = DropoutMLPRegressor(**{**SMALL, name: value.item()}).fit(X, X[:, 0])
    np.testing.assert_array_equal(model.predict(X), plain.predict(X))

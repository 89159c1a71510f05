"""The tests' option ``--device``."""

from types import SimpleNamespace

import numpy as np
import pytest

from skdropout import DropoutMLPRegressor
from skdropout._device import resolve_device
from tests.conftest import pytest_configure


def test_auto_is_the_device_of_the_option(device):
    assert resolve_device("auto") == device
    X = np.random.default_rng(0).normal(size=(40, 2))
    model = DropoutMLPRegressor((4,), n_members=1, max_iter=2).fit(X, X[:, 0])
    assert model.device_ == device
    assert next(model.net_.module_.parameters()).device.type == device.type
    assert np.isfinite(model.predict(X)).all()


@pytest.mark.parametrize("name", ["meta", "abacus", "auto"])
def test_a_device_that_is_not_there_is_an_error_of_usage(name):
    options = SimpleNamespace(getoption=lambda _: name)
    with pytest.raises(pytest.UsageError, match=f"--device={name}: "):
        pytest_configure(options)


def test_meta_is_refused_to_users():
    X = np.zeros((10, 1))
    with pytest.raises(ValueError, match="device='meta' is not available"):
        DropoutMLPRegressor(device="meta").fit(X, X[:, 0])

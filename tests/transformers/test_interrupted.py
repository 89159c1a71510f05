"""Ctrl-C while the transformer's own networks are trained."""

import numpy as np
import pytest
from torch.utils._python_dispatch import TorchDispatchMode

from skdropout import DropoutMLPRegressor, SmoothHessInteractions

pytestmark = pytest.mark.usefixtures("untouched_random_state")

X = np.random.default_rng(0).normal(size=(60, 3))
Y = X[:, 0] * X[:, 1] + X[:, 2]
TINY = DropoutMLPRegressor((4,), max_iter=1, n_members=1, device="cpu", random_state=0)


class CtrlC(TorchDispatchMode):
    """Ctrl-C in the first backward pass there is."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if "backward" in func.name():
            raise KeyboardInterrupt
        return func(*args, **(kwargs or {}))


@pytest.mark.filterwarnings("ignore:.*interrupted:UserWarning")
def test_first_epoch_of_the_default_estimator():
    finder = SmoothHessInteractions(device="cpu", random_state=0)
    before = dict(vars(finder))
    with CtrlC(), pytest.raises(KeyboardInterrupt):
        finder.fit(X, Y)
    assert vars(finder) == before


@pytest.mark.filterwarnings("ignore:.*interrupted:UserWarning")
def test_what_was_fitted_before_stays():
    finder = SmoothHessInteractions(TINY, device="cpu", random_state=0).fit(X, Y)
    expected = finder.transform(X)
    finder.set_params(estimator=None)
    before = dict(vars(finder))
    with CtrlC(), pytest.raises(KeyboardInterrupt):
        finder.fit(X, Y)
    assert vars(finder).keys() == before.keys()
    assert all(vars(finder)[name] is before[name] for name in before)
    np.testing.assert_array_equal(finder.transform(X), expected)

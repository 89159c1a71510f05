"""A search without refit has no network, whatever an earlier fit of it left."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from skdropout import DropoutMLPClassifierCV, DropoutMLPRegressorCV

pytestmark = pytest.mark.usefixtures("untouched_random_state")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
Y = (X[:, 0] > 0).astype(int)
OTHER = pd.DataFrame({"city": RNG.choice(["Rome", "Oslo"], 60), "a": 1e6 * X[:, 0]})
SMALL = {
    "hidden_layer_sizes": (4,),
    "n_members": 1,
    "max_iter": 2,
    "dropouts": [0.0],
    "cv": 2,
    "random_state": 0,
}
BOTH = pytest.mark.parametrize("cls", [DropoutMLPRegressorCV, DropoutMLPClassifierCV])


def searched_twice(cls):
    return cls(**SMALL).fit(X, Y).set_params(refit=False).fit(OTHER, Y)


@BOTH
def test_predict_says_that_nothing_is_fitted(cls):
    with pytest.raises(NotFittedError):
        searched_twice(cls).predict(OTHER)


@BOTH
def test_what_only_a_network_has_is_gone(cls):
    search, fresh = searched_twice(cls), cls(**SMALL, refit=False).fit(OTHER, Y)
    fitted, expected = (
        {name for name in vars(each) if name.endswith("_")} for each in (search, fresh)
    )
    assert fitted == expected
    assert not hasattr(search, "net_")

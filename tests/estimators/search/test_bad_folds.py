"""Groups and folds that do not fit the table are refused by name, before any training."""

import numpy as np
import pytest
from sklearn.model_selection import GroupKFold, KFold

from skdropout import DropoutMLPRegressorCV

pytestmark = pytest.mark.usefixtures("untouched_random_state")

X = np.random.default_rng(0).normal(size=(60, 2))
Y = X[:, 0]
ROWS = np.arange(60)
SMALL = {"hidden_layer_sizes": (4,), "max_iter": 1, "dropouts": [0.0], "refit": False}


@pytest.mark.filterwarnings("ignore:The groups parameter is ignored")
@pytest.mark.parametrize("cv", [KFold(3), GroupKFold(3)], ids=["KFold", "GroupKFold"])
@pytest.mark.parametrize("n_groups", [59, 61])
def test_groups_of_another_length(cv, n_groups):
    with pytest.raises(ValueError, match="groups"):
        DropoutMLPRegressorCV(**SMALL, cv=cv).fit(X, Y, groups=np.arange(n_groups) // 10)


@pytest.mark.parametrize(
    ("train", "test"),
    [
        (ROWS[:40], ROWS[40:] + 1),
        (ROWS[20:] + 1, ROWS[:20]),
        (ROWS[:40], ROWS[40:] - 60),
        (ROWS[:40] - 60, ROWS[40:]),
        (ROWS[:40], ROWS[40:] + 0.5),
        (ROWS[:40].astype(float), ROWS[40:]),
    ],
    ids=["test-beyond", "train-beyond", "test-negative", "train-negative", "halves", "floats"],
)
def test_rows_that_are_not_there(train, test):
    with pytest.raises(ValueError, match="cv"):
        DropoutMLPRegressorCV(**SMALL, cv=[(train, test)]).fit(X, Y)

"""scikit-learn's own checks of every estimator as it is made without arguments."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from skdropout import (
    DropoutMLPClassifier,
    DropoutMLPClassifierCV,
    DropoutMLPRegressor,
    DropoutMLPRegressorCV,
    EmbeddingEncoder,
    RelDropClassifier,
    RelDropRegressor,
    SmoothHessInteractions,
)
from tests.test_sklearn_checks import EXPECTED_FAILURES

ESTIMATORS = [
    DropoutMLPClassifier(),
    DropoutMLPClassifierCV(),
    DropoutMLPRegressor(),
    DropoutMLPRegressorCV(),
    EmbeddingEncoder(),
    RelDropClassifier(),
    RelDropRegressor(),
    SmoothHessInteractions(),
]


def expected_failures(estimator):
    return EXPECTED_FAILURES[type(estimator).__name__]


@pytest.mark.slow
# some checks have a class of one row, which StratifiedKFold warns of
@pytest.mark.filterwarnings("ignore:The least populated class:UserWarning")
@parametrize_with_checks(
    ESTIMATORS,
    expected_failed_checks=expected_failures,
    xfail_strict=True,
)
def test_sklearn_compatible_by_default(estimator, check):
    check(estimator)

"""Rows to stop by have to come as the training rows did."""

import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from skdropout import DropoutMLPClassifier, DropoutMLPRegressor, RelDropRegressor

pytestmark = pytest.mark.usefixtures("untouched_random_state")

RNG = np.random.default_rng(0)
X, X_VAL = RNG.normal(size=(2, 100, 3))
Y, Y_VAL = X[:, 0] + X[:, 1], X_VAL[:, 0] + X_VAL[:, 1]
SMALL = {"hidden_layer_sizes": (8,), "max_iter": 5, "random_state": 0}
MODEL = DropoutMLPRegressor(**SMALL)


def frame(X, names="abc"):
    return pd.DataFrame(X, columns=list(names))


@pytest.mark.parametrize("cls", [DropoutMLPRegressor, DropoutMLPClassifier, RelDropRegressor])
def test_weights_need_rows(cls):
    with pytest.raises(ValueError, match="sample_weight_val"):
        cls(**SMALL).fit(X, (Y > 0).astype(int), sample_weight_val=np.ones(100))


# with a warning of other kind, which the suite takes for an error


@pytest.mark.filterwarnings("ignore:X (has|does not have valid) feature names")
@pytest.mark.parametrize(
    ("train", "valid"),
    [
        (X, frame(X_VAL)),
        (frame(X), X_VAL),
        (frame(X), frame(X_VAL, "abd")),
        (frame(X), frame(X_VAL[:, ::-1], "cba")),
    ],
    ids=["frame-for-array", "array-for-frame", "other-names", "other-order"],
)
def test_columns_have_the_names_of_the_training_rows(train, valid):
    with pytest.raises(ValueError, match=r"X_val|feature names"):
        MODEL.fit(train, Y, X_val=valid, y_val=Y_VAL)


@pytest.mark.parametrize(
    ("train", "valid"),
    [(X, 5000 + 300 * X_VAL), (5000 + 300 * X, X_VAL), (X, 1000 * X_VAL)],
    ids=["raw-for-scaled", "scaled-for-raw", "other-scale"],
)
def test_rows_in_other_units_are_warned_of(train, valid):
    with pytest.warns(UserWarning, match="X_val"):
        MODEL.fit(train, Y, X_val=valid, y_val=Y_VAL)


def test_rows_that_are_shifted_a_little_are_legitimate():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", sklearn.exceptions.ConvergenceWarning)
        MODEL.fit(X, Y, X_val=X_VAL + 1.0, y_val=Y_VAL + 2.0)
        MODEL.fit(X, Y, X_val=X_VAL[:3], y_val=Y_VAL[:3])


def test_a_pipeline_transforms_them_if_told_to():
    raw, raw_val = 5000 + 300 * X, 5000 + 300 * X_VAL
    scaler = StandardScaler().fit(raw)
    expected = MODEL.fit(
        scaler.transform(raw), Y, X_val=scaler.transform(raw_val), y_val=Y_VAL
    ).validation_scores_
    with sklearn.config_context(enable_metadata_routing=True):
        network = DropoutMLPRegressor(**SMALL).set_fit_request(X_val=True, y_val=True)
        pipeline = Pipeline(
            [("scale", StandardScaler()), ("mlp", network)], transform_input=["X_val"]
        )
        pipeline.fit(raw, Y, X_val=raw_val, y_val=Y_VAL)
    assert pipeline["mlp"].validation_scores_ == expected
    assert pipeline.score(raw_val, Y_VAL) == pipeline["mlp"].score(scaler.transform(raw_val), Y_VAL)


def test_a_pipeline_that_was_not_told_warns():
    pipeline = Pipeline([("scale", StandardScaler()), ("mlp", DropoutMLPRegressor(**SMALL))])
    with pytest.warns(UserWarning, match="X_val"):
        pipeline.fit(5000 + 300 * X, Y, mlp__X_val=5000 + 300 * X_VAL, mlp__y_val=Y_VAL)

"""Tables of every make, read as the same numbers and codes."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import BaseEstimator

from skdropout import DropoutMLPClassifier, DropoutMLPRegressor
from skdropout._table.encoder import TableEncoder

SMALL = {"hidden_layer_sizes": (8,), "max_iter": 5, "random_state": 0}

pytestmark = pytest.mark.usefixtures("untouched_random_state")


def frame(n=120, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "x": rng.normal(size=n),
            "whole": rng.integers(0, 50, n),
            "flag": rng.random(n) < 0.5,
            "kind": pd.Categorical(rng.choice(["a", "b", "c"], n)),
            "text": rng.choice(["u", "v"], n),
        }
    )


def target(X):
    return X["x"].to_numpy() + (X["kind"] == "a").to_numpy() * 2.0


def read(X, categorical_features="from_dtype", on=None):
    owner = BaseEstimator()
    encoder = TableEncoder(categorical_features).fit(X, owner)
    return encoder, *encoder.transform(X if on is None else on, owner)


def test_pandas_and_polars_read_alike():
    X = frame()
    encoder, numeric, codes = read(X)
    polars = pl.DataFrame(
        {
            "x": X["x"].to_numpy(),
            "whole": X["whole"].to_numpy(),
            "flag": X["flag"].to_numpy(),
            "kind": pl.Series(X["kind"].astype(object).tolist(), dtype=pl.Categorical),
            "text": pl.Series(X["text"].tolist()),
        }
    )
    other, numeric2, codes2 = read(polars)
    assert encoder.categorical_ == other.categorical_ == [3, 4]
    assert encoder.levels_ == other.levels_ == [["a", "b", "c"], ["u", "v"]]
    np.testing.assert_array_equal(numeric, numeric2)
    np.testing.assert_array_equal(codes, codes2)


@pytest.mark.parametrize(
    "chosen",
    [[1, 3], ["b", "d"], [False, True, False, True], np.array([1, 3]), pd.Index(["b", "d"])],
)
def test_ways_to_name_categorical_columns(chosen):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.integers(0, 4, size=(50, 4)), columns=list("abcd"))
    encoder, _, codes = read(X, chosen)
    assert encoder.categorical_ == [1, 3]
    np.testing.assert_array_equal(codes, X[["b", "d"]])


def test_numpy_categories_by_index():
    X = np.random.default_rng(0).integers(0, 3, size=(60, 2)).astype(float)
    X[:5, 1] = np.nan
    encoder, numeric, codes = read(X, [1])
    assert encoder.levels_ == [[0.0, 1.0, 2.0]]
    assert (codes[:5, 0] == 3).all()
    assert numeric.shape == (60, 1)


def test_object_arrays_with_named_categories():
    rng = np.random.default_rng(0)
    X = np.empty((60, 2), dtype=object)
    X[:, 0], X[:, 1] = rng.choice(["a", "b"], 60), rng.normal(size=60)
    X[3] = None
    assert read(X, [0])[0].levels_ == [["a", "b"]]
    model = DropoutMLPRegressor(**SMALL, categorical_features=[0]).fit(X, rng.normal(size=60))
    assert np.isfinite(model.predict(X)).all()
    assert np.isfinite(model.predict(X.tolist())).all()


def test_none_means_no_categories():
    X = frame()[["x", "whole"]].assign(month=pd.Categorical(np.arange(120) % 12))
    encoder, numeric, _ = read(X, None)
    assert encoder.categorical_ == []
    assert numeric.shape == (120, 3)


def test_missing_and_unknown_levels_have_codes_of_their_own():
    X = pd.DataFrame({"k": ["a", "b", None, "a", np.nan]}, dtype=object)
    new = pd.DataFrame({"k": ["b", "z", None]}, dtype=object)
    _, _, codes = read(X, on=new)
    assert codes[:, 0].tolist() == [1, 3, 2]


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "boolean", "float32", "int8", "uint8"])
def test_pandas_number_types(dtype):
    X = pd.DataFrame({"a": pd.Series([0, 1, 1, 0], dtype=dtype), "b": [1.0, 2, 3, 4]})
    if dtype[0].isupper() or dtype == "boolean":
        X.loc[1, "a"] = pd.NA
    encoder, numeric, _ = read(X)
    assert encoder.categorical_ == []
    assert np.isnan(numeric).sum() == X.isna().to_numpy().sum()


def test_large_offsets_keep_their_resolution():
    """Time stamps: float32 would see them in steps of two minutes."""
    seconds = 1.7e9 + np.arange(1000.0)
    _, numeric, _ = read(seconds[:, None])
    assert len(np.unique(numeric.astype(np.float32))) == 1000


@pytest.mark.parametrize("cls", [DropoutMLPRegressor, DropoutMLPClassifier])
def test_float32_float64_and_lists_agree(cls):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 3)).astype(np.float32)
    y = (X[:, 0] > 0).astype(int)
    expected = cls(**SMALL).fit(X, y).predict(X)
    for other in (X.astype(float), X.tolist(), np.asfortranarray(X)):
        np.testing.assert_array_equal(cls(**SMALL).fit(other, y).predict(other), expected)


def test_column_targets_are_one_dimensional():
    X = frame()
    y = target(X)
    expected = DropoutMLPRegressor(**SMALL).fit(X, y).predict(X)
    for column in (y[:, None], pd.Series(y), pd.DataFrame({"y": y}), pl.Series(y), y.tolist()):
        predicted = DropoutMLPRegressor(**SMALL).fit(X, column).predict(X)
        np.testing.assert_array_equal(predicted, expected)


@pytest.mark.parametrize("complete", [True, False], ids=["complete", "with-missing"])
def test_predictions_are_finite_whatever_the_cells(complete):
    """Unknown, missing and infinite cells, also in columns that were complete in training."""
    X = frame()
    y = target(X)
    if not complete:
        X.loc[:10, "x"] = np.nan
        X.loc[:10, "kind"] = np.nan
    model = DropoutMLPRegressor(**SMALL, n_members=2).fit(X, y)
    new = pd.DataFrame(
        {
            "x": [np.nan, np.inf, -np.inf, 1e308, -1e308, 0.0],
            "whole": [np.nan, 1, 2, 3, np.inf, 4],
            "flag": pd.array([True, None, False, True, False, True], dtype="boolean"),
            "kind": ["zebra", None, "a", "b", "c", ""],
            "text": ["u", "v", None, "w", "u", "v"],
        }
    )
    assert np.isfinite(model.predict(new)).all()
    assert np.isfinite(model.sample_predictions(new, 3, random_state=0)).all()


def test_infinite_training_cells_are_large_numbers():
    X = np.random.default_rng(0).normal(size=(60, 2))
    X[0, 0], X[1, 0] = np.inf, -np.inf
    model = DropoutMLPRegressor(**SMALL).fit(X, X[:, 1])
    assert np.isfinite(model.predict(X)).all()


def test_columns_that_say_nothing_do_no_harm():
    """All missing, constant, one level only."""
    X = frame().assign(gone=np.nan, same=3.0, one=pd.Categorical(["k"] * 120))
    model = DropoutMLPRegressor(**SMALL).fit(X, target(X))
    assert np.isfinite(model.predict(X)).all()


def test_only_categories_and_only_numbers():
    X = frame()
    for columns in (["kind", "text"], ["x"]):
        model = DropoutMLPRegressor(**SMALL).fit(X[columns], target(X))
        assert model.predict(X[columns]).shape == (120,)


def test_embeddings_are_labelled_tables():
    X = frame()
    X.loc[3, "kind"] = np.nan
    one = DropoutMLPRegressor(**SMALL, n_members=1, embedding_dim={"kind": 5})
    tables = one.fit(X, target(X)).embeddings_
    assert list(tables) == ["kind", "text"]
    assert tables["kind"].index.tolist() == ["a", "b", "c", "missing", "unknown"]
    assert tables["kind"].shape[1] == 5
    assert tables["text"].shape == (4, 4)
    several = DropoutMLPRegressor(**SMALL, n_members=3).fit(X, target(X)).embeddings_
    assert several["text"].columns.nlevels == 2
    assert several["text"].shape == (4, 12)


def test_unknown_row_is_trained():
    """Symbols are replaced at random in training, so the row has left its initial value."""
    X = frame(600)
    start = DropoutMLPRegressor(**{**SMALL, "max_iter": 1}, learning_rate_init=1e-12)
    before = start.fit(X, target(X)).embeddings_["kind"].loc["unknown"]
    after = DropoutMLPRegressor(**{**SMALL, "max_iter": 20}).fit(X, target(X))
    assert np.abs(after.embeddings_["kind"].loc["unknown"] - before).max() > 1e-3


def test_column_order_is_checked_by_name():
    X = frame()
    model = DropoutMLPRegressor(**SMALL).fit(X, target(X))
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(X[X.columns[::-1]])

"""Tables of every make, read as the same numbers and codes."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import BaseEstimator

from skdropout import DropoutMLPClassifier, DropoutMLPRegressor
from skdropout._table.column import spread
from skdropout._table.encoder import TableEncoder

SMALL = {"hidden_layer_sizes": (8,), "max_iter": 5, "random_state": 0}
LEARNING = {**SMALL, "max_iter": 30, "learning_rate_init": 0.01}
ENCODINGS = pytest.mark.parametrize(
    "encoding", ["standard", "quantile", "piecewise_linear", "periodic"]
)

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


def in_own_units(X):
    location, scale = spread(np.asarray(X, dtype=float))
    return (np.asarray(X, dtype=float) - location) / scale


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
    np.testing.assert_array_equal(codes[5:, 0], X[5:, 1])
    np.testing.assert_allclose(numeric, in_own_units(X[:, :1]))


def test_object_arrays_with_named_categories():
    rng = np.random.default_rng(0)
    X = np.empty((60, 2), dtype=object)
    X[:, 0], X[:, 1] = rng.choice(["a", "b"], 60), rng.normal(size=60)
    X[3] = None
    y = (X[:, 0] == "a") + rng.normal(size=60)
    assert read(X, [0])[0].levels_ == [["a", "b"]]
    model = DropoutMLPRegressor(**SMALL, categorical_features=[0]).fit(X, y)
    frame = pd.DataFrame({"k": pd.Categorical(X[:, 0]), "v": X[:, 1].astype(float)})
    expected = DropoutMLPRegressor(**SMALL).fit(frame, y).predict(frame)
    np.testing.assert_array_equal(model.predict(X), expected)
    np.testing.assert_array_equal(model.predict(X.tolist()), expected)


def test_none_means_no_categories():
    X = frame()[["x", "whole"]].assign(month=pd.Categorical(np.arange(120) % 12))
    encoder, numeric, codes = read(X, None)
    assert encoder.categorical_ == []
    assert codes.shape == (120, 0)
    np.testing.assert_allclose(numeric, in_own_units(X))


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


def test_numbers_read_at_once_are_those_of_each_column():
    """Beside a column that is read by itself, the others are too; the cells are the same."""
    plain = frame()[["x", "whole", "flag"]].astype({"x": np.float32})
    plain["large"] = np.full(len(plain), 2**63 + 1, dtype=np.uint64)
    plain.loc[3, "x"] = np.nan
    mixed = plain.assign(nullable=pd.array(range(len(plain)), dtype="Int64"))
    read = []
    for X in (plain, mixed):
        owner = BaseEstimator()
        read.append(TableEncoder("from_dtype").fit(X, owner).transform(X, owner)[0])
    at_once, one_by_one = read
    np.testing.assert_array_equal(at_once, one_by_one[:, :-1])


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


@ENCODINGS
@pytest.mark.parametrize("complete", [True, False], ids=["complete", "with-missing"])
def test_odd_cells_are_read_as_ordinary_ones(complete, encoding):
    """Infinite numbers are as any that are far away, all new levels are one.

    In a column that was complete in training a missing number is the median, a missing level new.
    """
    X = frame()
    y = target(X)
    if not complete:
        X.loc[:10, "x"] = np.nan
        X.loc[:10, "kind"] = np.nan
    options = {**SMALL, "n_members": 2, "early_stopping": False, "numeric_encoding": encoding}
    model = DropoutMLPRegressor(**options).fit(X, y)
    odd = pd.DataFrame(
        {
            "x": [0.0, np.inf, -np.inf, 1e308, -1e308],
            "whole": [np.nan, 1, 2, np.inf, 4],
            "flag": pd.array([True, None, False, True, False], dtype="boolean"),
            "kind": ["zebra", "", "a", "b", "c"],
            "text": ["u", None, "w", "u", "v"],
        }
    )
    ordinary = pd.DataFrame(
        {
            "x": [0.0, 1e4, -1e4, 1e4, -1e4],
            "whole": [X["whole"].median(), 1, 2, 1e4, 4],
            "flag": [1, X["flag"].median(), 0, 1, 0],
            "kind": ["new", "new", "a", "b", "c"],
            "text": ["u", "new", "new", "u", "v"],
        }
    )
    if complete:
        odd.loc[0, ["x", "kind"]] = np.nan, None
        ordinary.loc[0, "x"] = X["x"].median()
    np.testing.assert_allclose(model.predict(odd), model.predict(ordinary), rtol=1e-6)
    draws, expected = (model.sample_predictions(Z, 3, random_state=0) for Z in (odd, ordinary))
    np.testing.assert_allclose(draws, expected, rtol=1e-6)


@ENCODINGS
def test_infinite_training_cells_are_large_numbers(encoding):
    X = np.random.default_rng(0).normal(size=(60, 2))
    X[0, 0], X[1, 0] = np.inf, -np.inf
    model = DropoutMLPRegressor(**LEARNING, numeric_encoding=encoding).fit(X, X[:, 1])
    large = np.clip(X, -1e3, 1e3)
    np.testing.assert_allclose(model.predict(X), model.predict(large), rtol=1e-6)
    assert model.score(X[2:], X[2:, 1]) > 0.9
    if encoding == "quantile":  # by rank, there is nothing beyond the largest finite cell
        largest = np.clip(X, X[2:].min(0), X[2:].max(0))
        np.testing.assert_allclose(model.predict(X), model.predict(largest), rtol=1e-6)


SILENT = {"gone": np.nan, "same": 3.0, "one": pd.Categorical(["k"] * 120)}


def test_columns_that_say_nothing_do_no_harm():
    """All missing, constant, one level only: rows not trained on are predicted as without them."""
    X, new = frame(), frame(seed=1)
    alone = DropoutMLPRegressor(**LEARNING).fit(X, target(X)).score(new, target(new))
    model = DropoutMLPRegressor(**LEARNING).fit(X.assign(**SILENT), target(X))
    assert model.score(new.assign(**SILENT), target(new)) > alone - 0.05 > 0.8


@pytest.mark.parametrize("encoding", ["standard", "quantile", "piecewise_linear", "periodic"])
@pytest.mark.parametrize("change", [{"gone": 5.0}, {"same": 99.0}], ids=["gone", "same"])
def test_nothing_is_read_from_columns_that_said_nothing(change, encoding):
    X = frame().assign(**SILENT)
    model = DropoutMLPRegressor(**SMALL, numeric_encoding=encoding).fit(X, target(X))
    expected = model.predict(X)
    np.testing.assert_allclose(model.predict(X.assign(**change)), expected, rtol=1e-6)


def test_only_categories_are_predicted_by_level():
    X = frame()
    model = DropoutMLPRegressor(**LEARNING).fit(X[["kind", "text"]], target(X) - X["x"])
    predicted = pd.Series(model.predict(X[["kind", "text"]]))
    predicted = predicted.groupby([X["kind"], X["text"]], observed=True)
    np.testing.assert_allclose(predicted.max(), predicted.min(), rtol=1e-12)
    np.testing.assert_allclose(predicted.mean(), [2, 2, 0, 0, 0, 0], atol=0.2)


def test_only_numbers():
    X = frame()
    model = DropoutMLPRegressor(**LEARNING).fit(X[["x"]], X["x"])
    assert model.score(X[["x"]], X["x"]) > 0.9


def test_embeddings_are_labelled_tables():
    X = frame()
    X.loc[3, "kind"] = np.nan
    options = {**SMALL, "screening": None}
    one = DropoutMLPRegressor(**options, n_members=1, embedding_dim={"kind": 5})
    tables = one.fit(X, target(X)).embeddings_
    assert list(tables) == ["kind", "text"]
    assert tables["kind"].index.tolist() == ["a", "b", "c", "missing", "unknown"]
    assert tables["kind"].shape[1] == 5
    assert tables["text"].shape == (4, 4)
    several = DropoutMLPRegressor(**options, dropout=0.1, n_members=3).fit(X, target(X)).embeddings_
    assert several["text"].columns.nlevels == 2
    assert several["text"].shape == (4, 12)


def test_rows_of_embeddings_are_what_the_network_adds():
    """Without hidden layers levels differ by their vectors' products with the output's weights."""
    X = frame()
    X.loc[::10, "kind"] = np.nan
    options = {**SMALL, "hidden_layer_sizes": (), "n_members": 2, "screening": None}
    model = DropoutMLPRegressor(**options, dropout=0.1).fit(X, target(X))
    module = model.net_.module_
    weight = module.output.weight.detach().double().numpy()[..., 0]
    units = module.target_scale.numpy()[:, 0, 0] * target(X).std()
    table, of_column = model.embeddings_["kind"], weight[:, module.encoding.groups == 3]
    added = np.mean([units[k] * (table[k] @ of_column[k]) for k in range(2)], axis=0)
    rows = pd.concat([X.iloc[:1]] * len(table)).astype({"kind": object})
    rows["kind"] = ["a", "b", "c", None, "new"]
    predicted = model.predict(rows)
    np.testing.assert_allclose(predicted - predicted[0], added - added[0], rtol=1e-4, atol=1e-6)
    assert len(set(predicted.round(3))) == 5


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

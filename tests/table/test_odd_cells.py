"""Cells of other libraries' types, and of the last magnitude: read, or refused by name."""

from contextlib import contextmanager
from datetime import datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch

from skdropout import DropoutMLPClassifier, DropoutMLPRegressor, EmbeddingEncoder

pytestmark = pytest.mark.usefixtures("untouched_random_state")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 2))
Y = X[:, 0]
SMALL = {
    "hidden_layer_sizes": (8,),
    "n_members": 1,
    "max_iter": 3,
    "random_state": 0,
}
MODEL = DropoutMLPRegressor(**SMALL)


def predicted(X, y=Y, **options):
    return DropoutMLPRegressor(**{**SMALL, **options}).fit(X, y).predict(X)


@contextmanager
def refused(name, *or_else):
    with pytest.raises((ValueError, *or_else), match=f"(?i)column {name}"):
        yield


def assert_read_or_refused(name, table, like, y=Y):
    """Assert that ``table`` is read as ``like``, or refused by a message with ``name``."""
    try:
        p = predicted(table, y)
    except ValueError as error:
        message = str(error)
        assert name in message
    else:
        np.testing.assert_array_equal(p, predicted(like))


def arrow(values, kind):
    return pd.Series(pd.array(values, dtype=pd.ArrowDtype(kind)))


# --- columns of a frame ---------------------------------------------------------------------


@pytest.mark.parametrize("library", [pd, pl], ids=["pandas", "polars"])
@pytest.mark.parametrize("number", [10**400, -(10**400)], ids=["large", "small"])
def test_numbers_beyond_any_float(library, number):
    cells = [1.5, 2, 3, number] * 20
    column = pd.Series(cells, dtype=object) if library is pd else pl.Series(cells, dtype=pl.Object)
    with refused("'b'"):
        MODEL.fit(library.DataFrame({"a": X[:, 0], "b": column}), Y)


def test_long_integers_that_a_float_holds_are_numbers():
    frame = pd.DataFrame({"b": pd.Series([10**30, 2 * 10**30] * 40, dtype=object)})
    np.testing.assert_array_equal(predicted(frame), predicted(frame.astype(float)))


@pytest.mark.parametrize("missing", [False, True], ids=["complete", "with-missing"])
def test_polars_128_bit_integers(missing):
    cells = [1, 2, None if missing else 3, 4] * 20
    wide, narrow = (pl.DataFrame({"b": pl.Series(cells, dtype=d)}) for d in (pl.Int128, pl.Int64))
    assert_read_or_refused("'b'", wide, narrow)


NESTED = {
    "list": ([[1, 2], [3]] * 40, pa.list_(pa.int64())),
    "struct": ([{"k": 1}, {"k": 2}] * 40, pa.struct({"k": pa.int64()})),
    "map": ([[("k", 1)], [("k", 2)]] * 40, pa.map_(pa.string(), pa.int64())),
}
# scikit-learn's own class where the user says that such cells are categories
CHOICES = pytest.mark.parametrize(
    ("chosen", "or_else"), [("from_dtype", []), (["b"], [TypeError])], ids=["by-dtype", "by-name"]
)


@CHOICES
@pytest.mark.parametrize("kind", NESTED)
def test_nested_columns_of_arrow(kind, chosen, or_else):
    frame = pd.DataFrame({"a": X[:, 0], "b": arrow(*NESTED[kind])})
    with refused("'b'", *or_else):
        DropoutMLPRegressor(**SMALL, categorical_features=chosen).fit(frame, Y)


@CHOICES
@pytest.mark.parametrize("kind", ["list", "struct"])
def test_nested_columns_of_polars(kind, chosen, or_else):
    frame = pl.DataFrame({"a": X[:, 0], "b": NESTED[kind][0]})
    with refused("'b'", *or_else):
        DropoutMLPRegressor(**SMALL, categorical_features=chosen).fit(frame, Y)


def test_dates_of_arrow():
    dates = [datetime(2020, 1, 1), datetime(2021, 1, 1)] * 40
    with refused("'b'"):
        MODEL.fit(pd.DataFrame({"b": arrow(dates, pa.timestamp("us"))}), Y)


@pytest.mark.parametrize("kind", [pa.int64(), pa.float64(), pa.uint8(), pa.bool_()], ids=str)
def test_numbers_of_arrow(kind):
    cells = [0, 1, None, 1] * 20
    column = arrow([None if c is None else pa.scalar(c).cast(kind).as_py() for c in cells], kind)
    expected = pd.DataFrame({"b": np.array(cells, dtype=float)})
    np.testing.assert_array_equal(predicted(pd.DataFrame({"b": column})), predicted(expected))


# --- arrays ---------------------------------------------------------------------------------


def test_tables_that_are_tensors_with_a_gradient():
    assert_read_or_refused("X", torch.tensor(X, requires_grad=True), X)


def test_targets_that_are_tensors_with_a_gradient():
    assert_read_or_refused("y", X, X, torch.tensor(Y, requires_grad=True))


@pytest.mark.parametrize("cls", [DropoutMLPRegressor, DropoutMLPClassifier])
@pytest.mark.parametrize("kind", ["datetime64[s]", "timedelta64[s]"])
def test_dates_in_arrays_are_refused_as_in_frames(cls, kind):
    dates = np.arange(160).reshape(80, 2).astype(kind)
    with pytest.raises(ValueError, match=r"(?i)date|time"):
        cls(**SMALL).fit(pd.DataFrame(dates, columns=["a", "b"]), Y > 0)
    with pytest.raises(ValueError, match=r"(?i)date|time"):
        cls(**SMALL).fit(dates, Y > 0)


@pytest.mark.parametrize("kind", ["datetime64[s]", "timedelta64[s]"])
def test_dates_are_refused_in_predict(kind):
    model = MODEL.fit(X, Y)
    with pytest.raises(ValueError, match=r"(?i)date|time"):
        model.predict(np.arange(160).reshape(80, 2).astype(kind))


# --- magnitudes -----------------------------------------------------------------------------

SIGN = np.where(np.arange(80) % 2, 1.0, -1.0)
LEARNING = {"max_iter": 60, "learning_rate_init": 0.03, "dropout": 0.0}
# the largest float is 1.797e308; differences of these overflow
HUGE = pytest.mark.parametrize("size", [1e300, 1.7e308])


@HUGE
@pytest.mark.parametrize("encoding", ["standard", "quantile", "piecewise_linear", "periodic"])
@pytest.mark.parametrize("library", [np.asarray, pd.DataFrame], ids=["array", "frame"])
def test_a_column_of_huge_numbers_is_learnt_from(library, encoding, size):
    table = library(np.column_stack([size * SIGN, X[:, 1]]))
    p = predicted(table, SIGN, numeric_encoding=encoding, **LEARNING)
    assert np.corrcoef(p, SIGN)[0, 1] > 0.9


@HUGE
def test_huge_cells_are_not_missing_ones(size):
    """The column also has missing cells, whose target is another."""
    gone = np.arange(80) % 5 == 0
    column, y = np.where(gone, np.nan, size * SIGN), np.where(gone, 0.0, SIGN)
    model = DropoutMLPRegressor(**{**SMALL, **LEARNING}).fit(column[:, None], y)
    low, missing, high = model.predict([[-size], [np.nan], [size]])
    assert low < missing - 0.3
    assert high > missing + 0.3


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("cell", [1.7e308, -1.7e308])
def test_a_huge_cell_in_an_ordinary_column_is_very_large(scale, cell):
    """All that lies beyond ten standard units is the same to a network."""
    model = DropoutMLPRegressor(**SMALL).fit(scale * X, Y)
    huge, large = ([[value, 0.0]] for value in (cell, np.sign(cell) * 1e6 * scale))
    np.testing.assert_allclose(model.predict(huge), model.predict(large), rtol=1e-6)


def test_the_typical_cell_may_be_the_largest():
    """The difference of the column's two values is more than a float holds."""
    column = np.where(np.arange(80) % 4, 1.7e308, -1.7e308)
    p = predicted(column[:, None], np.sign(column), **LEARNING)
    assert np.corrcoef(p, column > 0)[0, 1] > 0.9


@pytest.mark.parametrize("chosen", ["from_dtype", [0]])
def test_numbers_beyond_any_float_in_arrays(chosen):
    cells = np.array([["a" if chosen == [0] else 1, 2.0]] * 79 + [[1, 10**400]], dtype=object)
    cells[-1, 0] = cells[0, 0]
    with pytest.raises(ValueError, match="too large"):
        DropoutMLPRegressor(**SMALL, categorical_features=chosen).fit(cells, Y)


@HUGE
def test_an_encoder_passes_huge_numbers_on(size):
    table = pd.DataFrame({"city": ["Rome", "Oslo"] * 40, "a": size * SIGN})
    encoder = EmbeddingEncoder((4,), max_iter=2, random_state=0)
    np.testing.assert_array_equal(encoder.fit_transform(table, Y)[:, -1], table["a"])


@pytest.mark.parametrize("cells", [[{"a": 1}] * 4, [[1, 2]] * 4])
def test_nested_cells_of_polars_are_refused_by_name_at_prediction_too(cells):
    known = pl.DataFrame({"number": X[:, 0], "city": ["Rome", "Oslo"] * 40})
    model = DropoutMLPRegressor(**SMALL, screening=None).fit(known, Y)
    with refused("'city'", TypeError):
        model.predict(known[:4].with_columns(pl.Series("city", cells)))
    with refused("'number'"):
        model.predict(known[:4].with_columns(pl.Series("number", cells)))

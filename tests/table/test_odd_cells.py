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
    "device": "cpu",
}
MODEL = DropoutMLPRegressor(**SMALL)


def predicted(X, y=Y, **options):
    return DropoutMLPRegressor(**{**SMALL, **options}).fit(X, y).predict(X)


@contextmanager
def refused(name):
    with pytest.raises(ValueError, match=f"(?i)column '?{name}"):
        yield


def arrow(values, kind):
    return pd.Series(pd.array(values, dtype=pd.ArrowDtype(kind)))


# --- columns of a frame ---------------------------------------------------------------------


@pytest.mark.xfail(strict=True, reason="a whole number beyond float64: OverflowError")
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


@pytest.mark.xfail(strict=True, reason="Int128 of polars: an error of another library")
@pytest.mark.parametrize("missing", [False, True], ids=["complete", "with-missing"])
def test_polars_128_bit_integers(missing):
    cells = [1, 2, None if missing else 3, 4] * 20
    wide, narrow = (pl.DataFrame({"b": pl.Series(cells, dtype=d)}) for d in (pl.Int128, pl.Int64))
    np.testing.assert_array_equal(predicted(wide), predicted(narrow))


NESTED = {
    "list": ([[1, 2], [3]] * 40, pa.list_(pa.int64())),
    "struct": ([{"k": 1}, {"k": 2}] * 40, pa.struct({"k": pa.int64()})),
    "map": ([[("k", 1)], [("k", 2)]] * 40, pa.map_(pa.string(), pa.int64())),
    "binary": ([b"x", b"y"] * 40, pa.binary()),
    "timestamp": ([datetime(2020, 1, 1), datetime(2021, 1, 1)] * 40, pa.timestamp("us")),
}


@pytest.mark.parametrize("chosen", ["from_dtype", ["b"]], ids=["by-dtype", "by-name"])
@pytest.mark.parametrize("kind", NESTED)
def test_nested_columns_of_arrow(kind, chosen):
    frame = pd.DataFrame({"a": X[:, 0], "b": arrow(*NESTED[kind])})
    with refused("'b'"):
        DropoutMLPRegressor(**SMALL, categorical_features=chosen).fit(frame, Y)


@pytest.mark.parametrize(
    "cells", [[[1, 2], [3]] * 40, [{"k": 1}, {"k": 2}] * 40], ids=["list", "struct"]
)
@pytest.mark.parametrize("chosen", ["from_dtype", ["b"]], ids=["by-dtype", "by-name"])
def test_nested_columns_of_polars(cells, chosen):
    frame = pl.DataFrame({"a": X[:, 0], "b": cells})
    with refused("'b'"):
        DropoutMLPRegressor(**SMALL, categorical_features=chosen).fit(frame, Y)


@pytest.mark.parametrize("kind", [pa.int64(), pa.float64(), pa.uint8(), pa.bool_()], ids=str)
def test_numbers_of_arrow(kind):
    cells = [0, 1, None, 1] * 20
    column = arrow([None if c is None else pa.scalar(c).cast(kind).as_py() for c in cells], kind)
    expected = pd.DataFrame({"b": np.array(cells, dtype=float)})
    np.testing.assert_array_equal(predicted(pd.DataFrame({"b": column})), predicted(expected))


# --- arrays ---------------------------------------------------------------------------------


@pytest.mark.xfail(strict=True, reason="a tensor with a gradient: torch's RuntimeError")
@pytest.mark.parametrize("name", ["X", "y"])
def test_tensors_with_a_gradient(name):
    rows, target = torch.tensor(X), torch.tensor(Y)
    (rows if name == "X" else target).requires_grad_()
    try:
        model = MODEL.fit(rows, target)
    except ValueError as error:
        assert name in str(error)  # noqa: PT017
    else:
        np.testing.assert_array_equal(model.predict(X), predicted(X))


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

# the largest float is 1.797e308
HUGE = 1.7e308 * np.where(np.arange(80) % 2, 1.0, -1.0)


@pytest.mark.parametrize("encoding", ["standard", "quantile", "piecewise_linear", "periodic"])
@pytest.mark.parametrize("as_frame", [False, True], ids=["array", "frame"])
def test_a_column_of_the_largest_floats_is_learnt_from(encoding, as_frame):
    table = np.column_stack([HUGE, X[:, 1]])
    table = pd.DataFrame(table, columns=["a", "b"]) if as_frame else table
    p = predicted(
        table,
        np.sign(HUGE),
        numeric_encoding=encoding,
        max_iter=60,
        learning_rate_init=0.03,
        dropout=0.0,
    )
    assert np.corrcoef(p, np.sign(HUGE))[0, 1] > 0.9


def test_huge_cells_are_not_missing_ones():
    """The column also has missing cells, whose target is another."""
    column = np.where(np.arange(80) % 5 == 0, np.nan, HUGE)
    y = np.where(np.isnan(column), 0.0, np.sign(HUGE))
    model = DropoutMLPRegressor(**{**SMALL, "max_iter": 60}, learning_rate_init=0.03, dropout=0.0)
    low, gone, high = model.fit(column[:, None], y).predict([[-1.7e308], [np.nan], [1.7e308]])
    assert low < gone - 0.3
    assert high > gone + 0.3


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("cell", [1.7e308, -1.7e308])
def test_a_huge_cell_in_an_ordinary_column_is_very_large(scale, cell):
    """All that lies beyond ten standard units is the same to a network."""
    model = MODEL.fit(scale * X, Y)
    huge, large = ([[value, 0.0]] for value in (cell, np.sign(cell) * 1e6 * scale))
    np.testing.assert_allclose(model.predict(huge), model.predict(large), rtol=1e-6)


def test_an_encoder_passes_huge_numbers_on():
    table = pd.DataFrame({"city": ["Rome", "Oslo"] * 40, "a": HUGE})
    encoder = EmbeddingEncoder((4,), max_iter=2, random_state=0, device="cpu")
    np.testing.assert_array_equal(encoder.fit_transform(table, Y)[:, -1], HUGE)

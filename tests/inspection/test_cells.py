"""Tables column by column."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skdropout.inspection._cells import (
    as_table,
    coded,
    column_names,
    numbers_of,
    take_cells,
    take_rows,
    typical_cells,
    with_row,
    with_rows,
)


def test_resampling_an_array_and_a_frame_agree():
    X = np.arange(12.0).reshape(4, 3)
    rows = np.array([[0, 1, 2], [3, 3, 3]])
    expected = [[0, 4, 8], [9, 10, 11]]
    np.testing.assert_array_equal(take_cells(X, rows), expected)
    frame = pd.DataFrame(X, columns=["a", "b", "b"], index=[5, 6, 7, 8])
    resampled = take_cells(frame, rows)
    np.testing.assert_array_equal(resampled, expected)
    assert list(resampled.columns) == ["a", "b", "b"]
    np.testing.assert_array_equal(take_rows(frame, np.array([1, 3])), X[[1, 3]])
    assert column_names(frame) == ["a", "b", "b"]
    assert column_names(X) == ["x0", "x1", "x2"]


def test_encoding():
    frame = pd.DataFrame(
        {
            "number": [1.5, np.nan, 2.0],
            "nullable": pd.array([1, None, 3], dtype="Int64"),
            "flag": [True, False, True],
            "text": ["b", "a", "b"],
            "level": pd.Categorical([3, 1, 3]),
            "day": pd.to_datetime(["2024-01-01", "2024-01-02", None]),
        }
    )
    codes, categorical = coded(frame)
    assert categorical.tolist() == [False, False, False, True, True, False]
    np.testing.assert_array_equal(
        codes[:, :5],
        [[1.5, 1, 1, 1, 1], [np.nan, np.nan, 0, 0, 0], [2, 3, 1, 1, 1]],
    )
    assert codes[1, 5] - codes[0, 5] > 0
    assert np.isnan(codes[2, 5])


def test_encoding_an_array_of_objects():
    codes, categorical = coded(np.array([["x", 1.5], ["y", None], ["x", 2]], dtype=object))
    assert categorical.tolist() == [True, False]
    np.testing.assert_array_equal(codes, [[0, 1.5], [1, np.nan], [0, 2]])


def test_a_list_is_a_table_and_a_vector_is_not():
    assert as_table([[1, 2], [3, 4]]).shape == (2, 2)
    with pytest.raises(ValueError, match="n_samples, n_features"):
        as_table([1, 2])


DAYS = ["2024-01-01", "2024-01-03", None]


def frames():
    table = {"a": [1, 2, 4], "b": [True, False, True], "c": ["x", "y", "y"], "d": [0.5, None, 2.5]}
    pandas = pd.DataFrame(table).astype({"c": "category"})
    return pandas, pl.DataFrame(table).with_columns(pl.col("c").cast(pl.Categorical))


@pytest.mark.parametrize("frame", frames(), ids=["pandas", "polars"])
def test_frames_of_either_kind(frame):
    typical = typical_cells(frame, coded(frame)[1])
    assert typical == [2, 1, "y", 1.5]
    extended = with_row(frame, [2.5, 0.5, "x", np.nan])
    codes, holds_levels = coded(extended)
    assert holds_levels.tolist() == [False, False, True, False]
    expected = [[1, 1, 0, 0.5], [2, 0, 1, np.nan], [4, 1, 1, 2.5], [2.5, 0.5, 0, np.nan]]
    np.testing.assert_array_equal(codes, expected)
    source = np.array([[3, 0, 1, 2], [0, 1, 2, 3]])
    redrawn = take_cells(extended, source)
    assert list(redrawn.columns) == list(frame.columns)
    assert type(redrawn) is type(frame)
    np.testing.assert_array_equal(coded(redrawn)[0][:, [0, 1, 3]], [[2.5, 1, 2.5], [1, 0, np.nan]])
    below = with_rows(frame, take_rows(frame, np.array([2, 0])))
    np.testing.assert_array_equal(coded(below)[0], coded(frame)[0][[0, 1, 2, 2, 0]])


@pytest.mark.parametrize("column", [pd.to_datetime(pd.Series(DAYS)), pl.Series(DAYS).str.to_date()])
def test_dates_are_numbers_to_resample_by(column):
    frame = pd.DataFrame({"day": column}) if hasattr(column, "iloc") else pl.DataFrame([column])
    first, second, missing = numbers_of(frame, 0)
    assert second > first
    assert np.isnan(missing)


def test_what_looks_like_numbers_in_strings_holds_levels():
    frame = pd.DataFrame({"zip": ["01", "02", "01"]})
    assert coded(frame)[1].tolist() == [True]

"""Tables column by column."""

import numpy as np
import pandas as pd
import pytest

from skdropout.inspection._columns import as_table, column_names, encode, resample, take_rows


def test_resampling_an_array_and_a_frame_agree():
    X = np.arange(12.0).reshape(4, 3)
    rows = np.array([[0, 1, 2], [3, 3, 3]])
    expected = [[0, 4, 8], [9, 10, 11]]
    np.testing.assert_array_equal(resample(X, rows), expected)
    frame = pd.DataFrame(X, columns=["a", "b", "b"], index=[5, 6, 7, 8])
    resampled = resample(frame, rows)
    np.testing.assert_array_equal(resampled, expected)
    assert list(resampled.columns) == ["a", "b", "b"]
    np.testing.assert_array_equal(take_rows(frame, np.array([1, 3])), X[[1, 3]])
    assert column_names(frame) == ["a", "b", "b"]
    assert column_names(X) == ["0", "1", "2"]


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
    codes, categorical = encode(frame)
    assert categorical.tolist() == [False, False, False, True, True, False]
    np.testing.assert_array_equal(
        codes[:, :5],
        [[1.5, 1, 1, 1, 1], [np.nan, np.nan, 0, 0, 0], [2, 3, 1, 1, 1]],
    )
    assert codes[1, 5] - codes[0, 5] > 0
    assert np.isnan(codes[2, 5])


def test_encoding_an_array_of_objects():
    codes, categorical = encode(np.array([["x", 1.5], ["y", None], ["x", 2]], dtype=object))
    assert categorical.tolist() == [True, False]
    np.testing.assert_array_equal(codes, [[0, 1.5], [1, np.nan], [0, 2]])


def test_a_list_is_a_table_and_a_vector_is_not():
    assert as_table([[1, 2], [3, 4]]).shape == (2, 2)
    with pytest.raises(ValueError, match="n_samples, n_features"):
        as_table([1, 2])

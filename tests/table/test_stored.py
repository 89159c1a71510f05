"""A table in a file holds what one in memory does."""

import gc

import numpy as np
import pandas as pd
import pytest
import torch

from skdropout import DropoutMLPRegressor
from skdropout._table import stored as room
from skdropout._table.encoder import TableEncoder
from skdropout._table.stored import StoredTable, sampled_rows
from skdropout.datasets import open_table

N = 100
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, 4))
X[:, 3] = RNG.integers(5, size=N)
X[3, 1] = np.nan


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(room, "_ROWS", 8)
    monkeypatch.setattr(room, "_CELLS_TOGETHER", 8 * 4 * 3)
    monkeypatch.setattr(room, "_MOST_SAMPLED", 40)


def stored(weight=None):
    encoder = TableEncoder([3]).fit(X, DropoutMLPRegressor())
    numeric, codes = encoder.transform(X, DropoutMLPRegressor(), np.float32)
    target = torch.arange(N).float().unsqueeze(1)
    parts = [(numeric[:30], codes[:30]), (numeric[30:], codes[30:])]
    table = StoredTable(iter(parts), target, weight, torch.tensor([6]), torch.float32)
    return table, numeric, codes


def test_blocks_hold_their_rows():
    table, numeric, codes = stored(torch.arange(N) / N)
    assert (table.n_blocks, table.blocks_together) == (13, 3)
    rows = np.r_[16:24, 96:100]
    read = table.read(np.array([2, 12]))
    np.testing.assert_array_equal(read.numeric, numeric[rows])
    np.testing.assert_array_equal(read.codes, codes[rows])
    np.testing.assert_array_equal(read.target[:, 0], rows)
    np.testing.assert_allclose(read.weight, rows / N)
    assert table.strata is None
    assert len(table) == N


def test_some_columns():
    table, numeric, _ = stored()
    few = table.only([2, 0], []).only([1], [])
    read = few.read(np.arange(13))
    np.testing.assert_array_equal(read.numeric, numeric[:, [0]])
    assert read.codes.shape == (N, 0)
    np.testing.assert_array_equal(few.sample.numeric, numeric[sampled_rows(N)][:, [0]])
    del table
    gc.collect()
    few.read(np.arange(2))  # the file stays as long as anybody reads it


def test_the_sample():
    table, numeric, _ = stored()
    rows = sampled_rows(N)
    assert len(np.unique(rows)) == 40
    np.testing.assert_array_equal(table.sample.numeric, numeric[rows])
    np.testing.assert_array_equal(
        rows[table.looked_at(np.arange(20, 60))], rows[(rows >= 20) & (rows < 60)]
    )
    np.testing.assert_array_equal(rows[table.looked_at(slice(50))], rows[rows < 50])
    np.testing.assert_array_equal(sampled_rows(40), np.arange(40))


def test_codes_of_some_rows():
    table, _, codes = stored()
    rows = RNG.permutation(N)[:37]
    found = np.concatenate(list(table.codes_of(rows)))
    np.testing.assert_array_equal(found, codes[np.sort(rows)])


def test_files_go_with_the_table(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    table, *_ = stored()
    assert list(tmp_path.iterdir())
    del table
    gc.collect()
    assert not list(tmp_path.iterdir())


def test_an_encoder_learns_levels_of_all_rows_and_units_of_some(tmp_path):
    frame = pd.DataFrame({"number": X[:, 0], "city": [f"{k:02}" for k in range(N)]})
    frame.loc[5, "city"] = None
    frame.to_parquet(tmp_path / "a.parquet")
    table, _ = open_table(tmp_path / "a.parquet")
    owner = DropoutMLPRegressor()
    encoder = TableEncoder("from_dtype").fit(table, owner)
    assert owner.feature_names_in_.tolist() == ["number", "city"]
    whole = TableEncoder("from_dtype").fit(frame, DropoutMLPRegressor())
    assert encoder.levels_ == whole.levels_
    some = TableEncoder("from_dtype").fit(frame.iloc[sampled_rows(N)], DropoutMLPRegressor())
    np.testing.assert_array_equal(encoder._location, some._location)
    np.testing.assert_array_equal(encoder._scale, some._scale)
    numeric, codes = map(np.concatenate, zip(*encoder.parts(table, owner), strict=True))
    expected = encoder.transform(frame, owner)
    np.testing.assert_array_equal(numeric, expected[0])
    np.testing.assert_array_equal(codes, expected[1])

"""Tables on disk: every source gives its rows, and what cannot be read is refused when opened."""

import numpy as np
import pandas as pd
import pytest
from pyarrow import dataset

from skdropout.datasets import _on_disk as room
from skdropout.datasets import open_table

N = 50
RNG = np.random.default_rng(0)
NUMBERS = RNG.normal(size=(N, 3))
FRAME = pd.DataFrame(
    {
        "a": NUMBERS[:, 0],
        "city": pd.Categorical(RNG.choice(["Rome", "Oslo"], N)),
        "count": RNG.integers(9, size=N),
        "y": NUMBERS[:, 1],
    }
)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(room, "_CELLS_OF_BLOCK", 24)


@pytest.fixture
def folder(tmp_path):
    FRAME[:20].to_parquet(tmp_path / "a.parquet")
    FRAME[20:].to_parquet(tmp_path / "b.parquet")
    return tmp_path


@pytest.mark.parametrize("kind", ["path", "map", "view", "columns first", "array"])
def test_arrays(tmp_path, kind):
    path = tmp_path / "X.npy"
    np.save(path, np.asfortranarray(NUMBERS) if kind == "columns first" else NUMBERS)
    mapped, expected = np.load(path, mmap_mode="r"), NUMBERS
    source = {"path": str(path), "array": NUMBERS}.get(kind, mapped)
    if kind == "view":
        source, expected = mapped[3:, 1:], NUMBERS[3:, 1:]
    table, y = open_table(source)
    assert y is None
    assert table.columns is None
    assert table.shape == expected.shape
    blocks = list(table.blocks())
    assert max(map(len, blocks)) <= 24 // table.shape[1]
    np.testing.assert_array_equal(np.concatenate(blocks), expected)


@pytest.mark.parametrize("kind", ["file", "folder", "dataset"])
def test_parquet(folder, kind):
    source = {"file": folder / "b.parquet", "folder": folder, "dataset": dataset.dataset(folder)}
    expected = FRAME[20:] if kind == "file" else FRAME
    table, y = open_table(source[kind], target="y")
    assert table.shape == (len(expected), 3)
    assert table.columns == ["a", "city", "count"]
    np.testing.assert_array_equal(y, expected["y"])
    blocks = list(table.blocks())
    assert max(map(len, blocks)) <= 8
    found = pd.concat([block.astype({"city": str}) for block in blocks])
    pd.testing.assert_frame_equal(
        found.reset_index(drop=True),
        expected[table.columns].astype({"city": str}).reset_index(drop=True),
    )
    assert open_table(source[kind], target=["y", "a"])[1].shape == (len(expected), 2)
    assert open_table(source[kind])[0].shape == (len(expected), 4)


@pytest.mark.filterwarnings("default")
def test_partitions_of_dask():
    dask = pytest.importorskip("dask.dataframe")
    table, y = open_table(dask.from_pandas(FRAME, npartitions=3), target="y")
    np.testing.assert_array_equal(y, FRAME["y"])
    found = pd.concat(table.blocks())
    np.testing.assert_array_equal(found["a"], FRAME["a"])
    assert found["city"].tolist() == FRAME["city"].tolist()


def test_files_whose_columns_differ(folder):
    FRAME.astype({"count": float}).to_parquet(folder / "c.parquet")
    with pytest.raises(ValueError, match=r"Column 'count' is int64 in .*a.parquet but double in"):
        open_table(folder)
    FRAME.drop(columns="count").to_parquet(folder / "c.parquet")
    with pytest.raises(ValueError, match=r"Column 'count' is int64 .* but missing in .*c.parquet"):
        open_table(folder)


def test_tables_that_change_after_they_were_opened(tmp_path, monkeypatch):
    path = tmp_path / "a.parquet"
    FRAME.to_parquet(path)
    table, _ = open_table(path)
    path.write_text("no table")
    with pytest.raises(ValueError, match=r"a\.parquet' cannot be read"):
        list(table.blocks())
    table, _ = open_table(NUMBERS)
    monkeypatch.setattr(table._source, "blocks", lambda *_: iter([NUMBERS[:30]]))
    with pytest.raises(ValueError, match="had 50 rows when it was opened and has 30"):
        list(table.blocks())


def test_what_cannot_be_opened(folder):
    (folder / "text.parquet").write_text("no table")
    (folder / "text.npy").write_text("no array")
    for source, message in [
        (folder / "nowhere", "nowhere' does not exist"),
        (folder / "text.parquet", "text.parquet' cannot be read"),
        (folder / "text.npy", "text.npy' cannot be read"),
        (np.zeros(3), r"shape \(3,\)"),
        (np.array([["a"]]), "dtype <U1"),
        (np.zeros((0, 2)), "0 rows and 2 columns"),
        ([[1.0]], "source is of type list"),
        (FRAME, "source is of type DataFrame"),
    ]:
        with pytest.raises(ValueError, match=message):
            open_table(source)
    with pytest.raises(ValueError, match=r"target='z': there are only columns \['a'"):
        open_table(folder / "a.parquet", target="z")
    with pytest.raises(ValueError, match=r"target=3 must be a name, a list of names or None"):
        open_table(folder / "a.parquet", target=3)
    with pytest.raises(ValueError, match="target='y', but an array's columns have no names"):
        open_table(NUMBERS, target="y")


def test_it_is_never_loaded_as_a_whole():
    table, _ = open_table(NUMBERS)
    assert len(table) == N
    with pytest.raises(ValueError, match="not loaded as a whole"):
        np.asarray(table)


def test_without_pyarrow(folder, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"pip install 'skdropout\[parquet\]'"):
        open_table(folder)

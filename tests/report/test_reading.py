"""Files as data frames."""

import pandas as pd
import pytest

from skdropout._report.preparing import ReportError
from skdropout._report.reading import read_table
from skdropout.datasets import load_bike_sharing

TABLE = "name,size\nNA,1\n,2\nNone,\n"


def test_only_empty_cells_are_missing(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(TABLE)
    reading = read_table(str(path))
    table, source = reading.table, reading.source
    assert table["name"].tolist()[::2] == ["NA", "None"]
    assert table.isna().sum().tolist() == [1, 1]
    pd.testing.assert_frame_equal(eval(source, {"pd": pd}), table)


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_separators(tmp_path, separator):
    path = tmp_path / "table.csv"
    path.write_text(TABLE.replace(",", separator))
    reading = read_table(str(path))
    table, source = reading.table, reading.source
    assert table.columns.tolist() == ["name", "size"]
    pd.testing.assert_frame_equal(eval(source, {"pd": pd}), table)


def test_compressed_and_parquet(tmp_path):
    frame = pd.DataFrame({"name": ["a", "b"], 3: [1, 2]})
    frame.to_csv(tmp_path / "t.csv.gz", index=False)
    assert read_table(str(tmp_path / "t.csv.gz")).table.columns.tolist() == ["name", "3"]
    frame.rename(columns=str).to_parquet(tmp_path / "t.parquet")
    reading = read_table(str(tmp_path / "t.parquet"))
    pd.testing.assert_frame_equal(eval(reading.source, {"pd": pd}), reading.table)


def test_the_bundled_table_has_a_name_that_files_may_take(tmp_path, monkeypatch):
    reading = read_table("bike_sharing")
    table, source = reading.table, reading.source
    assert table["hr"].dtype == "category"
    pd.testing.assert_frame_equal(eval(source, {"load_bike_sharing": load_bike_sharing}), table)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bike_sharing").write_text("a,b\n1,2\n")
    assert read_table("bike_sharing").table.shape == (1, 2)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.csv", b"", "is empty"),
        ("header.csv", b"a,b\n", "has no rows"),
        ("latin.csv", "a,b\nGrün,1\n".encode("latin-1"), "not in UTF-8"),
        ("ragged.csv", b"a,b\n1,2\n1,2,3,4\n", "line 3 .* has 4 cells, the header in line 1 has 2"),
        ("fake.parquet", b"a,b\n1,2\n", "cannot be read as a table"),
    ],
)
def test_what_is_no_table(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ReportError, match=words):
        read_table(str(path))


def test_folders_are_no_tables(tmp_path):
    with pytest.raises(ReportError, match="is a folder"):
        read_table(str(tmp_path))

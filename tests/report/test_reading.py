"""Files as data frames."""

import bz2
import csv
import gzip
import io
import lzma
import zipfile

import pandas as pd
import pyarrow.parquet
import pytest

from skdropout._report.reading import read_table
from skdropout._report.words import ReportError
from skdropout.datasets import load_bike_sharing

# without the time, as tests are named by it
CUT = gzip.compress(b"a,b\n1,2\n" * 99, mtime=0)[:-9]


def zipped(*names):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "a,b")
    return file.getvalue()


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
        ("latin.csv", "a,b\nGrün,1\n".encode("latin-1"), "line 2 .* is not in UTF-8"),
        ("ragged.csv", b"a,b\n1,2\n1,2,3,4\n", "line 3 .* has 4 cells, the header in line 1 has 2"),
        ("first.csv", b"a,b\n1,2,3\n", "line 2 .* has 3 cells, the header in line 1 has 2"),
        ("lines.csv", b'\n"a\nb",c\n1,2\n\n1,2,3\n', "line 6 .* the header in line 2 has 2"),
        ("open.csv", b'a,b\n1,"2\n', "a quote .* is opened and not closed"),
        ("nul.csv", b"a,b\n1,\x00\n", "line 2 .* holds a NUL character"),
        ("utf16.csv", "a,b\n1,2\n".encode("utf-16"), "is in UTF-16"),
        ("bare16.csv", "a,b\n1,2\n".encode("utf-16-le"), "line 1 .* holds a NUL"),
        ("cut.csv.gz", CUT, "is damaged or cut off .* again"),
        ("cut.csv", CUT, "is damaged or cut off .* again"),
        ("page.csv", b"<!DOCTYPE html>\n<html>", "is a page of HTML"),
        ("tables.zip", zipped("a.csv", "b.csv"), "holds 2 files: 'a.csv', 'b.csv'"),
        ("book.xlsx", zipped("[Content_Types].xml"), "workbook .* save it as CSV"),
        ("fake.parquet", b"a,b\n1,2\n", "cannot be read as a table"),
    ],
)
def test_what_is_no_table(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ReportError, match=words):
        read_table(str(path))


def read(tmp_path, content, name="table.csv"):
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    reading = read_table(str(tmp_path / name))
    pd.testing.assert_frame_equal(eval(reading.source, {"pd": pd}), reading.table)
    return reading


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, bytes])
@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.xz", "t.ZIP"])
def test_files_are_known_by_their_content(tmp_path, pack, name):
    table = read(tmp_path, pack(TABLE.encode()), name).table
    pd.testing.assert_frame_equal(table, read(tmp_path, TABLE, "plain.csv").table)


def test_parquet_is_known_by_its_content_and_keeps_a_named_index(tmp_path):
    frame = pd.DataFrame({"a": [1, 2]}, index=pd.Index(["x", "y"], name="key"))
    frame.to_parquet(tmp_path / "table.csv")
    reading = read_table(str(tmp_path / "table.csv"))
    assert reading.table.to_dict("list") == {"key": ["x", "y"], "a": [1, 2]}
    pd.testing.assert_frame_equal(eval(reading.source, {"pd": pd}), reading.table)


def test_parquet_with_twins_or_levels_of_names_is_refused(tmp_path):
    path = str(tmp_path / "t.parquet")
    pyarrow.parquet.write_table(pyarrow.table([[1], [2]], names=["a", "a"]), path)
    with pytest.raises(ReportError, match="several columns named 'a'; rename them"):
        read_table(path)
    pd.DataFrame([[1, 2]], columns=[["a", "a"], ["b", "c"]]).to_parquet(path)
    with pytest.raises(ReportError, match="in levels; join them"):
        read_table(path)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_short_rows_and_twins_are_told(tmp_path, end):
    text = end.join(["", "a,y,a", "1,2,3", "", "1,2", "  ", "1"])
    reading = read(tmp_path, text)
    assert reading.table.columns.tolist() == ["a", "y", "a.1"]
    assert reading.table["y"].tolist()[:2] == [2, 2]
    assert len(reading.notes) == 2
    assert "2 columns are named" in reading.notes[0]
    assert "'a', 'a.1'" in reading.notes[0]
    assert "2 rows have fewer cells" in reading.notes[1]


def test_a_target_with_a_twin_is_refused(tmp_path):
    reading = read(tmp_path, "y,a,y\n1,2,3\n")
    for target in ("y", "y.1"):
        with pytest.raises(ReportError, match=f"target '{target}', as 2 are named 'y'; rename"):
            reading.check_target(target)
    reading.check_target("a")


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("\ufeffa;b\n1,5;2\n", ["a", "b"]),
        ('"a, b, c";d\n1,5;2\n', ["a, b, c", "d"]),
        ("a&lt;,b&gt;\n1,2\n", ["a&lt;", "b&gt;"]),
        ("only\n1\n", ["only"]),
    ],
)
def test_the_separator_is_what_parts_rows_alike(tmp_path, text, columns):
    assert read(tmp_path, text).table.columns.tolist() == columns


def test_cells_of_any_length(tmp_path):
    before = csv.field_size_limit()
    table = read(tmp_path, f"a,b\n{'x' * 300_000},1\n").table
    assert table["a"].str.len().tolist() == [300_000]
    assert csv.field_size_limit() == before


def test_folders_are_no_tables(tmp_path):
    with pytest.raises(ReportError, match="is a folder"):
        read_table(str(tmp_path))

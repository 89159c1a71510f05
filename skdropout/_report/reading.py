"""A file as a data frame: what kind of file it is, what is wrong in it, and what must be told."""

import bz2
import csv
import gzip
import io
import lzma
import os
import re
import zipfile
import zlib
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import pandas as pd

from skdropout._report.words import ReportError, named, some
from skdropout.datasets import load_bike_sharing

_BUNDLED, _SEPARATORS, _PARQUET = "bike_sharing", ",;\t|", (".parquet", ".pq")
# by their first bytes, as names of files may be wrong
_COMPRESSED = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",  # an empty one
    b"\xfd7zXZ\x00": "xz",
    b"BZh": "bz2",
}
_SUFFIXES = {".gz": "gzip", ".zip": "zip", ".xz": "xz", ".bz2": "bz2"}  # known to pandas
_OTHERS = {
    b"\xff\xfe": "is in UTF-16, not in UTF-8; save it as UTF-8",
    b"\xfe\xff": "is in UTF-16, not in UTF-8; save it as UTF-8",
    b"\x28\xb5\x2f\xfd": "is compressed with zstd; unpack it first",
    b"\xd0\xcf\x11\xe0": "is a workbook of a spreadsheet program; save it as CSV",
    b"<!DOCTYP": "is a page of HTML; save the table in it as CSV",
    b"<!doctyp": "is a page of HTML; save the table in it as CSV",
    b"<html": "is a page of HTML; save the table in it as CSV",
    b"ARROW1": "is an Arrow file; save it as Parquet",
}
_UNDECODED = re.compile("[\udc80-\udcff]")
_DAMAGE = EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, gzip.BadGzipFile
_N_LINES = 50  # that tell the separator
_LONGEST_CELL = 2**31 - 1


@dataclass
class Reading:
    """A table and how it was read.

    ``source`` is the Python expression that reads it, ``twins`` has the names in the file of
    columns that share theirs with others, by their names in the table; ``notes`` are sentences for
    the reader.
    """

    table: pd.DataFrame
    source: str
    twins: dict = field(default_factory=dict)
    notes: list = field(default_factory=list)

    def check_target(self, target):
        """Refuse a target whose twin would be a column to learn from."""
        name = self.twins.get(target)
        if name is not None:
            raise ReportError(
                f"it is not clear which column is the target {target!r}, as "
                f"{list(self.twins.values()).count(name)} are named {name!r}; rename or remove "
                "the others."
            )


def read_table(path):
    """Read a CSV or Parquet file, or the bundled table by its name.

    Only empty cells are missing: "NA" or "None" may be the name of something.

    Parameters
    ----------
    path : str

    Returns
    -------
    reading : Reading
        Its table has strings as names of columns, all different.

    Raises
    ------
    ReportError
        If there is no such file, or no table in it.
    """
    if path == _BUNDLED and not Path(path).exists():
        return Reading(load_bike_sharing().frame, "load_bike_sharing().frame")
    reading = _read(path)
    if not len(reading.table):
        raise ReportError(f"the file {path!r} has no rows below its header.")
    return reading


def _read(path):
    _check_file(path)
    with _decoding(path), open(path, "rb") as file:
        start = file.read(8)
        file.seek(max(0, os.fstat(file.fileno()).st_size - 4))
        is_parquet = start[:4] == file.read() == b"PAR1"
    if is_parquet or path.lower().endswith(_PARQUET):
        return _read_parquet(path)
    for magic, words in _OTHERS.items():
        if start.startswith(magic):
            raise ReportError(f"the file {path!r} {words}.")
    compression = next((c for magic, c in _COMPRESSED.items() if start.startswith(magic)), None)
    if compression == "bz2" and not start[3:4].isdigit():  # a name may begin with BZh
        compression = None
    return _read_csv(path, compression)


@contextmanager
def _decoding(path):
    """Say of what decoders raise, which is nearly anything, that the file is broken."""
    try:
        yield
    except ReportError:
        raise
    except ImportError as error:
        raise ReportError(
            "Parquet files need pyarrow: pip install pyarrow, or save the table as CSV."
        ) from error
    except Exception as error:
        raise ReportError(f"the file {path!r} {_what_is_wrong(error)}.") from error


def _what_is_wrong(error):
    lines = str(error).strip().splitlines()
    reason = (lines[0] if lines else type(error).__name__).rstrip(".")
    if isinstance(error, _DAMAGE):
        return f"is damaged or cut off ({reason}); download or pack it again"
    if isinstance(error, PermissionError):
        return "may not be read by you; change its permissions"
    if "EOF inside string" in reason:
        return 'cannot be read as a table: a quote (") is opened and not closed; close or double it'
    return f"cannot be read as a table: {reason}; save it again, as CSV or Parquet"


def _check_file(path):
    try:
        kind = "is a folder" if os.path.isdir(path) else "does not exist"
        if os.path.isfile(path):
            return
        if os.path.exists(path) and not os.path.isdir(path):
            kind = "is no file that can be read twice"
    except ValueError:  # a NUL in the name
        kind = "does not exist"
    raise ReportError(
        f"the file {path!r} {kind}; give a CSV or Parquet file, or {_BUNDLED!r} for the "
        "bundled table."
    )


def _read_parquet(path):
    with _decoding(path):
        from pyarrow.parquet import read_schema

        names = read_schema(path).names
    if len(set(names)) < len(names):
        name = Counter(names).most_common(1)[0][0]
        raise ReportError(f"the file {path!r} has several columns named {name!r}; rename them.")
    with _decoding(path):
        table = pd.read_parquet(path)
    source = f"pd.read_parquet({path!r})"
    if any(name is not None for name in table.index.names):
        table, source = table.reset_index(), f"{source}.reset_index()"
    if table.columns.nlevels > 1:
        raise ReportError(f"the file {path!r} has names of columns in levels; join them to words.")
    return Reading(table.rename(columns=str), f"{source}.rename(columns=str)")


def _read_csv(path, compression):
    with _decoding(path):
        separator, header, n_short = _look_through(path, compression)
    options = {"keep_default_na": False, "na_values": [""]}
    if separator != ",":
        options = {"sep": separator, **options}
    if compression != _SUFFIXES.get(Path(path).suffix.lower()):
        options["compression"] = compression
    given = ", ".join(f"{name}={value!r}" for name, value in options.items())
    with _decoding(path):
        table = pd.read_csv(path, **options, low_memory=False)
    reading = Reading(table, f"pd.read_csv({path!r}, {given}, low_memory=False)")
    counts = Counter(header)
    both = zip(map(str, table.columns), header, strict=True)
    reading.twins = {name: wrote for name, wrote in both if wrote and counts[wrote] > 1}
    for name in dict.fromkeys(reading.twins.values()):
        called = [new for new, wrote in reading.twins.items() if wrote == name]
        reading.notes.append(f"{len(called)} columns are named {named(name)}; here {some(called)}.")
    if n_short:
        reading.notes.append(
            f"{n_short:,} {'rows have' if n_short > 1 else 'row has'} fewer cells than the header; "
            "those at the end are taken as missing."
        )
    return reading


def _look_through(path, compression):
    """Return the separator, the names in the header and the number of rows that are too short.

    pandas takes the first cells of rows longer than the header for names of rows, and a second
    column of one name for another, in silence; and it does not say where a file is broken.
    """
    with _cells_of_any_length():
        with _opened(path, compression) as file:
            separator = _separator(list(islice(_checked_lines(file, path), _N_LINES)))
        with _opened(path, compression) as file:
            rows = _rows(_checked_lines(file, path), separator)
            place, header = next(rows, (0, None))
            if header is None:
                raise ReportError(f"the file {path!r} is empty; give one with a header and rows.")
            n_short = 0
            for line, row in rows:
                n_short += len(row) < len(header)
                if len(row) > len(header):
                    raise ReportError(
                        f"line {line} of the file {path!r} has {len(row)} cells, the header in "
                        f"line {place} has {len(header)}; give both as many, and put cells that "
                        f"hold {separator!r} in quotes."
                    )
    return separator, header, n_short


def _separator(lines):
    """Return what parts most rows into as many cells as the header, and of these the most."""

    def agreement(separator):
        lengths = [len(row) for _, row in _rows(lines, separator)] or [0]
        n_alike = lengths.count(lengths[0])
        return (n_alike if lengths[0] > 1 else 0), lengths[0]

    return max(_SEPARATORS, key=agreement)


def _rows(lines, separator):
    """Yield the rows that are not blank, each with the number of its first line."""
    reader, end = csv.reader(lines, delimiter=separator), 0
    for row in reader:
        start, end = end + 1, reader.line_num
        if row and not (len(row) == 1 and row[0].isspace()):
            yield start, row


@contextmanager
def _opened(path, compression):
    """Open a file as text, compressed or not; bytes that are not UTF-8 become lone surrogates."""
    if compression == "zip":
        with zipfile.ZipFile(path) as archive:
            members = archive.namelist()
            if "[Content_Types].xml" in members or "mimetype" in members:
                raise ReportError(f"the file {path!r} is a workbook or document; save it as CSV.")
            if len(members) != 1:
                raise ReportError(
                    f"the archive {path!r} holds {len(members)} files: {some(members)}; give one "
                    "that holds a single CSV file."
                )
            with archive.open(members[0]) as file:
                yield _text(file)
        return
    openers = {"gzip": gzip.open, "bz2": bz2.open, "xz": lzma.open, None: open}
    with openers[compression](path, "rb") as file:
        yield _text(file)


def _text(file):
    return io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")


def _checked_lines(file, path):
    for number, line in enumerate(file, 1):
        if "\0" in line:
            raise ReportError(
                f"line {number} of the file {path!r} holds a NUL character, so it is no text, or "
                "not in UTF-8; save it as UTF-8."
            )
        if not line.isascii() and _UNDECODED.search(line):
            raise ReportError(
                f"line {number} of the file {path!r} is not in UTF-8; save the file as UTF-8."
            )
        yield line


@contextmanager
def _cells_of_any_length():
    before = csv.field_size_limit(_LONGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(before)

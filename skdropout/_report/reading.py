"""From a file to a data frame, cell for cell."""

import gzip
from pathlib import Path

import pandas as pd

from skdropout.datasets import load_bike_sharing

__all__ = ["BUNDLED", "ReportError", "read_table"]

BUNDLED = "bike_sharing"
_SEPARATORS = ",;\t|"
_PARQUET = (".parquet", ".pq")


class ReportError(Exception):
    """What keeps a report from being made, in one line for the user."""


def read_table(path):
    """Read a CSV or Parquet file, or the bundled table by its name.

    Only empty cells are missing: "NA" or "None" may be the name of something.

    Parameters
    ----------
    path : str

    Returns
    -------
    table : DataFrame
        With strings as names of columns.
    source : str
        The Python expression that reads it.

    Raises
    ------
    ReportError
        If there is no such file, or no table in it.
    """
    if path == BUNDLED and not Path(path).exists():
        return load_bike_sharing().frame, "load_bike_sharing().frame"
    if not Path(path).is_file():
        kind = "is a folder" if Path(path).is_dir() else "does not exist"
        raise ReportError(
            f"the file {path!r} {kind}; give a CSV or Parquet file, or {BUNDLED!r} for the "
            "bundled table."
        )
    try:
        table, source = _read_parquet(path) if path.endswith(_PARQUET) else _read_csv(path)
    except ImportError as error:
        raise ReportError(
            "Parquet files need pyarrow: pip install pyarrow, or save the table as CSV."
        ) from error
    except UnicodeDecodeError as error:
        raise ReportError(f"the file {path!r} is not in UTF-8; save it as UTF-8.") from error
    except (ValueError, OSError) as error:  # pandas' and pyarrow's errors are of these
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ReportError(f"the file {path!r} cannot be read as a table: {reason}") from error
    if not len(table):
        raise ReportError(f"the file {path!r} has no rows below its header.")
    return table.rename(columns=str), source


def _read_csv(path):
    options = {"keep_default_na": False, "na_values": [""]}
    separator = max(_SEPARATORS, key=_first_line(path).count)
    if separator != ",":
        options = {"sep": separator, **options}
    given = ", ".join(f"{name}={value!r}" for name, value in options.items())
    source = f"pd.read_csv({path!r}, {given}, low_memory=False)"
    return pd.read_csv(path, **options, low_memory=False), source


def _first_line(path):
    if path.endswith((".zip", ".bz2", ".xz", ".zst")):
        return ""  # pandas opens these; with a comma then
    with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8") as file:
        return file.readline()


def _read_parquet(path):
    return pd.read_parquet(path), f"pd.read_parquet({path!r}).rename(columns=str)"

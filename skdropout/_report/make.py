"""A report from a file: read, prepare, measure, write."""

import gzip
import os
import time
from pathlib import Path

import pandas as pd
import sklearn
import torch
from tqdm.auto import tqdm

from skdropout._device import resolve_device
from skdropout._report.code import code_of
from skdropout._report.models import FULL, OUR_NAME, QUICK, STEPS, Models, measure
from skdropout._report.page import code, listing, page, paragraph, section
from skdropout._report.preparing import ReportError, apply_recipe, choose_recipe
from skdropout._report.sections import (
    boosting_machines,
    columns,
    dropout_path,
    embeddings,
    interactions,
    occlusion,
    orders,
    scores,
    words_of_scores,
)
from skdropout._version import __version__
from skdropout.datasets import load_bike_sharing

_BUNDLED, _SEPARATORS, _PARQUET = "bike_sharing", ",;\t|", (".parquet", ".pq")


def make_report(data, *, target, output, task="auto", device="auto", is_quick=False):
    """Make a report of a table and write it as one HTML file.

    Parameters
    ----------
    data : str
        CSV or Parquet file, or the name of the bundled table.
    target : str
        Column to predict.
    output : str
        File to write.
    task : {"auto", "regression", "classification"}
    device : str
        Where networks are trained.
    is_quick : bool
        Whether to do less than could be done, and say so.

    Raises
    ------
    ReportError
        If there is something that the user should change.
    """
    start = time.perf_counter()
    _check_output(output)
    _check_device(device)
    sizes = QUICK if is_quick else FULL
    table, reading = read_table(data)
    n_rows = len(table)
    recipe = choose_recipe(table, target, task, sizes.max_rows)
    prepared = apply_recipe(table, recipe)
    models = Models(recipe, sizes, device)
    with tqdm(total=len(STEPS), unit="step") as bar:
        findings = measure(prepared, models, bar)
    is_regression = recipe.task == "regression"
    dropout = findings.fitted[OUR_NAME].dropout_
    program = code_of(recipe, reading, models, dropout, findings.has_interpret)
    parts = [
        section("In short", listing(words_of_scores(findings, prepared, is_regression))),
        scores(findings, is_regression),
        dropout_path(findings),
        orders(findings),
        interactions(findings, prepared),
        boosting_machines(findings, prepared, is_regression),
        occlusion(findings, is_regression),
        embeddings(findings, prepared, recipe, sizes.n_maps),
        columns(prepared, recipe),
        section(
            "The code",
            paragraph("These lines repeat the report, figures included, in Python."),
            code(program),
        ),
    ]
    if findings.warnings:
        parts.append(section("Warnings on the way", listing(findings.warnings)))
    if is_quick:
        parts.insert(0, paragraph(_words_of_quick(sizes, n_rows), "quick"))
    parts.append(paragraph(_words_of_making(time.perf_counter() - start), "note"))
    title = f"{target} from {Path(data).name}"
    subtitle = f"{recipe.task}, {n_rows:,} rows, {table.shape[1] - 1} columns beside the target"
    Path(output).write_text(page(title, subtitle, parts), encoding="utf-8")


def _check_output(output):
    folder = Path(output).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReportError(
            f"the folder {str(folder)!r} cannot be made: {error.strerror}."
        ) from error
    if Path(output).is_dir() or not os.access(folder, os.W_OK):
        raise ReportError(f"the file {output!r} cannot be written; choose another with -o.")


def _check_device(device):
    try:
        resolve_device(device)
    except ValueError as error:
        raise ReportError(
            f"there is no device {device!r} here; use --device auto or cpu."
        ) from error


def _words_of_quick(sizes, n_rows):
    used = f"{min(n_rows, sizes.max_rows):,} of {n_rows:,} rows"
    bags = f"{sizes.outer_bags} bag{'s' if sizes.outer_bags > 1 else ''}"
    units = " and ".join(map(str, sizes.hidden_layer_sizes))
    return (
        f"A quick report: {used}, {len(sizes.dropouts)} dropout rates, {sizes.cv} folds, networks "
        f"of {units} units, boosting machines of {bags}. "
        "Without --quick more is done, and scores are better."
    )


def _words_of_making(seconds):
    return (
        f"Made by skdropout {__version__} (scikit-learn {sklearn.__version__}, torch "
        f"{torch.__version__}) in {seconds:.0f} seconds on a machine with {os.cpu_count()} cores."
    )


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
    if path == _BUNDLED and not Path(path).exists():
        return load_bike_sharing().frame, "load_bike_sharing().frame"
    if not Path(path).is_file():
        kind = "is a folder" if Path(path).is_dir() else "does not exist"
        raise ReportError(
            f"the file {path!r} {kind}; give a CSV or Parquet file, or {_BUNDLED!r} for the "
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

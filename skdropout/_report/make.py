"""A report from a file: read, prepare, measure, write."""

import os
import time
from pathlib import Path

import sklearn
import torch
from tqdm.auto import tqdm

from skdropout._device import resolve_device
from skdropout._report.code import code_of
from skdropout._report.models import FULL, OUR_NAME, QUICK, STEPS, Models, measure
from skdropout._report.page import code, listing, page, paragraph, section
from skdropout._report.preparing import apply_recipe, choose_recipe
from skdropout._report.reading import read_table
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
from skdropout._report.words import ReportError, clipped, named
from skdropout._version import __version__


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
    _check_output(output, data)
    _check_device(device)
    sizes = QUICK if is_quick else FULL
    reading = read_table(data)
    reading.check_target(target)
    table, n_rows = reading.table, len(reading.table)
    recipe = choose_recipe(table, target, task, sizes.max_rows)
    recipe.notes[:0] = reading.notes
    prepared = apply_recipe(table, recipe)
    models = Models(recipe, sizes, device)
    with tqdm(total=len(STEPS), unit="step") as bar:
        findings = measure(prepared, models, bar)
    is_regression = recipe.task == "regression"
    dropout = findings.fitted[OUR_NAME].dropout_
    program = code_of(recipe, reading.source, models, dropout, findings.has_interpret)
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
        parts.append(
            section(
                "Warnings on the way", listing([clipped(words, 300) for words in findings.warnings])
            )
        )
    if is_quick:
        parts.insert(0, paragraph(_words_of_quick(sizes, n_rows), "quick"))
    parts.append(paragraph(_words_of_making(time.perf_counter() - start), "note"))
    title = f"{named(target)} from {named(Path(data).name)}"
    subtitle = f"{recipe.task}, {n_rows:,} rows, {table.shape[1] - 1} columns beside the target"
    _write(output, page(title, subtitle, parts))


def _check_output(output, data):
    folder = Path(output).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        is_there = os.stat(output) is not None
    except FileNotFoundError:
        is_there = False
    except (OSError, ValueError) as error:  # a name that is too long, or has a NUL
        raise ReportError(_words_of_output(output, error)) from error
    if os.path.isdir(output) or not os.access(output if is_there else folder, os.W_OK):
        raise ReportError(_words_of_output(output))
    if is_there and os.path.exists(data) and os.path.samefile(output, data):
        raise ReportError(f"the file {output!r} is the table itself; choose another with -o.")


def _write(output, text):
    try:
        Path(output).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ReportError(_words_of_output(output, error)) from error


def _words_of_output(output, error=None):
    reason = "" if error is None else f": {getattr(error, 'strerror', None) or error}"
    return f"the file {output!r} cannot be written{reason}; choose another with -o."


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

"""A report from a file: read, prepare, measure, write."""

import os
import time
from pathlib import Path

import sklearn
import torch
from tqdm.auto import tqdm

import skdropout._report.page as page
import skdropout._report.sections as sections
from skdropout._report.code import code_of
from skdropout._report.measuring import OUR_NAME, STEPS, measure
from skdropout._report.models import Models
from skdropout._report.preparing import apply_recipe, choose_recipe
from skdropout._report.reading import ReportError, read_table
from skdropout._version import __version__

__all__ = ["make_report"]


def make_report(data, target, output, *, task="auto", device="auto", sizes, is_quick=False):
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
    sizes : Sizes
        How much work to do.
    is_quick : bool
        Whether the page should say that less was done than could be.

    Raises
    ------
    ReportError
        If there is something that the user should change.
    """
    start = time.perf_counter()
    _check_output(output)
    _check_device(device)
    table, reading = read_table(data)
    n_rows = len(table)
    recipe = choose_recipe(table, target, task, sizes.max_rows)
    prepared = apply_recipe(table, recipe)
    models = Models(recipe, sizes, device)
    with tqdm(total=len(STEPS), unit="step") as bar:
        findings = measure(prepared, models, bar)
    is_regression = recipe.task == "regression"
    dropout = findings.fitted[OUR_NAME].dropout_
    code = code_of(recipe, reading, models, dropout, findings.has_interpret)
    parts = [
        page.section(
            "In short",
            page.listing(sections.words_of_scores(findings, prepared, is_regression)),
        ),
        sections.scores(findings, is_regression),
        sections.dropout_path(findings),
        sections.orders(findings),
        sections.interactions(findings, prepared),
        sections.boosting_machines(findings, prepared, is_regression),
        sections.occlusion(findings, is_regression),
        sections.embeddings(findings, prepared, recipe, sizes.n_maps),
        sections.columns(prepared, recipe),
        page.section(
            "The code",
            page.paragraph("These lines repeat the report, figures included, in Python."),
            page.code(code),
        ),
    ]
    if findings.warnings:
        parts.append(page.section("Warnings on the way", page.listing(findings.warnings)))
    if is_quick:
        parts.insert(0, page.paragraph(_words_of_quick(sizes, n_rows), "quick"))
    parts.append(page.paragraph(_words_of_making(time.perf_counter() - start), "note"))
    title = f"{target} from {Path(data).name}"
    subtitle = f"{recipe.task}, {n_rows:,} rows, {table.shape[1] - 1} columns beside the target"
    Path(output).write_text(page.page(title, subtitle, parts), encoding="utf-8")


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
    if device == "auto":
        return
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
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

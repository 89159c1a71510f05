"""A report from a file: read, prepare, measure, write."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

import sklearn
import torch

from skdropout._device import resolve_device
from skdropout._report.budget import Budget, Progress, interruptible
from skdropout._report.code import code_of
from skdropout._report.html import code, listing, page, paragraph, section
from skdropout._report.looking import look_at
from skdropout._report.models import FULL, QUICK, Models
from skdropout._report.numbers import count, listed, number, seconds
from skdropout._report.outputs import check_outputs, write_outputs, write_text
from skdropout._report.preparing import apply_recipe, choose_recipe
from skdropout._report.reading import read_table
from skdropout._report.sections import columns, data, dropout, gaps, together, well
from skdropout._report.sections.words import Terms
from skdropout._report.stages import STAGES, measure
from skdropout._report.words import ReportError, clipped, named
from skdropout._version import __version__

_LEAST_MINUTES = 0.1


@dataclass(frozen=True)
class Request:
    """What is asked for; names of files are None where they are not wanted.

    ``minutes`` None is the bound of a quick report, and none of a full one.
    """

    data: str
    target: str
    output: str = "report.html"
    task: str = "auto"
    device: str = "auto"
    is_quick: bool = False
    minutes: float | None = None
    predictions: str | None = None
    model: str | None = None
    json: str | None = None


def make_report(request):
    """Make a report of a table and write it as one HTML file.

    Parameters
    ----------
    request : Request

    Returns
    -------
    was_interrupted : bool
        Whether Ctrl-C has ended it; the page then has what was done until then.

    Raises
    ------
    ReportError
        If there is something that the user should change.
    """
    start = time.perf_counter()
    check_outputs(request)
    _check_device(request.device)
    _check_minutes(request.minutes)
    sizes = QUICK if request.is_quick else FULL
    minutes = sizes.minutes if request.minutes is None else request.minutes
    reading = read_table(request.data)
    reading.check_target(request.target)
    recipe = choose_recipe(reading.table, request.target, request.task, sizes.max_rows)
    recipe.notes[:0] = reading.notes
    prepared = apply_recipe(reading.table, recipe)
    models = Models(recipe, sizes, request.device)
    budget = Budget({name: weight for name, (_, weight, _) in STAGES.items()}, minutes)
    look = look_at(reading.table, recipe, prepared)
    with interruptible() as was_asked, Progress(budget) as progress:
        findings = measure(prepared, models, budget, progress, was_asked)
    program = code_of(recipe, reading.source, models, findings)
    parts, contents = _parts(findings, look, prepared, recipe, program)
    parts.insert(0, _remarks(findings, request, models.sizes, minutes, look.n_rows))
    parts.append(paragraph(_words_of_making(time.perf_counter() - start), "note"))
    title = f"{named(request.target)} from {named(Path(request.data).name)}"
    subtitle = f"{recipe.task}, {count(look.n_rows, 'row')}, {count(look.n_columns, 'column')}"
    write_text(request.output, page(title, subtitle, parts, contents))
    write_outputs(request, findings, look, prepared, recipe, program)
    return findings.interrupted is not None


def _parts(findings, look, prepared, recipe, program):
    """Return the sections of what was done, and their anchors and headings."""
    terms, done = Terms(recipe), set(findings.done)
    made = [("data", data.HEADING, data.data(look, prepared, recipe))]
    words = []
    if "network" in done:
        made.append(("well", well.HEADING, well.well(findings, prepared, terms)))
        words += well.verdict(findings, terms)
    if "columns" in done:
        made.append(("columns", columns.COLUMNS, columns.columns(findings, prepared, terms)))
        if not well.found_nothing(findings):
            words += columns.verdict(findings, terms)
    if "network" in done:
        made.append(("dropout", dropout.HEADING, dropout.dropout(findings, terms)))
        if not well.found_nothing(findings):
            words += dropout.verdict(findings, terms)
    if "pairs" in done:
        made.append(("together", together.HEADING, together.together(findings, prepared, terms)))
        words += together.verdict(findings, terms)
    if "machines" in done:
        made.append(("", "", together.boosting_machines(findings, terms)))
    if "gaps" in done:
        made.append(("gaps", gaps.HEADING, gaps.gaps(findings, terms)))
    if "columns" in done:
        made.append(("levels", columns.LEVELS, columns.levels(findings, prepared, terms)))
    code_section = section(
        "The code",
        paragraph(
            "These lines repeat the report in Python. The models and their scores are the same; "
            "what is shuffled or drawn at random differs a little."
        ),
        code(program),
        anchor="code",
    )
    made.append(("code", "The code", code_section))
    if findings.warnings:
        said = listing([clipped(words, 300) for words in findings.warnings])
        made.append(("", "", section("Warnings on the way", said)))
    if words:
        made.insert(0, ("", "", section("In short", listing(words))))
    contents = [(anchor, heading) for anchor, heading, part in made if anchor and part]
    return [part for *_, part in made], contents


def _check_device(device):
    try:
        resolve_device(device)
    except ValueError as error:
        raise ReportError(
            f"there is no device {device!r} here; use --device auto or cpu."
        ) from error


def _check_minutes(minutes):
    if minutes is not None and not minutes >= _LEAST_MINUTES:
        raise ReportError(
            f"--minutes {format(minutes, 'g')!r} is too short; use --minutes {_LEAST_MINUTES:g} "
            "or more."
        )


def _remarks(findings, request, sizes, minutes, n_rows):
    """Say what was not done for lack of time."""
    html = ""
    if findings.interrupted is not None:
        left = [words for name, (words, *_) in STAGES.items() if name not in findings.done]
        html += paragraph(f"Interrupted. Not done: {listed(left)}.", "quick")
    words = []
    if request.is_quick:
        used = f"{min(n_rows, sizes.max_rows):,} of {n_rows:,} rows"
        units = " and ".join(map(str, sizes.hidden_layer_sizes))
        words.append(
            f"A quick report: {used}, {len(sizes.dropouts)} dropout rates, {sizes.cv} folds, "
            f"networks of {units} units, boosting machines of {count(sizes.outer_bags, 'bag')}. "
            "Without --quick more is done, and scores are better."
        )
    if minutes is not None and findings.notes:
        less = listed(findings.notes)
        words.append(f"For lack of time, --minutes {number(minutes)}, there were {less}.")
    if findings.skipped:
        words.append(f"There was no time left for {listed(findings.skipped)}.")
    return html + (paragraph(" ".join(words), "quick") if words else "")


def _words_of_making(taken):
    return (
        f"Made by skdropout {__version__} (scikit-learn {sklearn.__version__}, torch "
        f"{torch.__version__}) in {seconds(taken)} on a machine with {os.cpu_count()} cores."
    )

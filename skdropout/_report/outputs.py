"""What is written: the page, and predictions, model and numbers where they are asked for."""

import csv
import json
import os
from pathlib import Path

import joblib
import numpy as np
import pandas as pd

from skdropout._report.numbers import plain
from skdropout._report.scoring import difference
from skdropout._report.words import ReportError

# option: name of the field, in the order in which they are written
_OPTIONS = {"-o": "output", "--predictions": "predictions", "--model": "model", "--json": "json"}


def check_outputs(request):
    """Refuse names under which nothing can be written, or that are the table itself."""
    seen = {}
    for option, field in _OPTIONS.items():
        path = getattr(request, field)
        if path is None:
            continue
        _check_output(path, request.data, option)
        place = os.path.realpath(path)
        if place in seen:
            raise ReportError(
                f"{seen[place]} and {option} both name the file {path!r}; choose another with "
                f"{option}."
            )
        seen[place] = option


def _check_output(output, data, option):
    folder = Path(output).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        is_there = os.stat(output) is not None
    except FileNotFoundError:
        is_there = False
    except (OSError, ValueError) as error:  # a name that is too long, or has a NUL
        raise ReportError(_words_of_output(output, option, error)) from error
    if os.path.isdir(output) or not os.access(output if is_there else folder, os.W_OK):
        raise ReportError(_words_of_output(output, option))
    if is_there and os.path.exists(data) and os.path.samefile(output, data):
        raise ReportError(f"the file {output!r} is the table itself; choose another with {option}.")


def write_text(path, text):
    """Write a file of text."""
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ReportError(_words_of_output(path, "-o", error)) from error


def write_outputs(request, findings, look, prepared, recipe, program):
    """Write what else was asked for; of what was not measured there is none."""
    has_model = "network" in findings.done
    try:
        if request.predictions is not None and has_model:
            # names of classes may hold whatever ends a line
            _predictions(findings, prepared).to_csv(
                request.predictions, quoting=csv.QUOTE_NONNUMERIC
            )
        if request.model is not None and has_model:
            joblib.dump(findings.ours.model, request.model)
        if request.json is not None:
            numbers = plain(numbers_of(findings, look, prepared, recipe) | {"code": program})
            text = json.dumps(numbers, indent=1, ensure_ascii=True, allow_nan=False)
            Path(request.json).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise ReportError(
            f"a file cannot be written: {error.strerror or error}; choose another name."
        ) from error


def _predictions(findings, prepared):
    """Return the test rows, by their place in the table: actual and predicted, with intervals."""
    ours, y = findings.ours, prepared.y_test
    table = pd.DataFrame({"actual": y.to_numpy()}, index=y.index.rename("row"))
    if ours.predicted.ndim > 1:
        classes = np.array(ours.model.classes_, dtype=object)
        table["predicted"] = classes[ours.predicted.argmax(1)]
        for k, name in enumerate(classes):
            table[f"probability of {name}"] = ours.predicted[:, k]
    else:
        table["predicted"] = ours.predicted
        if findings.intervals is not None:
            table["lower"], table["upper"] = findings.intervals.T
    return table.sort_index()


def numbers_of(findings, look, prepared, recipe):
    """Return every number of the page, by section."""
    found = {
        "target": recipe.target,
        "task": recipe.task,
        "interrupted": findings.interrupted,
        "done": findings.done,
        "notes": [_bare(words) for words in (*recipe.notes, *findings.notes)],
        "warnings": findings.warnings,
        "data": {
            "rows": look.n_rows,
            "columns": look.n_columns,
            "rows_to_learn_from": len(prepared.X_train),
            "rows_to_judge_by": len(prepared.X_test),
            "share_missing": look.missing,
            "numbers": recipe.numbers,
            "categories": recipe.categories,
            "dates": list(recipe.dates),
            "left_out": recipe.why,
            "nearly_determine_the_target": list(look.determining),
            "near_duplicates": look.duplicates,
            "target": _target(prepared, recipe),
        },
    }
    done = set(findings.done)
    if "network" in done:
        found["models"] = [_of_model(s, findings.ours) for s in findings.scores]
        found["intervals"] = _of_intervals(findings, prepared)
        path = findings.path
        found["dropout"] = {
            "chosen": path.chosen,
            "folds": path.n_folds,
            "grid_was_extended": findings.was_extended,
            "rates": path.rates,
            "losses": path.losses,
            "standard_deviations": path.spread,
            "left_early": path.stopped,
        }
    if "columns" in done:
        found["importance"] = [
            {"column": name, "rise": rise, "standard_error": error}
            for name, rise, error in findings.importance.itertuples()
        ]
        every = {id(e): e for e in [*findings.effects, *findings.levels]}
        found["effects"] = [_of_effect(effect) for effect in every.values()]
    if "pairs" in done:
        found["variance_by_order"] = {
            name: spectrum.normalized for name, spectrum in findings.spectra.items()
        }
        found["interactions"] = [
            {
                "columns": pair.names,
                "strength": pair.strength,
                "standard_error": pair.error,
                "share_of_variance": pair.share,
                "q_value": pair.q_value,
                "passes": pair.passes,
                "stands_out": pair.stands_out,
            }
            for pair in findings.pairs or ()
        ]
    if "gaps" in done:
        found["columns_missing"] = {
            name: {
                "shares_missing": curve.fractions,
                "losses": curve.losses,
                "columns_used": curve.n_effective,
            }
            for name, curve in findings.curves.items()
        }
    return found


def _bare(words):
    """Return words without the marks that keep the direction of names to themselves."""
    return words.replace("\u2068", "").replace("\u2069", "")


def _target(prepared, recipe):
    y = prepared.y_train
    if recipe.task == "classification":
        return {"shares": y.value_counts(normalize=True).to_dict()}
    return {"mean": y.mean(), "median": y.median(), "least": y.min(), "most": y.max()}


def _of_model(s, ours):
    apart, error = difference(s, ours)
    return {
        "name": s.name,
        "loss": s.loss,
        "standard_error": s.error,
        "difference": apart,
        "standard_error_of_difference": error,
        "seconds": s.seconds,
        **s.metrics,
    }


def _of_intervals(findings, prepared):
    if findings.intervals is None:
        return None
    low, high = findings.intervals.T
    y = prepared.y_test.to_numpy()
    width = high - low
    return {
        "coverage_asked": 0.9,
        "coverage_measured": np.mean((low <= y) & (y <= high)),
        "median_width": np.median(width),
    }


def _of_effect(effect):
    found = {
        "column": effect.name,
        "values": effect.values,
        "mean_predictions": effect.means,
        "classes": effect.classes,
        "rows": effect.counts,
    }
    if effect.observed is not None:
        found |= {"observed": effect.observed, "standard_errors": effect.errors}
    if effect.edges is not None:
        found["edges_of_rows"] = effect.edges
    return found


def _words_of_output(output, option, error=None):
    reason = "" if error is None else f": {getattr(error, 'strerror', None) or error}"
    return f"the file {output!r} cannot be written{reason}; choose another with {option}."

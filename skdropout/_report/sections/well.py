"""How well: the models side by side, and what the errors of ours look like."""

import numpy as np

from skdropout._report.figures import (
    draw_calibration,
    draw_confusion,
    draw_intervals,
    draw_losses,
    draw_precision_recall,
    draw_predictions,
)
from skdropout._report.html import Right, figures, paragraph, section, subheading, table
from skdropout._report.numbers import listed, number, seconds, share, signed, with_error
from skdropout._report.scoring import difference
from skdropout._report.sections.words import NEEDS_INTERPRET
from skdropout._report.words import named, short

HEADING = "How well can it be predicted?"
_SURE = 2  # standard errors


def well(findings, prepared, terms):
    """Compare the models, and look at the predictions of ours."""
    ours = findings.ours
    scores = sorted(findings.scores, key=lambda s: s.loss)
    others = list(dict.fromkeys(metric for s in scores for metric in s.metrics))
    rows = []
    for s in scores:
        apart = "" if s is ours else signed(*difference(s, ours))
        metrics = [Right(_metric(name, s.metrics.get(name))) for name in others]
        row = (s.name, Right(with_error(s.loss, s.error)), Right(apart), *metrics)
        rows.append((*row, Right(seconds(s.seconds))))
    header = ("model", terms.loss, f"beside the {ours.name}", *others, "time to fit")
    search = findings.search
    note = (
        f"On {len(ours.losses):,} rows that no model has seen. ± is one standard error; the "
        "difference is taken row by row, which makes it surer than either number. The time of the "
        f"{ours.name} is that of one fit; choosing its dropout rate took {search.n_splits_} folds "
        "more (see below). The others are fitted once, with their defaults."
    )
    return section(
        HEADING,
        paragraph(terms.explained),
        table(header, rows),
        paragraph(note, "note"),
        paragraph("" if findings.has_interpret else NEEDS_INTERPRET, "note"),
        figures(
            (
                draw_losses(findings.scores, ours.name, terms.loss_on_axis),
                f"Test {terms.loss} of all models, with two standard errors to either side.",
                "Further left is better.",
            )
        ),
        subheading(f"The predictions of the {ours.name}"),
        _numbers(findings, prepared, terms) if terms.is_regression else _classes(ours, prepared),
        anchor="well",
    )


def verdict(findings, terms):
    """Return sentences for the top of the page."""
    scores = sorted(findings.scores, key=lambda s: s.loss)
    best, ours, base = scores[0], findings.ours, base_of(findings)
    words = [
        f"The lowest {terms.loss} on {len(best.losses):,} unseen rows is that of the "
        f"{best.name}: {with_error(best.loss, best.error)}"
        + (f", beside {number(base.loss)} of no model." if base else ".")
    ]
    level = [s.name for s in scores if s is not best and _is_level(s, best)]
    if level:
        words[0] += f" No worse, as far as {_SURE} standard errors tell: {listed(level)}."
    elif best is not ours:
        apart = signed(*difference(ours, best))
        words[0] += f" The {ours.name} has {with_error(ours.loss, ours.error)} ({apart})."
    if (base is not None and _is_level(base, ours)) or (base and base.loss <= ours.loss):
        words = [
            f"Nothing was found: on {len(ours.losses):,} unseen rows the {ours.name} is no better "
            f"than no model at all ({with_error(ours.loss, ours.error)} beside "
            f"{number(base.loss)}). The columns tell nothing of {named(terms.target)} that could "
            "be seen in so many rows."
        ]
    return words


def found_nothing(findings):
    """Whether the network is no better than no model."""
    base = base_of(findings)
    return base is not None and (_is_level(base, findings.ours) or base.loss <= findings.ours.loss)


def base_of(findings):
    """Return the score of no model, or None where it is not known."""
    return next((s for s in findings.scores if s.name.startswith("no model")), None)


def _is_level(s, best):
    apart, error = difference(s, best)
    return apart <= _SURE * error


def _metric(name, value):
    if value is None:
        return ""
    if "accuracy" in name:
        return share(value, 1)
    # scores of at most one
    return number(value) if name == "mean off by" else number(round(value, 3))


def _numbers(findings, prepared, terms):
    ours, y = findings.ours, prepared.y_test.to_numpy()
    target = named(terms.target)
    off = np.abs(y - ours.predicted)
    actual, residuals = draw_predictions(y, ours.predicted, terms.target)
    drawn = [
        (
            actual,
            f"Predicted and actual {target}; on the line they are the same.",
            "A cloud of points.",
        ),
        (
            residuals,
            "What the predictions are off by. A bend or a fan shows what the model misses.",
            "A cloud of points around zero.",
        ),
    ]
    words = (
        f"Half of the predictions are off by less than {number(np.median(off))}, nine in ten by "
        f"less than {number(np.quantile(off, 0.9))}."
    )
    if findings.intervals is not None and np.isfinite(findings.intervals).all():
        held = coverage_of(findings, y)
        width = np.median(findings.intervals[:, 1] - findings.intervals[:, 0])
        words += (
            f" Intervals that are to hold 90 % of the actual values hold {share(held)} of the test "
            f"rows, and half of them are narrower than {number(width)}."
        )
        drawn.append(
            (
                draw_intervals(y, ours.predicted, findings.intervals, terms.target),
                f"90 % intervals of some test rows: of all test rows {share(held)} lie within.",
                "Bars with a point for each actual value.",
            )
        )
        how = (
            "Intervals come from the networks of the search's folds, which know how far off they "
            "were on rows that they had not seen (CV+)."
        )
    else:
        how = "There are too few rows for intervals that would hold 90 %."
    return paragraph(words) + figures(*drawn) + paragraph(how, "note")


def coverage_of(findings, y):
    """Return the share of targets within their intervals."""
    low, high = findings.intervals.T
    return float(np.mean((low <= y) & (y <= high)))


def _classes(ours, prepared):
    y = prepared.y_test.to_numpy()
    classes = list(ours.model.classes_)
    labels = np.array(classes, dtype=object)[ours.predicted.argmax(1)]
    right = labels == y
    worst = min(classes, key=lambda c: right[y == c].mean() if (y == c).any() else 2.0)
    n_worst = (y == worst).sum()
    words = (
        f"{share(right.mean(), 1)} of the rows are put into the right class; of {named(worst)}, "
        f"which is the hardest, {share(right[y == worst].mean()) if n_worst else 'none'}."
    )
    drawn = [
        (
            draw_confusion(y, labels, classes),
            "Actual classes, and what they are taken for: the diagonal is right.",
            "A confusion matrix.",
        )
    ]
    if len(classes) == 2:
        is_so, probability = y == classes[1], ours.predicted[:, 1]
        label = f"of {short(classes[1], 18)}"
        caption = f"How often {named(classes[1])} comes true, by its predicted probability."
    else:
        is_so, probability = right, ours.predicted.max(1)
        label = "of the likeliest class"
        caption = "How often the likeliest class is the true one, by its probability."
    if 0 < is_so.sum() < len(is_so):
        drawn.append(
            (
                draw_calibration(is_so, probability, label),
                f"{caption} On the dotted line probabilities are right.",
                "A calibration curve.",
            )
        )
    if len(classes) == 2 and "average precision" in ours.metrics:
        rare = min(classes, key=lambda c: ((y == c).sum(), str(c)))
        found = ours.predicted[:, classes.index(rare)]
        drawn.append(
            (
                draw_precision_recall(y == rare, found, short(rare, 18)),
                f"Finding {named(rare)}, {share((y == rare).mean())} of the test rows: to find "
                "more of them (right) costs false alarms (down). The dashed line is finding by "
                f"chance. The area under the curve is {number(ours.metrics['average precision'])}.",
                "A curve of precision against recall.",
            )
        )
    return paragraph(words) + figures(*drawn)

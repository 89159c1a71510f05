"""How much dropout."""

import numpy as np

from skdropout._report.figures import draw_path
from skdropout._report.html import figures, paragraph, section
from skdropout._report.numbers import count, number, share

HEADING = "How much dropout?"


def dropout(findings, terms):
    """Show the search for the rate."""
    path = findings.path
    best = int(np.flatnonzero(path.rates == path.chosen)[0])
    words = [
        "Dropout switches off units at random while a network learns, so that it does not rely on "
        f"any of them. The rate {path.chosen:.3g} has the lowest {terms.loss} on average over "
        f"{count(path.n_folds, 'fold')} of the training rows: {number(path.losses[best])}."
    ]
    none = np.flatnonzero(path.rates == 0)
    if len(none) and none[0] != best and path.losses[best] > 0:
        more = path.losses[none[0]] / path.losses[best] - 1
        words.append(
            f"Without dropout it is {share(more, 1)} higher."
            if more > 0
            else "Without dropout it is about the same."
        )
    elif len(none) and none[0] == best:
        words.append("So dropout does not help here.")
    n_stopped = int(path.stopped.sum())
    if n_stopped:
        worse = count(n_stopped, "clearly worse rate")
        words.append(f"{worse} left early and {_is(n_stopped)} drawn hollow.")
    if findings.was_extended:
        words.append(
            "The best of the rates tried first lay at the edge of the grid, so the grid was "
            "extended once."
        )
    return section(
        HEADING,
        paragraph(" ".join(words)),
        figures(
            (
                draw_path(path, terms.loss_on_axis),
                f"{terms.loss[0].upper()}{terms.loss[1:]} against dropout rate: mean over folds "
                "and one standard deviation.",
                "To the left is too little dropout, to the right too much.",
            )
        ),
        anchor="dropout",
    )


def verdict(findings, terms):
    """Return a sentence for the top of the page."""
    path = findings.path
    if not path.chosen:
        return [f"No dropout is best, of {count(len(path.rates), 'rate')} that were tried."]
    return [f"Of {count(len(path.rates), 'dropout rate')} the best is {path.chosen:.3g}."]


def _is(n):
    return "is" if n == 1 else "are"

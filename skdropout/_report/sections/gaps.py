"""What if columns are missing: with training for it, and without."""

from skdropout._report.figures import draw_gaps
from skdropout._report.html import figures, paragraph, section
from skdropout._report.numbers import number, share
from skdropout._report.sections.well import base_of

HEADING = "What if columns are missing?"


def gaps(findings, terms):
    """Compare training with and without RelDrop as columns are taken away."""
    ours, reldrop, base = findings.ours, findings.reldrop, base_of(findings)
    plain, dropped = findings.curves[ours.name], findings.curves[reldrop.name]
    return section(
        HEADING,
        paragraph(
            "Each test row loses its most important columns first; their cells are missing then. "
            f"In the training of the {reldrop.name} columns that mattered most were dropped at "
            f"random, so it knows such rows. With all columns it has a {terms.loss} of "
            f"{number(dropped.losses[0])}, the {ours.name} {number(plain.losses[0])}. The dotted "
            f"line is no model at all, {number(base.loss)}: above it a model does harm. "
            f"{_worse(ours.name, plain, base)} {_worse(reldrop.name, dropped, base)}"
        ),
        figures(
            (
                draw_gaps(findings.curves, base.loss, terms.loss_on_axis),
                f"{terms.loss[0].upper()}{terms.loss[1:]} as columns are taken away.",
                "Two curves, and a dotted line.",
            )
        ),
        paragraph(
            f"Nine tenths of a prediction rest on {number(plain.n_effective, 2)} columns with the "
            f"{ours.name}, on {number(dropped.n_effective, 2)} with the {reldrop.name}.",
            "note",
        ),
        anchor="gaps",
    )


def _worse(name, curve, base):
    """Say what share of columns may be missing before a model is worse than none."""
    above = curve.fractions[curve.losses > base.loss]
    if not len(above):
        return f"The {name} never comes to that."
    if above[0] == 0:
        return f"The {name} is above it from the start."
    return f"The {name} comes to that where {share(above[0])} of the columns are missing."

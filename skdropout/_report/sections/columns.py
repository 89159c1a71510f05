"""Which columns matter, and what they do."""

import numpy as np

from skdropout._report.effect_figures import draw_effect, draw_importance, draw_levels
from skdropout._report.html import figures, paragraph, section, subheading
from skdropout._report.numbers import count, listed, reader_of, signed
from skdropout._report.words import named, short

COLUMNS, LEVELS = "Which columns matter?", "Categories, level by level"
_MOST_BARS = 20
_SURE = 2


def columns(findings, prepared, terms):
    """Rank the columns, and show what the leading ones do."""
    table, ours = findings.importance, findings.ours
    shown = table[:_MOST_BARS]
    rest = len(table) - len(shown)
    left = prepared.X_train.shape[1] - findings.n_kept
    words = (
        f"How far the {terms.loss} of the {ours.name} rises on unseen rows when the cells of one "
        "column are shuffled among them (permutation importance). What two columns both tell is "
        "counted for neither."
    )
    more = [
        f"{count(rest, 'more column')} matter less and are not drawn." if rest else "",
        f"The network leaves out {count(left, 'column')} of which it found no trace in the target."
        if left
        else "",
        f"Measured on {count(findings.n_shuffled, 'row')}, each column shuffled "
        f"{count(findings.n_repeats, 'time')}. Bars have two standard errors to either side.",
    ]
    parts = [
        paragraph(words),
        figures(
            (
                draw_importance(
                    list(shown.index),
                    shown["rise"].to_numpy(),
                    shown["error"].to_numpy(),
                    f"rise of the {terms.loss_on_axis}",
                ),
                f"Rise of the {terms.loss} without the column.",
                f"{_sentence(findings, terms)}",
            )
        ),
        paragraph(" ".join(filter(None, more)), "note"),
    ]
    if findings.effects:
        parts += [
            subheading("What the leading columns do"),
            paragraph(
                f"The prediction of the {ours.name}, averaged over rows, as the column alone takes "
                "one value after the other. Where there are few rows (grey, below) it is a guess. "
                "All are on one scale."
            ),
            figures(*_effects(findings, prepared, terms)),
        ]
    return section(COLUMNS, *parts, anchor="columns")


def verdict(findings, terms):
    """Return a sentence for the top of the page."""
    return [_sentence(findings, terms)]


def _sentence(findings, terms):
    table = findings.importance
    sure = table[table["rise"] > _SURE * table["error"]]
    if sure.empty:
        return "No single column matters by more than chance would have it."
    first = sure.index[0]
    words = (
        f"The column that matters most is {named(first)}: without it the {terms.loss} rises by "
        f"{signed(*sure.iloc[0]).lstrip('+')}"
    )
    others = [named(name) for name in sure.index[1:4]]
    return words + (f"; then {listed(others)}." if others else ".")


def _effects(findings, prepared, terms):
    means = np.concatenate([effect.means.ravel() for effect in findings.effects])
    low, high = means.min(), means.max()
    # what is next to nothing is to look like it
    least = prepared.y_train.std() / 2 if terms.is_regression else 0.1
    room = max(0.06 * (high - low), (least - (high - low)) / 2) or 1.0
    limits = (low - room, high + room) if np.isfinite(high - low) else (None, None)
    for effect in findings.effects:
        of_class = effect.classes[0] if len(effect.classes) == 1 else None
        label = "mean probability" if len(effect.classes) > 1 else terms.predicted(of_class)
        yield draw_effect(effect, limits, _bare(label)), _caption(effect, terms), "A curve."


def _caption(effect, terms):
    best = int(np.ptp(effect.means, axis=0).argmax())
    means = effect.means[:, best]
    of_class = effect.classes[best] if effect.classes else None
    low, high = int(means.argmin()), int(means.argmax())
    whose = "" if len(effect.classes) < 2 else f" for {named(effect.classes[best])}"
    if means[high] - means[low] <= 1e-9 * max(abs(means[high]), 1e-300):
        return f"{named(effect.name)}: no effect."
    return (
        f"{named(effect.name)}: lowest at {_value(effect, low)} "
        f"({terms.amount(means[low], of_class)}), highest at {_value(effect, high)} "
        f"({terms.amount(means[high], of_class)}){whose}."
    )


def _value(effect, place):
    value = effect.values[place]
    if effect.values.dtype == object:
        return named(value, 40)
    return reader_of(effect.values)(value)


def levels(findings, prepared, terms):
    """Show the levels of categories."""
    drawn = []
    base = {None: float(findings.ours.predicted.mean())}
    if not terms.is_regression:
        classes = findings.ours.model.classes_
        base = dict(zip(classes, findings.ours.predicted.mean(0), strict=True))
    for effect in findings.levels:
        of_class = effect.classes[0] if effect.classes else None
        order = "in their own order" if effect.has_order else "sorted by effect"
        caption = f"{named(effect.name)}: levels {order}."
        if effect.n_levels > len(effect.values):
            caption += f" The {len(effect.values)} most frequent of {effect.n_levels:,} are drawn."
        what = short(terms.target, 30)
        if of_class is not None:
            what = f"probability of {short(of_class, 20)}"
        drawn.append((draw_levels(effect, base[of_class], what), caption, "Marks by level."))
    if not drawn:
        return ""
    return section(
        LEVELS,
        paragraph(
            "Hollow circles: the mean of the rows that have the level, whatever else they have, "
            "with two standard errors. Blue: the mean prediction if all rows had this level and "
            "kept their other columns, so this is what the level does by itself. The dotted line "
            f"is the mean of all, {terms.amount(next(iter(base.values())))}."
            if terms.is_regression
            else "Hollow circles: the share of the class among the rows that have the level, "
            "whatever else they have, with two standard errors. Blue: the mean probability if all "
            "rows had this level and kept their other columns, so this is what the level does by "
            "itself. The dotted line is the mean of all rows."
        ),
        figures(*drawn),
        anchor="levels",
    )


def _bare(words):
    return words.replace("\u2068", "").replace("\u2069", "")

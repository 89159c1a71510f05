"""Which columns act together: what passes, what it carries, and what it looks like."""

import numpy as np

from skdropout._report.effect_figures import draw_pairs, draw_surface
from skdropout._report.figures import draw_spectrum
from skdropout._report.html import Right, figures, paragraph, section, subheading, table
from skdropout._report.names import method_of
from skdropout._report.numbers import count, listed, number, share, signed, with_error
from skdropout._report.pairs import LEAST_SHARE
from skdropout._report.scoring import difference
from skdropout._report.sections.words import NEEDS_INTERPRET, pair_name
from skdropout._report.stages import EBM_NAMES
from skdropout._report.words import named, short

HEADING = "Which columns act together?"
_MOST_PAIRS = 12
_SURE = 2


def together(findings, prepared, terms):
    """Rank the pairs that pass, and draw those that stand out."""
    parts = [paragraph(_orders(findings)), figures(_spectrum(findings))]
    if findings.pairs is None:
        parts.append(paragraph("With one column there are no pairs."))
        return section(HEADING, *parts, anchor="together")
    parts.append(paragraph(" ".join(verdict(findings, terms))))
    pairs = findings.pairs[:_MOST_PAIRS]
    if pairs:
        parts += [
            figures(_bars(pairs)),
            table(
                ("columns", "share of variance", "strength", "q-value"),
                [
                    (
                        pair_name(pair.names),
                        Right(share(pair.share, 1)),
                        Right(with_error(pair.strength, pair.error)),
                        Right(_q(pair.q_value)),
                    )
                    for pair in pairs
                ],
            ),
        ]
    parts.append(paragraph(_how(findings, prepared), "note"))
    if findings.surfaces:
        parts += [
            subheading("What they do together"),
            paragraph(
                "What both columns add to the prediction beyond what each does by itself: red "
                "raises it, blue lowers it. One colour scale for all, up to one standard deviation "
                "of the predictions; cells without rows are left blank."
            ),
            figures(*(_surface(surface, terms) for surface in findings.surfaces)),
        ]
    return section(HEADING, *parts, anchor="together")


def verdict(findings, terms):
    """Return what is found, in sentences."""
    if findings.pairs is None:
        return []
    out = [pair for pair in findings.pairs if pair.stands_out]
    passing = findings.pairs
    if out:
        names = [pair_name(pair.names) for pair in out[:3]]
        more = len(out) - len(names)
        what = _what(out)
        stand = "stands" if len(out) == 1 else "stand"
        return [
            f"{count(len(out), what)} of columns {stand} out as acting together: "
            f"{listed(names)}{f' and {more} more' if more else ''}."
        ]
    if passing:
        they = "it carries" if len(passing) == 1 else "together they carry"
        carried = sum(pair.share for pair in passing)
        n_passing = count(len(passing), _what(passing))
        return [
            f"No pair stands out: {n_passing} can be told from chance, but "
            f"{they} {share(carried, 1)} of the variance of the predictions."
        ]
    return ["No pair stands out: none can be told from chance."]


def _what(pairs):
    return "pair" if all(len(pair.names) == 2 for pair in pairs) else "group"


def boosting_machines(findings, terms):
    """Compare our pairs with FAST's."""
    heading = "Do these pairs help another model?"
    if not findings.has_interpret:
        return section(heading, paragraph(NEEDS_INTERPRET), anchor="machines")
    if findings.fast_pairs is None:
        words = "No pair passes, so there is none to hand on to an explainable boosting machine."
        return section(heading, paragraph(words), anchor="machines")
    theirs, ours = (next(s for s in findings.scores if s.name == name) for name in EBM_NAMES)
    pairs = [pair for pair in findings.pairs if len(pair.names) == 2]
    both = {pair.places for pair in pairs} & set(findings.fast_pairs)
    apart, error = difference(ours, theirs)
    verdict = "no better and no worse than two standard errors can tell"
    if len(both) == len(pairs):
        verdict = "the same model, but for the order of the pairs"
    elif abs(apart) > _SURE * error:
        verdict = "clearly better" if apart < 0 else "clearly worse"
    names = findings.paired
    rows = [(pair_name(pair.names), "yes" if pair.places in both else "no") for pair in pairs]
    only = [
        pair_name([names[j] for j in place]) for place in findings.fast_pairs if place not in both
    ]
    return section(
        heading,
        paragraph(
            "An explainable boosting machine takes a list of pairs, or picks them itself by a "
            f"method called FAST. With {count(len(pairs), 'pair')} found here its test "
            f"{terms.loss} is {with_error(ours.loss, ours.error)}, with as many of its own "
            f"{with_error(theirs.loss, theirs.error)} (difference {signed(apart, error)}): "
            f"{verdict}. {count(len(both), 'pair')} {'is' if len(both) == 1 else 'are'} the same."
        ),
        table(("pairs found here, strongest first", "picked by FAST too"), rows),
        paragraph(f"FAST's alone: {', '.join(only)}." if only else "", "note"),
        anchor="machines",
    )


def _orders(findings):
    shares = findings.spectra[findings.ours.name].normalized
    rest = max(0.0, 1 - shares[0] - shares[1])
    return (
        f"Of what the {findings.ours.name} predicts, columns by themselves carry "
        f"{share(shares[0])} of the variance, pairs of columns acting together "
        f"{share(shares[1])}, larger groups {share(rest)}."
    )


def _spectrum(findings):
    dependence = max(spectrum.dependence for spectrum in findings.spectra.values())
    return (
        draw_spectrum(findings.spectra),
        "Share of the variance carried by columns alone (1), pairs (2), triples (3). Columns are "
        "resampled one by one for this; the strongest dependence between two of them is "
        f"{dependence:.2f} (0 none, 1 one tells the other).",
        "A chart of bars.",
    )


def _bars(pairs):
    errors = [
        2 * pair.error / pair.strength * pair.share if pair.strength > 0 else 0.0 for pair in pairs
    ]
    return (
        draw_pairs(
            [" × ".join(short(name, 16) for name in pair.names) for pair in pairs],
            np.nan_to_num([pair.share for pair in pairs]),
            np.nan_to_num(errors),
            [pair.stands_out for pair in pairs],
        ),
        "What each carries of the variance of the predictions, with two standard errors. Blue "
        "stands out, grey does not.",
        "A chart of bars.",
    )


def _how(findings, prepared):
    finder, n = findings.finder, len(findings.paired)
    words = []
    if n < prepared.X_train.shape[1]:
        why = "matter most" if n < findings.n_kept else "the network uses"
        words.append(f"Only the {n} columns that {why} are looked at.")
    words.append(f"Pairs are measured {method_of(finder)}.")
    if finder.q_values_ is not None:
        words.append(
            f"A pair passes if its q-value is at most {finder.error_rate:g} and its strength more "
            "than two standard errors. Of those that pass "
            f"{share(finder.error_rate)} are false on average. It is tested on rows that the "
            "networks measured have not seen."
        )
    words.append(f"It stands out if it also carries {share(LEAST_SHARE)} of the variance.")
    return " ".join(words)


def _surface(surface, terms):
    of_class = surface.of_class
    what = named(terms.target)
    if of_class is not None:
        what = f"the probability of {named(of_class)}"
    values = surface.values[np.isfinite(surface.values)]
    low, high = (terms.amount(value, of_class) for value in (values.min(), values.max()))
    axis = short(terms.target, 24) if of_class is None else f"probability of {short(of_class, 18)}"
    return (
        draw_surface(surface, f"added to {axis}"),
        f"{pair_name(surface.names)}: from {low} to {high} added to {what}.",
        "A map of colours.",
    )


def _q(value):
    return "less than 0.001" if value < 0.001 else number(value, 2)

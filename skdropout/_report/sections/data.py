"""The data: rows, columns, the target, what is left out and why, and what looks odd."""

from collections import defaultdict

from skdropout._report.figures import draw_distribution, draw_shares
from skdropout._report.html import Right, figures, listing, paragraph, section, subheading, table
from skdropout._report.numbers import count, listed, number, reader_of, share
from skdropout._report.words import clipped, named, short

HEADING = "The data"
_MOST_NAMED = 12
_MOST_PAIRS = 6
_MOST_SHOWN = 30


def data(look, prepared, recipe):
    """Say what the columns are and what was done to the table."""
    X = prepared.X_train
    kinds = [count(len(recipe.numbers), "column") + " of numbers"] if recipe.numbers else []
    if recipe.categories:
        kinds.append(count(len(recipe.categories), "column") + " of categories")
    missing = (
        "no cell is missing" if not look.missing else f"{share(look.missing)} of cells missing"
    )
    words = (
        f"{count(look.n_rows, 'row')} and {count(look.n_columns, 'column')} beside "
        f"{named(recipe.target)}. Used here: {listed(kinds)}; {missing}. {len(X):,} rows, drawn at "
        f"random, are learnt from; {len(prepared.X_test):,} are set aside to judge by."
    )
    return section(
        HEADING,
        paragraph(words),
        _hints(look, recipe),
        figures(_target(prepared, recipe)),
        _left_out(recipe),
        listing(recipe.notes),
        subheading("The columns"),
        table(("column", "taken for", "values", "missing"), _rows(X, recipe)),
        anchor="data",
    )


def _target(prepared, recipe):
    y = prepared.y_train
    name = named(recipe.target)
    if recipe.task == "regression":
        words = (
            f"{name}: mean {number(y.mean())}, median {number(y.median())}, from "
            f"{number(y.min())} to {number(y.max())}."
        )
        return draw_distribution(y.to_numpy(), short(recipe.target, 40)), words, "A histogram."
    shares = y.value_counts(normalize=True)
    first = shares.index[0]
    words = (
        f"{name} has {len(shares)} classes; the most frequent is {named(first)} with "
        f"{share(shares.iloc[0])} of the rows, the rarest {named(shares.index[-1])} with "
        f"{share(shares.iloc[-1])}."
    )
    shown = shares[:_MOST_SHOWN]
    rest = len(shares) - len(shown)
    more = f" {rest} rarer ones are not drawn." if rest else ""
    return draw_shares(list(shown.index), shown.to_numpy()), words + more, "A chart of bars."


def _hints(look, recipe):
    hints = []
    if look.determining:
        names, explained = look.determining
        many = len(names) > 1
        explain = "together explain" if many else "explains"
        hints.append(
            f"{listed([named(name) for name in names])} {explain} "
            f"{share(explained, 1)} of {named(recipe.target)}. "
            f"{'Are these' if many else 'Is it'} known when {named(recipe.target)} is to be "
            "predicted? If not, leave them out: all scores below would be too good."
        )
    if look.duplicates:
        shown = [f"{named(a)} and {named(b)}" for a, b in look.duplicates[:_MOST_PAIRS]]
        rest = len(look.duplicates) - len(shown)
        more = f" ({rest:,} more pairs)" if rest > 0 else ""
        hints.append(
            f"Of two columns that say nearly the same one is enough: {'; '.join(shown)}{more}. "
            "How much they matter is shared between them below."
        )
    if recipe.dates:
        hints.append(
            f"{listed([named(name) for name in recipe.dates])} "
            f"{'are dates' if len(recipe.dates) > 1 else 'holds dates'}. Rows are drawn at random, "
            "so each that is judged by has neighbours in time among those learnt from. If the "
            "future is to be predicted, expect less than what is shown below."
        )
    if not hints:
        return ""
    return subheading("Look at this first") + listing(hints)


def _left_out(recipe):
    """Name the columns that are left out, those of one reason together."""
    if not recipe.why:
        return ""
    of_reason = defaultdict(list)
    for name, why in recipe.why.items():
        of_reason[why].append(name)
    rows = []
    for why, names in of_reason.items():
        shown = ", ".join(named(clipped(name, 60)) for name in names[:_MOST_NAMED])
        rest = len(names) - _MOST_NAMED
        rows.append(
            (shown + (f" and {rest:,} more" if rest > 0 else ""), f"{why[:1].upper()}{why[1:]}.")
        )
    return subheading("Left out") + table(("column", "why"), rows)


def _rows(X, recipe):
    for name in X.columns:
        values = X[name]
        missing = Right(share(values.isna().mean(), 1) if values.isna().any() else "none")
        if name in recipe.categories:
            known = values.dropna()
            most = short(known.mode().iloc[0], 30) if len(known) else "none"
            seen = f"{count(known.nunique(), 'level')}, most often {named(most)}"
            yield named(clipped(name)), "category", seen, missing
        else:
            read = reader_of(values)
            seen = f"{read(values.min())} to {read(values.max())}, median {read(values.median())}"
            yield named(clipped(name)), "number", seen, missing

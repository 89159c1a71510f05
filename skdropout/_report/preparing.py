"""From a table as it was read to rows that models can learn from; nothing is left out silently."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from skdropout._report.cells import (
    FEWEST_ROWS,
    LARGEST,
    UNCLEAR,
    as_categories,
    as_numbers,
    as_words,
    comma_style,
    is_code,
    is_known,
    is_number,
    is_numbers_with_gaps,
    kind_of,
    read_commas,
    why_left_out,
    why_useless,
    words_without_gaps,
)
from skdropout._report.dates import is_ambiguous, layout_of, moments_of, parts_of
from skdropout._report.numbers import listed, number
from skdropout._report.words import ReportError, named, some

_FEW_VALUES = 10
_MOST_REASONS = 5  # in one message
_MOST_CLASSES = 100
_MOST_COLUMNS = 5_000
_FEWEST_OF_A_CLASS = 10
TEST_SHARE = 0.25


@dataclass
class Recipe:
    """What is done to a table; the report does it, and its code says it.

    ``commas`` says what they are in which column, ``dates`` how they are read and what is made of
    them, under which names; ``taken`` are names of columns that there are.
    ``why`` says of each column that is left out for what reason; ``notes`` are sentences for the
    reader.
    """

    target: str
    task: str
    gaps: list = field(default_factory=list)
    n_rows: int | None = None
    rare_classes: list = field(default_factory=list)
    left_out: list = field(default_factory=list)
    categories: list = field(default_factory=list)
    numbers: list = field(default_factory=list)
    n_levels: dict = field(default_factory=dict)
    commas: dict = field(default_factory=dict)
    dates: dict = field(default_factory=dict)
    taken: set = field(default_factory=set)
    why: dict = field(default_factory=dict)
    notes: list = field(default_factory=list)

    def sentences(self):
        """Return all that is said of what was done, columns that are left out included."""
        return [*self.notes, *(f"{named(c)} is left out: {why}." for c, why in self.why.items())]


@dataclass
class Prepared:
    """Rows to learn from, and rows to judge by."""

    X_train: pd.DataFrame
    X_test: pd.DataFrame
    y_train: pd.Series
    y_test: pd.Series


def choose_recipe(table, target, task, max_rows):
    """Look at a table and say what to do with it.

    Parameters
    ----------
    table : DataFrame
    target : str
        Name of the column to predict.
    task : {"auto", "regression", "classification"}
    max_rows : int
        A larger table is sampled.

    Returns
    -------
    recipe : Recipe

    Raises
    ------
    ReportError
        If the target cannot be learnt, or nothing is left to learn it from.
    """
    if target not in table.columns:
        raise ReportError(f"there is no column {target!r}; the columns are {some(table.columns)}.")
    if table.shape[1] - 1 > _MOST_COLUMNS:
        raise ReportError(
            f"there are {table.shape[1] - 1:,} columns beside {target!r}, and the report takes "
            f"{_MOST_COLUMNS:,} at most; leave out what matters least."
        )
    recipe = Recipe(target, task, taken=set(table.columns))
    for name in table.columns:
        _settle_writing(recipe, table[name])
    table = _cleaned(table, recipe)
    # before sampling, after which more columns would look like names of rows
    useless = {name: why for name in table.columns if (why := why_left_out(table[name]))}
    n_missing = int(table[target].isna().sum())
    if n_missing == len(table):
        raise ReportError(
            f"the target {target!r} is empty: all its {n_missing:,} cells are missing; choose "
            "another."
        )
    if n_missing:
        recipe.notes.append(f"{n_missing:,} rows without a value of {named(target)} are left out.")
    if len(table) - n_missing > max_rows:
        recipe.n_rows = max_rows
        recipe.notes.append(
            f"A random sample of {max_rows:,} of the {len(table) - n_missing:,} rows is used."
        )
    table = _sampled(table, recipe)
    _settle_task(recipe, table[target])
    table = _of_common_classes(table, recipe)
    if len(table) < FEWEST_ROWS:
        raise ReportError(
            f"{len(table)} rows are left to learn {target!r} from; the report needs at least "
            f"{FEWEST_ROWS}."
        )
    for name in table.columns.drop(target):
        _settle_column(recipe, table[name], useless)
    if not recipe.categories and not recipe.numbers:
        reasons = [
            f"{name!r} is left out: {why}."
            for name, why in useless.items()
            if name in recipe.left_out
        ]
        raise ReportError(
            f"no column is left to predict {target!r} from: " + " ".join(reasons[:_MOST_REASONS])
        )
    return recipe


def apply_recipe(table, recipe):
    """Do what a recipe says, and split the rows.

    Parameters
    ----------
    table : DataFrame
    recipe : Recipe

    Returns
    -------
    prepared : Prepared
    """
    table = _of_common_classes(_sampled(_cleaned(table, recipe), recipe), recipe)
    X = table.drop(columns=[recipe.target, *recipe.left_out])
    for name in recipe.numbers:
        X[name] = as_numbers(X[name])
    for name in recipe.categories:
        if X[name].dtype != "category":
            X[name] = as_categories(X[name])
    y = table[recipe.target]
    is_regression = recipe.task == "regression"
    y = y.astype(float) if is_regression else as_words(y)
    split = train_test_split(
        X, y, test_size=TEST_SHARE, random_state=0, stratify=None if is_regression else y
    )
    return Prepared(*split)


def _settle_writing(recipe, column):
    """Say how the cells of a column are written: numbers with gaps or commas, or dates."""
    name = column.name
    if is_numbers_with_gaps(column):
        recipe.gaps.append(name)
        recipe.notes.append(
            f"{named(name)}: numbers, with words for missing cells that are now missing."
        )
        return
    is_target = name == recipe.target
    style = None if is_target and recipe.task == "classification" else comma_style(column)
    if style in ("decimal", "thousands"):
        recipe.commas[name] = style
        cell = next(c for c in words_without_gaps(column) if "," in c)
        read = number(float(read_commas(pd.Series([cell]), style).iloc[0]), 6)
        what = "are decimal" if style == "decimal" else "stand between thousands"
        recipe.notes.append(f"{named(name)}: commas {what}, so {named(cell)} is {read}.")
        return
    if is_target:
        return
    options = layout_of(column)
    if options is None:
        return
    parts = {}
    for part in parts_of(moments_of(column, options)):
        new = f"{name}: {part}"
        while new in recipe.taken:
            new += " (date)"
        recipe.taken.add(new)
        parts[part] = new
    recipe.dates[name] = options, parts
    of_what = listed(list(parts)) if parts else "nothing, as they are all the same"
    doubt = ""
    if is_ambiguous(column, options):
        first = "month" if options["format"].startswith("%m") else "day"
        doubt = f" The {first} is taken to come first; no cell tells."
    recipe.notes.append(f"{named(name)}: dates, of which is kept: {of_what}.{doubt}")


def _cleaned(table, recipe):
    """Return a table of which numbers and dates are what they are."""
    table = table.copy(deep=False)
    for name in recipe.gaps:
        table[name] = pd.to_numeric(table[name], errors="coerce")
    for name, style in recipe.commas.items():
        table[name] = read_commas(table[name], style)
    for name, (options, parts) in recipe.dates.items():
        found = parts_of(moments_of(table[name], options))
        table = table.drop(columns=name)
        for part, new in parts.items():
            table[new] = found[part]
    return table


def _sampled(table, recipe):
    table = table.dropna(subset=[recipe.target])
    return table if recipe.n_rows is None else table.sample(recipe.n_rows, random_state=0)


def _of_common_classes(table, recipe):
    return table[~as_words(table[recipe.target]).isin(recipe.rare_classes)]


def _settle_task(recipe, y):
    if not is_known(y):
        raise ReportError(
            f"the target {recipe.target!r} holds {kind_of(y)}, which is neither numbers nor "
            "words; turn it into one of them."
        )
    if recipe.task != "classification" and comma_style(y) == "unclear":
        cell = next(cell for cell in words_without_gaps(y) if "," in cell)
        raise ReportError(
            f"the target {recipe.target!r} holds {UNCLEAR.format(cell)}, or use --task "
            "classification."
        )
    n_values = y.nunique()
    are_numbers = is_number(y)
    if recipe.task == "auto":
        whole = are_numbers and not (y.astype(float) % 1).any()
        regression = are_numbers and not (whole and n_values <= _FEW_VALUES)
        recipe.task = "regression" if regression else "classification"
        recipe.notes.append(
            f"{named(recipe.target)} has {n_values:,} different values, so this is {recipe.task}; "
            "--task says otherwise."
        )
    name = recipe.target
    if recipe.task == "regression" and not are_numbers:
        raise ReportError(
            f"the target {name!r} holds words such as {str(y.iloc[0])[:40]!r}, which is not "
            "regression; use --task classification."
        )
    if n_values == 1:
        raise ReportError(
            f"the target {name!r} has a single value, {str(y.iloc[0])[:40]!r}; there is nothing "
            "to tell apart."
        )
    if recipe.task == "regression":
        most = y.astype(float).abs().max()
        if np.isinf(most):
            raise ReportError(f"the target {name!r} holds infinite numbers; remove these rows.")
        if most > LARGEST:
            raise ReportError(
                f"the target {name!r} holds numbers as large as {most:.3g}, whose squares are "
                f"infinite; divide all by one number, or remove these rows."
            )
        return
    counts = as_words(y).value_counts()
    if len(counts) > _MOST_CLASSES:
        raise ReportError(
            f"the target {name!r} has {len(counts):,} classes, more than {_MOST_CLASSES}; "
            + (
                "use --task regression."
                if are_numbers
                else "join the rare ones, or choose another."
            )
        )
    recipe.rare_classes = sorted(counts.index[counts < _FEWEST_OF_A_CLASS])
    if len(counts) - len(recipe.rare_classes) < 2:
        raise ReportError(
            f"the target {name!r} has fewer than two classes with {_FEWEST_OF_A_CLASS} rows each."
        )
    if recipe.rare_classes:
        recipe.notes.append(
            f"Rows of classes with fewer than {_FEWEST_OF_A_CLASS} rows are left out: "
            f"{some(recipe.rare_classes)}."
        )


def _settle_column(recipe, column, useless):
    name = column.name
    why = useless.get(name) or why_useless(column)
    if why:
        useless[name] = why
        recipe.left_out.append(name)
        recipe.why[name] = why
    elif is_number(column) and not is_code(column):
        recipe.numbers.append(name)
        if (column.astype(float).abs() > LARGEST).any():
            recipe.notes.append(
                f"{named(name)}: infinite numbers, and those beyond {LARGEST:g}, are taken as "
                "missing."
            )
    else:
        if is_number(column):
            recipe.notes.append(f"{named(name)} is named like an id, so its numbers are names.")
        recipe.categories.append(name)
        recipe.n_levels[name] = column.nunique()

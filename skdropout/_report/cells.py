"""What the cells of a column are: numbers, words, or neither of them."""

import re

import numpy as np
import pandas as pd

# What people write for "missing" in a column of numbers.
_GAPS = {"na", "n/a", "#n/a", "nan", "null", "none", "missing", "?", "-", "."}
# "3,14", "1.234,5", "1,234.5", and what may stand among them in a column
_COMMAS = re.compile(
    r"[+-]?(\d{1,3}([. \u00a0\u202f']\d{3})+|\d*),\d+(e[+-]?\d+)?"
    r"|[+-]?\d{1,3}(,\d{3})+(\.\d+)?",
    re.IGNORECASE,
)
_NO_COMMAS = re.compile(r"[+-]?\d+(\.\d+)?(e[+-]?\d+)?", re.IGNORECASE)
WITH_COMMAS = (
    "numbers with commas, such as {!r}, which are no numbers here; write them with decimal points "
    "and nothing between thousands"
)
FEWEST_ROWS = 60
# Networks overshoot, and scores beyond 1e140 have no variance that a float holds.
LARGEST = 1e130


def why_left_out(column):
    """Say why a column only names its rows, or is not what it should be; or return None."""
    cell = number_with_comma(column)
    if cell:
        return WITH_COMMAS.format(cell)
    cells = column.dropna()
    if len(cells) < FEWEST_ROWS or column.dtype == "category" or not is_known(column):
        return None
    whole = getattr(column.dtype, "kind", "O") in "iu"
    if whole and cells.is_unique:
        return (
            "whole numbers that are all different, so it names its rows (written with decimals, "
            "1.0, they would be kept)"
        )
    if not is_number(column) and cells.map(str).nunique() > len(cells) / 2:
        return "words most of which stand only once, so it names its rows"
    return None


def why_useless(column):
    if is_number(column):
        column = as_numbers(column)
    if not is_known(column):
        return f"it holds {kind_of(column)}, which is neither a number nor a category"
    n_values = column.map(str).nunique() if column.dtype == object else column.nunique()
    if column.isna().all():
        return "all its cells are missing"
    if n_values == 1 and not column.isna().any():
        return "all its cells are the same"
    return None


def is_known(column):
    """Whether cells are numbers, truth values, words or categories; not dates, not lists."""
    if column.dtype == object:
        kinds = (str, bool, int, float, np.generic)
        return column.dropna().map(lambda cell: isinstance(cell, kinds)).all()
    return is_number(column) or column.dtype == "category" or _is_text(column)


def is_number(column):
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_complex_dtype(column)


def _is_text(column):
    is_of_text = pd.api.types.is_string_dtype(column)  # categories that are words too
    return is_of_text and column.dtype not in ("category", object)


def kind_of(column):
    """Name what cells are, for people."""
    if column.dtype != object:
        return f"cells of type {column.dtype}"
    kinds = {type(cell).__name__ for cell in column.dropna()}
    return f"cells of type {' and '.join(sorted(kinds))}"


def is_numbers_with_gaps(column):
    """Whether a column of text holds numbers, but for words that mean "missing"."""
    cells = _words_without_gaps(column)
    return len(cells) > 0 and bool(pd.to_numeric(cells, errors="coerce").notna().all())


def number_with_comma(column):
    """Return a cell of a column of text that holds numbers, some of which have commas, or None."""
    cells = _words_without_gaps(column)
    first = next((cell for cell in cells if "," in cell), None)
    are_numbers = first is not None and all(
        _COMMAS.fullmatch(cell) or _NO_COMMAS.fullmatch(cell) for cell in cells
    )
    return first if are_numbers else None


def _words_without_gaps(column):
    """Return the cells of a column of text but for those that mean "missing"; of others none."""
    if not (_is_text(column) or column.dtype == object):
        return pd.Series(dtype=object)
    cells = column.dropna()
    if not cells.map(lambda cell: isinstance(cell, str)).all():
        return pd.Series(dtype=object)
    cells = cells.str.strip()
    return cells[~cells.str.lower().isin(_GAPS)]


def as_words(column):
    return column.map(str).astype(object)


def as_numbers(column):
    """Return numbers that can be computed with; others are missing."""
    column = column.astype(float)
    return column.where(column.abs() <= LARGEST)


def as_categories(column):
    # as objects, for pandas' own strings have missing cells that scikit-learn does not know
    return column.astype(object).map(str, na_action="ignore").astype("category")

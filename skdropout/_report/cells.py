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
_GROUPED = re.compile(r"[+-]?\d{1,3}(\.\d{3})+")
_DECIMAL = re.compile(r"[+-]?(0?,\d+|.*[. \u00a0\u202f'].*,\d+|\d+,(\d{1,2}|\d{4,})(e.*)?)", re.I)
_THOUSANDS = re.compile(r"[+-]?\d+(,\d{3}){2,}(\.\d+)?|[+-]?\d+,\d{3}\.\d+")
UNCLEAR = (
    "numbers with commas, such as {!r}, and it is not clear whether these are decimal commas; "
    "write decimal points, and nothing between thousands"
)
# What is between thousands where commas are decimal.
BETWEEN_THOUSANDS = r"[.\s\u00a0\u202f']"
FEWEST_ROWS = 60
# Networks overshoot, and scores beyond 1e140 have no variance that a float holds.
LARGEST = 1e130
_ID_NAME = re.compile(
    r"(^|[^a-z])(id|ids|uuid|guid|key|pk|index|rownum|rowid|row number|record number)([^a-z]|$)"
    r"|^unnamed: \d+$"
)
_CAMEL_ID = re.compile(r"[a-z]I[Dd]$")
_MOST_CODES = 250  # of numbers that are named like ids and taken for categories
_DIGITS_OF_A_CODE = 6
_WORDS_OF_TEXT, _LETTERS_OF_TEXT = 4, 40


def why_left_out(column):
    """Say why a column only names its rows, or is not what it should be; or return None."""
    if comma_style(column) == "unclear":
        return UNCLEAR.format(words_without_gaps(column).loc[lambda c: c.str.contains(",")].iloc[0])
    cells = column.dropna()
    if len(cells) < FEWEST_ROWS or column.dtype == "category" or not is_known(column):
        return None
    if is_number(column):
        return _why_no_number(str(column.name), cells)
    if cells.map(str).nunique() <= len(cells) / 2:
        return None
    words = cells.map(str)
    if words.str.split().str.len().mean() >= _WORDS_OF_TEXT or (
        words.str.len().mean() > _LETTERS_OF_TEXT and words.str.contains(" ").mean() > 0.5
    ):
        return "free text, hardly any of which stands twice; the report does not read sentences"
    return "words or codes most of which stand only once, so it names its rows"


def _why_no_number(name, cells):
    if not _are_whole(cells):
        return None
    values = cells.astype(float)
    if cells.is_unique:
        if values.max() - values.min() + 1 == len(values):
            return "whole numbers that count the rows, so it only says which row it is"
        if is_named_like_id(name):
            return "it is named like an id, and no two rows have the same one"
        digits = np.floor(np.log10(np.maximum(values.abs(), 1)))
        if digits.nunique() == 1 and digits.iloc[0] + 1 >= _DIGITS_OF_A_CODE:
            return (
                "whole numbers of as many digits each, all different, so it names its rows "
                "(written with decimals, 1.0, they would be kept)"
            )
    elif is_named_like_id(name) and cells.nunique() > _MOST_CODES:
        return f"it is named like an id, and has {cells.nunique():,} of them"
    return None


def is_code(column):
    """Whether numbers are names: of a column named like an id, of few different values."""
    cells = column.dropna()
    return (
        is_named_like_id(str(column.name))
        and len(cells) > 0
        and _are_whole(cells)
        and cells.dtype != bool
        and 2 < cells.nunique() <= _MOST_CODES
    )


def is_named_like_id(name):
    """Whether a name has "id" or the like as a word in it: station_id, userId, key, Unnamed: 0."""
    return bool(_ID_NAME.search(name.lower())) or bool(_CAMEL_ID.search(name))


def _are_whole(cells):
    if getattr(cells.dtype, "kind", "O") in "iu":
        return True
    if cells.dtype == bool or not is_number(cells) or "decimal" in str(cells.dtype):
        return False
    # fractions are no names, whatever their column is called
    return pd.api.types.is_integer_dtype(cells.dtype)


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
    cells = words_without_gaps(column)
    return len(cells) > 0 and bool(pd.to_numeric(cells, errors="coerce").notna().all())


def comma_style(column):
    """Return what commas are in a column of text that holds numbers: None where it does not.

    "decimal" (3,14 and 1.234,5), "thousands" (1,234 and 1,234.5), or "unclear". Where every comma
    has three digits behind it they are taken to be between thousands, but for 0,123.
    """
    cells = words_without_gaps(column)
    commas = cells[cells.str.contains(",", regex=False)] if len(cells) else cells
    if not len(commas) or not cells.map(_is_number_in_words).all():
        return None
    others = cells[~cells.str.contains(",", regex=False)]
    points = others[others.str.contains(".", regex=False)]
    is_decimal = commas.map(lambda cell: bool(_DECIMAL.fullmatch(cell))).any()
    is_thousands = commas.map(lambda cell: bool(_THOUSANDS.fullmatch(cell))).any()
    if is_decimal:
        is_odd = is_thousands or not points.map(lambda c: bool(_GROUPED.fullmatch(c))).all()
        return "unclear" if is_odd else "decimal"
    return "thousands"


def read_commas(column, style):
    """Return the numbers of a column whose commas are of a style."""
    if style == "decimal":
        column = column.str.replace(BETWEEN_THOUSANDS, "", regex=True)
        return pd.to_numeric(column.str.replace(",", "."), errors="coerce")
    return pd.to_numeric(column.str.replace(",", ""), errors="coerce")


def _is_number_in_words(cell):
    return bool(_COMMAS.fullmatch(cell) or _NO_COMMAS.fullmatch(cell) or _GROUPED.fullmatch(cell))


def words_without_gaps(column):
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

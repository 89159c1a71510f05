"""Dates: which columns hold them, how they are written, and what is made of them."""

import datetime
import re

import pandas as pd

from skdropout._report.cells import FEWEST_ROWS, is_number, words_without_gaps

_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_DAYS = (
    "%d.%m.%Y",
    "%Y/%m/%d",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%d-%b-%Y",
)
_OF_DIGITS = "%Y%m%d"
_LAYOUTS = ("%Y-%m", _OF_DIGITS, *(day + time for day in _DAYS for time in _TIMES))
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?\s?(Z|[+-]\d{2}:?\d{2})?)?")
_FIRST_YEAR, _LAST_YEAR = 1800, 2200
_N_TRIED = 200
# Names of columns of whole numbers that may be seconds since 1970.
_NAMED_LIKE_TIME = re.compile(r"time|date|stamp|epoch|(^|[^a-z])ts([^a-z]|$)", re.I)
_UNITS = {"s": (3e8, 5e9), "ms": (3e11, 5e12)}


def layout_of(column):
    """Return the options of ``pd.to_datetime`` that read a column, or None where it has no dates.

    Read are columns of dates, ISO dates and common ways to write a day, with or without a time of
    day, whole numbers like 20200131, and seconds or milliseconds since 1970 in columns whose names
    have "time", "date" or "stamp" in them.
    """
    if pd.api.types.is_datetime64_any_dtype(column):
        return {}
    if isinstance(column.dtype, pd.ArrowDtype):
        return None
    cells = column.dropna()
    if not len(cells):
        return None
    if is_number(column):
        return _layout_of_numbers(column, cells)
    if column.dtype == object and cells.map(lambda c: isinstance(c, datetime.date)).all():
        return {}
    words = pd.Series(words_without_gaps(column).unique(), dtype=object)
    if not len(words) or not words[:_N_TRIED].str.contains(r"\d", regex=True).all():
        return None
    if words[:_N_TRIED].map(lambda cell: bool(_ISO.fullmatch(cell))).all():
        return _if_read(words, {"format": "ISO8601"})
    for layout in _LAYOUTS:
        options = {"format": layout}
        if _if_read(words[:_N_TRIED], options) and _if_read(words, options):
            return options
    return None


def is_ambiguous(column, options):
    """Whether days and months might as well change places in a column of text."""
    layout = options.get("format", "")
    if not layout.startswith(("%m/%d", "%d/%m", "%d-%m", "%m-%d")):
        return False
    other = layout.replace("%d", "%?").replace("%m", "%d").replace("%?", "%m")
    words = pd.Series(words_without_gaps(column).unique(), dtype=object)
    return _if_read(words, {"format": other}) is not None


def moments_of(column, options):
    """Return a column as moments, without time zones (in that of Greenwich)."""
    if options.get("format") == _OF_DIGITS:
        column = column.astype("string")
    return pd.to_datetime(column, **options, errors="coerce", utc=True).dt.tz_localize(None)


def source_of_moments(name, options):
    """Return the same as a Python expression."""
    given = "".join(f", {key}={value!r}" for key, value in options.items())
    words = '.astype("string")' if options.get("format") == _OF_DIGITS else ""
    read = f'pd.to_datetime(table[{name!r}]{words}{given}, errors="coerce", utc=True)'
    return f"{read}.dt.tz_localize(None)"


def parts_of(moments):
    """Return those parts of moments that differ among them, by name."""
    parts = {
        "year": moments.dt.year,
        "month": moments.dt.month,
        "weekday": moments.dt.day_name(),
        "hour": moments.dt.hour,
        "days since the first": (moments - moments.min()).dt.total_seconds() / 86_400,
    }
    return {name: part for name, part in parts.items() if part.nunique() > 1}


SOURCES = {
    "year": "moments.dt.year",
    "month": "moments.dt.month",
    "weekday": "moments.dt.day_name()",
    "hour": "moments.dt.hour",
    "days since the first": "(moments - moments.min()).dt.total_seconds() / 86_400",
}


def _layout_of_numbers(column, cells):
    if len(cells) < FEWEST_ROWS or not pd.api.types.is_integer_dtype(column.dtype):
        return None
    low, high = float(cells.min()), float(cells.max())
    if _FIRST_YEAR * 1e4 < low <= high < _LAST_YEAR * 1e4 and cells.nunique() > 1:
        return _if_read(cells, {"format": _OF_DIGITS})
    if not _NAMED_LIKE_TIME.search(str(column.name)):
        return None
    for unit, (first, last) in _UNITS.items():
        if first <= low and high <= last:
            return {"unit": unit}
    return None


def _if_read(cells, options):
    """Return the options if they read all the cells, as years one would write; else None."""
    try:
        moments = moments_of(cells, options)
    except (ValueError, OverflowError, TypeError):
        return None
    years = moments.dt.year
    is_read = moments.notna().all() and years.between(_FIRST_YEAR, _LAST_YEAR).all()
    return options if is_read else None

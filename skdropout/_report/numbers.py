"""Numbers as people read them: few digits, thousands apart, an error beside what it is of."""

import math

import numpy as np

_LARGE, _SMALL = 1e15, 1e-4
_FIRST_YEAR, _LAST_YEAR = 1500, 2200
_MINUS = "\u2212"


def number(value, digits=3):
    """Return a number with so many digits that count: 12,346; 0.0123; 1.2 of a whole."""
    value = float(value)
    if not math.isfinite(value):
        return "without bound" if math.isinf(value) else "unknown"
    size = abs(value)
    if size and not _SMALL <= size < _LARGE:
        return f"{value:.{digits}g}".replace("-", _MINUS, value < 0)
    if value == int(value):
        return _with_minus(f"{value:,.0f}")
    words = f"{value:,.{max(0, digits - 1 - _magnitude(size))}f}"
    return _with_minus(words.rstrip("0").rstrip(".") if "." in words else words)


def reader_of(values):
    """Return what writes the numbers of a column: years have nothing between thousands."""
    values = np.asarray(values, dtype=float)
    known = values[np.isfinite(values)]
    are_years = (
        len(known) > 0
        and _FIRST_YEAR <= known.min() <= known.max() <= _LAST_YEAR
        and not (known % 1).any()
    )
    return (lambda value: f"{value:.4g}") if are_years else number


def with_error(value, error):
    """Return a value and its standard error, to the digits of the error that count."""
    value, error = float(value), float(error)
    if not (math.isfinite(value) and math.isfinite(error)) or error <= 0:
        return number(value)
    sizes = [size for size in (abs(value), error) if size]
    if max(sizes) >= _LARGE or error < _SMALL:
        return f"{number(value)} ± {number(error, 2)}"
    places = max(0, 1 - _magnitude(error))
    return f"{_with_minus(f'{value:,.{places}f}')} ± {error:,.{places}f}"


def signed(value, error):
    """Return a difference with its sign, and its standard error."""
    words = with_error(value, error)
    return words if words.startswith((_MINUS, "0 ")) or value == 0 else f"+{words}"


def share(value, places=None):
    """Return a share of one in per cent; small ones are not rounded to none."""
    value = 100 * float(value)
    if not math.isfinite(value):
        return "unknown"
    if places is None:
        is_whole = math.isclose(value, round(value), abs_tol=1e-9)
        places = 0 if abs(value) >= 9.95 or is_whole else 1
    if 0 < abs(value) < 0.05 and places == 1:
        return "less than 0.1 %"
    return f"{_with_minus(f'{value:,.{places}f}')} %"


def seconds(value):
    """Return a time: 0.4 s, 12 s, 2 min 5 s."""
    if value < 10:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def count(n, one, many=None):
    """Return a number of things: 1 row, 2 rows, 1,000 rows."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def listed(words):
    """Return words as a sentence lists them: a, b and c."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def plain(value):
    """Return what NumPy holds as what JSON knows; numbers that are none are null."""
    if isinstance(value, dict):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(part) for part in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, str | int | bool | None) else str(value)


def _magnitude(size):
    return math.floor(math.log10(size)) if size else 0


def _with_minus(words):
    words = words.replace("-", _MINUS)
    is_nothing = words.startswith(_MINUS) and not words.strip(f"{_MINUS}0.,")
    return words[1:] if is_nothing else words

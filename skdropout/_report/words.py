"""Names as people read them: shortened, and kept apart from the words around them."""

import re
from html import escape

_LONG = 100
# Unicode's marks around words whose direction is their own: names written from right to left would
# else change places with what stands beside them
_OPEN, _CLOSE = "\u2068", "\u2069"
_ISOLATED = re.compile(f"{_OPEN}([^{_OPEN}{_CLOSE}]*){_CLOSE}")
# control characters, halves of pairs, and what is no character are not allowed in HTML; marks that
# turn the direction of text around would reach beyond the words they stand in
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\u202a-\u202e\u2066\u2067"
    + "".join(f"{chr(plane)}{chr(plane + 1)}" for plane in range(0xFFFE, 0x110000, 0x10000))
    + "]"
)
_JOINERS = "\u200c\u200d"  # within emoji, and words of Persian and of India's languages


class ReportError(Exception):
    """What keeps a report from being made, in one line for the user."""


def clipped(name, most=_LONG):
    """Return a name that is not too long to be read."""
    name = str(name)
    return name if len(name) <= most else f"{name[: most - 1]}…"


def short(name, most=22):
    """Return a name that fits in a figure, without what cannot be printed."""
    return clipped("".join(c if c.isprintable() or c in _JOINERS else " " for c in str(name)), most)


def named(name, most=_LONG):
    """Return a name as part of a sentence."""
    return f"{_OPEN}{re.sub(f'[{_OPEN}{_CLOSE}]', '�', clipped(name, most))}{_CLOSE}"


def some(names, most=20):
    """Return the first names, in quotes and shortened, as words."""
    names = list(names)
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(repr(clipped(name, 60)) for name in names[:most]) + more


def as_html(words):
    """Return words as HTML."""
    html = _ISOLATED.sub(r"<bdi>\1</bdi>", escape(_printable(words)))
    return re.sub(f"[{_OPEN}{_CLOSE}]", "�", html)


def as_attribute(words):
    """Return words for the value of an attribute in quotes, or for a title."""
    return escape(re.sub(f"[{_OPEN}{_CLOSE}]", "", _printable(words)))


def _printable(words):
    return _UNPRINTABLE.sub("�", str(words))

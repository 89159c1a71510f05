"""The order of levels, where the data have one."""

import re

_MONTHS = "january february march april may june july august september october november december"
_DAYS = "monday tuesday wednesday thursday friday saturday sunday"
# words that follow each other; a column has some of one line, at least three
_LINES = [
    _MONTHS.split(),
    [word[:3] for word in _MONTHS.split()],
    _DAYS.split(),
    [word[:3] for word in _DAYS.split()],
    ["very low", "low", "medium", "high", "very high"],
    ["very low", "low", "moderate", "high", "very high"],
    ["tiny", "small", "medium", "large", "huge"],
    ["xs", "s", "m", "l", "xl", "xxl"],
    ["never", "rarely", "sometimes", "often", "always"],
    ["very bad", "bad", "fair", "good", "very good", "excellent"],
    ["very poor", "poor", "fair", "good", "very good", "excellent"],
    ["primary", "secondary", "tertiary"],
    ["spring", "summer", "autumn", "winter"],
]
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")


def order_of(levels, is_ordered=False):
    """Return levels in their own order, or None where they have none.

    They have one as categories with an order, as numbers, as words with one number each that are
    the same otherwise ("level 1", "level 2"), as a letter and a number ("A1", "B2"), and as words
    that follow each other (months, days of the week, "low" and "high").

    Parameters
    ----------
    levels : list
    is_ordered : bool
        Whether they are in their order already.
    """
    levels = list(levels)
    if is_ordered:
        return levels
    words = [str(level).strip().lower() for level in levels]
    if len(set(words)) < len(words) or len(words) < 2:
        return None
    for line in _LINES:
        if len(words) > 2 and set(words) <= set(line):
            return [level for _, level in sorted(zip(map(line.index, words), levels, strict=True))]
    keys = list(map(_key, words))
    if None in keys or len({key[0] for key in keys}) > 1 or len(set(keys)) < len(keys):
        return None
    return [level for _, level in sorted(zip(keys, levels, strict=True), key=lambda pair: pair[0])]


def _key(word):
    """Return what is the same for words of one kind, and what they are sorted by."""
    if re.fullmatch(r"[a-z]\d{1,2}", word):
        return "letter and number", word[0], float(word[1:])
    found = _NUMBER.findall(word)
    if len(found) != 1:
        return None
    return _NUMBER.sub("#", word), "", float(found[0])

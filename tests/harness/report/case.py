"""What a case is, and the plain table that most are made of."""

from dataclasses import dataclass
from functools import partial

import numpy as np


@dataclass
class Case:
    """A file, what is asked of the report, and how that must end.

    ``ends`` is "message", "page", "read" (a table, no models) or "any" of message and table. Every
    one of ``words`` stands in the message or on the page. ``shape`` is that of the table, if known.
    """

    path: str
    target: str = "y"
    ends: str = "message"
    words: tuple = ()
    options: tuple = ()
    shape: tuple | None = None


def cells(n=70, seed=0):
    """Return columns by name: ``a`` and ``y`` numbers, ``b`` words; as texts."""
    rng = np.random.default_rng(seed)
    b = rng.choice(["Rome", "Oslo", "Lima"], n).tolist()
    a = rng.normal(size=n).round(3)
    y = a + (np.array(b) == "Rome")
    return {"a": [f"{x:.3f}" for x in a], "b": b, "y": [f"{x:.3f}" for x in y]}


def written(columns, separator=",", end="\n"):
    """Return columns as CSV, with quotes where they must be."""
    rows = [list(columns), *zip(*columns.values(), strict=True)]
    return end.join(separator.join(_quoted(cell, separator) for cell in row) for row in rows) + end


def _quoted(cell, separator):
    if cell and not any(c in cell for c in f'"\r\n{separator}') and not cell.isspace():
        return cell
    return '"' + cell.replace('"', '""') + '"' if cell else ""


PLAIN = written(cells())


def with_line(number, line):
    """Return the plain table with another line in place of one; the header's number is 1."""
    lines = PLAIN.splitlines()
    return "\n".join([*lines[: number - 1], line, *lines[number:]]) + "\n"


def every_y(*values):
    """Return the plain table with targets from ``values``, in turn."""
    return written(cells() | {"y": [values[k % len(values)] for k in range(70)]})


def of_files(files):
    """Return cases that end in a message, from (file, content, words, target) by name."""
    return {name: partial(_of_file, *given) for name, given in files.items()}


def _of_file(file, content, words, *asked):
    *target, folder = asked
    (folder / file).write_bytes(content.encode() if isinstance(content, str) else content)
    return Case(file, *target, words=words)

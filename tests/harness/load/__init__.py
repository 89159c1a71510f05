"""Loads: many rows to predict, many fits in one process, wide and high tables, many threads.

What was measured, peaks of memory, rows a second and growth, is printed, and stands in the outcome
of a case that is wrong.
"""

from tests.harness.load import fits, rows, threads

NAME = "load"
CAP = 900
MEMORY = None
_KINDS = {**rows.KINDS, **fits.KINDS, **threads.KINDS}


def batches(size):
    """Return every batch; the size is how large each is, as a share."""
    return [f"{kind}@{size:g}" for kind in _KINDS]


def run(key, say):
    """Run the one case of a batch."""
    kind, size = key.split("@")
    say.begin(f"from tests.harness.load import reproduce\nreproduce({kind!r}, {size})")
    wrong, measured = reproduce(kind, float(size))
    print(f"load: {kind}: {measured}", flush=True)
    say.end(f"{kind}: too much" if wrong else kind, not wrong, measured)


def reproduce(kind, size):
    """Return what is wrong, in words, and what was measured."""
    return _KINDS[kind](size)

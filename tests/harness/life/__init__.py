"""Lives of estimators: copied at every moment, kept in files, read by other versions and runtimes.

A batch is a kind of case and what it is about, such as ``"fitted/DropoutMLPRegressor"``; its cases
are the ways of copying, or the tables that an exported model is given.
"""

from tests.harness.life import moments, onnx, processes, things

NAME = "life"
CAP = 120
MEMORY = None
_KINDS = {**moments.KINDS, **things.KINDS, **processes.KINDS, **onnx.KINDS}


def batches(size):
    """Return every batch, or an even share of them."""
    every = [f"{kind}/{about}" for kind, (abouts, _, _) in _KINDS.items() for about in abouts]
    step = max(1, round(1 / size))
    return every[step // 2 :: step]


def run(key, say):
    """Run the cases of one batch."""
    kind, about = key.split("/", 1)
    for case in _KINDS[kind][1]:
        say.begin(
            f"from tests.harness.life import reproduce\nreproduce({kind!r}, {about!r}, {case!r})"
        )
        differs = reproduce(kind, about, case)
        say.end(f"{kind}: differs" if differs else kind, not differs, "; ".join(differs))


def reproduce(kind, about, case):
    """Return what differs, in words, of one case."""
    return _KINDS[kind][2](about, case)

"""A thousand fits in one process leave nothing behind."""

import gc
from collections import Counter

import numpy as np

from tests.harness.life.moments import fit
from tests.harness.life.subjects import SUBJECTS
from tests.harness.load.memory import MIB, resident

_N_FITS = 1_000
# what the allocator may keep of blocks that are in pieces
_ALLOWED = 24 * MIB
_ALLOWED_OBJECTS = 500


def fits(size):
    """Fit, predict and forget, the eight estimators in turn."""
    n_fits = max(16, round(_N_FITS * size))
    turn = list(SUBJECTS)
    for about in turn * 3:  # libraries load and fill their caches
        _once(about)
    before, objects = resident(), _objects()
    path = []
    for k in range(n_fits):
        _once(turn[k % len(turn)])
        if k % max(1, n_fits // 10) == 0:
            path.append(resident() - before)
    growth, more = resident() - before, _objects() - objects
    left = +more
    measured = (
        f"{n_fits} fits: {growth / MIB:.1f} MiB more ({_ALLOWED / MIB:.0f} allowed; on the way "
        f"{', '.join(f'{part / MIB:.1f}' for part in path)}), {left.total()} objects more: "
        f"{dict(left.most_common(3))}"
    )
    wrong = ["memory"] if growth > _ALLOWED else []
    return wrong + (["objects"] if left.total() > _ALLOWED_OBJECTS else []), measured


def _once(about):
    subject = SUBJECTS[about]
    model = fit(subject.new(), subject)
    answer = getattr(model, "predict", getattr(model, "transform", None))
    assert len(np.asarray(answer(subject.data()[0]))) == 48


def _objects():
    gc.collect()
    return Counter(type(thing).__qualname__ for thing in gc.get_objects())


KINDS = {"1,000 fits": fits}

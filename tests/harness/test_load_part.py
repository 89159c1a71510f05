"""A small share of the harness' loads, and that they would notice what they look for."""

import mmap
import time

import pytest

from tests.harness import load
from tests.harness.load.memory import MIB, Peak
from tests.harness.load.threads import at_once


class Heard:
    """Stands in for the runner: keeps what a batch says."""

    def __init__(self):
        self.said = []

    def begin(self, reproduction):
        self.said.append(reproduction)

    def end(self, outcome, is_right, detail=""):
        self.said.append((outcome, is_right, detail))


KINDS = [key.split("@")[0] for key in load.batches(1.0)]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "1,000 fits"])
def test_a_share(kind, capsys):
    heard = Heard()
    load.run(f"{kind}@0.001", heard)
    reproduction, (outcome, is_right, detail) = heard.said
    assert is_right, detail
    assert (outcome, detail in capsys.readouterr().out) == (kind, True)
    assert reproduction.endswith(f"reproduce({kind!r}, 0.001)")


def test_a_peak_is_seen():
    # an array may lie in memory that was freed but not given back, and add nothing
    with Peak() as peak, mmap.mmap(-1, 64 * MIB) as held:
        for _ in range(64):
            held.write(b"1" * MIB)
        time.sleep(0.5)  # on a busy machine the watch is late
    assert 60 * MIB < peak.growth < 80 * MIB
    with Peak() as peak:
        sum(range(1000))
    assert peak.growth < 8 * MIB


def test_threads_run_at_once():
    together = []
    assert at_once(lambda: together.append(1) or 7) == [7] * 8
    assert len(together) == 8

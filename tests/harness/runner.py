"""Runs the batches of a part in worker processes, under caps, and keeps a record to resume from."""

import importlib
import json
import multiprocessing
import os
import sys
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from queue import Empty, Queue
from threading import Lock, Thread

PARTS = ("fuzz", "faults", "life", "load", "report")
# A worker's first case waits for its imports.
_START = 60


@dataclass
class Tally:
    """What became of the cases of a part.

    Attributes
    ----------
    counts : Counter
        Cases by (outcome, whether it is right).
    failures : list of dict
        "outcome", "detail" and "reproduction" of each case whose outcome is not right.
    seconds : float
        Of all batches, whichever worker ran them.
    """

    counts: Counter = field(default_factory=Counter)
    failures: list = field(default_factory=list)
    seconds: float = 0.0

    def add(self, batch):
        """Count the cases of one batch, a dict as it stands in the record."""
        self.counts.update({tuple(key): n for *key, n in batch["counts"]})
        self.failures += batch["failures"]
        self.seconds += batch["seconds"]

    @property
    def n_cases(self):
        """How many cases were run."""
        return self.counts.total()


def part_of(name):
    """Return the part (a module) of a name."""
    return importlib.import_module(f"tests.harness.{name}")


def run_part(name, size, n_jobs, record):
    """Run what of a part is not in the ``record`` (a Path) yet; return the Tally of all of it."""
    tally, done = Tally(), set()
    if record.exists():
        for line in record.read_text().splitlines():
            batch = json.loads(line)
            tally.add(batch)
            done.add(json.dumps(batch["key"]))
    todo = Queue()
    for key in part_of(name).batches(size):
        if json.dumps(key) not in done:
            todo.put(key)
    progress = _Progress(name, todo.qsize(), tally)
    lock = Lock()
    record.parent.mkdir(parents=True, exist_ok=True)
    with record.open("a") as file:

        def keep(batch):
            with lock:
                file.write(json.dumps(batch) + "\n")
                file.flush()
                progress.add(batch)

        threads = [Thread(target=_employ, args=(name, todo, keep)) for _ in range(n_jobs)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return tally


def find(fault, part_name, most_batches):
    """Run batches with a ``fault`` put back until a case fails.

    Returns
    -------
    tally : Tally
        Of the batches that were run.
    """
    part, tally, worker = part_of(part_name), Tally(), _Worker(part_name, fault)
    for key in part.batches(1.0)[:most_batches]:
        tally.add(worker.run(key, part.CAP))
        if tally.failures:
            break
    worker.stop()
    return tally


class _Progress:
    """One line that says how far a part is, where someone may be looking."""

    def __init__(self, name, n_batches, tally):
        self._name, self._n_batches, self._tally = name, n_batches, tally
        self._n_done = 0

    def add(self, batch):
        self._n_done += 1
        self._tally.add(batch)
        tally = self._tally
        line = (
            f"{self._name}: {self._n_done} of {self._n_batches} batches, {tally.n_cases:,} "
            f"cases, {len(tally.failures)} failures"
        )
        end = "\r" if sys.stderr.isatty() and self._n_done < self._n_batches else "\n"
        print(line, file=sys.stderr, end=end, flush=True)


def _employ(name, todo, keep):
    """Have one worker after another run batches until none is left."""
    part, worker = part_of(name), None
    while True:
        try:
            key = todo.get_nowait()
        except Empty:
            break
        if worker is None or not worker.is_alive:
            worker = _Worker(name)
        keep(worker.run(key, part.CAP))
    if worker is not None:
        worker.stop()


class _Worker:
    """A process that runs batches, and is killed where a case takes too long."""

    def __init__(self, name, fault=None):
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=_work, args=(name, other, fault), daemon=True)
        self._process.start()
        other.close()
        self._patience = _START

    @property
    def is_alive(self):
        return self._process.is_alive()

    def stop(self):
        self._pipe.close()
        self._process.join(10)
        self._process.kill()

    def run(self, key, cap):
        """Return what the record keeps of the batch ``key``."""
        start, counts, failures, reproduction = time.monotonic(), Counter(), [], f"batch {key!r}"

        def fail(outcome, detail=""):
            counts[outcome, False] += 1
            failures.append({"outcome": outcome, "detail": detail, "reproduction": reproduction})

        self._pipe.send(key)
        while True:
            if not self._pipe.poll(self._patience + cap):
                self._process.kill()
                self._process.join()
                fail(f"over {cap} s")
                break
            self._patience = 0
            try:
                what, *said = self._pipe.recv()
            except (EOFError, OSError):
                self._process.join()
                fail(f"worker died ({self._process.exitcode})")
                break
            if what == "begin":
                (reproduction,) = said
            elif what == "end":
                outcome, is_right, detail = said
                counts[outcome, True] += is_right
                if not is_right:
                    fail(outcome, detail)
            elif what == "escaped":
                fail(f"escaped {said[0]}", said[1])
            else:
                break
        return {
            "key": key,
            "counts": [[*pair, n] for pair, n in counts.items() if n],
            "failures": failures,
            "seconds": round(time.monotonic() - start, 3),
        }


class Say:
    """What a part tells of its cases."""

    def __init__(self, send):
        self._send = send

    def begin(self, reproduction):
        """Say which case begins: Python that repeats it."""
        self._send(("begin", reproduction))

    def end(self, outcome, is_right, detail=""):
        """Say what became of it."""
        self._send(("end", str(outcome), bool(is_right), str(detail)))


def _work(name, pipe, fault):
    """Run the batches whose keys come through the pipe; what the cases print is lost."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    import torch

    torch.set_num_threads(1)
    part, say = part_of(name), Say(pipe.send)
    if fault is not None:
        _, put_back = part_of("proof").FAULTS[fault]
        put_back()
    _cap_memory(part.MEMORY)
    while True:
        try:
            key = pipe.recv()
        except EOFError:
            return
        try:
            part.run(key, say)
        except BaseException as error:
            pipe.send(("escaped", type(error).__name__, traceback.format_exc()))
        pipe.send(("done",))


def _cap_memory(n_bytes):
    if n_bytes is None:
        return
    try:
        import resource
    except ImportError:  # not on Windows
        return
    with open("/proc/self/statm") as file:
        now = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + n_bytes, resource.RLIM_INFINITY))

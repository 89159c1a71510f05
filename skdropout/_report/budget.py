"""Time: what a stage may take, how far it has come, and Ctrl-C."""

import signal
import threading
import time
from contextlib import contextmanager

from tqdm.auto import tqdm

_FIRST_GUESS = 60.0  # seconds of everything, where nothing bounds or tells them
_TICK = 0.5
_MOST_OF_A_STAGE = 0.95  # that is shown before it has ended


class Budget:
    """Shares out a time among stages that follow each other.

    What a stage leaves goes to those after it, and what it takes beyond its share is missing
    there.

    Parameters
    ----------
    weights : dict of str to float
        By stage, in their order: what each takes, on one scale.
    minutes : float or None
        Of all stages together; None is no bound.
    """

    def __init__(self, weights, minutes):
        self.weights, self.minutes = dict(weights), minutes
        self._start, self._done = time.perf_counter(), 0.0

    @property
    def elapsed(self):
        return time.perf_counter() - self._start

    def share(self, stage):
        """Return the seconds of a stage that begins now; infinite without a bound."""
        if self.minutes is None:
            return float("inf")
        left = max(0.0, 60 * self.minutes - self.elapsed)
        names = list(self.weights)
        rest = sum(self.weights[name] for name in names[names.index(stage) :])
        return left * self.weights[stage] / rest

    def guess(self, stage):
        """Return the seconds that a stage may be expected to take."""
        if self.minutes is not None:
            return self.share(stage)
        total = sum(self.weights.values())
        whole = self.elapsed / self._done * total if self._done else _FIRST_GUESS
        return max(whole * self.weights[stage] / total, 1.0)

    def end(self, stage):
        """Say that a stage is over."""
        self._done += self.weights[stage]


class Progress:
    """One bar for all stages; within a stage it moves with time, as far as that can be told.

    Parameters
    ----------
    budget : Budget
    """

    def __init__(self, budget):
        self._budget = budget
        self._total = sum(budget.weights.values())
        self._before, self._stage = 0.0, None
        self._lock = threading.Lock()

    def __enter__(self):
        layout = "{desc}{percentage:3.0f}% |{bar}| {elapsed}"
        self._bar = tqdm(total=100, bar_format=layout)
        self._over = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)
        self._ticker.start()
        return self

    def __exit__(self, *error):
        self._over.set()
        self._ticker.join()
        self._bar.close()

    @contextmanager
    def stage(self, name, words):
        """Show that a stage is at work."""
        with self._lock:
            self._stage = name
            self._began, self._expected = time.perf_counter(), self._budget.guess(name)
            self._bar.set_description(words)
        try:
            yield
        finally:
            with self._lock:
                self._budget.end(name)
                self._before += self._budget.weights[name]
                self._stage = None
                self._show(self._before)

    def _tick(self):
        while not self._over.wait(_TICK):
            with self._lock:
                if self._stage is None:
                    continue
                part = (time.perf_counter() - self._began) / max(self._expected, _TICK)
                part = min(part, _MOST_OF_A_STAGE)
                self._show(self._before + part * self._budget.weights[self._stage])

    def _show(self, done):
        self._bar.n = round(100 * done / self._total, 1)
        self._bar.refresh()


@contextmanager
def interruptible():
    """Let Ctrl-C be raised, and be remembered: what catches it may not have been asked.

    Yields
    ------
    was_asked : threading.Event
        Set by Ctrl-C.
    """
    was_asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield was_asked
        return
    before = signal.getsignal(signal.SIGINT)

    def stop(number, frame):
        was_asked.set()
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, stop)
    try:
        yield was_asked
    finally:
        signal.signal(signal.SIGINT, before)

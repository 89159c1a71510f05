"""How much memory a process takes, as the system sees it."""

import gc
import threading
import time

import psutil

MIB = 2**20
_PROCESS = psutil.Process()


def resident():
    """Return the bytes that are in memory now, what is no longer needed given up."""
    gc.collect()
    return _PROCESS.memory_info().rss


class Peak:
    """The largest resident memory within a ``with`` above that at its beginning.

    Attributes
    ----------
    growth : int
        Bytes.
    seconds : float
    """

    def __enter__(self):
        self._before = self._most = resident()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        self._start = time.perf_counter()
        return self

    def __exit__(self, *_):
        self.seconds = time.perf_counter() - self._start
        self._over.set()
        self._thread.join()
        self._most = max(self._most, _PROCESS.memory_info().rss)
        self.growth = self._most - self._before

    def _look(self):
        while not self._over.wait(0.005):
            self._most = max(self._most, _PROCESS.memory_info().rss)

"""Tasks go to the workers that joblib has, if there are any."""

from concurrent.futures import CancelledError
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from joblib import effective_n_jobs
from sklearn.utils.parallel import Parallel, delayed

from skdropout._table import TableTensors


def check_workers(n_jobs):
    """Refuse ``n_jobs`` that joblib's backend cannot serve, before there is anything to lose.

    Raises
    ------
    ValueError
        If it is zero, or a cluster has no workers.
    """
    if n_jobs == 0:
        raise ValueError("n_jobs=0 asks for no worker; give 1 or more, -1 for all, or None.")
    try:
        effective_n_jobs(n_jobs)
    except TimeoutError as error:
        raise ValueError(
            f"n_jobs={n_jobs!r}: the cluster of joblib.parallel_config has no workers ({error}) "
            "Start some, or leave parallel_config out."
        ) from error


def spread(task, arguments, n_jobs):
    """Return ``task(*each)`` for each of ``arguments``, in order, whoever computed it.

    Large arrays within the arguments are mapped by joblib's processes on this machine, not copied;
    what is written to them there stays there. Dask sends a ``Shared`` argument once for all tasks;
    if the worker that has it dies before another one does, it cannot tell where to get it, and
    gives up: then all is done anew, and every task is sent its own.

    Parameters
    ----------
    task : callable
        Of a module, so that it can be pickled.
    arguments : list of tuple
    n_jobs : int or None
        As joblib's.
    """
    parallel = Parallel(n_jobs=n_jobs, mmap_mode="c")
    try:
        return parallel(delayed(task)(*each) for each in arguments)
    except CancelledError:
        boxed = [
            tuple(_Box(part) if isinstance(part, Shared) else part for part in each)
            for each in arguments
        ]
        return parallel(delayed(_unboxed)(task, *each) for each in boxed)


class Shared:
    """A base of arguments that many tasks have in common.

    Attributes
    ----------
    n_bytes : int
        What a worker is sent, about.
    """

    n_bytes = 0

    def __sizeof__(self):
        """Let Dask see that it is large."""
        return object.__sizeof__(self) + self.n_bytes


class _Box:
    """Hides the size of what it holds."""

    def __init__(self, content):
        self.content = content


def _unboxed(task, *arguments):
    return task(*(part.content if isinstance(part, _Box) else part for part in arguments))


@dataclass(eq=False)
class StackJob(Shared):
    """What tasks have in common that train stacks on one table.

    Attributes
    ----------
    estimator : BaseDropoutMLP
        Not fitted; its parameters are used.
    plan : Plan
    table : TableTensors
        On the CPU. Pickled as arrays, which joblib maps into workers' memory.
    members : dict or list of Member
    mask_seed : int
    """

    estimator: Any
    plan: Any
    table: TableTensors
    members: Any
    mask_seed: int

    def __post_init__(self):
        """Make the arrays once: joblib knows by its identity what it has sent already."""
        self._arrays = {
            name: None if part is None else part.numpy() for name, part in vars(self.table).items()
        }

    @property
    def n_bytes(self):
        """What a worker is sent of the table."""
        return sum(0 if part is None else part.nbytes for part in self._arrays.values())

    def __getstate__(self):
        """Leave out tensors, of which joblib would send copies."""
        return {**vars(self), "table": None}

    def __setstate__(self, state):
        """Make tensors of the arrays that were sent, or mapped."""
        vars(self).update(state)
        tensors = {
            name: None if part is None else torch.from_numpy(part)
            for name, part in self._arrays.items()
        }
        self.table = TableTensors(**tensors)

    def train(self, places, callbacks):
        """Train the members at some places as one stack; return its net.

        Raises
        ------
        KeyboardInterrupt
            If training is interrupted: what is compared is trained to the end.
        """
        members = [self.members[place] for place in places]
        found = partial(self.estimator._found, self.plan, None)
        rest = members, self.mask_seed, callbacks, found
        net = self.estimator._train(self.plan, self.table, *rest)
        if net.interrupted_:
            raise KeyboardInterrupt
        return net

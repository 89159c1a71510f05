"""A search in slices: what they are, and that workers find what one process finds, to the bit."""

import os
import pickle
import signal
from concurrent.futures import CancelledError
from itertools import chain

import joblib
import numpy as np
import pytest

from skdropout import DropoutMLPRegressorCV
from skdropout._estimators import workers as room
from skdropout._estimators.search.slices import halves_of, rounds_of, slices_of

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 3))
Y = X[:, 0] * X[:, 1] + 0.1 * RNG.normal(size=120)
SMALL = {
    "hidden_layer_sizes": (8,),
    "dropouts": 6,
    "cv": 3,
    "max_iter": 8,
    "learning_rate_init": 0.02,
    "screening": None,
    "random_state": 0,
}


@pytest.fixture
def small_slices(monkeypatch):
    monkeypatch.setattr(DropoutMLPRegressorCV, "_members_that_fit", lambda *_: 4)


def same_bits(one, other):
    for name, column in one.cv_results_.items():
        np.testing.assert_array_equal(other.cv_results_[name], column)
    np.testing.assert_array_equal(other.predict(X), one.predict(X))


@pytest.mark.parametrize(
    ("n_candidates", "n_folds", "size"), [(10, 5, 60), (10, 5, 12), (7, 3, 9), (3, 5, 2), (1, 1, 1)]
)
def test_slices_are_a_partition_of_the_grid(n_candidates, n_folds, size):
    slices = slices_of(n_candidates, n_folds, size)
    everything = [(c, k) for c in range(n_candidates) for k in range(n_folds)]
    assert sorted(chain(*slices)) == everything
    assert max(map(len, slices)) <= size
    for part in slices:
        assert [k for _, k in part] == sorted(k for _, k in part), "folds are neighbours"
        if size >= n_folds:
            assert len(part) == n_folds * len({c for c, _ in part}), "whole candidates"
    lengths = [len(part) for part in slices]
    assert max(lengths) - min(lengths) <= max(n_folds, size - 1)


def test_a_slice_is_halved_by_candidates_then_by_folds():
    first, second = halves_of([(c, k) for k in range(2) for c in (1, 4, 7)])
    assert {c for c, _ in first} == {1, 4}
    assert {c for c, _ in second} == {7}
    assert halves_of([(1, 0), (1, 1), (1, 2)]) == ([(1, 0), (1, 1)], [(1, 2)])


def test_a_race_has_two_rounds():
    assert [len(part) for part in rounds_of(list("abcdefghi"), racing=True)] == [3, 6]
    assert rounds_of(["a"], racing=True) == [["a"]]
    assert rounds_of(list("ab"), racing=False) == [["a", "b"]]


@pytest.mark.parametrize("options", [{"racing": True}, {"refit": "ensemble"}])
def test_threads_find_what_one_finds(small_slices, options):
    one = DropoutMLPRegressorCV(**SMALL, **options).fit(X, Y)
    with joblib.parallel_config("threading"):
        same_bits(one, DropoutMLPRegressorCV(**SMALL, **options, n_jobs=3).fit(X, Y))


class KillsOnce:
    """A scorer that kills the process it is first called in."""

    def __init__(self, mark):
        self.mark, self.client = mark, os.getpid()

    def __call__(self, estimator, X, y):
        if os.getpid() != self.client:
            try:
                os.close(os.open(self.mark, os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                pass
            else:
                os.kill(os.getpid(), signal.SIGKILL)
        return -float(np.mean((estimator.predict(X) - y) ** 2))


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("racing", [False, True])
def test_a_cluster_that_loses_a_worker_finds_what_one_process_finds(small_slices, tmp_path, racing):
    distributed = pytest.importorskip("distributed")
    options = {**SMALL, "racing": racing, "scoring": KillsOnce(tmp_path / "killed")}
    one = DropoutMLPRegressorCV(**options).fit(X, Y)
    assert not (tmp_path / "killed").exists()
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config("dask"),
    ):
        shared = DropoutMLPRegressorCV(**options).fit(X, Y)
    assert (tmp_path / "killed").exists()
    same_bits(one, shared)


@pytest.mark.filterwarnings("default")
def test_a_cluster_without_workers_is_refused_before_training():
    distributed = pytest.importorskip("distributed")
    search = DropoutMLPRegressorCV(**SMALL)
    with (
        distributed.Client(processes=False, n_workers=0, dashboard_address=None),
        joblib.parallel_config("dask", wait_for_workers_timeout=0.1),
        pytest.raises(ValueError, match=r"n_jobs=None: the cluster .* has no workers"),
    ):
        search.fit(X, Y)
    assert not hasattr(search, "cv_results_")


def test_no_workers_are_refused():
    with pytest.raises(ValueError, match="n_jobs=0"):
        DropoutMLPRegressorCV(**SMALL, n_jobs=0).fit(X, Y)


def test_what_was_lost_with_a_worker_is_sent_with_each_task(monkeypatch):
    class Table(room.Shared):
        n_bytes = 10**6

    class Loses(room.Parallel):
        def __call__(self, iterable):
            tasks = list(iterable)
            if any(isinstance(part, Table) for _, arguments, _ in tasks for part in arguments):
                raise CancelledError
            return super().__call__(tasks)

    monkeypatch.setattr(room, "Parallel", Loses)
    table = Table()
    assert table.__sizeof__() > 10**6, "Dask sends large ones once"
    assert room.spread(_pair, [(table, k) for k in range(3)], None) == [
        (table, k) for k in range(3)
    ]


def _pair(table, k):
    return table, k


def test_a_job_travels_as_arrays(small_slices, monkeypatch):
    sent = []

    def spread(task, arguments, n_jobs):
        again = [tuple(pickle.loads(pickle.dumps(part)) for part in each) for each in arguments]
        sent.append(again[0][0])
        return room.spread(task, again, n_jobs)

    one = DropoutMLPRegressorCV(**SMALL).fit(X, Y)
    monkeypatch.setattr("skdropout._estimators.search.rate_search.spread", spread)
    same_bits(one, DropoutMLPRegressorCV(**SMALL).fit(X, Y))
    (job,) = sent
    assert isinstance(job.__getstate__()["_arrays"]["numeric"], np.ndarray)
    assert job.__getstate__()["table"] is None

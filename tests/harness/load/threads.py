"""Eight threads ask one estimator at once, the first time too, and all get the same."""

import copy
import threading
from concurrent.futures import ThreadPoolExecutor

from tests.harness.life.answers import answers, differing
from tests.harness.life.moments import fit
from tests.harness.life.subjects import EVERY, SUBJECTS

_N_THREADS, _N_ROUNDS = 8, 5
_ASKED = (*SUBJECTS, "images", "hessian")


def threads(size):
    """Let each thread ask all there is to ask, several times anew."""
    n_rounds = max(1, round(_N_ROUNDS * size))
    asked = _ASKED[:: max(1, round(0.2 / size))]
    wrong = []
    for about in asked:
        subject = EVERY[about]
        model, (X, _) = fit(subject.new(), subject), subject.data()
        expected = answers(copy.deepcopy(model), X)
        for _ in range(n_rounds):
            raced = copy.deepcopy(model)  # which has never been asked
            found = at_once(lambda raced=raced, X=X: answers(raced, X))
            wrong += [f"{about}: {what}" for one in found for what in differing(one, expected)]
    return sorted(set(wrong)), f"{_N_THREADS} threads, {n_rounds} times {len(asked)} estimators"


def at_once(ask):
    """Return what each thread is told, all having waited for the last to be ready."""
    barrier = threading.Barrier(_N_THREADS)

    def wait_and_ask(_):
        barrier.wait()
        return ask()

    with ThreadPoolExecutor(_N_THREADS) as pool:
        return list(pool.map(wait_and_ask, range(_N_THREADS)))


KINDS = {"8 threads": threads}

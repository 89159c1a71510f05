"""What a stage can afford in its time: a little is fitted first, and what is left is made to fit.

Each function returns smaller sizes, or those it is given, and what there is to say.
"""

import math
import time
import warnings
from dataclasses import replace
from functools import wraps

from sklearn.base import clone

from skdropout._report.numbers import count

_FEWEST_EPOCHS = 12
_FEW_RATES = (0.0, 0.1, 0.25, 0.5)
_FEWEST_TREES, _FEWEST_ROUNDS = 20, 50
_DEFAULT_TREES = 100
_FEWEST_EVALUATIONS = 2_000
# A finder fits its networks once, and to three quarters of the rows four times.
_FITS_OF_A_FINDER = 4
# Pairs times classes to be tested in a bounded time, and columns that are looked at in any case.
_TESTS, _FEWEST_PAIRED = 800, 8
_SHARE_OF_DETECTING = 0.6  # of the time for pairs; the rest is for measuring
_SHARE_OF_NETWORK = 0.5  # of the time for both, what is left is for the search
_MEMBERS = 8  # of the network that is trained at the rate chosen
# Epochs that are run of those planned, as rates leave the race and networks stop early.
_SHARE_RUN = 0.6
_PROBE_EPOCHS, _PROBE_TREES, _PROBE_ROUNDS = 2, 2, 5
# Rounds after which a boosting machine has mostly stopped by itself.
_USUAL_ROUNDS = 2_000


def _quietly(function):
    """Let a function say nothing of what is fitted only to see how long it takes."""

    @wraps(function)
    def quiet(*given):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function(*given)

    return quiet


@_quietly
def networks(models, X, y, allowed):
    """Make network and search fit: fewer epochs of either, then fewer rates."""
    sizes = models.sizes
    if not math.isfinite(allowed):
        return sizes, None
    probe = models.network(0.1).set_params(n_members=1, max_iter=_PROBE_EPOCHS)
    start = time.perf_counter()
    probe.fit(X, y)
    whole = time.perf_counter() - start
    epoch = min(probe.net_.history[:, "dur"]) * _SHARE_RUN
    begin = max(whole - _PROBE_EPOCHS * epoch, 0.0)
    allowed -= whole
    # the network that is shown first; a search that is cut short still tells the better rates
    n_epochs = int((_SHARE_OF_NETWORK * allowed - begin) / max(epoch * _MEMBERS, 1e-9))
    n_epochs = min(max(n_epochs, _FEWEST_EPOCHS), sizes.max_iter)
    allowed -= begin + n_epochs * epoch * _MEMBERS

    def epochs_of(rates):
        left = allowed - begin * sizes.cv
        return int(left / max(epoch * len(rates) * sizes.cv, 1e-9))

    rates = sizes.dropouts
    if epochs_of(rates) < _FEWEST_EPOCHS and len(rates) > len(_FEW_RATES):
        rates = _FEW_RATES
    n_of_search = min(max(epochs_of(rates), _FEWEST_EPOCHS), sizes.max_iter)
    sizes = replace(sizes, max_iter=n_epochs, search_iter=n_of_search, dropouts=rates)
    said = [
        f"at most {n_epochs} epochs of networks" if n_epochs < models.sizes.max_iter else "",
        f"at most {n_of_search} epochs at {len(rates)} rates in the search for the best one"
        if n_of_search < models.sizes.max_iter
        else "",
    ]
    return sizes, ", ".join(filter(None, said)) or None


@_quietly
def detectors(models, X, y, allowed):
    """Make the networks that look for pairs fit: fewer epochs."""
    sizes = models.sizes
    if not math.isfinite(allowed) or sizes.detecting is None:
        return sizes, None
    start = time.perf_counter()
    probe = clone(models.finder().estimator).set_params(max_iter=_PROBE_EPOCHS)
    probe.fit(X, y)
    whole = time.perf_counter() - start
    epoch = min(probe.net_.history[:, "dur"])
    begin = max(whole - _PROBE_EPOCHS * epoch, 0.0) * _FITS_OF_A_FINDER
    planned = sizes.detecting["max_iter"]
    left = _SHARE_OF_DETECTING * allowed - whole - begin
    n_epochs = int(left / max(epoch * _FITS_OF_A_FINDER, 1e-9))
    if n_epochs >= planned:
        return sizes, None
    n_epochs = min(max(n_epochs, _FEWEST_EPOCHS), planned)
    return replace(sizes, detecting=sizes.detecting | {"max_iter": n_epochs}), (
        f"at most {n_epochs} epochs of networks that look for pairs"
    )


@_quietly
def trees(models, X, y, allowed):
    """Make boosted trees fit: fewer of them."""
    sizes = models.sizes
    if not math.isfinite(allowed):
        return sizes, None
    start = time.perf_counter()
    replace_sizes = replace(sizes, tree_iterations=_PROBE_TREES)
    clone(_with(models, replace_sizes).boosted_trees()).fit(X, y)
    each = (time.perf_counter() - start) / _PROBE_TREES
    n_trees = int(allowed / max(each, 1e-9))
    if n_trees >= _DEFAULT_TREES:
        return sizes, None
    n_trees = max(n_trees, _FEWEST_TREES)
    return replace(sizes, tree_iterations=n_trees), (f"at most {n_trees} rounds of boosted trees")


@_quietly
def machines(models, X, y, allowed, n_machines):
    """Make boosting machines fit: fewer rounds, and one bag of rows."""
    sizes = models.sizes
    if not math.isfinite(allowed):
        return sizes, None
    probe = _with(models, replace(sizes, outer_bags=1, max_rounds=_PROBE_ROUNDS))
    start = time.perf_counter()
    probe.boosting_machine(0).fit(X, y)
    each = (time.perf_counter() - start) / _PROBE_ROUNDS
    bags = sizes.outer_bags or 14

    def rounds_of(bags):
        return int(allowed / max(each * bags * n_machines, 1e-9))

    n_rounds = rounds_of(bags)
    if n_rounds >= _USUAL_ROUNDS:
        return sizes, None
    if n_rounds < _USUAL_ROUNDS // 4:
        bags = 1
        n_rounds = rounds_of(bags)
    n_rounds = min(max(n_rounds, _FEWEST_ROUNDS), _USUAL_ROUNDS)
    return replace(sizes, outer_bags=bags, max_rounds=n_rounds), (
        f"at most {n_rounds:,} rounds of boosting machines with {count(bags, 'bag')}"
    )


def evaluations(scores, n_planned, allowed):
    """Return how many rows these models can be asked about in a time, of those planned."""
    each = sum(s.seconds_per_row for s in scores)
    return int(max(min(n_planned, allowed / max(each, 1e-12)), _FEWEST_EVALUATIONS))


def n_paired(sizes, n_outputs, allowed):
    """Return how many columns to look at for pairs: each pair is tested on every class."""
    n = sizes.max_paired_columns
    n_outputs = 1 if n_outputs == 2 else n_outputs
    while math.isfinite(allowed) and n > _FEWEST_PAIRED and n * (n - 1) / 2 * n_outputs > _TESTS:
        n -= 1
    return n


def _with(models, sizes):
    other = type(models).__new__(type(models))
    vars(other).update(vars(models), sizes=sizes)
    return other

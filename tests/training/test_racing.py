"""Racing: what is clearly beaten leaves, what is not stays, and the choice is the same."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from skdropout import DropoutMLPRegressorCV
from skdropout._training.callbacks import Race


class Best:
    """Stands for BestEpoch: least losses so far, and who goes on."""

    def __init__(self, n_members):
        self.best_loss_ = torch.full((n_members,), torch.inf)
        self.stopped = np.zeros(n_members, dtype=bool)

    def going(self):
        return ~self.stopped

    def stop(self, net, beaten):
        self.stopped |= beaten


def run(losses, race=None, places=None):
    """Race through ``losses`` (n_candidates, n_folds, n_epochs); return the epochs of leaving."""
    n_candidates, n_folds, n_epochs = losses.shape
    race = race or Race(n_candidates, n_folds, n_epochs)
    places = places or [(c, k) for k in range(n_folds) for c in range(n_candidates)]
    best = Best(len(places))
    race.enter(places)
    left = {}
    for epoch in range(1, n_epochs + 1):
        now = [losses[c, k, epoch - 1] for c, k in places]
        best.best_loss_ = torch.minimum(best.best_loss_, torch.tensor(now))
        net = SimpleNamespace(callbacks_=[("best_epoch", best)], epoch_=epoch)
        race.on_epoch_end(net)
        left |= {c: epoch for c in np.flatnonzero(race.out_) if c not in left}
    race.on_train_end(net)
    return left


def curves(floors, speeds, n_folds=5, n_epochs=40, noise=0.01, seed=0):
    """Losses that fall exponentially to a floor; the folds' differences are common to all."""
    rng = np.random.default_rng(seed)
    epochs = np.arange(1, n_epochs + 1)
    fold = rng.normal(size=(1, n_folds, 1)) * noise
    own = rng.normal(size=(len(floors), n_folds, 1)) * noise
    fall = np.exp(-epochs * np.array(speeds)[:, None])
    return np.array(floors)[:, None, None] + fall[:, None] + fold + own


def test_the_clearly_worse_leave_early():
    left = run(curves([0.2, 0.21, 0.6, 0.9], [0.5] * 4))
    assert set(left) == {2, 3}
    assert max(left.values()) <= 20


def test_slow_learners_that_win_stay():
    """One that learns half as fast, and ends best."""
    assert 1 not in run(curves([0.3, 0.2], [0.4, 0.2]))


def test_equal_candidates_seldom_leave():
    """The leader is the best of twelve equal ones by luck, yet few leave: 5 % of 11 at worst,
    times what luck adds. In twenty races at most a tenth of those who could.
    """
    lost = [len(run(curves([0.3] * 12, [0.3] * 12, seed=seed))) for seed in range(20)]
    assert sum(lost) <= 0.1 * 20 * 11


def test_nothing_is_decided_before_the_fourth_epoch():
    left = run(curves([0.2, 5.0], [2.0, 2.0]))
    assert left == {1: 4}


def test_later_slices_run_against_earlier_ones():
    losses = curves([0.2, 0.9], [0.5, 0.5])
    race = Race(2, 5, losses.shape[-1])
    assert run(losses, race, [(0, k) for k in range(5)]) == {}
    assert set(run(losses, race, [(1, k) for k in range(5)])) == {1}


def test_diverged_and_incomplete_candidates_are_left_alone():
    losses = curves([0.2, 0.3, 0.9], [0.5] * 3)
    losses[1] = np.inf
    places = [(0, k) for k in range(5)] + [(1, k) for k in range(5)] + [(2, 0), (2, 1)]
    assert run(losses, places=places) == {}


@pytest.mark.parametrize("n_slices", [1, 2])
def test_racing_chooses_as_the_whole_grid_or_within_its_error(n_slices, monkeypatch):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 5))
    y = X[:, 0] * X[:, 1] + X[:, 2] + 0.3 * rng.normal(size=400)
    common = {
        "hidden_layer_sizes": (32, 32),
        "dropouts": [0.0, 0.1, 0.5, 0.9],
        "max_iter": 50,
        "learning_rate_init": 3e-3,
        "random_state": 0,
        "refit": False,
    }
    if n_slices == 2:
        monkeypatch.setattr(
            DropoutMLPRegressorCV, "_members_that_fit", lambda self, plan, folds: 10
        )
    whole = DropoutMLPRegressorCV(**common).fit(X, y)
    raced = DropoutMLPRegressorCV(**common, racing=True).fit(X, y)
    out = raced.cv_results_["stopped_by_racing"]
    assert out[-1]
    assert not out[raced.best_index_]
    assert (raced.cv_results_["rank_test_score"][out] > (~out).sum()).all()
    best = whole.scores_[whole.best_index_]
    error = best.std(ddof=1) / len(best) ** 0.5
    assert whole.scores_[raced.best_index_].mean() >= best.mean() - error


def test_a_slice_that_is_too_large_leaves_no_trace(monkeypatch):
    """What ran out of memory in a late epoch is raced anew, in halves, as if never before."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 3)), rng.normal(size=60)
    options = {
        "hidden_layer_sizes": (4,),
        "max_iter": 12,
        "learning_rate_init": 0.05,
        "cv": 3,
        "dropouts": [0.0, 0.9],
        "racing": True,
        "random_state": 0,
        "device": "cpu",
    }
    monkeypatch.setattr(DropoutMLPRegressorCV, "_members_that_fit", lambda *_: 3)
    expected = DropoutMLPRegressorCV(**options).fit(X, y)
    monkeypatch.setattr(DropoutMLPRegressorCV, "_members_that_fit", lambda *_: 6)
    record, seen = Race.on_epoch_end, []

    def on_epoch_end(self, net, **kwargs):
        record(self, net, **kwargs)
        seen.append(net.epoch_)
        if len(seen) == 8:
            self.out_[:] = True  # whoever left until then
            raise torch.cuda.OutOfMemoryError("none left")

    monkeypatch.setattr(Race, "on_epoch_end", on_epoch_end)
    found = DropoutMLPRegressorCV(**options).fit(X, y)
    assert len(seen) > 8
    for name, column in expected.cv_results_.items():
        np.testing.assert_array_equal(found.cv_results_[name], column)
    np.testing.assert_array_equal(found.predict(X), expected.predict(X))

"""Candidates that are clearly beaten leave the stack early."""

import numpy as np
from scipy.stats import t as student_t
from skorch.callbacks import Callback

__all__ = ["Race"]

_LEVEL = 0.05
_FIRST_EPOCH = 4


class Race(Callback):
    """Stop candidates whose validation losses are worse than the leader's were long ago.

    After each epoch, the fourth being the first, a candidate is compared with the one of least
    mean validation loss: its networks' least losses so far with those that the leader had after
    half as many epochs, fold by fold. It leaves if the mean difference is above zero by a
    one-sided paired t-test at the five per cent level, and above the standard error of the
    leader's mean. Networks with more dropout learn more slowly; half the time is what they are
    given for that.

    One race goes on over all slices of a grid: later ones also run against the earlier ones.

    Parameters
    ----------
    n_candidates, n_folds, max_iter : int

    Attributes
    ----------
    out_ : bool ndarray of shape (n_candidates,)
        Who left while still in training.
    """

    def __init__(self, n_candidates, n_folds, max_iter):
        self.out_ = np.zeros(n_candidates, dtype=bool)
        self._losses = np.full((n_candidates, n_folds, max_iter), np.nan)
        self._critical = student_t.ppf(1 - _LEVEL, n_folds - 1)

    def enter(self, places):
        """Say which (candidate, fold) the members of the next stack are."""
        self._candidates, self._folds = np.transpose(places)
        return self

    def on_epoch_end(self, net, **_):
        """Compare, and stop who is beaten; comes after BestEpoch."""
        best = dict(net.callbacks_)["best_epoch"]
        self._record(best, slice(net.epoch_ - 1, net.epoch_))
        if net.epoch_ < _FIRST_EPOCH:
            return
        beaten = self._beaten(net.epoch_)[self._candidates] & best.going()
        self.out_[self._candidates[beaten]] = True
        if beaten.any():
            best.stop(net, beaten)

    def on_train_end(self, net, **_):
        """Remember how the networks ended, for those of later slices."""
        best = dict(net.callbacks_)["best_epoch"]
        self._record(best, slice(max(net.epoch_, 1) - 1, None))

    def _record(self, best, epochs):
        losses = best.best_loss_.cpu().numpy()
        self._losses[self._candidates, self._folds, epochs] = losses[:, None]

    def _beaten(self, epoch):
        now = self._losses[:, :, epoch - 1]
        mean = np.where(self.out_, np.inf, now.mean(1))
        if not np.isfinite(mean).any():
            return np.zeros(len(mean), dtype=bool)
        leader = int(np.argmin(np.where(np.isfinite(mean), mean, np.inf)))
        behind = now - self._losses[leader, :, -(-epoch // 2) - 1]
        behind[~np.isfinite(behind)] = 0.0
        error = np.std(behind, axis=1, ddof=1) / np.sqrt(behind.shape[1])
        error_of_leader = now[leader].std(ddof=1) / np.sqrt(behind.shape[1])
        beaten = behind.mean(1) > np.maximum(self._critical * error, error_of_leader)
        beaten[leader] = False
        return beaten

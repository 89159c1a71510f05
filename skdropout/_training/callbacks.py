"""What goes on beside the steps: members stop, beaten ones leave, progress is shown."""

import numpy as np
import torch
from scipy.stats import t as student_t
from skorch.callbacks import Callback
from tqdm.auto import tqdm

from skdropout._stack import member_tensors, replace_members

# A stack is cut down once at most this share of its members still trains.
_SHRINK_AT = 0.9
# Of a race: the level of its tests, and when the first is made.
_LEVEL, _FIRST_EPOCH = 0.05, 4


class BestEpoch(Callback):
    """Stop each member on its own validation loss and give it back its best epoch.

    A member that has not improved by ``tol`` for ``patience`` epochs has stopped; its weights no
    longer matter, and once enough have stopped the stack goes on without them.

    Parameters
    ----------
    patience : int
    tol : float
        In units of the standardised loss.

    Attributes
    ----------
    best_loss_ : Tensor of shape (n_members,)
    best_epoch_ : Tensor of shape (n_members,)
    is_going : bool Tensor of shape (n_members,)
        In training, who has not stopped yet.
    """

    def __init__(self, patience, tol):
        self.patience = patience
        self.tol = tol

    def on_train_begin(self, net, **_):
        """Start from the weights there are, as worse than anything."""
        n_members, device = net.module_.n_members, net.device
        self.best_loss_ = torch.full((n_members,), torch.inf, device=device)
        self.best_epoch_ = torch.zeros(n_members, dtype=torch.long, device=device)
        self._bar, self._bar_epoch = self.best_loss_.clone(), self.best_epoch_.clone()
        self.is_going = torch.ones(n_members, dtype=torch.bool, device=device)
        self._whole = member_tensors(net.module_)
        self._best = [tensor.clone() for tensor in net.learnt()]

    def on_epoch_end(self, net, **_):
        """Remember the members that improved; leave out those that have stopped."""
        active = net.members_.to(net.device)
        loss = net.losses_["valid"].nan_to_num(nan=torch.inf).to(self.best_loss_.dtype)
        # a member that has stopped but is not cut off yet must not improve any more
        loss = loss.where(self.is_going[active], torch.inf)
        better = loss < self.best_loss_[active]
        epoch = torch.full_like(active, net.epoch_)
        best_loss = _merged(loss, self.best_loss_, active, better)
        best_epoch = _merged(epoch, self.best_epoch_, active, better)
        best = [
            _merged(now, old, active, better)
            for now, old in zip(net.learnt(), self._best, strict=True)
        ]
        # at once: Ctrl-C leaves the weights of one epoch, not layers of two
        self.best_loss_, self.best_epoch_, self._best = best_loss, best_epoch, best
        below = loss < self._bar[active] - self.tol
        self._bar = _merged(loss, self._bar, active, below)
        self._bar_epoch = _merged(epoch, self._bar_epoch, active, below)
        self.stop(net, net.epoch_ - self._bar_epoch >= self.patience)

    def going(self):
        """Say of each member of the whole stack whether it has not stopped yet."""
        return self.is_going.cpu().numpy()

    def stop(self, net, stopped):
        """Stop the members that ``stopped`` marks in the whole stack."""
        self.is_going &= ~torch.as_tensor(stopped, device=net.device)
        active = net.members_.to(net.device)
        going = self.is_going[active].cpu()
        n_going = int(going.sum())
        if not n_going:
            net.stop_training()
        elif n_going <= _SHRINK_AT * len(active):
            net.keep(going.nonzero().squeeze(1))

    def on_train_end(self, net, **_):
        """Put the whole stack back, every member at its best epoch."""
        replace_members(net.module_, self._whole)
        net.put_back(self._best)
        self.best_loss_, self.best_epoch_ = self.best_loss_.cpu(), self.best_epoch_.cpu()
        del self._whole, self._best, self._bar, self._bar_epoch, self.is_going


def _merged(new, old, members, chosen):
    """Return ``old`` with what is ``chosen`` of ``new`` in the place of these ``members``.

    To index by what is chosen does the same, and waits for a GPU to count it.
    """
    chosen = chosen.view(-1, *[1] * (old.dim() - 1))
    if len(members) == len(old):
        return torch.where(chosen, new, old)
    return old.index_copy(0, members, torch.where(chosen, new, old[members]))


class Curves(Callback):
    """Remember the validation losses of all members after each epoch; comes before BestEpoch.

    Attributes
    ----------
    losses_ : ndarray of shape (n_epochs, n_members)
        NaN where a member has stopped.
    """

    def on_train_begin(self, net, **_):
        self._losses = []

    def on_epoch_end(self, net, **_):
        is_going = dict(net.callbacks_)["best_epoch"].is_going
        self._losses.append((net.members_.numpy(), net.losses_["valid"], is_going.clone()))

    @property
    def losses_(self):
        found = []
        for members, losses, is_going in self._losses:
            of_all = np.full(len(is_going), np.nan)
            of_all[members] = losses.cpu()
            found.append(np.where(is_going.cpu(), of_all, np.nan))
        return np.array(found)


class Race(Callback):
    """Stop candidates whose validation losses are worse than the leader's were long ago.

    After each epoch, the fourth being the first, a candidate is compared with the one of least
    mean validation loss: its networks' least losses so far with those that the leader had after
    half as many epochs, fold by fold. It leaves if the mean difference is above zero by a
    one-sided paired t-test at the five per cent level, and above the standard error of the
    leader's mean. Networks with more dropout learn more slowly; half the time is what they are
    given for that.

    One race goes on over all slices of a grid: later ones also run against those that it was told
    of by ``learn``.

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

    def learn(self, other):
        """Take in what a race of the same candidates has seen of slices that this has not."""
        self.out_ |= other.out_
        self._losses = np.where(np.isnan(self._losses), other._losses, self._losses)

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


class ProgressBar(Callback):
    """One bar over the epochs, with the losses beside it.

    Parameters
    ----------
    name : str
        What is being done; the number of networks is added.
    stays : bool
        Whether the bar is left where it is at the end.
    """

    def __init__(self, name, stays=True):
        self.name, self.stays = name, stays

    def on_train_begin(self, net, **_):
        n = net.module_.n_members
        networks = f"{n} networks" if n > 1 else "1 network"
        self._bar = tqdm(
            desc=f"{self.name}, {networks}", total=net.max_epochs, unit="epoch", leave=self.stays
        )

    def on_epoch_end(self, net, **_):
        last = net.history[-1]
        shown = {name: f"{last[name]:.4g}" for name in ("train_loss", "valid_loss") if name in last}
        self._bar.set_postfix(shown, refresh=False)
        self._bar.update()

    def on_train_end(self, net, **_):
        self._bar.close()
        self._bar = None


class FitTasks(Callback):
    """Report every epoch as a task of the estimator's fit (``sklearn.callback``).

    Parameters
    ----------
    context : sklearn.callback.CallbackContext
        The context of the fit.
    data : dict
        ``estimator``, and ``X``, ``y`` and ``metadata`` as given to fit.
    found : callable
        ``found(net, net.snapshot())`` returns what the estimator would adopt of the net.
    """

    def __init__(self, context, data, found):
        self.context, self.data, self.found = context, data, found

    def on_epoch_begin(self, net, **_):
        self._task = self.context.subcontext(task_name="epoch")
        self._task.call_on_fit_task_begin(**self.data)

    def on_epoch_end(self, net, **_):
        def reconstruction_attributes():
            return self.found(net, net.snapshot())

        if self._task.call_on_fit_task_end(
            **self.data, reconstruction_attributes=reconstruction_attributes
        ):
            net.stop_training()

"""Early stopping, each member of a stack for itself."""

import torch
from skorch.callbacks import Callback

from skdropout._networks import copy_members, replace_members

__all__ = ["BestEpoch"]

# A stack is cut down once at most this share of its members still trains.
_SHRINK_AT = 0.9


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
        self._going = torch.ones(n_members, dtype=torch.bool, device=device)
        self._best = copy_members(net.module_)

    def on_epoch_end(self, net, **_):
        """Remember the members that improved; leave out those that have stopped."""
        active = net.members_.to(net.device)
        loss = net.losses_["valid"].nan_to_num(nan=torch.inf).to(self.best_loss_.dtype)
        # a member that has stopped but is not cut off yet must not improve any more
        loss = loss.where(self._going[active], torch.inf)
        better = loss < self.best_loss_[active]
        improved = active[better]
        self.best_loss_[improved] = loss[better]
        self.best_epoch_[improved] = net.epoch_
        for best, now in zip(self._best, copy_members(net.module_), strict=True):
            best[improved] = now[better]
        below = loss < self._bar[active] - self.tol
        self._bar[active[below]] = loss[below]
        self._bar_epoch[active[below]] = net.epoch_
        self.stop(net, net.epoch_ - self._bar_epoch >= self.patience)

    def going(self):
        """Say of each member of the whole stack whether it has not stopped yet."""
        return self._going.cpu().numpy()

    def stop(self, net, stopped):
        """Stop the members that ``stopped`` marks in the whole stack."""
        self._going &= ~torch.as_tensor(stopped, device=net.device)
        active = net.members_.to(net.device)
        going = self._going[active]
        n_going = int(going.sum())
        if not n_going:
            raise KeyboardInterrupt
        if n_going <= _SHRINK_AT * len(active):
            net.keep(going.nonzero().squeeze(1))

    def on_train_end(self, net, **_):
        """Put the whole stack back, every member at its best epoch."""
        if self.best_epoch_.any():
            replace_members(net.module_, self._best)
        self.best_loss_, self.best_epoch_ = self.best_loss_.cpu(), self.best_epoch_.cpu()
        del self._best, self._bar, self._bar_epoch, self._going

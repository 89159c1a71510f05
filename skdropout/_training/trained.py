"""What becomes of the members of a net once training is over."""

import torch

from skdropout._stack import member_tensors, replace_members, select_members

_OF_MEMBERS = "seeds", "paces", "schedules", "batch_size"


class Trained:
    """A base of ``StackNet``."""

    def keep_for_good(self, members):
        """Become the net of some members alone, given by their places, once training is over."""
        select_members(self.module_, torch.as_tensor(members, device=self.device))
        for name in _OF_MEMBERS:
            setattr(self, name, [getattr(self, name)[k] for k in members])
        self.members_ = torch.arange(len(members))
        best = dict(self.callbacks_).get("best_epoch")
        if best is not None:
            best.best_loss_, best.best_epoch_ = best.best_loss_[members], best.best_epoch_[members]
        return self

    def join(self, others):
        """Take in the members of other nets like this one, once training is over."""
        nets = [self, *others]
        tensors = zip(*(member_tensors(net.module_) for net in nets), strict=True)
        replace_members(self.module_, [torch.cat(parts) for parts in tensors])
        for name in _OF_MEMBERS:
            setattr(self, name, [entry for net in nets for entry in getattr(net, name)])
        self.members_ = torch.arange(self.module_.n_members)
        best = [dict(net.callbacks_).get("best_epoch") for net in nets]
        if best[0] is not None:
            best[0].best_loss_ = torch.cat([part.best_loss_ for part in best])
            best[0].best_epoch_ = torch.cat([part.best_epoch_ for part in best])
        return self

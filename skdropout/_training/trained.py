"""What becomes of the members of a net once training is over."""

import copy

import torch

from skdropout._stack import member_tensors, replace_members, select_members, sliced

_OF_MEMBERS = "seeds", "paces", "schedules", "batch_size"


class Trained:
    """A base of ``StackNet``."""

    def snapshot(self, members=None):
        """Return a net that predicts as this one does now, by all or some of its members.

        Parameters
        ----------
        members : slice, default=None
            Which of the members now in training; these are not copied. None copies all.
        """
        net = object.__new__(type(self))  # copy.copy would pickle
        vars(net).update(vars(self))
        module = sliced(self.module_, slice(None) if members is None else members)
        vars(net).update(history_=copy.copy(self.history_), callbacks=[], callbacks_=[])
        vars(net).update(module_=module, module=module)
        net.finish()
        if members is None:
            vars(net).update(module_=copy.deepcopy(module))
        return net

    def finish(self, keeps_moments=False):
        """Let go of what only training needs."""
        self.module_.eval().stop_dropping()
        self.module_.settle()
        for parameter in self.module_.parameters():  # they lay in one tensor
            parameter.data, parameter.grad = parameter.detach().contiguous(), None
        self.moments_ = self.optimizer_.moments() if keeps_moments else None
        self.rows_valid = self._train = self._valid = self._inputs = self._factors = None
        self.optimizer_ = self.masks = None
        self.estimator_so_far = None
        # these refer to the data and to the estimator
        passing = ("progress_bar", "fit_tasks", "curves", "race")
        self.callbacks = self.callbacks_ = [
            (name, callback) for name, callback in self.callbacks_ if name not in passing
        ]
        return self

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

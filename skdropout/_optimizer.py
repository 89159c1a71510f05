"""AdamW for a stack whose members may differ in their number of steps."""

from itertools import groupby

import torch

__all__ = ["StackAdamW"]

_MOMENTS = ("exp_avg", "exp_avg_sq")


class StackAdamW(torch.optim.AdamW):
    """AdamW whose moments and step counts are each member's own.

    Members with more rows take more steps an epoch than the others. Neighbours in the stack with
    equally many steps form a run; each run is a slice of every parameter, and a run that has
    finished its epoch gets no gradient, so AdamW leaves its weights, moments and count alone.
    With equal steps, the usual case, there is one run and the slice is the parameter itself.

    Parameters
    ----------
    decayed, free : list of nn.Parameter
        Parameters with and without weight decay; members along the first axis.
    steps : list of int
        Steps an epoch of each member.
    lr, weight_decay : float
    fused : bool
    """

    def __init__(self, decayed, free, steps, *, lr, weight_decay, fused):
        self._kinds = ((decayed, weight_decay), (free, 0.0))
        super().__init__(self._runs(steps), lr=lr, fused=fused)

    def _runs(self, steps):
        groups, start = [], 0
        for n_steps, run in groupby(steps):
            stop = start + len(list(run))
            for wholes, weight_decay in self._kinds:
                groups.append(
                    {
                        "params": [_slice(whole, start, stop) for whole in wholes],
                        "wholes": wholes,
                        "members": slice(start, stop),
                        "steps": n_steps,
                        "weight_decay": weight_decay,
                    }
                )
            start = stop
        return groups

    def zero_grad(self, set_to_none=True):
        """Forget all gradients."""
        for wholes, _ in self._kinds:
            for whole in wholes:
                whole.grad = None

    def step_of_epoch(self, step):
        """Update the members that have a batch at this ``step`` of the epoch."""
        if len(self.param_groups) > len(self._kinds):
            for group in self.param_groups:
                idle = step >= group["steps"]
                for part, whole in zip(group["params"], group["wholes"], strict=True):
                    part.grad = None if idle else whole.grad[group["members"]]
        self.step()

    def select(self, members, steps):
        """Follow parameters that were cut down to ``members``, which take ``steps`` an epoch."""
        moments, counts = {}, []
        for group in self.param_groups:
            for part, whole in zip(group["params"], group["wholes"], strict=True):
                state = self.state[part]
                for name in _MOMENTS:
                    moments.setdefault((whole, name), []).append(state[name])
            run = group["members"]
            counts[run] = [state["step"]] * (run.stop - run.start)
        moments = {key: torch.cat(parts)[members] for key, parts in moments.items()}
        counts = [counts[k] for k in members.tolist()]
        lr = self.param_groups[0]["lr"]
        self.state.clear()
        self.param_groups.clear()
        for group in self._runs(steps):
            self.add_param_group({**group, "lr": lr})
            run = group["members"]
            for part, whole in zip(group["params"], group["wholes"], strict=True):
                self.state[part] = {name: moments[whole, name][run].clone() for name in _MOMENTS}
                self.state[part]["step"] = counts[run.start].clone()


def _slice(whole, start, stop):
    return whole if stop - start == len(whole) else whole.detach()[start:stop]

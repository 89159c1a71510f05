"""AdamW for a stack whose members may differ in their number of steps."""

from itertools import groupby

import torch

_MOMENTS = ("exp_avg", "exp_avg_sq")


class StackAdamW(torch.optim.AdamW):
    """AdamW whose moments and step counts are each member's own.

    Members with more rows take more steps an epoch than the others. Neighbours in the stack with
    equally many steps form a run; each run is a slice of every parameter, and a run that has
    finished its epoch gets no gradient, so AdamW leaves its weights, moments and count alone.
    With equal steps, the usual case, there is one run and the slice is the parameter itself.

    Parameters
    ----------
    parameters : list of nn.Parameter
        Members along the first axis.
    steps : list of int
        Steps an epoch of each member.
    lr, weight_decay : float
    fused : bool
    """

    def __init__(self, parameters, steps, *, lr, weight_decay, fused):
        self._wholes = parameters
        super().__init__(self._runs(steps), lr=lr, weight_decay=weight_decay, fused=fused)

    def _runs(self, steps):
        runs, start = [], 0
        for n_steps, run in groupby(steps):
            stop = start + len(list(run))
            params = [_slice(whole, start, stop) for whole in self._wholes]
            runs.append({"params": params, "members": slice(start, stop), "steps": n_steps})
            start = stop
        return runs

    def zero_grad(self, set_to_none=True):
        """Forget all gradients."""
        for whole in self._wholes:
            whole.grad = None

    def step_of_epoch(self, step):
        """Update the members that have a batch at this ``step`` of the epoch."""
        if len(self.param_groups) > 1:
            for run in self.param_groups:
                idle = step >= run["steps"]
                for part, whole in zip(run["params"], self._wholes, strict=True):
                    part.grad = None if idle else whole.grad[run["members"]]
        self.step()

    def select(self, members, places, steps):
        """Follow parameters that were cut down to ``members``, which take ``steps`` an epoch.

        ``members`` is on the parameters' device, ``places`` the same as a list.
        """
        moments, counts = self.moments()
        options = {name: self.param_groups[0][name] for name in self.defaults}
        self.state.clear()
        self.param_groups.clear()
        for run in self._runs(steps):
            self.add_param_group({**run, **options})
        self.take_up(
            [{name: m[members] for name, m in of_whole.items()} for of_whole in moments],
            [counts[k] for k in places],
        )

    def moments(self):
        """Return what AdamW remembers.

        Returns
        -------
        moments : list of dict of str to Tensor
            For each parameter, members along the first axis; empty where it never had a gradient.
        counts : list of Tensor
            Steps taken by each member.
        """
        moments, counts = [], []
        for parts in zip(*(run["params"] for run in self.param_groups), strict=True):
            states = [self.state[part] for part in parts]
            names = _MOMENTS if all(states) else ()
            moments.append({name: torch.cat([s[name] for s in states]) for name in names})
        for run in self.param_groups:
            states = (self.state[part] for part in run["params"])
            step = next((state["step"] for state in states if state), torch.zeros(()))
            counts += [step] * (run["members"].stop - run["members"].start)
        return moments, counts

    def take_up(self, moments, counts):
        """Go on with the ``moments`` of an earlier optimiser of the same parameters."""
        for run in self.param_groups:
            for part, of_whole in zip(run["params"], moments, strict=True):
                if of_whole:
                    self.state[part] = {
                        name: m[run["members"]].to(part.device, copy=True)
                        for name, m in of_whole.items()
                    }
                    step = counts[run["members"].start]
                    # only a fused optimiser counts on the device
                    self.state[part]["step"] = step.to(
                        part.device if self.defaults["fused"] else "cpu", copy=True
                    )


def moments_on(device, moments):
    """Return ``moments`` as :meth:`StackAdamW.moments` gives them, on ``device``."""
    of_parameters, counts = moments
    return (
        [{name: m.to(device) for name, m in of_whole.items()} for of_whole in of_parameters],
        [count.to(device) for count in counts],
    )


def _slice(whole, start, stop):
    return whole if stop - start == len(whole) else whole.detach()[start:stop]

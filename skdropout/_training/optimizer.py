"""AdamW for a stack whose members may differ in their number of steps."""

import math
from itertools import groupby
from typing import NamedTuple

import torch
from torch.nn.functional import hardshrink
from torch.optim.adamw import adamw

# Moments of a unit that is never on halve and halve, and arithmetic on numbers that have become
# denormal takes several times as long. Smaller ones than this move no weight; they are zeroed
# every so many steps, before they get there.
_NOTHING, _EVERY = 1e-30, 64
_WARM_UP = 0.05
_OPTIONS = {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "amsgrad": False, "maximize": False}


class Pace(NamedTuple):
    """How fast a member learns.

    Attributes
    ----------
    lr : float
        Its largest learning rate.
    weight_decay : float
    schedule : {"constant", "cosine"}
    """

    lr: float
    weight_decay: float = 0.0
    schedule: str = "constant"

    def at(self, progress):
        """Return the learning rate after a share of the steps: a short rise, then a cosine fall."""
        rise = min(1.0, (progress + 1e-3) / _WARM_UP)
        return self.lr * rise * (1 + math.cos(math.pi * min(progress, 1.0))) / 2


class StackAdamW(torch.optim.Optimizer):
    """AdamW [1]_ whose moments, step counts and paces are each member's own.

    All parameters lie in one tensor, and so do their gradients and either moment: a row for each
    member, so that a step is one call whatever the number of layers. The parameters that the
    network knows are views into it.

    Members with more rows take more steps an epoch than the others. Neighbours in the stack with
    equally many steps and the same pace form a run, a slice of rows; a run that has finished its
    epoch is left alone. Where members are alike, the usual case, there is one run.

    Parameters
    ----------
    parameters : list of nn.Parameter
        Members along the first axis.
    steps : list of int
        Steps an epoch of each member.
    paces : list of Pace
        One for each member.
    fused : bool
    by_hand : iterable of nn.Parameter
        Those whose gradients the network itself writes to where ``grad`` is. Autograd would rather
        not have gradients in one tensor: it makes those of the others, see ``collect``.

    Attributes
    ----------
    values, gradients : Tensor of shape (n_members, n_numbers)

    References
    ----------
    .. [1] I. Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization", ICLR 2019.
    """

    def __init__(self, parameters, steps, paces, *, fused, by_hand=()):
        if not parameters:
            raise ValueError("optimizer got an empty parameter list")
        self._parameters, self._fused = parameters, fused
        self._by_hand = set(by_hand)
        self._lay_out()
        self._first = torch.zeros_like(self.values)
        self._second = torch.zeros_like(self.values)
        counts = [torch.zeros((), device=self.values.device if fused else "cpu")] * len(steps)
        self._n_taken = self._step_of_epoch = 0
        super().__init__(self._runs(steps, paces, counts), {"lr": None, "weight_decay": None})

    def add_param_group(self, param_group):
        """Add a run. torch's own does as much, and first imports its compiler, for a second."""
        self.param_groups.append({**self.defaults, **param_group})

    def _lay_out(self):
        """Move the parameters into one tensor, and their gradients into another."""
        self._shapes = [p.shape[1:] for p in self._parameters]
        self.values = torch.cat([p.detach().reshape(len(p), -1) for p in self._parameters], 1)
        self.gradients = torch.zeros_like(self.values)
        parts = self.views(self.values), self.views(self.gradients)
        for parameter, value, gradient in zip(self._parameters, *parts, strict=True):
            parameter.data, parameter.grad = value, gradient
        pairs = zip(self._parameters, parts[1], strict=True)
        self._by_autograd = [pair for pair in pairs if pair[0] not in self._by_hand]

    def views(self, of_all):
        """Return the parts of a tensor like ``values``, in the parameters' shapes."""
        parts = of_all.split([shape.numel() for shape in self._shapes], 1)
        return [p.view(len(p), *shape) for p, shape in zip(parts, self._shapes, strict=True)]

    def write(self, values):
        """Let the parameters be ``values``, of whatever members, and train no more."""
        for parameter, value in zip(self._parameters, self.views(values), strict=True):
            parameter.data, parameter.grad = value, None

    def _runs(self, steps, paces, counts):
        runs, start = [], 0
        for (n_steps, pace), run in groupby(zip(steps, paces, strict=True)):
            members = slice(start, start + len(list(run)))
            start = members.stop
            runs.append(
                {
                    "params": [self.values[members]],
                    "members": members,
                    "steps": n_steps,
                    "pace": pace,
                    "lr": pace.lr,
                    "weight_decay": pace.weight_decay,
                    "count": counts[members.start].clone(),
                }
            )
        return runs

    def zero_grad(self, set_to_none=True):
        """Forget the gradients that autograd adds up; others are written anew in each step."""
        for parameter, _ in self._by_autograd:
            parameter.grad = None

    def collect(self):
        """Put the gradients that autograd made where the others are."""
        for parameter, gradient in self._by_autograd:
            of_step = parameter.grad
            gradient.zero_() if of_step is None else gradient.copy_(of_step)
            parameter.grad = gradient

    def step_of_epoch(self, step):
        """Update the members that have a batch at this ``step`` of the epoch."""
        self._step_of_epoch = step
        # torch's wrapper around step() takes a tenth of a small step; schedulers look for one call
        self._update() if self._n_taken else self.step()

    @torch.no_grad()
    def step(self, closure=None):
        """Update the members that are not idle."""
        self._update()

    def _update(self):
        for run in self.param_groups:
            if self._step_of_epoch < run["steps"]:
                members = run["members"]
                beside = self.gradients, self._first, self._second
                tensors = run["params"], *([part[members]] for part in beside)
                options = {name: run[name] for name in self.defaults} | _OPTIONS
                if self._fused:
                    # adamw() does the same, after a tenth of a small step's time
                    run["count"] += 1
                    torch._fused_adamw_(*tensors, [], [run["count"]], **options)
                else:
                    adamw(*tensors, [], [run["count"]], **options)
        self._n_taken += 1
        if self._n_taken % _EVERY == 0:
            for moment in (self._first, self._second):
                moment.copy_(hardshrink(moment, _NOTHING))

    def select(self, members, places, steps):
        """Follow parameters that were cut down to ``members``, which take ``steps`` an epoch.

        ``members`` is on the parameters' device, ``places`` the same as a list.
        """
        *moments, counts = self.moments()
        self._first, self._second = (moment[members] for moment in moments)
        paces, rates = self._of_members("pace"), self._of_members("lr")
        self._lay_out()
        self.param_groups[:] = self._runs(
            steps, [paces[k] for k in places], [counts[k] for k in places]
        )
        for run in self.param_groups:
            run["lr"] = rates[places[run["members"].start]]

    def moments(self):
        """Return what AdamW remembers.

        Returns
        -------
        first, second : Tensor of shape (n_members, n_numbers)
        counts : list of Tensor
            Steps taken by each member.
        """
        return self._first, self._second, self._of_members("count")

    def _of_members(self, name):
        of_members = []
        for run in self.param_groups:
            of_members += [run[name]] * (run["members"].stop - run["members"].start)
        return of_members

    def take_up(self, first, second, counts):
        """Go on with the moments of an earlier optimiser of the same parameters."""
        self._first.copy_(first)
        self._second.copy_(second)
        for run in self.param_groups:
            run["count"].copy_(counts[run["members"].start])


def moments_on(device, moments):
    """Return ``moments`` as :meth:`StackAdamW.moments` gives them, on ``device``."""
    first, second, counts = moments
    return first.to(device), second.to(device), [count.to(device) for count in counts]

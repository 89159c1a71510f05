"""How rates of dropout go over a training: factors, from its first step to its last."""

import math
from dataclasses import dataclass, replace

import numpy as np
import torch

from skdropout._stack.layers import KeepLaw

# So many factors stand for a training: at the start of each epoch there is one, if they suffice.
_LEAST, _MOST = 1000, 10_000
_SHARE = 1 / 3

SCHEDULES = {
    "constant": lambda progress: 1.0,
    "early": lambda progress: max(0.0, 1 - progress / _SHARE),
    "late": lambda progress: float(progress >= _SHARE),
    "decay": lambda progress: (1 + math.cos(2 * math.pi * max(0.0, progress - 0.5))) / 2,
    "ramp": lambda progress: min(1.0, 2 * progress),
}


def factors_of(schedule, n_epochs):
    """Return what rates are multiplied by at equal distances over a training.

    Parameters
    ----------
    schedule : str or callable
        A key of ``SCHEDULES``, or a function of progress from 0 to 1.
    n_epochs : int

    Returns
    -------
    factors : ndarray of shape (n_places,)

    Raises
    ------
    ValueError
        If a callable gives what is no number in [0, 1].
    """
    n_epochs = int(n_epochs)
    n_places = min(n_epochs * -(-_LEAST // n_epochs), _MOST)
    progress = [k / n_places for k in range(n_places)]
    if isinstance(schedule, str):
        return np.array([SCHEDULES[schedule](done) for done in progress])
    return np.array([_checked(schedule, done) for done in progress])


def _checked(factor, progress):
    try:
        value = float(factor(progress))
    except Exception as error:
        raise ValueError(
            f"dropout_schedule={factor!r} fails at progress={progress:.3g} of the training: "
            f"{error}. Give a function of one number that returns one."
        ) from error
    if not 0 <= value <= 1:
        raise ValueError(
            f"dropout_schedule={factor!r} returns {value:.3g} at progress={progress:.3g} of the "
            "training; dropout rates are multiplied by it, so give a function with values in "
            "[0, 1]."
        )
    return value


@dataclass(frozen=True, eq=False)
class Factors:
    """What the rates of networks are multiplied by over their training.

    Attributes
    ----------
    of_units, of_columns : ndarray of shape (n_places, n_members)
    n_epochs : int
    """

    of_units: np.ndarray
    of_columns: np.ndarray
    n_epochs: int

    @classmethod
    def of(cls, schedules, n_epochs):
        """Return the factors of a training, or None if no rate ever changes.

        Parameters
        ----------
        schedules : list of (units, columns)
            For each network what ``factors_of`` takes, twice.
        n_epochs : int
        """
        if all(schedule == "constant" for pair in schedules for schedule in pair):
            return None
        distinct = {id(schedule): schedule for pair in schedules for schedule in pair}
        known = {key: factors_of(schedule, n_epochs) for key, schedule in distinct.items()}
        units, columns = (
            np.stack([known[id(schedule)] for schedule in part], 1)
            for part in zip(*schedules, strict=True)
        )
        return cls(units, columns, int(n_epochs))

    def select(self, members):
        """Return the factors of some of the networks."""
        members = np.asarray(members)
        units, columns = self.of_units[:, members], self.of_columns[:, members]
        return replace(self, of_units=units, of_columns=columns)

    def place(self, epoch, step, n_steps):
        """Return the place of a step: a number, or one for each network if ``n_steps`` differ.

        Parameters
        ----------
        epoch, step : int
            From zero.
        n_steps : list of int
            Steps an epoch of each network.
        """
        n_places = len(self.of_units)
        places = [
            (epoch * n + min(step, n - 1)) * n_places // (self.n_epochs * n) for n in {*n_steps}
        ]
        if len(places) == 1:
            return places[0]
        of_steps = dict(zip({*n_steps}, places, strict=True))
        return np.array([of_steps[n] for n in n_steps])


class Laws:
    """The laws by which masks are drawn over a training.

    Parameters
    ----------
    rates : Tensor of shape (n_members,)
    factors : ndarray of shape (n_places, n_members) or None
        None: rates are the same throughout, at the place 0.
    device, dtype : of the masks
    """

    def __init__(self, rates, factors, device, dtype):
        rates = rates.double().numpy()
        rates = rates[None] if factors is None else rates * factors
        self._is_on = rates.any(1).tolist()
        if any(self._is_on):
            flat = KeepLaw.from_rates(rates.ravel(), device, dtype)
            self._threshold = flat.threshold.reshape(*rates.shape, 1, 1)
            self._scale = flat.scale.view(*rates.shape, 1, 1)

    def at(self, place):
        """Return the law at a place as ``Factors.place`` gives it; None drops nothing."""
        place = _index(place, self._is_on)
        return None if place is None else KeepLaw(self._threshold[place], self._scale[place])


class Strengths:
    """Factors as tensors over a training, (n_members, 1, 1) at each place.

    Parameters
    ----------
    factors : ndarray of shape (n_places, n_members) or None
        None: they are one throughout, at the place 0.
    like : Tensor of shape (n_members, 1, 1)
        Of their device and precision.

    Attributes
    ----------
    numbers : ndarray of shape (n_places, n_members)
        The same on the host.
    """

    def __init__(self, factors, like):
        self.numbers = np.ones((1, len(like))) if factors is None else factors
        self._is_on = self.numbers.any(1).tolist()
        if factors is None:
            self._factors = torch.ones_like(like)[None]
        else:
            self._factors = torch.as_tensor(factors)[..., None, None].to(like)

    def at(self, place):
        """Return the factors at a place as ``Factors.place`` gives it; None if all are zero."""
        place = _index(place, self._is_on)
        return None if place is None else self._factors[place]


def _index(place, is_on):
    """Return the index of a place in an array (n_places, n_members, ...); None if all is off."""
    if isinstance(place, int):
        return place if is_on[place] else None
    return (place, np.arange(len(place))) if any(is_on[k] for k in place) else None

"""What a fit has read before anything is trained, and how an estimator adopts what it found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import torch

from skdropout._device import draw_seeds
from skdropout._estimators.screening import Screening, screen
from skdropout._stack import Member
from skdropout._table import TableEncoder, TableTensors
from skdropout._version import __version__, unpickled


def _is_fitted(name: str) -> bool:
    return name in ("_plan", "_predictor", "_known") or (
        name.endswith("_") and not name.startswith("__")
    )


class Adopting:
    """A base whose ``fit`` works on values and changes the estimator once, at its end.

    So a fit that fails, whenever it fails, has changed nothing.
    """

    def _bare(self) -> Self:
        """Return the estimator as it was before any fit, with the same parameters."""
        return type(self)(**self.get_params(deep=False))

    def _seen(self) -> dict[str, Any]:
        """Return the number of columns that it was shown and, if they have any, their names."""
        names = ("n_features_in_", "feature_names_in_")
        return {name: getattr(self, name) for name in names if hasattr(self, name)}

    def _adopt(self, found: dict[str, Any]) -> Self:
        """Become what a fit has ``found``; what an earlier fit left goes."""
        kept = {name: value for name, value in vars(self).items() if not _is_fitted(name)}
        self.__dict__ = {**kept, **found}
        return self

    def __reduce__(self):
        """Let pickles begin with the version that makes them, before anything that may change."""
        return unpickled, (type(self), __version__), self.__getstate__()

    def __getstate__(self):
        """Add the version, as scikit-learn does for its own estimators."""
        return {**super().__getstate__(), "_skdropout_version": __version__}

    def __setstate__(self, state):
        """Refuse the state of a version that did not say which it is."""
        state = dict(state)
        if state.pop("_skdropout_version", None) is None:
            unpickled(type(self), None)
        super().__setstate__(state)


@dataclass(frozen=True, eq=False)
class Plan:
    """How a table and its target become a stack of networks, and predictions the user's.

    Attributes
    ----------
    seen : dict of str to object
        ``n_features_in_`` and, if the columns have names, ``feature_names_in_``.
    encoder : TableEncoder
        Reads the columns.
    target : Values, Classes or Labels
        Reads targets, and knows their loss and their units.
    terms : dict of str to object
        Parameters that a later call must agree with to go on from the same networks.
    hidden_layer_sizes : tuple of int
    dims : list of int
        Length of the vectors of each categorical column.
    recipes : list of dict of str to object
        For each network what its ``Member`` takes besides seed and rows; None where that is to be
        chosen.
    device : torch.device
    screening : Screening
        Which columns the encoder still reads, and why; None in pickles of earlier versions.
    weights : ndarray of shape (n_networks,) or None
        What each network counts, in sum one; None: equally much.
    tried : dict of Recipe to dict, or None
        What the members took of each recipe that was tried, kept or not; None: nothing was.
    kinds : list of Recipe or None
        The recipe of each network that was kept.
    unseen : list of ndarray or None
        The rows that each network was not trained on, where that is remembered.
    conformal : Intervals, Sets or None
        What networks of folds say of rows that they did not see, to cover new ones by.
    """

    seen: dict[str, Any]
    encoder: TableEncoder
    target: Any
    terms: dict[str, Any]
    hidden_layer_sizes: tuple[int, ...]
    dims: list[int]
    recipes: list[dict[str, Any]] | None
    device: torch.device
    screening: Screening | None = None
    weights: np.ndarray | None = None
    tried: dict[Any, dict[str, Any]] | None = None
    kinds: list[Any] | None = None
    unseen: list[np.ndarray] | None = None
    conformal: Any = None

    @property
    def fitted(self):
        """The public attributes that are known before training."""
        kept = {"kept_columns_": self.screening.kept}
        return {**self.seen, **self.target.fitted, "device_": self.device, **kept}

    def of_networks(self, places, module):
        """Return the public attributes that say what networks there are, given by their places.

        ``module`` is their stack, which knows the rates that were learnt.
        """
        weights = np.ones(len(places)) if self.weights is None else self.weights[places]
        weights = weights / weights.sum()
        found = {"member_weights_": weights}
        if self.recipes is not None:
            rates = np.array([self.recipes[k]["dropout"] for k in places])
            mean = rates[0] if (rates == rates[0]).all() else weights @ rates
            is_one_number = len({*mean.tolist()}) <= 1
            found["dropout_"] = float(mean.max(initial=0.0)) if is_one_number else mean
            if "input_dropout" in self.recipes[0]:
                of_columns = [self.recipes[k]["input_dropout"] for k in places]
                found["input_dropout_"] = float(weights @ of_columns)
        of_units, of_columns = module.rates_learnt()
        if of_units is not None:
            found["dropout_"] = weights @ of_units
        if of_columns is not None:
            rates = np.full(self.seen["n_features_in_"], np.nan)
            rates[sorted([*self.encoder.numeric_, *self.encoder.categorical_])] = (
                weights @ of_columns
            )
            found["input_dropout_"] = rates
        return found

    def test(self, table, rows):
        """Test which columns tell something of the target on some rows of the table."""
        sample, rows = table.sample, table.looked_at(rows)
        parts = sample.numeric, sample.codes, sample.target, sample.weight
        numeric, codes, target, weight = (
            None if part is None else part[rows].numpy() for part in parts
        )
        return screen(self.encoder, numeric, codes, self.target.explained(target), weight)

    def only(self, screening, table):
        """Return the plan and the table with the columns alone that a screening keeps."""
        plan = replace(self, screening=screening)
        if screening.kept[[*self.encoder.numeric_, *self.encoder.categorical_]].all():
            return plan, table
        encoder, numeric, codes = self.encoder.only(screening.kept)
        dims = [self.dims[c] for c in codes]
        return replace(plan, encoder=encoder, dims=dims), table.only(numeric, codes)

    def for_folds(self, screenings, table):
        """Return plan and table with the columns that any fold keeps, and a plan for each fold.

        What others alone keep is typical for a fold's networks all the time.
        """
        kept = np.any([screening.kept for screening in screenings], axis=0)
        plan, table = self.only(Screening(kept), table)
        return plan, table, [replace(plan, screening=screening) for screening in screenings]


@dataclass(frozen=True, eq=False)
class TrainingData:
    """The rows of one fit: those to train on first, then those the user gave to stop by.

    Attributes
    ----------
    table : TableTensors
    n_train : int
    """

    table: TableTensors
    n_train: int

    def members(self, recipes, random_state, *, fraction, split, n_passes=0):
        """Draw what each network trains on and stops by; return this and a seed for masks.

        Parameters
        ----------
        recipes : list of dict
        random_state : int, RandomState or None
        fraction : float or None
            Share of the rows to stop by, where none are given; None sets none aside.
        split : callable
            ``split(n_rows, fraction, strata, seed)`` returns rows to train on and to stop by.
        n_passes : int
            How many times seeds were drawn for these networks before.
        """
        n_rows = len(self.table.target)
        if fraction is not None and n_rows < 2:
            raise ValueError(
                f"n_samples={n_rows} cannot be split into training and validation rows; give "
                "more rows, or set early_stopping=False."
            )
        n_seeds = len(recipes) + 1
        *seeds, mask_seed = draw_seeds(random_state, (n_passes + 1) * n_seeds)[-n_seeds:]
        train, valid = np.arange(self.n_train), np.arange(self.n_train, n_rows)
        members = []
        for seed, of_member in zip(seeds, recipes, strict=True):
            if fraction is not None and self.n_train == n_rows:
                train, valid = split(n_rows, fraction, self.table.strata, seed)
            members.append(Member(seed, train, valid, **of_member))
        return members, mask_seed


def check_same_terms(terms, former):
    """Refuse to go on from networks of ``former`` terms if these ask for others."""
    for name, value in terms.items():
        had = former.get(name, value)  # none in pickles of earlier versions
        if not _equal(value, had):
            raise ValueError(
                f"{name}={value!r}, but the networks to go on from have {had!r}; give the "
                "same, or fit anew with warm_start=False."
            )


def _equal(one, other):
    try:
        return bool(np.all(one == other))
    except ValueError:  # arrays of different shapes
        return False

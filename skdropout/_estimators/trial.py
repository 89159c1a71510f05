"""Networks of several recipes, weighed by rows that they never saw."""

from itertools import pairwise
from math import ceil

import numpy as np
import torch

from skdropout._estimators.weighing import weights_of_predictions
from skdropout._stack import predict_rows
from skdropout._table import Rows

# So many recipes are kept, each of whose weights is worth its networks.
_KEPT, _LEAST = 2, 0.1


def n_folds(n_members, fraction):
    """Return how many networks each recipe has, that is parts of the rows they are weighed by."""
    return max(1, min(ceil(n_members / _KEPT), int(1 / fraction)))


def disjoint(n_rows, fraction, strata, seed, n_parts):
    """Return (train, valid) row numbers of parts that have no validation rows in common.

    Each has a share ``fraction`` of the rows or a little more, classes in proportion; rows that are
    their class's only ones are trained on. There are fewer than ``n_parts`` where there are too few
    rows.
    """
    order = np.random.default_rng(seed).permutation(n_rows)
    part = np.arange(n_rows) % min(max(int(1 / fraction), 2), n_rows)
    if strata is not None:
        order = order[np.argsort(strata[order], kind="stable")]
        _, places, counts = np.unique(strata[order], return_inverse=True, return_counts=True)
        is_alone = counts[places] == 1
        part[is_alone & ~is_alone.all()] = -1
    of_row = np.empty(n_rows, dtype=int)
    of_row[order] = part
    parts = range(min(n_parts, part.max() + 1))
    return [(np.flatnonzero(of_row != k), np.flatnonzero(of_row == k)) for k in parts]


def flattery_of(curves):
    """Return by how much networks' losses are too small on the rows that they stop by.

    A network that does not stop at its own best epoch, but at that of a recipe's mean curve, is
    worse there by what the choice of an epoch has fitted to the rows. The mean curve's epoch has
    fitted them too, a little: as the mean of ``n``, the share ``1 / n``.

    Parameters
    ----------
    curves : ndarray of shape (n_recipes, n_epochs, n_networks)
        Losses after each epoch, NaN after a network has stopped.

    Returns
    -------
    flattery : ndarray of shape (n_recipes, n_networks)
    """
    n_recipes, _, n_networks = curves.shape
    if n_networks == 1:
        return np.zeros((n_recipes, 1))
    curves = curves.copy()
    for before, now in pairwise(range(curves.shape[1])):
        stopped = np.isnan(curves[:, now])
        curves[:, now][stopped] = curves[:, before][stopped]
    in_common = curves.mean(2).argmin(1)
    gain = curves[np.arange(n_recipes), in_common] - curves.min(1)
    return np.where(np.isfinite(gain), gain, 0.0) * n_networks / (n_networks - 1)


class Trial:
    """Recipes whose networks are trained side by side, those of one recipe being neighbours.

    The networks of a recipe stop by different rows, and these are the rows of all recipes: so each
    recipe predicts them without having seen them.

    Parameters
    ----------
    n_recipes : int
    members : list of Member
        Equally many of each recipe.
    table : TableTensors
    criterion : loss of the stack
    corrects : bool
        Whether losses are corrected for what the choice of an epoch has fitted to the rows. That is
        worth it for few rows alone: recipes that fit more also gain more from averaging, which one
        network's loss does not show, and on many rows the two are about equal.
    """

    def __init__(self, n_recipes, members, table, criterion, corrects):
        self.n_recipes, self._table, self._criterion = n_recipes, table, criterion
        self._corrects = corrects
        self.n_turns = len(members) // n_recipes
        self._recipe_of, self._turn_of = np.divmod(np.arange(len(members)), self.n_turns)
        self._valid = [torch.as_tensor(member.valid) for member in members]
        self._rows = torch.cat(self._valid).unique()

    def unseen(self, places):
        """Return the rows that networks, given by their places, were not trained on."""
        return [self._valid[k].numpy() for k in places]

    def race(self, max_iter):
        """Return what stops the networks of recipes that are clearly beaten, None if nothing is."""
        from skdropout._training import Race  # imports skorch

        if self.n_turns == 1:
            return None
        places = zip(self._recipe_of, self._turn_of, strict=True)
        return Race(self.n_recipes, self.n_turns, max_iter).enter(list(places))

    def watched(self, best_epoch, max_iter):
        """Return callbacks: what is given, before it what looks on, then what stops the beaten."""
        from skdropout._training import Curves  # imports skorch

        self._curves, race = Curves() if self._corrects else None, self.race(max_iter)
        looks_on = [("curves", self._curves)] if self._corrects else []
        return [*looks_on, *best_epoch, *([] if race is None else [("race", race)])]

    def choose(self, net, n_members):
        """Return the places of the networks to keep, in the whole stack, and their weights."""
        of_recipes = self._weigh(net)
        of_recipes[np.argsort(-of_recipes, kind="stable")[_KEPT:]] = 0
        of_recipes[of_recipes < _LEAST] = 0
        of_networks = of_recipes[self._recipe_of]
        # where there are too many some of each recipe stay
        best_first = np.lexsort((-of_networks, self._turn_of))
        places = np.sort(best_first[of_networks[best_first] > 0][:n_members])
        recipes = self._recipe_of[places]
        weights = of_recipes[recipes] / np.bincount(recipes)[recipes]
        return places, weights / weights.sum()

    def _weigh(self, net):
        """Weigh the recipes by what networks predict of the rows that they stop by."""
        rows = Rows(self._table.near(torch.device(net.device)), self._valid)
        predicted = list(zip(self._valid, predict_rows(net, rows), strict=True))
        means = torch.stack(
            [
                self._mean_by_row(predicted[start : start + self.n_turns])
                for start in range(0, len(predicted), self.n_turns)
            ]
        )
        units = [
            part.mean(0).cpu() for part in (net.module_.target_location, net.module_.target_scale)
        ]
        flattery = None
        if self._corrects:
            curves = self._curves.losses_.reshape(-1, self.n_recipes, self.n_turns)
            flattery = flattery_of(curves.transpose(1, 0, 2))
        return weights_of_predictions(
            means, self._table, self._rows, self._criterion, units, flattery
        )

    def _mean_by_row(self, predicted):
        """Average what the networks of a recipe predict of each row."""
        total, times = 0, torch.zeros(len(self._rows), 1)
        for rows, predictions in predicted:
            place = torch.searchsorted(self._rows, rows)
            of_rows = predictions.new_zeros(len(self._rows), predictions.shape[-1])
            total = total + of_rows.index_copy(0, place, predictions)
            times[place] += 1
        return total / times

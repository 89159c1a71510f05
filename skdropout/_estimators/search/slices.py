"""A search in slices of its grid: which there are, and what is done with one, by any worker."""

import copy
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import torch

from skdropout._estimators.search.grid import FoldScores
from skdropout._estimators.workers import StackJob
from skdropout._stack import predict_rows
from skdropout._table import Rows


def slices_of(n_candidates, n_folds, size):
    """Cut a grid into slices of at most ``size`` networks, given as (candidate, fold) pairs.

    A slice holds whole candidates where it can, from all over the grid. Within one, those of a fold
    are neighbours, as they have equally many steps an epoch.
    """
    candidates, folds = range(n_candidates), range(n_folds)
    if size < n_folds:
        parts = [folds[start : start + size] for start in range(0, n_folds, size)]
        return [[(c, k) for k in part] for c, part in product(candidates, parts)]
    n_slices = -(-n_candidates // (size // n_folds))
    return [
        [(c, k) for k, c in product(folds, candidates[start::n_slices])]
        for start in range(n_slices)
    ]


def halves_of(places):
    """Cut a slice in two: by candidates, or if there is one by folds."""
    by = 0 if len({c for c, _ in places}) > 1 else 1
    values = sorted({place[by] for place in places})
    first = values[: -(-len(values) // 2)]
    return (
        [place for place in places if place[by] in first],
        [place for place in places if place[by] not in first],
    )


def rounds_of(slices, racing):
    """Return lists of slices that may run at the same time.

    In a race those of the second list run against what those of the first, a quarter, have shown:
    so who leaves does not depend on who was faster.
    """
    n_first = -(-len(slices) // 4) if racing else len(slices)
    return [part for part in (slices[:n_first], slices[n_first:]) if part]


class SliceFound(NamedTuple):
    """What is known of a slice once its networks have been trained.

    Attributes
    ----------
    places : list of (candidate, fold)
    scores : dict of str to list of float
        Of each network, on the rows given to training, "fit", and on those of the fold, "test".
    race : Race
        What it has seen, this slice included.
    net : StackNet or None
        Where it is kept.
    predicted : list of Tensor or None
        Where it is kept: predictions of the folds' test rows.
    """

    places: list
    scores: dict
    race: Any
    net: Any
    predicted: Any


@dataclass(eq=False)
class SliceJob(StackJob):
    """What all slices of a search have in common.

    Attributes
    ----------
    plans : list of Plan
        Of each fold; ``plan`` is of the columns that any fold keeps.
    folds : list of Fold
    score : FoldScores
    keeps : bool
        Whether the networks are wanted too.
    """

    plans: list
    folds: list
    score: FoldScores
    keeps: bool

    def judge(self, places, race, net):
        """Return what is known of a slice that has been trained."""
        alone = [net.snapshot(slice(k, k + 1)) for k in range(len(places))]
        scores = {}
        for rows in ("fit", "test"):
            index = [getattr(self.folds[k], rows) for _, k in places]
            own = Rows(self.table.near(self.plan.device), [torch.as_tensor(part) for part in index])
            predicted = predict_rows(net, own)
            scores[rows] = [
                self.score(partial(self._candidate, k, net, trained), part, known[None])
                for (_, k), trained, part, known in zip(
                    places, alone, index, predicted, strict=True
                )
            ]
        if not self.keeps:
            return SliceFound(places, scores, race, None, None)
        return SliceFound(places, scores, race, net.finish(), predicted)

    def _candidate(self, fold, net, trained, known):
        return self.estimator._candidate(self.plans[fold], net, trained, known)


def train_slice(job, places, race, part):
    """Train and judge a slice; return one SliceFound, or more if the memory did not suffice.

    Parameters
    ----------
    job : SliceJob
    places : list of (candidate, fold)
    race : Race
        What is known of earlier slices; it is not changed.
    part : tuple of int
        The number of the slice, from 1, and how many there are.
    """
    own = copy.deepcopy(race)
    try:
        net = job.train(places, job.estimator._search_callbacks(own.enter(places), part))
    except torch.cuda.OutOfMemoryError:
        if len(places) == 1:
            raise
        found = []
        for half in halves_of(places):
            found += train_slice(job, half, found[-1].race if found else race, part)
        return found
    return [job.judge(places, own, net)]


def fill(scores, found):
    """Write the scores of a slice where they belong.

    Parameters
    ----------
    scores : dict of str to ndarray of shape (n_candidates, n_folds)
    found : SliceFound
    """
    for rows, of_part in found.scores.items():
        scores[rows][tuple(np.transpose(found.places))] = of_part

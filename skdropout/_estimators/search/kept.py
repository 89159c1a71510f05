"""The networks of a search as a model: those of the folds, with what they say of unseen rows."""

from dataclasses import replace
from functools import partial

import numpy as np
import torch

from skdropout._estimators.weighing import weights_of_predictions
from skdropout._stack import predict_rows
from skdropout._table import Rows


class FoldNetworks:
    """The networks of all candidates and folds, and their predictions of the folds' test rows.

    Parameters
    ----------
    plan : Plan
        Of the columns that any fold keeps.
    plans : list of Plan
        Of each fold.
    table : TableTensors
    folds : list of Fold
    grid : Candidates
    scores : ndarray of shape (n_candidates, n_folds)
        Of the test rows; may be filled later.
    choose : callable
        Maps the scores of some folds to the index of the candidate chosen.

    Attributes
    ----------
    nets : list of (places, StackNet)
        Each with the (candidate, fold) of its networks.
    predicted : dict of (candidate, fold) to Tensor of shape (n_test, n_outputs)
        In the units of the table.
    """

    def __init__(self, plan, plans, table, folds, grid, scores, choose):
        self.plan, self.plans, self.folds, self.grid = plan, plans, folds, grid
        self.table, self._scores, self._choose = table, scores, choose
        self.nets, self.predicted = [], {}

    def add(self, found):
        """Take in a slice of the search.

        Parameters
        ----------
        found : SliceFound
        """
        self.nets.append((found.places, found.net))
        self.predicted.update(zip(found.places, found.predicted, strict=True))

    def best(self, folds):
        """Return weights that are one for the candidate chosen by some folds."""
        weights = np.zeros(len(self.grid))
        weights[self._choose(self._scores[:, list(folds)])] = 1
        return weights

    def greedy(self, folds):
        """Return weights of the candidates by greedy selection on the test rows of some folds."""
        usable = np.flatnonzero(~np.isnan(self._scores).any(1))
        of_candidates = np.stack([self.unseen_by(c, folds) for c in usable])
        rows = np.flatnonzero(~np.isnan(of_candidates).any((0, 2)))
        means = torch.as_tensor(of_candidates[:, rows])
        criterion = self.plan.target.criterion
        weights = np.zeros(len(self.grid))
        weights[usable] = weights_of_predictions(means, self.table, rows, criterion)
        return weights

    def unseen_by(self, candidate, folds):
        """Return what a candidate's networks predict of the test rows of some folds.

        Returns
        -------
        predictions : ndarray of shape (n_rows, n_outputs)
            Means where folds overlap, NaN where there is none.
        """
        n_outputs = self.predicted[candidate, 0].shape[1]
        total = np.zeros((len(self.table.target), n_outputs))
        times = np.zeros((len(total), 1))
        for k in folds:
            rows = self.folds[k].test
            np.add.at(total, rows, self.predicted[candidate, k].double().numpy())
            np.add.at(times, rows, 1)
        return np.divide(total, times, out=np.full_like(total, np.nan), where=times > 0)

    def unseen(self, weights):
        """Return the weighted mean of what candidates predict of rows that they did not see."""
        every = range(len(self.folds))
        return sum(weights[c] * self.unseen_by(c, every) for c in np.flatnonzero(weights))

    def networks(self, weights):
        """Return one net of the networks whose candidates have weight.

        Returns
        -------
        net : StackNet
        places : list of (candidate, fold)
            Of its networks.
        of_networks : ndarray of shape (n_networks,)
            Their weights.
        """
        chosen, places = [], []
        for of_slice, net in self.nets:
            kept = [k for k, (c, _) in enumerate(of_slice) if weights[c]]
            if kept:
                chosen.append(net.keep_for_good(kept))
                places += [of_slice[k] for k in kept]
        first, *others = chosen
        first.join(others)
        of_networks = weights[[c for c, _ in places]] / len(self.folds)
        return first, places, of_networks

    def of_fitted_rows(self, net, places, of_networks):
        """Return what the networks kept of each fold predict of the rows that it was fitted on.

        Returns
        -------
        predictions : list of Tensor of shape (n_fitted, n_outputs)
            Weighted means, in the units of the table.
        """
        index = [torch.as_tensor(self.folds[k].fit) for _, k in places]
        predicted = predict_rows(net, Rows(self.table.near(self.plan.device), index))
        total, weight = [0] * len(self.folds), np.zeros(len(self.folds))
        for (_, k), w, predictions in zip(places, of_networks, predicted, strict=True):
            total[k] = total[k] + w * predictions
            weight[k] += w
        return [part / w for part, w in zip(total, weight, strict=True)]

    def nested_score(self, weigh, candidate, score):
        """Return the mean score over the folds, of weights that each fold had no part in.

        To be called before ``networks``.

        Parameters
        ----------
        weigh : callable
            Maps folds to weights of the candidates.
        candidate : callable
            ``candidate(plan, net, trained, known)`` returns networks as a fitted estimator.
        score : FoldScores
        """
        n = len(self.folds)
        if n == 1:
            return np.nan
        scores = []
        for k, fold in enumerate(self.folds):
            weights = weigh([other for other in range(n) if other != k])
            net, trained, places = self._networks_of_fold(k, np.flatnonzero(weights))
            plan = replace(self.plans[k], weights=weights[[c for c, _ in places]])
            predictions = torch.stack([self.predicted[place] for place in places])
            scores.append(score(partial(candidate, plan, net, trained), fold.test, predictions))
        return float(np.mean(scores))

    def _networks_of_fold(self, k, candidates):
        """Return a net of the search, a copy of some candidates' networks, and their places."""
        copies, places = [], []
        for of_slice, net in self.nets:
            own = [j for j, (c, fold) in enumerate(of_slice) if fold == k and c in candidates]
            if own:
                copies.append(net.snapshot(torch.tensor(own)))
                places += [of_slice[j] for j in own]
        first, *others = copies
        return self.nets[0][1], first.join(others), places

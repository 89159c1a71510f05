"""The search for the dropout rate: rates and folds are members of stacks."""

import warnings
from dataclasses import replace
from itertools import chain, count
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.base import is_classifier
from sklearn.callback import with_callbacks
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import get_scorer
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping

from skdropout._device import draw_seeds
from skdropout._estimators.checks import profiled
from skdropout._estimators.search.conformal import HeldOut
from skdropout._estimators.search.folds import (
    InnerSplit,
    check_groups,
    make_folds,
    make_splits,
)
from skdropout._estimators.search.grid import (
    FoldScores,
    choose_rate,
    results_table,
)
from skdropout._estimators.search.kept import FoldNetworks
from skdropout._estimators.search.slices import (
    SliceJob,
    fill,
    rounds_of,
    slices_of,
    train_slice,
)
from skdropout._estimators.workers import check_workers, spread
from skdropout._sklearn_private import check_scorer, fit_context, route_to_search
from skdropout._stack import Member
from skdropout._table import TableLike, readable
from skdropout.datasets._inner import TableOnDisk


class RateSearch:
    """``fit`` of the estimators that choose their dropout rate; see ``RateGrid``.

    Attributes
    ----------
    dropout_, input_dropout_ : float
        The rates chosen.
    dropout_schedule_ : str or callable
        The schedule chosen.
    dropouts_, input_dropouts_ : ndarray of shape (n_candidates,)
        The rates tried, in the order of ``cv_results_``.
    dropout_schedules_ : list of length n_candidates
        Their schedules.
    scores_ : ndarray of shape (n_candidates, n_folds)
        Score of each rate on each fold.
    cv_results_ : dict of str to array
        Scores, means, deviations and ranks of all rates, in the manner of ``GridSearchCV``, on the
        folds (``"mean_test_score"``) and on the rows given to training (``"mean_train_score"``).
        ``"stopped_by_racing"`` says which rates left early: their scores are those of the epochs
        they had, their ranks come last. Loads into ``pandas.DataFrame``.
    best_index_ : int
        Place of the rates chosen in ``cv_results_``.
    best_score_ : float
        Mean score over the folds of the rates chosen.
    n_splits_ : int
        Number of folds.
    oof_predictions_ : ndarray of shape (n_samples,) or (n_samples, n_outputs or n_classes)
        With ``refit="bag"`` or ``"ensemble"``: for each row what the networks that are kept and did
        not see it predict, values or probabilities; their mean where test folds overlap, NaN where
        no fold tests the row.
    oof_score_ : float
        With these: mean score over the folds, what is kept being chosen anew for each fold by the
        others alone. NaN of a single fold.
    """

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: TableLike, y: ArrayLike, sample_weight: ArrayLike | None = None, **params: Any
    ) -> Self:
        """Choose the dropout rate by cross-validation, then train with it on all rows.

        Parameters
        ----------
        X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
            Numbers and categories; cells may be missing.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, in the loss and, if it takes any, in the score.
        **params : dict
            ``groups`` for the splitter. With metadata routing enabled, whatever the splitter
            and the scorer ask for.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter, a column, the target or a weight cannot be used, or if no network
            of the search has a finite score.
        """
        with self._task_of_fit(X, y, sample_weight) as (context, data):
            check_workers(self.n_jobs)
            if isinstance(X, TableOnDisk):
                np.asarray(X)  # which it refuses: scorers are given rows
            former = self._former()
            plan, rows = self._read([(X, y, sample_weight)], former)
            y = readable(y, "y")  # splitters and scorers ask NumPy
            scorer = self._scorer(plan.target)
            check_scorer(self, scorer, self.scoring)
            routed = route_to_search(self, scorer, sample_weight, params)
            groups = check_groups(routed.splitter.split.get("groups"), rows.n_train)
            splits = self._splits(X, y, rows.n_train, routed.splitter.split)
            inner = InnerSplit.like(splits, groups)
            score = FoldScores(scorer, X, y, routed.scorer.score)
            chosen, kept = self._search(plan, rows.table, splits, inner, score)
            if kept is not None:
                self._adopt({**chosen, **self._of_folds(kept, y, score)})
                return self
            plan, rows = self._screened(plan, rows, former)
            recipe = self._recipe(chosen["cv_results_"]["params"][chosen["best_index_"]], plan)
            plan = replace(plan, recipes=[recipe] * self.n_members)
            if not self.refit:
                self._adopt({**chosen, **plan.fitted, "_plan": plan})
                return self

            def found(net, trained=None):
                return {**self._found(plan, former, net, trained), **chosen}

            members, mask_seed = self._members(plan, rows, split=inner)
            callbacks = self._training_callbacks(context, data, found)
            net = self._train(plan, rows.table, members, mask_seed, callbacks, found, former)
            self._adopt(found(self._checked(net)))
        return self

    def _scorer(self, target=None):
        if self.scoring is None:
            return self._minus_loss(target)
        return get_scorer(self.scoring) if isinstance(self.scoring, str) else self.scoring

    def _splits(self, X, y, n_rows, params):
        if self.refit in ("bag", "ensemble") and self.warm_start:
            raise ValueError(
                f"refit={self.refit!r} keeps networks of folds, which are not trained further; set "
                "warm_start=False or refit=True."
            )
        least = 2 if self.early_stopping else 1
        splits = make_splits(self.cv, X, y, is_classifier(self), n_rows, params, least=least)
        for name in ("racing", "one_standard_error"):
            if getattr(self, name) and len(splits) < 2:
                raise ValueError(
                    f"{name}=True needs two folds or more, but cv={self.cv!r} gives {len(splits)}."
                )
        if self.racing and not self.early_stopping:
            raise ValueError(
                "racing=True compares networks on the rows that they stop by, but "
                "early_stopping=False; set early_stopping=True or racing=False."
            )
        return splits

    def _of_folds(self, kept, y, score):
        """Return what is adopted where the networks of the folds are the model."""
        weigh = kept.best if self.refit == "bag" else kept.greedy
        weights = weigh(range(len(kept.folds)))
        oof_score = kept.nested_score(weigh, self._candidate, score)
        net, places, of_networks = kept.networks(weights)
        params = kept.grid.params
        recipes = [self._recipe(params[c], kept.plan) for c, _ in places]
        unseen = kept.unseen(weights)
        predictions = kept.plan.target.decode(torch.as_tensor(unseen))
        held_out = HeldOut.by(kept.folds, len(unseen), [k for _, k in places])
        conformal = None
        if held_out is not None:
            fitted = kept.of_fitted_rows(net, places, of_networks)
            conformal = self._conformal(kept, held_out, y, predictions, fitted)
        plan = replace(kept.plan, recipes=recipes, weights=of_networks, conformal=conformal)
        return {
            **self._found(plan, None, self._checked(net)),
            "input_dropout_": float(weights @ kept.grid.rates[:, 1]),
            "oof_predictions_": predictions,
            "oof_score_": oof_score,
        }

    def _search(self, plan, table, splits, inner, score):
        """Train and score all candidates on all folds.

        Returns
        -------
        chosen : dict
            What is found, the rates chosen.
        kept : FoldNetworks or None
            The networks, where these are the model.
        """
        grid = self._candidates()
        kept_by = grid.kept(self.max_iter) if self.one_standard_error else None
        seed, mask_seed = draw_seeds(self.random_state, 2)
        fraction = self.validation_fraction if self.early_stopping else None
        folds = make_folds(splits, inner, fraction, table.strata, seed)
        screenings = [self._screening(plan, table, fold.fit) for fold in folds]
        plan, table, plans = plan.for_folds(screenings, table)
        train_scores, test_scores = np.full((2, len(grid), len(folds)), np.nan)
        race = self._race(len(grid), len(folds))

        def choose(scores, of_training):
            results = results_table(grid, of_training, scores, race.out_)
            # of a single fold there is no standard error
            cautious = self.one_standard_error and scores.shape[1] > 1
            return results, choose_rate(kept_by, results, cautious)

        kept = None
        if self.refit in ("bag", "ensemble"):
            kept = FoldNetworks(
                plan,
                plans,
                table,
                folds,
                grid,
                test_scores,
                lambda scores: choose(scores, scores)[1],
            )
        members = {
            (c, k): Member(
                seed,
                fold.train,
                fold.valid,
                **self._recipe(params, plan),
                kept=plans[k].screening.kept,
            )
            for c, params in enumerate(grid.params)
            for k, fold in enumerate(folds)
        }
        params = {**self.get_params(deep=False), "cv": None, "callbacks": None}
        job = SliceJob(
            estimator=type(self)(**params),
            plan=plan,
            plans=plans,
            table=table,
            folds=folds,
            members=members,
            mask_seed=mask_seed,
            score=score,
            keeps=kept is not None,
        )
        slices = slices_of(len(grid), len(folds), self._members_that_fit(plan, folds))
        numbers = count(1)
        for turn in rounds_of(slices, self.racing):
            tasks = [(job, places, race, (next(numbers), len(slices))) for places in turn]
            for found in chain(*spread(train_slice, tasks, self.n_jobs)):
                fill({"fit": train_scores, "test": test_scores}, found)
                race.learn(found.race)
                if kept is not None:
                    kept.add(found)
        self._check_scores(test_scores)
        results, best = choose(test_scores, train_scores)
        chosen = {
            **{f"{name}_": value for name, value in grid.params[best].items()},
            "dropouts_": grid.rates[:, 0],
            "input_dropouts_": grid.rates[:, 1],
            "dropout_schedules_": grid.schedules,
            "scores_": test_scores,
            "cv_results_": results,
            "best_index_": best,
            "best_score_": float(results["mean_test_score"][best]),
            "n_splits_": len(folds),
        }
        return chosen, kept

    def _recipe(self, params, plan):
        """Return what the member of a candidate takes."""
        n_layers = len(plan.hidden_layer_sizes)
        of_layers = profiled(params["dropout"], n_layers, self.dropout_profile)
        (learning,) = self._learning(1)
        return {**learning, **params, "dropout": of_layers}

    def _candidate(self, plan, net, trained, known):
        """Return some networks of a search's ``net`` as a fitted estimator."""
        found = self._found(plan, None, net, trained)
        return self._bare()._adopt({**found, "_known": known})

    def _race(self, n_candidates, n_folds):
        from skdropout._training import Race

        return Race(n_candidates, n_folds, self.max_iter)

    @property
    def _doing(self):
        return f"{type(self).__name__}: chosen rate"

    def _search_callbacks(self, race, part):
        from skdropout._training import BestEpoch

        callbacks = []
        if self.verbose:
            callbacks.append(("progress_bar", self._bar(*part)))
        if self.early_stopping:
            callbacks.append(("best_epoch", BestEpoch(self.n_iter_no_change, self.tol)))
        if self.racing:
            callbacks.append(("race", race))
        return callbacks

    def _bar(self, number, n_parts):
        from skdropout._training import ProgressBar

        part = f", part {number} of {n_parts}" if n_parts > 1 else ""
        return ProgressBar(f"{type(self).__name__}: search{part}", stays=number == n_parts)

    def _check_scores(self, scores):
        lost = int(np.isnan(scores).any(1).sum())
        if lost == len(scores):
            raise ValueError(
                "No dropout rate has a finite score on all folds. Lower learning_rate_init="
                f"{self.learning_rate_init}, set max_grad_norm=1, or change scoring="
                f"{self.scoring!r}."
            )
        if lost:
            warnings.warn(
                f"{lost} of {len(scores)} dropout rates have no finite score on some fold, "
                "and are left out of the choice.",
                ConvergenceWarning,
                stacklevel=4,
            )

    def get_metadata_routing(self):
        """Say what metadata goes to the splitter and to the scorer.

        Returns
        -------
        routing : sklearn.utils.metadata_routing.MetadataRouter
            Where metadata goes.
        """
        fit = MethodMapping().add(caller="fit", callee="split")
        score = MethodMapping().add(caller="fit", callee="score")
        router = MetadataRouter(owner=self).add_self_request(self)
        return router.add(splitter=self.cv, method_mapping=fit).add(
            scorer=self._scorer(), method_mapping=score
        )

    def __sklearn_is_fitted__(self):
        """Predictions need the refit."""
        return hasattr(self, "net_")

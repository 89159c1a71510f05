"""The search for the dropout rate: all rates and folds are members of one stack."""

import warnings

import numpy as np
import torch
from sklearn.base import is_classifier
from sklearn.callback import with_callbacks
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import get_scorer
from sklearn.model_selection import check_cv
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping

from skdropout._device import draw_seeds
from skdropout._estimators.checks import all_or_nothing, layer_rates
from skdropout._estimators.search.folds import InnerSplit, make_folds
from skdropout._estimators.search.grid import choose_rate, results_table
from skdropout._estimators.search.scores import FoldScores
from skdropout._sklearn_private import fit_context, route_to_search
from skdropout._stack import NUMERIC_ENCODINGS, Member, bytes_of_member, memory_budget, predict_rows
from skdropout._table import Rows

__all__ = ["RateSearch"]


class RateSearch:
    """``fit`` of the estimators that choose their dropout rate; see ``RateGrid``."""

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None, **params):
        """Choose the dropout rate by cross-validation, then train with it on all rows.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
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
        context = self._init_callback_context(max_subtasks=self.max_iter)
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        data = {"X": X, "y": y, "metadata": metadata}
        context.call_on_fit_task_begin(estimator=self, **data)
        with all_or_nothing(self):
            resumes = self.warm_start and hasattr(self, "net_")
            self._start(X, resumes)
            part = self._read(X, y, sample_weight, reset=not resumes)
            scorer = self._scorer()
            routed = route_to_search(self, scorer, sample_weight, params)
            splits = self._splits(X, y, routed.splitter.split)
            inner = InnerSplit.like(splits, routed.splitter.split.get("groups"))
            table = self._table([part], resumes)
            score = FoldScores(self, scorer, X, y, routed.scorer.score)
            self._search(table, splits, inner, score)
            if self.refit:
                n_rows, stops = len(table.target), self.early_stopping
                members = self._members(table, n_rows, stops=stops, split=inner)
                callbacks = self._training_callbacks(context, data)
                module = self.net_.module_ if resumes else None
                self._finish(self._train(table, members, callbacks, module), resumes)
        context.call_on_fit_task_end(estimator=self, **data, reconstruction_attributes=dict)
        return self

    def _scorer(self):
        if self.scoring is None:
            return self._minus_loss()
        return get_scorer(self.scoring) if isinstance(self.scoring, str) else self.scoring

    def _splits(self, X, y, params):
        splitter = check_cv(self.cv, y, classifier=is_classifier(self))
        splits = [tuple(map(np.asarray, split)) for split in splitter.split(X, y, **params)]
        least = 2 if self.early_stopping else 1
        if not splits or any(len(fit) < least or not len(test) for fit, test in splits):
            raise ValueError(
                f"cv={self.cv!r} gives {len(splits)} folds, each of which needs {least} rows or "
                "more to train on and one or more to test; take fewer folds, or give more rows."
            )
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

    def _search(self, table, splits, inner, score):
        """Train and score all candidates on all folds, and choose the rates."""
        seed, self._mask_seed = draw_seeds(self.random_state, 2)
        strata = None if table.target.is_floating_point() else table.target.numpy()
        fraction = self.validation_fraction if self.early_stopping else None
        folds = make_folds(splits, inner, fraction, strata, seed)
        self.n_splits_ = len(folds)
        shape = len(self._grid), self.n_splits_
        train_scores, self.scores_ = np.full((2, *shape), np.nan)
        race = self._race(*shape)
        for places, net in self._trained_slices(table, folds, seed, race):
            for rows, scores in (("fit", train_scores), ("test", self.scores_)):
                index = [getattr(folds[k], rows) for _, k in places]
                own = Rows(table.near(self.device_), [torch.as_tensor(part) for part in index])
                for place, part, found in zip(places, index, predict_rows(net, own), strict=True):
                    scores[place] = score(part, found)
        self._check_scores()
        self.cv_results_ = results_table(self._grid, train_scores, self.scores_, race.out_)
        self.best_index_ = choose_rate(self._grid, self.cv_results_, self.one_standard_error)
        self.best_score_ = float(self.cv_results_["mean_test_score"][self.best_index_])
        self.dropouts_, self.input_dropouts_ = self._grid.T
        self.dropout_, self.input_dropout_ = self._grid[self.best_index_].tolist()
        self._rates = layer_rates(self.dropout_, len(self._hidden_sizes), self.n_members)
        self._column_rates = [{"input_dropout": self.input_dropout_}] * self.n_members

    def _trained_slices(self, table, folds, seed, race):
        """Train the grid in stacks that fit in memory; yield (candidate, fold) pairs and net."""
        # a candidate's folds are neighbours here, so that a stack holds whole candidates
        places = [(c, k) for c in range(len(self._grid)) for k in range(len(folds))]
        size = self._members_that_fit(folds)
        while places:
            # within a stack, members with equally many steps an epoch are neighbours
            part = sorted(places[:size], key=lambda place: place[::-1])
            members = [self._member(self._grid[c], folds[k], seed) for c, k in part]
            try:
                net = self._train(table, members, self._search_callbacks(race.enter(part)))
            except torch.cuda.OutOfMemoryError:
                if size == 1:
                    raise
                size = -(-min(size, len(places)) // 2)
                continue
            yield part, net
            if net.interrupted_:
                return
            places = places[size:]

    def _member(self, rates, fold, seed):
        dropout, input_dropout = rates.tolist()
        layers = (dropout,) * len(self._hidden_sizes)
        return Member(seed, fold.train, fold.valid, layers, input_dropout)

    def _members_that_fit(self, folds):
        embedded = zip(self._encoder.n_levels, self._dims, strict=True)
        of_number = NUMERIC_ENCODINGS[self.numeric_encoding].inputs_per_column + 1
        n_inputs = of_number * len(self._encoder.numeric_) + sum(self._dims)
        of_one = bytes_of_member(
            (n_inputs, *self._hidden_sizes, self._n_raw_outputs),
            sum((n + 2) * dim for n, dim in embedded),
            max(len(fold.train) for fold in folds),
            max(len(fold.valid) for fold in folds),
            self.batch_size,
            self._dtype,
        )
        return max(1, memory_budget(self.device_) // of_one)

    def _race(self, n_candidates, n_folds):
        from skdropout._training import Race

        return Race(n_candidates, n_folds, self.max_iter)

    def _search_callbacks(self, race):
        from skdropout._training import BestEpoch, ProgressBar

        callbacks = []
        if self.verbose:
            callbacks.append(("progress_bar", ProgressBar()))
        if self.early_stopping:
            callbacks.append(("best_epoch", BestEpoch(self.n_iter_no_change, self.tol)))
        if self.racing:
            callbacks.append(("race", race))
        return callbacks

    def _check_scores(self):
        lost = int(np.isnan(self.scores_).any(1).sum())
        if lost == len(self.scores_):
            raise ValueError(
                "No dropout rate has a finite score on all folds. Lower learning_rate_init="
                f"{self.learning_rate_init}, set max_grad_norm=1, or change scoring="
                f"{self.scoring!r}."
            )
        if lost:
            warnings.warn(
                f"{lost} of {len(self.scores_)} dropout rates have no finite score on some fold, "
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

"""The template of fit that all networks of the library share."""

from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.callback import CallbackSupportMixin, with_callbacks

from skdropout._estimators.checks import check_validation_rows
from skdropout._estimators.fitted import FittedNetworks
from skdropout._estimators.parameters import NetworkParameters
from skdropout._estimators.reading import ReadsTables
from skdropout._estimators.training import TrainsStacks
from skdropout._sklearn_private import fit_context
from skdropout._stack import Predictor
from skdropout._table import TableLike
from skdropout.functional._inner import memory_errors


class BaseDropoutMLP(
    ReadsTables,
    TrainsStacks,
    NetworkParameters,
    FittedNetworks,
    CallbackSupportMixin,
    BaseEstimator,
):
    """A stack of multilayer perceptrons on one table, averaged.

    ``fit`` reads its data into a plan, trains a stack from it, and adopts both. Where dropout
    rates come from is a base class of its own: ``_rates`` returns for each network those that its
    ``Member`` takes, and ``_droppers`` what drops the columns of so many networks.
    """

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: TableLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        X_val: TableLike | None = None,
        y_val: ArrayLike | None = None,
        sample_weight_val: ArrayLike | None = None,
    ) -> Self:
        """Train the networks.

        Parameters
        ----------
        X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
            Numbers and categories; cells may be missing.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows in the loss.
        X_val : array-like, sparse matrix or data frame of shape (n_val, n_features), default=None
            Rows to stop by, in place of a share of the training rows. In a ``Pipeline`` they are
            not transformed by the steps before unless it has ``transform_input=["X_val"]``.
        y_val : array-like of shape (n_val,) or (n_val, n_outputs), default=None
            Their targets.
        sample_weight_val : array-like of shape (n_val,), default=None
            Their weights.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter, a column, the target or a weight cannot be used.
        KeyboardInterrupt
            If training is interrupted before its first epoch is finished; later on what was
            learnt is kept, with a warning.

        Warns
        -----
        ConvergenceWarning
            If ``max_iter`` epochs were too few for networks to stop improving.
        """
        with self._task_of_fit(X, y, sample_weight) as (context, data):
            former = self._former()
            parts = [(X, y, sample_weight)]
            if not (X_val is None and y_val is None and sample_weight_val is None):
                check_validation_rows(self, X, X_val, y_val, sample_weight_val)
                parts.append((X_val, y_val, sample_weight_val))
            plan, rows = self._screened(*self._read(parts, former), former)
            plan, members, mask_seed, trial = self._cast(plan, rows, former)
            found = partial(self._found, plan, former)
            callbacks = self._training_callbacks(context, data, found, trial)
            net = self._train(plan, rows.table, members, mask_seed, callbacks, found, former)
            plan = self._chosen(plan, net, trial)
            self._adopt(self._found(plan, former, self._checked(net)))
        return self

    def _cast(self, plan, rows, former):
        """Draw the networks to train, and a seed for masks.

        The last of what is returned compares networks of different recipes; None: they are alike.
        """
        return plan, *self._members(plan, rows), None

    def _chosen(self, plan, net, trial):
        """Leave in the net what is kept of a trial; return the plan of these networks."""
        return plan

    @contextmanager
    def _task_of_fit(self, X, y, sample_weight):
        """Tell scikit-learn's callbacks where fit begins and ends; yield context and data."""
        context = self._init_callback_context(max_subtasks=self.max_iter)
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        data = {"estimator": self, "X": X, "y": y, "metadata": metadata}
        context.call_on_fit_task_begin(**data)
        with memory_errors():
            yield context, data
        context.call_on_fit_task_end(**data, reconstruction_attributes=dict)

    def _former(self):
        """Return the estimator if fit goes on from its networks, else None."""
        return self if self.warm_start and hasattr(self, "net_") else None

    def _found(self, plan, former, net, trained=None):
        """Return what the estimator adopts of a ``net``; ``trained`` is what to keep of it."""
        trained = net if trained is None else trained
        epochs = net.history[-net.epoch_ :]
        # the last epoch has no loss if it was interrupted
        losses = [epoch["train_loss"] for epoch in epochs if "train_loss" in epoch]
        scores = [-epoch["valid_loss"] for epoch in epochs if "valid_loss" in epoch]
        # in training some have left
        n = trained.module_.n_members
        is_whole = plan.recipes is None or n == len(plan.recipes)
        places = np.arange(n) if is_whole else trained.members_.numpy()
        return {
            **plan.fitted,
            **plan.of_networks(places, trained.module_),
            "_plan": plan,
            "_predictor": Predictor(trained),
            "net_": trained,
            "n_iter_": net.epoch_ + (0 if former is None else former.n_iter_),
            "loss_curve_": [*([] if former is None else former.loss_curve_), *losses],
            "validation_scores_": scores or None,
            "best_validation_score_": -float(np.mean(net.best_losses())) if scores else None,
        }

    @memory_errors()
    def _partial_fit(self, X, y, sample_weight, announced=None):
        """Go once over the rows, with a constant learning rate; the first call sets the layout."""
        former = self if hasattr(self, "net_") else None
        plan, rows = self._read([(X, y, sample_weight)], former, announced)
        for recipe in plan.recipes:
            if recipe["dropout_schedule"] != "constant":
                raise ValueError(
                    f"dropout_schedule={recipe['dropout_schedule']!r} follows a training to its "
                    "end, and partial_fit knows of none; set dropout_schedule='constant'."
                )
        goes_on = former is not None and former.net_.moments_ is not None
        n_passes = former.n_iter_ if goes_on else 0
        members, mask_seed = rows.members(
            plan.recipes,
            self.random_state,
            fraction=None,
            split=None,
            n_passes=0 if former is None else former.n_iter_,
        )
        of_pass = {"learning_rate": "constant", **self._of_pass(n_passes)}
        members = [replace(member, **of_pass) for member in members]
        net = self._net(plan, rows.table, members, mask_seed, former)
        net.max_epochs = 1
        if goes_on:
            net.go_on_from(former.net_)
        else:
            net.callbacks = self.callbacks
            net.initialize()
        found = partial(self._found, plan, former)
        self._run(net, plan, rows.table, members, net.partial_fit, found)
        self._check_finite(net)
        return self._adopt(found(net.finish(keeps_moments=True)))

    def __sklearn_tags__(self):
        """Declare missing cells and categories."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = tags.input_tags.sparse = True
        tags.input_tags.categorical = True
        return tags

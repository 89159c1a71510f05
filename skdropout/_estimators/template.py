"""The template of fit that all networks of the library share."""

import copy
import warnings
from abc import abstractmethod
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Self

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_consistent_length

from skdropout._device import product_dtype, resolve_device
from skdropout._estimators.checks import (
    check_callbacks,
    check_validation_rows,
    check_weights,
    embedding_dims,
    hidden_sizes,
    split_rows,
    still_improves,
    warn_if_far,
)
from skdropout._estimators.fitted import FittedNetworks
from skdropout._estimators.parameters import NetworkParameters
from skdropout._estimators.plan import Plan, TrainingData, check_same_terms
from skdropout._estimators.screening import Screening
from skdropout._sklearn_private import fit_context
from skdropout._stack import MaskSource, Predictor, build_stack, set_rates
from skdropout._table import Rows, TableEncoder, TableLike, TableTensors, readable
from skdropout.functional._inner import memory_errors


class BaseDropoutMLP(NetworkParameters, FittedNetworks, CallbackSupportMixin, BaseEstimator):
    """A stack of multilayer perceptrons on one table, averaged.

    ``fit`` reads its data into a plan, trains a stack from it, and adopts both. Where dropout
    rates come from is a base class of its own: ``_rates`` returns for each network those that its
    ``Member`` takes, and ``_droppers`` what drops the columns of so many networks.
    """

    # The precision of training; predictions have prediction_dtype.
    _dtype = torch.float32

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
        X : array-like or data frame of shape (n_samples, n_features)
            Numbers and categories; cells may be missing.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows in the loss.
        X_val : array-like or data frame of shape (n_val, n_features), default=None
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
            members, mask_seed = self._members(plan, rows)
            found = partial(self._found, plan, former)
            callbacks = self._training_callbacks(context, data, found)
            net = self._train(plan, rows.table, members, mask_seed, callbacks, found, former)
            self._adopt(found(self._checked(net)))
        return self

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

    def _read(self, parts, former=None, announced=None):
        """Turn rows as the user gives them into a plan and tensors.

        Parameters
        ----------
        parts : list of (X, y, sample_weight)
            Rows to train on, and perhaps rows to stop by.
        former : estimator, default=None
            The fitted estimator whose networks are trained further.
        announced : array-like, default=None
            Classes that may come later.
        """
        sizes = hidden_sizes(self.hidden_layer_sizes)
        terms, recipes = self._terms(sizes), self._recipes(sizes)
        if former is not None:
            check_same_terms(terms, former._plan.terms)
        check_callbacks(self.callbacks)
        device = resolve_device(self.device)
        product_dtype(self.precision, device)
        criterion = self._criterion()
        owner = self._bare() if former is None else former
        if former is None:
            encoder = TableEncoder(self.categorical_features).fit(parts[0][0], owner)
        else:
            encoder = former._plan.encoder
        arrays, target = [], None if former is None else former._plan.target
        for k, (X, y, weight) in enumerate(parts):
            if y is None:
                raise ValueError(
                    f"{type(self).__name__} requires y to be passed, but the target y is None."
                )
            y = readable(y, "y")
            check_consistent_length(X, y, weight)
            numeric, codes = encoder.transform(X, owner, np.float32)
            if k == 1:
                warn_if_far(numeric, encoder)
            weight = check_weights(weight, X)
            if target is None:
                target = self._learn_target(y, weight, criterion, announced)
            encoded = target.encode(y)
            arrays.append((numeric, codes, encoded, target.weigh(encoded, weight)))
        plan = Plan(
            seen=owner._seen(),
            encoder=encoder,
            target=target,
            terms=terms,
            hidden_layer_sizes=sizes,
            dims=(
                embedding_dims(self.embedding_dim, encoder) if former is None else former._plan.dims
            ),
            recipes=recipes,
            device=device,
            screening=(former and former._plan.screening) or Screening.none(len(encoder.names_)),
        )
        self._check_plan(plan)
        return plan, TrainingData(self._table(encoder, arrays), len(arrays[0][0]))

    def _screened(self, plan, rows, former=None):
        """Return both without the columns that tell nothing of the target.

        Networks that are trained further keep theirs.
        """
        if former is not None:
            return plan, rows
        screening = self._screening(plan, rows.table, slice(rows.n_train))
        plan, table = plan.only(screening, rows.table)
        return plan, replace(rows, table=table)

    def _screening(self, plan, table, rows):
        """Test the columns on some rows."""
        return plan.screening if self.screening is None else plan.test(table, rows)

    def _terms(self, sizes):
        """Return the parameters that networks once built are bound to."""
        names = (
            *("n_members", "activation", "numeric_encoding", "input_scaling"),
            *("categorical_features", "embedding_dim", "screening", *self._target_parameters),
        )
        return {"hidden_layer_sizes": sizes, **{name: getattr(self, name) for name in names}}

    def _check_plan(self, plan):
        """Check what only table and parameters together can show."""

    @abstractmethod
    def _criterion(self):
        """Return the loss."""

    @abstractmethod
    def _learn_target(self, y, weight, criterion, announced):
        """Return how targets like ``y`` are read."""

    def _table(self, encoder, arrays):
        """Join the arrays of each part into one table of tensors."""
        *parts, weights = zip(*arrays, strict=True)
        numeric, codes, target = map(np.concatenate, parts)
        weight = None
        if any(part is not None for part in weights):
            weight = np.concatenate(
                [
                    np.ones(len(rows)) if part is None else part
                    for part, rows in zip(weights, parts[0], strict=True)
                ]
            )
            weight = torch.as_tensor(weight, dtype=self._dtype)
        return TableTensors(
            torch.as_tensor(numeric, dtype=self._dtype),
            torch.as_tensor(codes),
            torch.as_tensor(target, dtype=self._dtype if target.dtype.kind == "f" else None),
            weight,
            torch.tensor(encoder.n_levels, dtype=torch.long) + 1,
        )

    def _members(self, plan, rows, split=split_rows):
        fraction = self.validation_fraction if self.early_stopping else None
        return rows.members(plan.recipes, self.random_state, fraction=fraction, split=split)

    def _train(self, plan, table, members, mask_seed, callbacks, found, former=None):
        """Train ``members`` as one stack; return its net.

        ``found(net, trained)`` returns what would be adopted of the net, see :meth:`_found`.
        """
        net = self._net(plan, table, members, mask_seed, former)
        net.callbacks = callbacks
        return self._run(net, plan, table, members, net.fit, found)

    def _run(self, net, plan, table, members, train, found):
        """Let ``net`` train on the rows of its members, by its ``fit`` or ``partial_fit``."""
        table = table.near(plan.device)
        train_rows, valid_rows = (
            [torch.as_tensor(getattr(member, part)) for member in members]
            for part in ("train", "valid")
        )
        net.rows_valid = Rows(table, valid_rows) if len(valid_rows[0]) else None
        net.estimator_so_far = lambda: self._bare()._adopt(found(net, net.snapshot()))
        train(Rows(table, train_rows))
        if not net.finished_:
            raise KeyboardInterrupt
        return net

    def _net(self, plan, table, members, mask_seed, former=None, goes_on=False):
        """Return a net around a new stack of ``members``, or a copy of the ``former`` one.

        It ``goes_on`` where it makes one more pass of a training; else a training begins.
        """
        from skdropout._training import Pace, StackNet  # imports skorch

        criterion = plan.target.criterion
        if former is None:
            module = self._build(plan, table, members)
        else:
            module = copy.deepcopy(former.net_.module_)
            droppers = self._droppers(len(members), criterion).to(module.target_scale)
            if goes_on:
                droppers.count_on_from(module.columns)
            module.columns = droppers
            set_rates(module, members)
        module.precision = product_dtype(self.precision, plan.device)
        return StackNet(
            module,
            criterion,
            seeds=[member.seed for member in members],
            masks=MaskSource(mask_seed, plan.device),
            paces=[
                Pace(member.learning_rate_init, member.weight_decay, member.learning_rate)
                for member in members
            ],
            max_grad_norm=self.max_grad_norm,
            max_epochs=self.max_iter,
            batch_size=[member.batch_size for member in members],
            device=str(plan.device),
        )

    def _build(self, plan, table, members):
        """Return the networks of ``members``, ready to train."""
        return build_stack(
            plan.encoder,
            table,
            members,
            plan.target.criterion,
            hidden_layer_sizes=plan.hidden_layer_sizes,
            activation=self.activation,
            numeric_encoding=self.numeric_encoding,
            dims=plan.dims,
            n_outputs=plan.target.n_raw_outputs,
            columns=lambda n_members: self._droppers(n_members, plan.target.criterion),
            input_scaling=float(self.input_scaling),
        )

    def _training_callbacks(self, context, data, found):
        from skdropout._training import BestEpoch, FitTasks, ProgressBar

        callbacks = list(self.callbacks or [])
        if self.verbose:
            callbacks.append(("progress_bar", ProgressBar()))
        if hasattr(self, "_skl_callbacks"):
            callbacks.append(("fit_tasks", FitTasks(context, data, found)))
        if self.early_stopping:
            callbacks.append(("best_epoch", BestEpoch(self.n_iter_no_change, self.tol)))
        return callbacks

    def _checked(self, net):
        """Return a net that has been trained and can predict; say if it was not done yet."""
        self._check_finite(net)
        is_cut_short = self.early_stopping and still_improves(net, self.n_iter_no_change)
        if is_cut_short and not net.interrupted_:
            warnings.warn(
                f"max_iter={self.max_iter} epochs were run and the validation loss still fell; "
                "raise max_iter, or learning_rate_init.",
                ConvergenceWarning,
                stacklevel=5,
            )
        return net.finish()

    def _check_finite(self, net):
        if not net.is_finite:
            raise ValueError(
                "Training diverged: the loss is no longer finite. Lower learning_rate_init="
                f"{self.learning_rate_init}, or set max_grad_norm=1."
            )

    def _found(self, plan, former, net, trained=None):
        """Return what the estimator adopts of a ``net``; ``trained`` is what to keep of it."""
        trained = net if trained is None else trained
        epochs = net.history[-net.epoch_ :]
        # the last epoch has no loss if it was interrupted
        losses = [epoch["train_loss"] for epoch in epochs if "train_loss" in epoch]
        scores = [-epoch["valid_loss"] for epoch in epochs if "valid_loss" in epoch]
        return {
            **plan.fitted,
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
        members, mask_seed = rows.members(
            plan.recipes,
            self.random_state,
            fraction=None,
            split=None,
            n_passes=0 if former is None else former.n_iter_,
        )
        members = [replace(member, learning_rate="constant") for member in members]
        goes_on = former is not None and former.net_.moments_ is not None
        net = self._net(plan, rows.table, members, mask_seed, former, goes_on)
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
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        return tags

"""The template of fit that all networks of the library share."""

import copy
from abc import abstractmethod
from functools import partial

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.utils import check_consistent_length

from skdropout._device import draw_seeds, resolve_device
from skdropout._estimators.checks import (
    all_or_nothing,
    check_callbacks,
    embedding_dims,
    hidden_sizes,
    split_rows,
)
from skdropout._estimators.fitted import FittedNetworks
from skdropout._estimators.parameters import NetworkParameters
from skdropout._sklearn_private import check_sample_weight, fit_context
from skdropout._stack import MaskSource, Member, Predictor, build_stack, set_rates
from skdropout._table import Rows, TableEncoder, TableTensors

__all__ = ["BaseDropoutMLP"]


class BaseDropoutMLP(NetworkParameters, FittedNetworks, CallbackSupportMixin, BaseEstimator):
    """A stack of multilayer perceptrons on one table, averaged.

    Where its rates come from is a base class of its own: ``_set_rates`` sets ``_rates``, for each
    network one rate per hidden layer, and ``_column_rates``, for each network what its ``Member``
    takes; ``_columns`` maps a number of networks to what drops their columns.
    """

    # The precision of training; predictions have prediction_dtype.
    _dtype = torch.float32

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None, X_val=None, y_val=None, sample_weight_val=None):
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
            Rows to stop by, in place of a share of the training rows.
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
        """
        context = self._init_callback_context(max_subtasks=self.max_iter)
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        data = {"X": X, "y": y, "metadata": metadata}
        context.call_on_fit_task_begin(estimator=self, **data)
        with all_or_nothing(self):
            resumes = self.warm_start and hasattr(self, "net_")
            self._start(X, resumes)
            parts = [self._read(X, y, sample_weight, reset=not resumes)]
            if X_val is not None or y_val is not None:
                self._check_validation_data(X_val, y_val)
                parts.append(self._read(X_val, y_val, sample_weight_val, reset=False))
            table = self._table(parts, resumes)
            n_train = len(parts[0]["target"])
            members = self._members(table, n_train, stops=self.early_stopping)
            callbacks = self._training_callbacks(context, data)
            net = self._train(table, members, callbacks, self.net_.module_ if resumes else None)
            self._finish(net, resumes)
        context.call_on_fit_task_end(estimator=self, **data, reconstruction_attributes=dict)
        return self

    def _start(self, X, resumes):
        """Check what can be checked before the target, and learn the table's layout."""
        self._hidden_sizes = hidden_sizes(self.hidden_layer_sizes)
        self._set_rates()
        check_callbacks(self.callbacks)
        self.device_ = resolve_device(self.device)
        if resumes:
            self._check_same_networks()
        else:
            self._encoder = TableEncoder(self.categorical_features).fit(X, self)
            self._dims = embedding_dims(self.embedding_dim, self._encoder)

    def _check_same_networks(self):
        module = self.net_.module_
        numeric = module.encoding.numeric
        had_encoding = self.numeric_encoding if numeric is None else numeric.kind
        for name, value, had in (
            ("n_members", self.n_members, module.n_members),
            ("hidden_layer_sizes", self._hidden_sizes, module.hidden_layer_sizes),
            ("activation", self.activation, module.activation),
            ("numeric_encoding", self.numeric_encoding, had_encoding),
            ("input_scaling", self.input_scaling, module.input_scaling),
        ):
            if value != had:
                raise ValueError(
                    f"{name}={value!r}, but the networks to go on from have {had!r}; give the "
                    "same, or fit anew with warm_start=False."
                )

    def _read(self, X, y, sample_weight, reset):
        """Turn rows as the user gives them into arrays."""
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None."
            )
        check_consistent_length(X, y, sample_weight)
        numeric, codes = self._encoder.transform(X, self)
        target = self._encode_target(y, reset)
        if sample_weight is not None:
            sample_weight = check_sample_weight(
                sample_weight, target, dtype=np.float64, ensure_non_negative=True
            )
        weight = self._weigh(target, sample_weight, reset)
        return {"numeric": numeric, "codes": codes, "target": target, "weight": weight}

    @abstractmethod
    def _encode_target(self, y, reset):
        """Return the target to train on, float (n_rows, n_outputs) or int class codes."""

    @abstractmethod
    def _criterion(self):
        """Return the loss."""

    def _weigh(self, target, sample_weight, reset):
        return sample_weight

    def _check_validation_data(self, X_val, y_val):
        for value, name, other in ((X_val, "X_val", "y_val"), (y_val, "y_val", "X_val")):
            if value is None:
                raise ValueError(f"{other} is given but {name} is not; give both or neither.")
        if not self.early_stopping:
            raise ValueError(
                "X_val and y_val are given but early_stopping=False; set early_stopping=True."
            )

    def _table(self, parts, resumes):
        """Join the rows of ``parts`` (training, then validation) into one table of tensors."""
        numeric, codes, target = (
            np.concatenate([part[name] for part in parts])
            for name in ("numeric", "codes", "target")
        )
        weight = None
        if any(part["weight"] is not None for part in parts):
            ones = [np.ones(len(part["target"])) for part in parts]
            weight = np.concatenate(
                [
                    one if part["weight"] is None else part["weight"]
                    for part, one in zip(parts, ones, strict=True)
                ]
            )
            weight = torch.as_tensor(weight, dtype=self._dtype)
        if target.dtype.kind == "f":
            if not resumes:
                self._target_location, self._target_scale = self._criterion().standardisation(
                    parts[0]["target"], parts[0]["weight"]
                )
            target = (target - self._target_location) / self._target_scale
        return TableTensors(
            torch.as_tensor(numeric, dtype=self._dtype),
            torch.as_tensor(codes),
            torch.as_tensor(target, dtype=self._dtype if target.dtype.kind == "f" else None),
            weight,
            torch.tensor(self._encoder.n_levels, dtype=torch.long) + 1,
        )

    def _members(self, table, n_train, stops, split=split_rows):
        """Draw seeds, and what each network trains on and, if it ``stops``, stops by."""
        n_rows = len(table.target)
        if stops and n_rows < 2:
            raise ValueError(
                f"n_samples={n_rows} cannot be split into training and validation rows; give "
                "more rows, or set early_stopping=False."
            )
        seeds = draw_seeds(self.random_state, len(self._rates) + 1)
        self._mask_seed = seeds.pop()
        strata = None if table.target.is_floating_point() else table.target.numpy()
        train, valid = np.arange(n_train), np.arange(n_train, n_rows)
        members = []
        for seed, rates, column_rates in zip(seeds, self._rates, self._column_rates, strict=True):
            if stops and n_train == n_rows:
                train, valid = split(n_train, self.validation_fraction, strata, seed)
            members.append(Member(seed, train, valid, rates, **column_rates))
        return members

    def _rows(self, table, members):
        """Return the members' training rows, and their validation rows if they have any."""
        table = table.near(self.device_)
        train = [torch.as_tensor(member.train) for member in members]
        valid = [torch.as_tensor(member.valid) for member in members]
        return Rows(table, train), Rows(table, valid) if len(valid[0]) else None

    def _train(self, table, members, callbacks, module=None):
        """Train ``members`` as one stack; return its net."""
        net = self._net(table, members, module)
        net.callbacks = callbacks
        train, net.rows_valid = self._rows(table, members)
        return net.fit(train)

    def _net(self, table, members, module=None):
        """Return a net around ``module``, or around a new stack of ``members``."""
        from skdropout._training import StackNet  # imports skorch

        criterion = self._criterion()
        if module is None:
            module = self._build(table, members, criterion)
        else:
            module = copy.deepcopy(module)
            module.columns = self._columns(len(members)).to(module.target_scale)
            set_rates(module, members)
        net = StackNet(
            module,
            criterion,
            seeds=[member.seed for member in members],
            masks=MaskSource(self._mask_seed, self.device_),
            schedule=self.learning_rate,
            weight_decay=self.weight_decay,
            max_grad_norm=self.max_grad_norm,
            lr=self.learning_rate_init,
            max_epochs=self.max_iter,
            batch_size=self.batch_size,
            device=str(self.device_),
        )
        net.estimator_so_far = partial(self._so_far, net)
        return net

    def _so_far(self, net):
        """Return a copy of the estimator that predicts by ``net`` as it is now, in training."""
        estimator = copy.copy(self)
        estimator.net_, estimator._predictor = net, Predictor(net)
        return estimator

    def _build(self, table, members, criterion):
        """Return the networks of ``members``, ready to train."""
        return build_stack(
            self._encoder,
            table,
            members,
            criterion,
            hidden_layer_sizes=self._hidden_sizes,
            activation=self.activation,
            numeric_encoding=self.numeric_encoding,
            dims=self._dims,
            n_outputs=self._n_raw_outputs,
            columns=self._columns,
            input_scaling=float(self.input_scaling),
        )

    def _training_callbacks(self, context, data):
        from skdropout._training import BestEpoch, FitTasks, ProgressBar

        callbacks = list(self.callbacks or [])
        if self.verbose:
            callbacks.append(("progress_bar", ProgressBar()))
        if hasattr(self, "_skl_callbacks"):
            callbacks.append(("fit_tasks", FitTasks(self, context, data)))
        if self.early_stopping:
            callbacks.append(("best_epoch", BestEpoch(self.n_iter_no_change, self.tol)))
        return callbacks

    def _finish(self, net, resumes):
        """Set the fitted attributes."""
        # the last epoch has no loss if it was interrupted
        losses = [epoch["train_loss"] for epoch in net.history if "train_loss" in epoch]
        scores = [-epoch["valid_loss"] for epoch in net.history if "valid_loss" in epoch]
        best = net.best_losses()
        if not np.isfinite(losses[-1:] if best is None or not scores else best).all():
            raise ValueError(
                "Training diverged: the loss is no longer finite. Lower learning_rate_init="
                f"{self.learning_rate_init}, or set max_grad_norm=1."
            )
        self.net_ = net.finish()
        self._predictor = Predictor(net)
        self.n_iter_ = net.epoch_ + (self.n_iter_ if resumes else 0)
        self.loss_curve_ = [*(self.loss_curve_ if resumes else []), *losses]
        self.validation_scores_ = scores or None
        self.best_validation_score_ = -float(np.mean(best)) if scores else None

    def _partial_fit(self, X, y, sample_weight):
        """Go once over the rows, with a constant learning rate; the first call sets the layout."""
        with all_or_nothing(self):
            resumes = hasattr(self, "net_")
            self._start(X, resumes)
            part = self._read(X, y, sample_weight, reset=not resumes)
            table = self._table([part], resumes)
            net = self.net_ if resumes else None
            if net is None or net.optimizer_ is None:
                members = self._members(table, len(table.target), stops=False)
                net = self._net(table, members, net and net.module_)
                net.max_epochs, net.schedule = 1, "constant"
                net.callbacks = self.callbacks
                net.initialize()
            everything = torch.arange(len(table.target))
            net.partial_fit(Rows(table.near(self.device_), [everything] * net.module_.n_members))
            net.module_.eval()
            self.net_, self._predictor = net, Predictor(net)
            self.n_iter_ = getattr(self, "n_iter_", 0) + 1
            self.loss_curve_ = [*getattr(self, "loss_curve_", []), net.history[-1, "train_loss"]]
            self.validation_scores_ = self.best_validation_score_ = None
        return self

    def __sklearn_tags__(self):
        """Declare missing cells and categories."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        return tags

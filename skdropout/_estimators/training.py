"""From a plan and tensors to a stack that has been trained."""

import copy
import warnings

import torch
from sklearn.exceptions import ConvergenceWarning

from skdropout._device import product_dtype
from skdropout._estimators.checks import split_rows, still_improves
from skdropout._stack import (
    NUMERIC_ENCODINGS,
    MaskSource,
    build_stack,
    members_of_slice,
    set_rates,
)
from skdropout._table import Rows


class TrainsStacks:
    """The half of ``fit`` that builds networks and trains them, as one stack."""

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

    def _net(self, plan, table, members, mask_seed, former=None):
        """Return a net around a new stack of ``members``, or a copy of the ``former`` one."""
        from skdropout._training import Pace, StackNet  # imports skorch

        criterion = plan.target.criterion
        if former is None:
            module = self._build(plan, table, members)
        else:
            module = copy.deepcopy(former.net_.module_)
            module.columns = self._droppers(len(members), plan).to(module.target_scale)
            module.columns.go_on_from(former.net_.module_.columns)
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
            schedules=[member.schedules for member in members],
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
            columns=lambda n_members: self._droppers(n_members, plan),
            input_scaling=float(self.input_scaling),
            learns=self._learns(),
        )

    def _members_that_fit(self, plan, folds):
        """Return how many networks of folds are best trained as one stack."""
        embedded = zip(plan.encoder.n_levels, plan.dims, strict=True)
        of_number = NUMERIC_ENCODINGS[self.numeric_encoding].inputs_per_column + 1
        n_inputs = of_number * len(plan.encoder.numeric_) + sum(plan.dims)
        return members_of_slice(
            (n_inputs, *plan.hidden_layer_sizes, plan.target.n_raw_outputs),
            sum((n + 2) * dim for n, dim in embedded),
            max(len(fold.train) for fold in folds),
            max(len(fold.valid) for fold in folds),
            self._learning(1)[0]["batch_size"],
            self._dtype,
            plan.device,
        )

    @property
    def _doing(self):
        """How the bar is named that shows a training."""
        return type(self).__name__

    def _training_callbacks(self, context, data, found, trial=None):
        from skdropout._training import BestEpoch, FitTasks, ProgressBar

        callbacks = list(self.callbacks or [])
        if self.verbose:
            callbacks.append(("progress_bar", ProgressBar(self._doing)))
        if hasattr(self, "_skl_callbacks"):
            callbacks.append(("fit_tasks", FitTasks(context, data, found)))
        best_epoch = [("best_epoch", BestEpoch(self.n_iter_no_change, self.tol))]
        if trial is not None:
            best_epoch = trial.watched(best_epoch, self.max_iter)
        return callbacks + (best_epoch if self.early_stopping else [])

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

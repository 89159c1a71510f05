"""Training a stack: a skorch net whose batches are slices of whole tensors."""

import copy
import time
import traceback
import warnings

import numpy as np
import torch
from skorch import NeuralNet
from skorch.callbacks import Callback
from skorch.utils import TeeGenerator

from skdropout._stack import Factors, LogLoss, batches_of, encode_rows, select_members
from skdropout._training.callbacks import BestEpoch, Curves, FitTasks, ProgressBar, Race
from skdropout._training.optimizer import StackAdamW, moments_on
from skdropout._training.trained import Trained

_EVALUATION_ROWS = 4096
_OWN = (BestEpoch, Curves, FitTasks, ProgressBar, Race)


class StackNet(Trained, NeuralNet):
    """A skorch net around a stack of networks.

    It differs from skorch's own loop in that batches are gathered on the device, losses are kept
    per member, and nothing is copied to the host within an epoch. The rest is skorch's:
    ``history``, callbacks, ``partial_fit``.

    Parameters
    ----------
    module : StackMLP
    criterion : _Loss
        Maps raw outputs and standardised targets to one loss per member and row.
    seeds : list of int
        One per member, for shuffling.
    masks : MaskSource
    rows_valid : Rows or None
    paces : list of Pace
        One per member: how fast it learns.
    schedules : list of (units, columns)
        One pair per member: what its rates are multiplied by, see ``Factors.of``.
    max_grad_norm : float or None
        Largest norm of one member's gradient.
    **kwargs
        skorch's own: ``max_epochs``, ``callbacks``, ``device``, and ``batch_size``, of which each
        member has one.

    Attributes
    ----------
    members_ : Tensor of int
        The members still in training, by their place in the whole stack.
    epoch_ : int
        The epoch of this training, from one.
    finished_ : int
        How many epochs of this training were finished.
    interrupted_ : bool
        Whether training ended by Ctrl-C, or by a callback that ends it in this way.
    losses_ : dict
        "train" and "valid": the last epoch's loss of each member in training.
    moments_ : tuple or None
        What AdamW knew when training ended, for a later pass; see ``StackAdamW.moments``.
    estimator_so_far : callable or None
        For callbacks: gives the estimator as if training had ended here, by the members still in
        training.
    """

    def __init__(
        self,
        module,
        criterion,
        *,
        seeds,
        masks,
        paces,
        schedules,
        rows_valid=None,
        max_grad_norm=None,
        **kwargs,
    ):
        super().__init__(module, criterion, verbose=0, train_split=None, **kwargs)
        self.seeds = seeds
        self.masks = masks
        self.rows_valid = rows_valid
        self.paces = paces
        self.schedules = schedules
        self.max_grad_norm = max_grad_norm
        self.estimator_so_far = self.moments_ = None
        self._train = self._valid = self._inputs = self._factors = self._noise = None

    @property
    def _default_callbacks(self):
        return []

    def initialize(self):
        """Initialise everything; members shuffle by generators of their own."""
        super().initialize()
        self.generators_ = [torch.Generator().manual_seed(seed) for seed in self.seeds]
        return self

    def initialize_optimizer(self, *_, **__):
        """Set up AdamW as training starts, when the number of steps an epoch is known."""
        self.optimizer_ = None
        if self._train is not None:
            self.optimizer_ = StackAdamW(
                [p for p in self.module_.parameters() if p.requires_grad],
                self._train.steps,
                self.paces,
                fused=torch.device(self.device).type in ("cpu", "cuda"),
                by_hand=self.module_.by_hand(),
            )
            if self.moments_ is not None:
                self.optimizer_.take_up(*self.moments_)
        return self

    def go_on_from(self, former):
        """Take up history, callbacks and moments of a net that trained the same members."""
        self.initialize()
        self.history_ = copy.copy(former.history_)
        self.callbacks, self.callbacks_ = former.callbacks, former.callbacks_
        self.moments_ = former.moments_
        return self

    def on_train_begin(self, net, X=None, y=None, **_):
        """Get everything ready before the callbacks see the net; ``X`` is Rows."""
        self.members_ = torch.arange(self.module_.n_members)
        self.losses_, self.epoch_, self.finished_ = {}, 0, 0
        self.interrupted_ = self._is_over = False
        device = torch.device(self.device)
        self._inputs = encode_rows(self.module_.encoding, X.table, device)
        self._iterate_over(X, self.rows_valid)
        if self.optimizer_ is None:
            self._initialize_optimizer()
        self._factors = Factors.of(self.schedules, self.max_epochs)
        self.module_.drop_with(self.masks, self._factors, learns=True)
        self._place = 0
        self._noise = torch.ones(len(self.members_), device=device)
        # per-batch events are prepared only if somebody wants them
        self._is_watched = any(
            getattr(type(callback), event) is not getattr(Callback, event)
            for _, callback in self.callbacks_
            for event in ("on_batch_begin", "on_batch_end", "on_grad_computed")
        )

    def fit_loop(self, X, y=None, epochs=None, **fit_params):
        """Train for ``epochs`` on ``X``, which is Rows that hold their target."""
        self._epochs_planned = self.max_epochs if epochs is None else epochs
        try:
            while self.epoch_ < self._epochs_planned and not self._is_over:
                self.epoch_ += 1
                self._go_once()
                self._end_epoch()
                self.finished_ = self.epoch_
        except KeyboardInterrupt:
            self.interrupted_ = True
            if self.finished_:
                warnings.warn(
                    f"Training was interrupted in epoch {self.epoch_}; the best weights so far "
                    "are kept.",
                    stacklevel=2,
                )
        return self

    def _end_epoch(self):
        self.on_epoch_end(self, **self._datasets)
        for _, callback in self.callbacks_:
            try:
                callback.on_epoch_end(self, **self._datasets)
            except KeyboardInterrupt as stop:
                if not _ends_training(callback, stop):
                    raise
                # the others see this epoch too, lest its weights are lost
                self.interrupted_ = self._is_over = True

    def _go_once(self):
        start = time.perf_counter()
        self.notify("on_epoch_begin", **self._datasets)
        self.run_single_epoch(self._train, True, "train", self.train_step)
        self.run_single_epoch(self._valid, False, "valid", self.validation_step)
        # rows that are not trained on tell noise from what was learnt by heart
        self._noise = self.losses_.get("valid", self.losses_["train"])
        # only now is the device waited for
        for part, losses in self.losses_.items():
            self.history.record(f"{part}_loss", float(losses.mean()))
        self.history.record("dur", time.perf_counter() - start)

    @property
    def _datasets(self):
        return {"dataset_train": self._train.rows, "dataset_valid": self.rows_valid}

    def stop_training(self):
        """Let this epoch be the last."""
        self._is_over = True

    def _iterate_over(self, train, valid):
        common = torch.device(self.device), self.module_.encoding
        options = {"inputs": self._inputs}
        sizes = [self.batch_size[k] for k in self.members_]
        self._train = batches_of(train, sizes, *common, self.generators_, **options)
        self._valid = None
        if valid is not None:
            sizes = [_EVALUATION_ROWS] * len(valid.index)
            self._valid = batches_of(valid, sizes, *common, **options)

    def _set_training(self, training):
        # the loss is shared with the estimator, and has no modes
        self.module_.train(training)

    def run_single_epoch(self, iterator, training, prefix, step_fn, **fit_params):
        """Go once over ``iterator``; keep each member's mean loss."""
        if iterator is None:
            return
        self._set_training(training)
        total = torch.zeros_like(iterator.n_rows)
        for step, batch in enumerate(iterator):
            self._step = step
            total = total + self._step_with(step_fn, batch, training)
        self.losses_[prefix] = total / iterator.n_rows

    def _step_with(self, step_fn, batch, training):
        if not self._is_watched:
            return step_fn(batch)["total"]
        # callbacks see the members' rows one below the other
        x, y, _ = batch
        seen = {"batch": (x, y["target"].flatten(0, 1)), "training": training}
        self.notify("on_batch_begin", **seen)
        step = step_fn(batch)
        predictions = self.module_.natural(step["raw"], self.criterion_).flatten(0, 1)
        self.notify("on_batch_end", **seen, loss=step["total"].sum(), y_pred=predictions)
        return step["total"]

    def train_step(self, batch, **fit_params):
        """Take one step of every member."""
        x, y, share = batch
        self.optimizer_.zero_grad()
        self._schedule_dropout()
        raw, back = self.module_.train_on(**x, target=y["target"])
        with torch.no_grad():
            target = self.module_.standardise(y["target"])
            total = self.member_losses(raw, target, y)
            gradient = self.criterion_.gradient(raw, target)
            gradient *= share.view(-1, 1, 1)
            if "weight" in y:
                gradient *= y["weight"].unsqueeze(-1)
        back(gradient)
        if self.module_.learns:
            strength = self.criterion_.temperature(self._noise)
            self.module_.add_prior(strength / self._train.n_rows)
        self.optimizer_.collect()
        if self.max_grad_norm is not None:
            self._clip_gradients()
        if self._is_watched:
            parameters = TeeGenerator(self.get_all_learnable_params())
            self.notify("on_grad_computed", named_parameters=parameters, batch=(x, y))
        self._schedule_learning_rates()
        self.optimizer_.step_of_epoch(self._step)
        return {"total": total, "raw": raw}

    def validation_step(self, batch, **fit_params):
        """Evaluate every member, dropout off."""
        x, y, _ = batch
        with torch.no_grad():
            raw = self.module_.evaluate(**x)
            total = self.member_losses(raw, self.module_.standardise(y["target"]), y)
        return {"total": total, "raw": raw}

    def member_losses(self, raw, target, y):
        """Return each member's sum of losses over the rows of a batch."""
        losses = self.criterion_(raw, target)
        return (losses * y["weight"] if "weight" in y else losses).sum(1)

    def _clip_gradients(self):
        gradients = self.optimizer_.gradients
        norms = torch.linalg.vector_norm(gradients, dim=1, keepdim=True)
        gradients.mul_((self.max_grad_norm / norms).clamp(max=1.0))

    def _schedule_learning_rates(self):
        for run in self.optimizer_.param_groups:
            if run["pace"].schedule == "cosine":
                done = self.epoch_ - 1 + self._step / run["steps"]
                run["lr"] = run["pace"].at(done / self._epochs_planned)

    def _schedule_dropout(self):
        if self._factors is None:
            return
        place = self._factors.place(self.epoch_ - 1, self._step, self._train.steps)
        if not isinstance(place, int) or place != self._place:
            self.module_.go_to(place)
            self._place = place

    def keep(self, members):
        """Go on with some of the members in training, given by their place among these.

        Parameters
        ----------
        members : Tensor of int
            On the CPU.
        """
        there = members.to(self.device)
        select_members(self.module_, there)
        self._inputs = None if self._inputs is None else self._inputs.select(there)
        self.members_ = self.members_[members]
        self.generators_ = [self.generators_[k] for k in members]
        if self.rows_valid is not None:
            self.rows_valid = self.rows_valid.select(members)
        self._iterate_over(self._train.rows.select(members), self.rows_valid)
        self.optimizer_.select(there, members.tolist(), self._train.steps)
        self._factors = None if self._factors is None else self._factors.select(members)
        self.module_.drop_with(self.masks, self._factors, learns=True)
        self._place = 0
        self._noise = self._noise[there]

    def learnt(self):
        """Return the tensors that training changes, members along their first axis."""
        return [self.optimizer_.values, *(state.value for state in self.module_.running())]

    def put_back(self, learnt):
        """Put tensors like :meth:`learnt` in the place of those of the whole stack."""
        values, *states = learnt
        self.optimizer_.write(values)
        for state, value in zip(self.module_.running(), states, strict=True):
            state.value = value

    def predict(self, X):
        """Predict rows as callbacks do: values, or codes of classes."""
        predictions = self.predict_proba(X)
        return predictions.argmax(-1) if isinstance(self.criterion_, LogLoss) else predictions

    def best_losses(self):
        """Return each member's least validation loss, or None if nothing stopped early."""
        best = dict(self.callbacks_).get("best_epoch")
        return None if best is None else best.best_loss_.cpu().numpy()

    @property
    def is_finite(self):
        """Whether every network can predict: its loss and its weights are finite."""
        best = self.best_losses()
        losses = self.losses_["train"].cpu().numpy() if best is None else best
        return np.isfinite(losses).all() and all(
            bool(p.isfinite().all()) for p in self.module_.parameters()
        )

    def __getstate__(self):
        """Pickle on the CPU, so that a net fitted on any device loads on any machine."""
        state = self.__dict__.copy()
        state["module"] = state["module_"] = copy.deepcopy(self.module_).to("cpu")
        state.update(optimizer_=None, masks=None, estimator_so_far=None)
        state.update(_train=None, _valid=None, _inputs=None, _factors=None, _noise=None)
        state["losses_"] = {part: loss.cpu() for part, loss in self.losses_.items()}
        if self.moments_ is not None:
            state["moments_"] = moments_on("cpu", self.moments_)
        return state

    def __setstate__(self, state):
        """Go back to the device of fit if this machine has it."""
        self.__dict__.update(state)
        try:
            self.module_.to(self.device)
        except (RuntimeError, AssertionError):
            self.device = "cpu"
            self.module_.to("cpu")  # some of it may have moved


def _ends_training(callback, stop):
    """Whether ``callback`` itself raised this KeyboardInterrupt, as skorch's do to end a training.

    Ctrl-C comes in whatever the callback has called.
    """
    if isinstance(callback, _OWN):
        return False
    *_, (frame, _) = traceback.walk_tb(stop.__traceback__)
    return frame.f_code.co_name == "on_epoch_end"

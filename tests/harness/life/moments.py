"""Estimators copied at a moment of their life answer, and go on, as those that were not copied."""

import warnings
from functools import cache

from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from skorch.callbacks import Callback

from tests.harness.life.answers import answers, differing, digest
from tests.harness.life.subjects import EVERY, INCREMENTAL, NETWORKS, OF_A_SEARCH
from tests.harness.life.ways import IN_THE_MIDDLE, WAYS, WAYS_AND_CLONE

EVENTS = (
    *("on_train_begin", "on_epoch_begin", "on_batch_begin", "on_grad_computed"),
    *("on_batch_end", "on_epoch_end", "on_train_end"),
)


def fit(model, subject, seed=0):
    """Fit without a word about epochs that were too few."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(*subject.data(seed))


@cache
def undisturbed(about):
    """Return what a fit answers that nothing happened to."""
    subject = EVERY[about]
    return answers(fit(subject.new(), subject), subject.data()[0])


def is_fitted(model):
    """Whether any attribute was learnt."""
    return any(name.endswith("_") and not name.startswith("_") for name in vars(model))


def _unfitted(about, way):
    subject = EVERY[about]
    twin = WAYS_AND_CLONE[way](subject.new())
    return differing(answers(fit(twin, subject), subject.data()[0]), undisturbed(about))


def _fitted(about, way):
    subject = EVERY[about]
    X, _ = subject.data()
    model = fit(subject.new(), subject)
    twin = WAYS_AND_CLONE[way](model)  # before the first prediction
    later = WAYS_AND_CLONE[way](model) if answers(model, X) else None
    return _all_the_same(about, way, model, [twin, later])


def _refitted(about, way):
    subject = EVERY[about]
    model = fit(fit(subject.new(), subject, seed=1), subject)
    return _all_the_same(about, way, model, [WAYS_AND_CLONE[way](model)])


def _all_the_same(about, way, model, twins):
    """Compare a fitted model and its copies with a fit that nothing happened to."""
    subject = EVERY[about]
    X, _ = subject.data()
    differs = []
    for one in (model, *twins):
        if one is not model and way == "clone":
            differs += ["the clone is fitted"] if is_fitted(one) else []
            fit(one, subject)
        differs += differing(answers(one, X), undisturbed(about))
    return differs


def _warm_started(about, way):
    subject = EVERY[about]
    X, _ = subject.data()
    model = fit(subject.new(warm_start=True), subject)
    twin = WAYS[way](model)
    found, expected = (answers(fit(one, subject), X) for one in (twin, model))
    return differing(found, expected)


def _between_passes(about, way):
    subject = EVERY[about]
    X, y = subject.data()
    model, other = subject.new().partial_fit(X, y), subject.new().partial_fit(X, y)
    for _ in range(2):
        model = WAYS[way](model)
        model.partial_fit(X, y)
        other.partial_fit(X, y)
    return differing(answers(model, X), answers(other, X))


class Copying(Callback):
    """Copy, at the second of one kind of event, all that can be had then.

    Parameters
    ----------
    event : str
    copied : callable
    """

    def __init__(self, event, copied):
        self.event, self.copied = event, copied

    def watch(self, model, X):
        """Say which estimator is to be fitted, and which rows it is asked for."""
        # skorch takes names without an underscore at their end for parameters, which are cloned
        self.model_, self.X_, self.twin_ = model, X, None
        self.n_events_, self.differs_ = 0, []

    def notify(self, event, net):
        if event != self.event or self.model_ is None:
            return
        self.n_events_ += 1
        if self.n_events_ != (1 if event in ("on_train_begin", "on_train_end") else 2):
            return
        so_far = net.estimator_so_far()
        self.twin_ = self.copied(self.model_)
        if self.copied is clone:
            self.differs_ += ["a clone is fitted"] if is_fitted(clone(so_far)) else []
            return
        self.differs_ += differing(answers(self.copied(so_far), self.X_), answers(so_far, self.X_))
        weights = net.module_.state_dict()
        if digest(self.copied(net).module_.state_dict()) != digest(weights):
            self.differs_.append("net differs")


for _event in EVENTS:
    setattr(Copying, _event, lambda self, net, _event=_event, **_: self.notify(_event, net))


def _in_a_callback(about, case):
    event, way = case.split(" by ")
    subject = EVERY[about]
    X, _ = subject.data()
    copying = Copying(event, WAYS_AND_CLONE[way])
    model = subject.new(callbacks=[copying])
    copying.watch(model, X)
    fit(model, subject)
    copying.model_ = None
    if copying.twin_ is None:
        return ["the event never came"]
    differs = copying.differs_ + differing(answers(model, X), undisturbed(about))
    differs += ["the copy in training is fitted"] if is_fitted(copying.twin_) else []
    twin = copying.twin_.set_params(callbacks=None)
    return differs + differing(answers(fit(twin, subject), X), undisturbed(about))


_REFITTING = [name for name in NETWORKS if name not in OF_A_SEARCH]
KINDS = {
    "unfitted": (EVERY, tuple(WAYS_AND_CLONE), _unfitted),
    "fitted": (EVERY, tuple(WAYS_AND_CLONE), _fitted),
    "refitted": (EVERY, tuple(WAYS_AND_CLONE), _refitted),
    "warm-started": (_REFITTING, tuple(WAYS), _warm_started),
    "between passes": (INCREMENTAL, tuple(WAYS), _between_passes),
    "in a callback": (
        (*_REFITTING[:6], "maker of images"),
        tuple(f"{event} by {way}" for event in EVENTS for way in (*IN_THE_MIDDLE, "clone")),
        _in_a_callback,
    ),
}

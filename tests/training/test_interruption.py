"""One Ctrl-C ends a call: what can predict is kept, else nothing has changed."""

import warnings

import numpy as np
import pandas as pd
import pytest
from skorch.callbacks import Callback
from torch.utils._python_dispatch import TorchDispatchMode

from skdropout import (
    DropoutMLPClassifier,
    DropoutMLPRegressor,
    DropoutMLPRegressorCV,
    EmbeddingEncoder,
    RelDropRegressor,
)

pytestmark = [
    pytest.mark.usefixtures("untouched_random_state"),
    pytest.mark.filterwarnings("ignore:Training was interrupted"),
]

RNG = np.random.default_rng(0)
X = RNG.normal(size=(100, 3))
Y = (X[:, 0] > 0).astype(int)
SMALL = {"hidden_layer_sizes": (8,), "max_iter": 6, "random_state": 0}
CITIES = pd.DataFrame({"city": RNG.choice(["Rome", "Oslo", "Lima"], 100), "a": X[:, 0]})


class CtrlC(Callback):
    """Ctrl-C in a batch of the epoch that it is ``armed`` for."""

    def __init__(self):
        self.armed = None

    def on_train_begin(self, net, **_):
        self.epoch = 0

    def on_epoch_begin(self, net, **_):
        self.epoch += 1

    def on_batch_end(self, net, **_):
        if self.epoch == self.armed:
            raise KeyboardInterrupt


class CtrlCAtOperation(TorchDispatchMode):
    """Ctrl-C at the torch operation of this number; without one, count them."""

    def __init__(self, number=None):
        super().__init__()
        self.number, self.n_seen = number, 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.n_seen += 1
        if self.n_seen == self.number:
            raise KeyboardInterrupt
        return func(*args, **(kwargs or {}))


def interrupted_at(fraction, make, call):
    """Return what ``make`` gave, after ``call`` of it met Ctrl-C so far on its way."""
    estimator = make()
    with CtrlCAtOperation() as counted:
        call(estimator)
    estimator = make()
    with CtrlCAtOperation(int(fraction * counted.n_seen)), pytest.raises(KeyboardInterrupt):
        call(estimator)
    return estimator


def fitted_attributes(estimator):
    return [name for name in vars(estimator) if name.endswith("_")]


CLASSES = pytest.mark.parametrize(
    "cls", [DropoutMLPRegressor, DropoutMLPClassifier, RelDropRegressor]
)
STOPPING = pytest.mark.parametrize("early_stopping", [True, False], ids=["stopping", "all-epochs"])


@STOPPING
@CLASSES
def test_in_the_first_epoch_nothing_is_fitted(cls, early_stopping):
    stop = CtrlC()
    stop.armed = 1
    model = cls(**SMALL, early_stopping=early_stopping, callbacks=[stop])
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    assert not fitted_attributes(model)


@CLASSES
def test_in_the_first_epoch_of_a_second_fit_the_first_one_stays(cls):
    stop = CtrlC()
    model = cls(**SMALL, callbacks=[stop]).fit(X, Y)
    before, losses = model.predict(X), list(model.loss_curve_)
    stop.armed = 1
    with pytest.raises(KeyboardInterrupt):
        model.fit(X[:50, :2], 1 - Y[:50])
    np.testing.assert_array_equal(model.predict(X), before)
    assert model.loss_curve_ == losses


def test_in_the_first_epoch_of_the_refit_of_a_search():
    stop = CtrlC()
    stop.armed = 1
    search = DropoutMLPRegressorCV(**SMALL, dropouts=[0.0], cv=2, callbacks=[stop])
    with pytest.raises(KeyboardInterrupt):
        search.fit(X, Y)
    assert not fitted_attributes(search)


@STOPPING
@CLASSES
def test_in_a_later_epoch_what_is_trained_is_kept(cls, early_stopping):
    stop = CtrlC()
    stop.armed = 4
    model = cls(**SMALL, early_stopping=early_stopping, callbacks=[stop])
    with pytest.warns(UserWarning, match="interrupted"):
        model.fit(X, Y)
    whole = cls(**SMALL, early_stopping=early_stopping).fit(X, Y)
    assert model.loss_curve_[:3] == whole.loss_curve_[:3]
    assert np.isfinite(model.predict(X)).all()


@pytest.mark.parametrize("fraction", [0.2, 0.7])
def test_in_a_search_nothing_is_fitted(fraction):
    def make():
        return DropoutMLPRegressorCV(**SMALL, dropouts=[0.0, 0.2], cv=2, refit=False)

    assert not fitted_attributes(interrupted_at(fraction, make, lambda search: search.fit(X, Y)))


def test_in_a_second_search_the_first_one_stays():
    options = {**SMALL, "dropouts": [0.0, 0.2], "cv": 2}
    expected = DropoutMLPRegressorCV(**options).fit(X, Y)

    def make():
        return DropoutMLPRegressorCV(**options).fit(X, Y)

    # about a third of the operations are of the grid, the others of the refit
    search = interrupted_at(0.2, make, lambda search: search.fit(X[:60, :2], Y[:60]))
    np.testing.assert_array_equal(search.scores_, expected.scores_)
    np.testing.assert_array_equal(search.predict(X), expected.predict(X))


@pytest.mark.parametrize("fraction", [0.3, 0.8], ids=["all-rows", "folds"])
def test_in_an_encoder_nothing_is_fitted(fraction):
    def make():
        return EmbeddingEncoder((8,), max_iter=6, random_state=0)

    encoder = interrupted_at(fraction, make, lambda encoder: encoder.fit_transform(CITIES, Y))
    assert not fitted_attributes(encoder)


@pytest.mark.parametrize("patience", [1, 2])
def test_early_stopping_is_no_interruption(patience):
    """A target of noise stops at once, without a word."""
    options = {**SMALL, "dropout": 0.1, "max_iter": 60, "n_iter_no_change": patience}
    noise = np.random.default_rng(1).normal(size=100)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = DropoutMLPRegressor(**options).fit(X, noise)
    assert model.n_iter_ < 60


@pytest.mark.parametrize("early_stopping", [True, False], ids=["stopping", "all-epochs"])
def test_whenever_it_comes_whole_epochs_or_steps_are_kept(early_stopping):
    """Never layers of two epochs, nor half a step; and it never looks like a divergence."""
    options = {**SMALL, "max_iter": 3, "learning_rate": "constant", "batch_size": 100}
    options |= {"early_stopping": early_stopping}

    def make(max_iter=3):
        return DropoutMLPRegressor(**{**options, "max_iter": max_iter})

    # one step an epoch: to stop after some of them is to have been given as many
    whole = [make(k).fit(X, Y).predict(X) for k in (1, 2, 3)]
    with CtrlCAtOperation() as counted:
        make().fit(X, Y)
    n_kept = 0
    for number in range(counted.n_seen // 4, counted.n_seen, 31):
        model = make()
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                with CtrlCAtOperation(number):
                    model.fit(X, Y)
            except KeyboardInterrupt:
                assert not fitted_attributes(model)
                continue
        assert any("interrupted" in str(each.message) for each in warned)
        n_kept += 1
        predictions = model.predict(X)
        assert any(np.array_equal(predictions, expected) for expected in whole)
    assert n_kept > 5


class Stop(Callback):
    """End the training after the first epoch, as skorch's callbacks do."""

    def on_epoch_end(self, net, **_):
        raise KeyboardInterrupt


class Busy(Callback):
    """Be met by Ctrl-C after the second epoch, in a function."""

    def on_epoch_end(self, net, **_):
        if net.epoch_ == 2:
            self.work()

    def work(self):
        raise KeyboardInterrupt


def test_a_callback_may_end_the_training_after_the_first_epoch():
    options = {**SMALL, "learning_rate": "constant"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = DropoutMLPRegressor(**options, callbacks=[Stop()]).fit(X, Y)
    assert model.n_iter_ == 1
    one = DropoutMLPRegressor(**{**options, "max_iter": 1}).fit(X, Y)
    np.testing.assert_array_equal(model.predict(X), one.predict(X))


def test_in_what_a_callback_does_it_is_told():
    options = {**SMALL, "learning_rate": "constant"}
    with pytest.warns(UserWarning, match="interrupted in epoch 2"):
        model = DropoutMLPRegressor(**options, callbacks=[Busy()]).fit(X, Y)
    one = DropoutMLPRegressor(**{**options, "max_iter": 1}).fit(X, Y)
    np.testing.assert_array_equal(model.predict(X), one.predict(X))


def test_the_loss_of_a_fitted_estimator_keeps_its_mode():
    """It is shared with the networks that are trained further."""
    model = DropoutMLPRegressor(**SMALL, warm_start=True).fit(X, Y)
    before = model.net_.criterion_.training
    stop = CtrlC()
    stop.armed = 1
    model.set_params(callbacks=[stop])
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    assert model.net_.criterion_.training == before

"""Ctrl-C while the transformers train: one ends the call."""

import numpy as np
import pytest
from skorch.callbacks import EarlyStopping
from torch.utils._python_dispatch import TorchDispatchMode

from skdropout import DropoutMLPRegressor, EmbeddingEncoder, SmoothHessInteractions

pytestmark = [
    pytest.mark.usefixtures("untouched_random_state"),
    pytest.mark.filterwarnings("ignore:Training was interrupted:UserWarning"),
]

X = np.random.default_rng(0).normal(size=(60, 3))
Y = X[:, 0] * X[:, 1] + X[:, 2]
CITIES = np.random.default_rng(1).choice(["Rome", "Oslo", "Lima"], (60, 1)).astype(object)
TINY = DropoutMLPRegressor((4,), max_iter=1, n_members=1, random_state=0)


class CtrlC(TorchDispatchMode):
    """Ctrl-C in one of the backward passes, of which every training step has as many."""

    def __init__(self, number=1):
        super().__init__()
        self.number, self.n_seen = number, 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if "backward" in func.name():
            self.n_seen += 1
            if self.n_seen == self.number:
                raise KeyboardInterrupt
        return func(*args, **(kwargs or {}))


def interrupt(call, number):
    """Interrupt ``call`` once, after which nothing may be trained any more."""
    with CtrlC(number) as stop, pytest.raises(KeyboardInterrupt):
        call()
    assert stop.n_seen == number


def n_backward(call):
    with CtrlC(None) as counted:
        call()
    return counted.n_seen


def test_first_epoch_of_the_default_estimator():
    finder = SmoothHessInteractions(random_state=0)
    before = dict(vars(finder))
    interrupt(lambda: finder.fit(X, Y), 1)
    assert vars(finder) == before


def test_what_was_fitted_before_stays():
    finder = SmoothHessInteractions(TINY, random_state=0).fit(X, Y)
    expected = finder.transform(X)
    finder.set_params(estimator=None)
    before = dict(vars(finder))
    interrupt(lambda: finder.fit(X, Y), 1)
    assert vars(finder).keys() == before.keys()
    assert all(vars(finder)[name] is before[name] for name in before)
    np.testing.assert_array_equal(finder.transform(X), expected)


def few_epochs(monkeypatch):
    """Candidates of the default estimator that train no longer than they must."""
    tiny = {"hidden_layer_sizes": (4,), "n_members": 1, "max_iter": 3}
    monkeypatch.setattr("skdropout._transformers.interactions.networks.NETWORKS", tiny)
    monkeypatch.setattr("skdropout._transformers.interactions.networks._FEW_COLUMNS", 0)


@pytest.mark.parametrize("share", [0.4, 0.9], ids=["first", "last"])
def test_no_candidate_is_trained_after_a_later_epoch_of_another(monkeypatch, share):
    few_epochs(monkeypatch)

    def finder():
        return SmoothHessInteractions(method="superset", random_state=0)

    number = int(share * n_backward(lambda: finder().fit(X, Y)))
    interrupted = finder()
    interrupt(lambda: interrupted.fit(X, Y), number)
    assert vars(interrupted) == vars(finder())


@pytest.mark.parametrize("share", [0.1, 0.9], ids=["all-rows", "last-fold"])
def test_neither_the_estimator_nor_one_of_a_fold_is_cut_short(share):
    """What is tested must have been trained to its end, like what proposes."""
    net = DropoutMLPRegressor((4,), max_iter=3, n_members=1, random_state=0)

    def finder():
        return SmoothHessInteractions(net, n_interactions="auto", method="superset", random_state=0)

    with pytest.warns(UserWarning, match="No interaction passes"):
        number = int(share * n_backward(lambda: finder().fit(X, Y)))
    interrupted = finder()
    interrupt(lambda: interrupted.fit(X, Y), number)
    assert not hasattr(interrupted, "interactions_")


def test_early_stopping_of_skorch_is_no_ctrl_c():
    """It travels as the same exception."""
    stopping = EarlyStopping(monitor="train_loss", patience=1, threshold=1e9, threshold_mode="abs")
    net = DropoutMLPRegressor((4,), max_iter=9, n_members=1, random_state=0, callbacks=[stopping])
    finder = SmoothHessInteractions(net, n_interactions="auto", method="superset", random_state=0)
    with pytest.warns(UserWarning, match="No interaction passes"):
        assert finder.fit(X, Y).estimator_.n_iter_ < 9


@pytest.mark.parametrize("share", [0.3, 0.8], ids=["all-rows", "folds"])
def test_an_encoder_of_training_rows_needs_all_networks(share):
    def encoder():
        return EmbeddingEncoder((4,), max_iter=4, cv=3, random_state=0)

    number = int(share * n_backward(lambda: encoder().fit_transform(CITIES, Y)))
    interrupted = encoder()
    interrupt(lambda: interrupted.fit_transform(CITIES, Y), number)
    assert vars(interrupted) == vars(encoder())


def test_an_encoder_keeps_what_one_network_has_learnt():
    encoder = EmbeddingEncoder((4,), max_iter=4, random_state=0)
    number = int(0.6 * n_backward(lambda: encoder.fit(CITIES, Y)))
    with CtrlC(number) as stop, pytest.warns(UserWarning, match="interrupted in epoch 3"):
        encoder.fit(CITIES, Y)
    assert stop.n_seen == number
    two = EmbeddingEncoder((4,), max_iter=4, random_state=0).fit(CITIES, Y)
    assert encoder.estimator_.loss_curve_ == two.estimator_.loss_curve_[:2]

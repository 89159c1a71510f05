"""What happens while a model trains: callbacks, schedules, progress, interruption."""

import numpy as np
import pytest
import torch
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch.callbacks import Callback, EarlyStopping, EpochScoring, LRScheduler

from skdropout import DropoutMLPClassifier, DropoutMLPRegressor

SMALL = {"hidden_layer_sizes": (8,), "max_iter": 6, "random_state": 0}

pytestmark = pytest.mark.usefixtures("untouched_random_state")


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 3))
    return X, X[:, 0] + 0.1 * rng.normal(size=150)


class Recorder(Callback):
    def on_train_begin(self, net, **_):
        self.seen = ["begin"]
        self.rates = []

    def on_batch_end(self, net, training, loss, **_):
        self.rates.append(net.optimizer_.param_groups[0]["lr"])

    def on_grad_computed(self, net, named_parameters, **_):
        assert all(p.grad is not None for _, p in named_parameters)

    def on_epoch_end(self, net, **_):
        self.seen.append(net.history[-1, ("train_loss", "dur")])

    def on_train_end(self, net, **_):
        self.seen.append("end")


def test_skorch_callbacks_are_called(data):
    recorder = Recorder()
    model = DropoutMLPRegressor(**SMALL, callbacks=[("recorder", recorder)]).fit(*data)
    assert recorder.seen[0] == "begin"
    assert recorder.seen[-1] == "end"
    assert [losses[0] for losses in recorder.seen[1:-1]] == model.loss_curve_


def test_learning_rates(data):
    rates = {}
    for schedule in ("constant", "cosine"):
        recorder = Recorder()
        DropoutMLPRegressor(
            **SMALL, callbacks=[recorder], learning_rate=schedule, early_stopping=False
        ).fit(*data)
        rates[schedule] = np.array(recorder.rates)
    assert (rates["constant"] == 1e-3).all()
    cosine = rates["cosine"]
    top = cosine.argmax()
    assert (np.diff(cosine[: top + 1]) > 0).all()
    assert (np.diff(cosine[top:]) < 0).all()
    assert cosine.max() <= 1e-3
    assert cosine[-1] < 0.01 * cosine.max()


def test_skorch_scheduler_and_early_stopping(data):
    halve = LRScheduler(policy="StepLR", step_size=1, gamma=0.5)
    recorder = Recorder()
    model = DropoutMLPRegressor(
        **SMALL,
        learning_rate="constant",
        callbacks=[halve, recorder, EarlyStopping(patience=100)],
    ).fit(*data)
    np.testing.assert_allclose(np.unique(recorder.rates)[::-1], 1e-3 * 0.5 ** np.arange(6))
    stopped = DropoutMLPRegressor(
        **{**SMALL, "max_iter": 50}, callbacks=[EarlyStopping(patience=2, threshold=10.0)]
    ).fit(*data)
    assert stopped.n_iter_ < 10
    assert model.n_iter_ == 6


@pytest.mark.parametrize("n_members", [1, 3])
def test_skorch_scoring_callback(data, n_members):
    X, y = data
    model = DropoutMLPClassifier(
        **SMALL, n_members=n_members, callbacks=[EpochScoring("accuracy", name="accuracy")]
    ).fit(X, y > 0)
    assert all(0 <= score <= 1 for score in model.net_.history[:, "accuracy"])


def test_callbacks_are_not_changed_by_clone_or_search(data):
    model = DropoutMLPRegressor(**SMALL, callbacks=[Recorder()])
    search = GridSearchCV(model, {"dropout": [0.0, 0.2]}, cv=2).fit(*data)
    assert not hasattr(model.callbacks[0], "seen")
    assert search.best_estimator_.callbacks[0].seen


def test_verbose_shows_one_bar(data, capsys):
    DropoutMLPRegressor(**SMALL, verbose=1).fit(*data)
    shown = capsys.readouterr().err
    assert "6/6" in shown
    assert "DropoutMLPRegressor, " in shown
    assert "train_loss" in shown
    assert "valid_loss" in shown
    DropoutMLPRegressor(**SMALL).fit(*data)
    assert capsys.readouterr().err == ""


class Counter:
    """A scikit-learn callback that counts tasks and may stop a fit."""

    def __init__(self, stop_after=None):
        self.tasks = []
        self.stop_after = stop_after

    def setup(self, estimator, context):
        self.tasks.append("setup")

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, X, fitted_estimator):
        self.tasks.append(context.task_name)
        if context.task_name == "epoch":
            assert np.isfinite(fitted_estimator.predict(X)).all()
            return self.stop_after is not None and self.tasks.count("epoch") >= self.stop_after
        return False

    def teardown(self, estimator, context):
        self.tasks.append("teardown")


def test_sklearn_callbacks(data):
    counter = Counter()
    DropoutMLPRegressor(**SMALL).set_callbacks(counter).fit(*data)
    assert counter.tasks == ["setup", *["epoch"] * 6, "fit", "teardown"]


def test_sklearn_callback_may_stop_the_fit(data):
    model = DropoutMLPRegressor(**SMALL).set_callbacks(Counter(stop_after=2)).fit(*data)
    assert model.n_iter_ == 2


def test_sklearn_callbacks_are_torn_down_after_a_failure(data):
    counter = Counter()
    with pytest.raises(ValueError, match="NaN"):
        DropoutMLPRegressor(**SMALL).set_callbacks(counter).fit(data[0], np.full(150, np.nan))
    assert counter.tasks == ["setup", "teardown"]


def test_scoring_monitor_sees_every_epoch(data):
    monitor = ScoringMonitor(scoring="r2")
    model = DropoutMLPRegressor(**SMALL).set_callbacks(monitor)
    model.fit(*data)
    log = monitor.get_logs()
    assert log


def test_sklearn_progress_bar_in_a_search(data, capsys):
    pipeline = make_pipeline(StandardScaler(), DropoutMLPRegressor(**SMALL))
    search = GridSearchCV(pipeline, {"dropoutmlpregressor__dropout": [0.0, 0.2]}, cv=2)
    search.set_callbacks(ProgressBar(max_propagation_depth=None)).fit(*data)
    assert search.best_score_ < 1


class CtrlC(Callback):
    def __init__(self, epoch):
        self.epoch = epoch

    def on_batch_end(self, net, training, **_):
        if net.epoch_ == self.epoch and not training:
            raise KeyboardInterrupt


@pytest.mark.parametrize("epoch", [2, 4])
def test_ctrl_c_keeps_the_best_weights(data, epoch):
    X, y = data
    with pytest.warns(UserWarning, match=f"interrupted in epoch {epoch}"):
        model = DropoutMLPRegressor(**SMALL, callbacks=[CtrlC(epoch)]).fit(X, y)
    assert model.n_iter_ == epoch
    whole = DropoutMLPRegressor(**{**SMALL, "max_iter": 6}, callbacks=[]).fit(X, y)
    np.testing.assert_array_equal(
        model.validation_scores_ or [], whole.validation_scores_[: epoch - 1]
    )
    assert np.isfinite(model.predict(X)).all()


def test_gradients_are_clipped_per_member(data):
    norms = []

    class Norms(Callback):
        def on_grad_computed(self, net, named_parameters, **_):
            squares = sum(p.grad.flatten(1).square().sum(1) for _, p in named_parameters)
            norms.extend(squares.sqrt().tolist())

    X, y = data
    DropoutMLPRegressor(**SMALL, n_members=3, max_grad_norm=0.1, callbacks=[Norms()]).fit(X, y)
    assert max(norms) <= 0.1 * (1 + 1e-5)
    assert np.isclose(max(norms), 0.1, rtol=1e-4)


def test_a_device_that_takes_half_a_network_is_left(data, monkeypatch):
    """A net that cannot be loaded where it was fitted is on the CPU, all of it."""
    X, y = data
    net = DropoutMLPRegressor(**SMALL).fit(X, y).net_
    state, places = net.__getstate__(), []

    def to(self, place):
        places.append(str(place))
        if len(places) == 1:
            raise torch.cuda.OutOfMemoryError("no room for the rest")
        return self

    monkeypatch.setattr(torch.nn.Module, "to", to)
    loaded = object.__new__(type(net))
    loaded.__setstate__({**state, "device": "cuda"})
    assert places == ["cuda", "cpu"]
    assert loaded.device == "cpu"

"""A pass by ``partial_fit`` that fails has not happened; one that succeeds is as any other."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from skorch.callbacks import Callback

from skdropout import DropoutMLPClassifier, DropoutMLPRegressor

pytestmark = pytest.mark.usefixtures("untouched_random_state")

RNG = np.random.default_rng(0)
X = pd.DataFrame({"a": RNG.normal(size=80), "city": pd.Categorical(["Rome", "Oslo"] * 40)})
Y = (X["a"] + RNG.normal(size=80) > 0).astype(int).to_numpy()
SMALL = {
    "hidden_layer_sizes": (8,),
    "n_members": 2,
    "batch_size": 16,
    "max_iter": 3,
    "learning_rate_init": 0.01,
    "random_state": 0,
}
BOTH = pytest.mark.parametrize("cls", [DropoutMLPRegressor, DropoutMLPClassifier])


class Armed(Callback):
    """Raises ``error``, where it is not None, in the third batch of a pass."""

    error = None

    def on_train_begin(self, net, **_):
        self.n_batches = 0

    def on_batch_end(self, net, **_):
        self.n_batches += 1
        if type(self).error is not None and self.n_batches == 3:
            raise type(self).error


def state(model):
    """All that an estimator says of itself."""
    return {
        "predictions": getattr(model, "predict_proba", model.predict)(X),
        "weights": [part.numpy().copy() for part in model.net_.module_.state_dict().values()],
        "embeddings": model.embeddings_["city"].to_numpy(copy=True),
        "n_iter": model.n_iter_,
        "losses": list(model.loss_curve_),
    }


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("stop"),
        KeyboardInterrupt(),
    ],
    ids=["error", "ctrl-c"],
)
@pytest.mark.filterwarnings("ignore:Training was interrupted")
@BOTH
def test_a_pass_that_fails_changes_nothing(cls, error, monkeypatch):
    model = cls(**SMALL, callbacks=[Armed()]).partial_fit(X, Y)
    before = state(model)
    with monkeypatch.context() as patch:
        patch.setattr(Armed, "error", error)
        with pytest.raises(type(error)):
            model.partial_fit(X, Y)
    np.testing.assert_equal(state(model), before)
    np.testing.assert_equal(state(pickle.loads(pickle.dumps(model))), before)


@pytest.mark.filterwarnings("ignore:Training was interrupted")
@BOTH
def test_ctrl_c_in_the_first_pass_leaves_it_unfitted(cls, monkeypatch):
    monkeypatch.setattr(Armed, "error", KeyboardInterrupt())
    model = cls(**SMALL, callbacks=[Armed()])
    with pytest.raises(KeyboardInterrupt):
        model.partial_fit(X, Y)
    assert not [name for name in vars(model) if name.endswith("_")]


@pytest.mark.parametrize("error", [RuntimeError("stop"), KeyboardInterrupt()], ids=repr)
@pytest.mark.filterwarnings("ignore:Training was interrupted")
def test_the_pass_after_a_failure_is_the_one_that_would_have_been(error, monkeypatch):
    model = DropoutMLPRegressor(**SMALL, callbacks=[Armed()]).partial_fit(X, Y)
    untroubled = (
        DropoutMLPRegressor(**SMALL, callbacks=[Armed()]).partial_fit(X, Y).partial_fit(X, Y)
    )
    with monkeypatch.context() as patch:
        patch.setattr(Armed, "error", error)
        with pytest.raises(type(error)):
            model.partial_fit(X, Y)
    np.testing.assert_array_equal(model.partial_fit(X, Y).predict(X), untroubled.predict(X))


@BOTH
def test_a_pass_that_diverges_says_so(cls):
    model = cls(**SMALL, screening=None).fit(X, Y)
    before = state(model)
    with pytest.raises(ValueError, match="learning_rate_init"):
        model.set_params(learning_rate_init=1e30).partial_fit(X, Y)
    np.testing.assert_equal(state(model), before)


def test_a_first_pass_that_diverges_leaves_it_unfitted():
    model = DropoutMLPRegressor(**{**SMALL, "learning_rate_init": 1e30})
    with pytest.raises(ValueError, match="learning_rate_init"):
        model.partial_fit(X, Y)
    assert not [name for name in vars(model) if name.endswith("_")]


@pytest.mark.parametrize(
    "duplicate",
    [lambda model: pickle.loads(pickle.dumps(model)), copy.deepcopy],
    ids=["pickle", "deepcopy"],
)
@BOTH
def test_a_copy_between_two_passes_does_not_show(cls, duplicate):
    whole = cls(**SMALL).partial_fit(X, Y).partial_fit(X, Y)
    model = duplicate(cls(**SMALL).partial_fit(X, Y)).partial_fit(X, Y)
    np.testing.assert_equal(state(model), state(whole))


def test_a_changed_learning_rate_takes_effect():
    """AdamW moves a weight by hardly more than the learning rate in a step."""
    model = DropoutMLPRegressor(**SMALL).partial_fit(X, Y)
    before = model.predict(X)
    model.set_params(learning_rate_init=1e-12).partial_fit(X, Y)
    np.testing.assert_allclose(model.predict(X), before, atol=1e-6)


@pytest.mark.parametrize("name", ["dropout", "input_dropout"])
def test_a_changed_rate_takes_effect(name):
    options = {**SMALL, "dropout": 0.0}
    plain = DropoutMLPRegressor(**options).partial_fit(X, Y).partial_fit(X, Y)
    model = DropoutMLPRegressor(**options).partial_fit(X, Y)
    model.set_params(**{name: 0.5}).partial_fit(X, Y)
    assert not np.allclose(model.predict(X), plain.predict(X))

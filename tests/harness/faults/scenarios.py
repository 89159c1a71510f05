"""Calls to disturb: every public method of every estimator, on a table of forty rows."""

import copy
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import KFold
from torch import nn

from skdropout import (
    DropoutMLPClassifier,
    DropoutMLPClassifierCV,
    DropoutMLPRegressor,
    DropoutMLPRegressorCV,
    EmbeddingEncoder,
    RelDropClassifier,
    RelDropRegressor,
    SmoothHessInteractions,
)
from skdropout.callbacks import SpectrumCallback
from tests.harness.faults.steps import Events, FitEvents, reach

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(40, 2)), columns=["a", "b"])
X["city"] = pd.Categorical(RNG.choice(["Rome", "Oslo", "Lima"], 40))
NUMBERS = RNG.normal(size=(40, 4))
Y = X["a"].to_numpy() * X["b"].to_numpy() + (X["city"] == "Rome")
TWO = np.where(Y > 0, "yes", "no")
THREE = np.digitize(Y, [-0.2, 0.3])
OTHER = X.iloc[:20, :2].to_numpy()


@dataclass(frozen=True)
class Scenario:
    """One call.

    Attributes
    ----------
    name : str
    make : callable
        Returns what is called upon: the same every time.
    call : callable
        ``call(made)`` is what is disturbed; it returns what is to be the same when it is not.
    share : float
        How often it is disturbed, in comparison with the others.
    renew : callable
        Gives ``made`` new sources of chance for those of the user's that were drawn from.
    """

    name: str
    make: Callable[[], Any]
    call: Callable[[Any], Any]
    share: float = 1.0
    renew: Callable[[Any], Any] = lambda made: made


class UserModule(nn.Module):
    """A user's own network, with chance and running statistics of its own."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(), nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Tanh(), nn.Dropout(0.2)
        )
        self.last = nn.Linear(6, 1)

    def forward(self, x):
        reach("user")
        return self.last(self.layers(x))


class UserFolds:
    """A splitter of the user's."""

    def split(self, X, y=None, groups=None):
        for split in KFold(2).split(X):
            reach("user")
            yield split

    def get_n_splits(self, X=None, y=None, groups=None):
        return 2


class UserRandomState(np.random.RandomState):
    """A random state of the user's."""

    def randint(self, *args, **kwargs):
        reach("user")
        return super().randint(*args, **kwargs)


def user_scorer(estimator, X, y):
    reach("user")
    return estimator.score(X, y)


def user_module():
    reach("user")
    return UserModule()


def _user_module():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return UserModule()


SMALL = {"hidden_layer_sizes": (4,), "max_iter": 3, "random_state": 0, "device": "cpu"}
TINY = DropoutMLPRegressor(**{**SMALL, "n_members": 1, "numeric_encoding": "standard"})
NETWORKS = {
    "DropoutMLPRegressor": lambda: (DropoutMLPRegressor(**SMALL, n_members=2), X, Y),
    "DropoutMLPRegressor(all epochs)": lambda: (
        DropoutMLPRegressor(**SMALL, early_stopping=False, batch_size=10, max_grad_norm=1.0),
        X,
        Y,
    ),
    "DropoutMLPRegressor(callbacks)": lambda: (
        DropoutMLPRegressor(**SMALL, callbacks=[Events()], activation="silu").set_callbacks(
            FitEvents()
        ),
        X,
        np.column_stack([Y, -Y]),
    ),
    "DropoutMLPRegressor(spectrum)": lambda: (
        DropoutMLPRegressor(
            **SMALL, callbacks=[SpectrumCallback(X, every=2, max_order=2, n_evaluations=2000)]
        ),
        X,
        Y,
    ),
    "DropoutMLPRegressor(random state)": lambda: (
        DropoutMLPRegressor(**{**SMALL, "random_state": UserRandomState(0)}),
        X,
        Y,
    ),
    "DropoutMLPClassifier": lambda: (
        DropoutMLPClassifier(**SMALL, n_members=2, input_dropout=0.2, class_weight="balanced"),
        X,
        THREE,
    ),
    "DropoutMLPClassifier(labels)": lambda: (
        DropoutMLPClassifier(**SMALL, numeric_encoding="periodic"),
        X,
        np.column_stack([Y > 0, Y > 1]).astype(int),
    ),
    "RelDropRegressor": lambda: (RelDropRegressor(**SMALL, activation="tanh"), X, Y),
    "RelDropRegressor(schedule)": lambda: (
        RelDropRegressor(**SMALL, dropout_schedule="ramp"),
        X,
        Y,
    ),
    "RelDropClassifier": lambda: (RelDropClassifier(**SMALL, rule="epsilon"), X, TWO),
    "RelDropRegressor(module)": lambda: (
        RelDropRegressor(**SMALL, module=user_module, feature_shape=(4, 1)),
        NUMBERS,
        Y,
    ),
    "RelDropClassifier(blocks)": lambda: (
        RelDropClassifier(
            **SMALL, module=_user_module(), feature_shape=(1, 2, 2), occlusion="block"
        ),
        NUMBERS,
        TWO,
    ),
    "DropoutMLPRegressorCV": lambda: (
        DropoutMLPRegressorCV(**SMALL, dropouts=[0.0, 0.3], cv=UserFolds(), scoring=user_scorer),
        X,
        Y,
    ),
    "DropoutMLPClassifierCV": lambda: (
        DropoutMLPClassifierCV(
            **{**SMALL, "max_iter": 6},
            dropouts=[0.0, 0.9],
            cv=2,
            racing=True,
            n_iter_no_change=2,
            learning_rate_init=0.1,
        ),
        X,
        TWO,
    ),
}
TRANSFORMERS = {
    "EmbeddingEncoder": lambda: (EmbeddingEncoder(**SMALL, cv=2), X, Y),
    "SmoothHessInteractions": lambda: (
        SmoothHessInteractions(TINY, n_points=8, random_state=0, device="cpu"),
        X,
        Y,
    ),
    "SmoothHessInteractions(hessian)": lambda: (
        SmoothHessInteractions(
            TINY, output="hessian", n_points=8, n_perturbations=16, random_state=0, device="cpu"
        ),
        X,
        Y,
    ),
    "SmoothHessInteractions(auto)": lambda: (
        SmoothHessInteractions(
            TINY, n_interactions="auto", error_rate=0.9, n_points=8, random_state=0, device="cpu"
        ),
        X,
        Y,
    ),
    "SmoothHessInteractions(frozen)": lambda: (
        SmoothHessInteractions(FrozenEstimator(fitted("TINY")), n_points=8, random_state=0),
        X,
        Y,
    ),
}
ESTIMATORS = {**NETWORKS, **TRANSFORMERS}
# those whose second fit is to a table of other columns; those that differ from others in fit alone
OTHER_TABLES = {"DropoutMLPRegressor", "RelDropRegressor", "DropoutMLPRegressorCV"}
FIT_ALONE = {f"DropoutMLPRegressor({what})" for what in ("callbacks", "spectrum", "random state")}


@cache
def _fitted_once(name):
    if name == "TINY":
        return copy.deepcopy(TINY).fit(X, Y)
    estimator, table, target = ESTIMATORS[name]()
    return estimator.fit(table, target)


def fitted(name, **parameters):
    """Return a copy of an estimator that was fitted."""
    made = _with_new_random_state(copy.deepcopy(_fitted_once(name)))
    return made.set_params(**parameters) if parameters else made


def scenarios_of(name):
    """Yield the calls of all methods that an estimator has."""
    make = ESTIMATORS[name]
    example, table, target = make()

    renew = _with_new_random_state if "random state" in name else (lambda made: made)

    def of(method, call, made=None, share=1.0):
        return Scenario(f"{name}.{method}", made or partial(fitted, name), call, share, renew)

    def fit(method):
        return lambda made: getattr(made, method)(table, target) is made

    yield of("fit", fit("fit"), lambda: make()[0], 3.0)
    again = OTHER if name in OTHER_TABLES else table
    rows = slice(len(again))
    yield of("fit again", lambda made: made.fit(again, target[rows]) is made, share=2.0)
    if hasattr(example, "warm_start"):
        yield of("warm_start", fit("fit"), partial(fitted, name, warm_start=True), 2.0)
    # which knows no end that a schedule could go to
    if hasattr(example, "partial_fit") and example.dropout_schedule in ("auto", "constant"):
        yield of("partial_fit", fit("partial_fit"), lambda: make()[0], 2.0)
        yield of("partial_fit of fitted", fit("partial_fit"))
        yield of("second partial_fit", fit("partial_fit"), partial(_once_more, name), 2.0)
    if name in FIT_ALONE:
        return
    if hasattr(example, "transform"):
        yield of("fit_transform", lambda m: m.fit_transform(table, target), lambda: make()[0], 3.0)
        yield of("fit_transform again", lambda m: m.fit_transform(table, target), share=2.0)
        yield of("transform", lambda m: m.transform(table))
        yield of("get_feature_names_out", lambda m: m.get_feature_names_out(), share=0.2)
    else:
        yield of("predict", lambda m: m.predict(table))
        yield of("score", lambda m: m.score(table, target))
        yield of("sample_predictions", lambda m: m.sample_predictions(table, 5, random_state=0))
    if hasattr(example, "predict_proba"):
        yield of("predict_proba", lambda m: m.predict_proba(table))
        yield of("predict_log_proba", lambda m: m.predict_log_proba(table))
    elif table is X and getattr(example, "n_members", 1) > 1:
        yield of("predict(return_std)", lambda m: m.predict(table, return_std=True))
    if table is X and hasattr(type(example), "embeddings_"):
        yield of("embeddings_", lambda m: m.embeddings_, share=0.3)
    if hasattr(example, "similarity"):
        yield of("similarity", lambda m: m.similarity("city"), share=0.3)
        yield of("most_similar", lambda m: m.most_similar("city", "Rome"), share=0.3)
    yield of("pickle", lambda m: pickle.loads(pickle.dumps(m)), share=0.7)


def _once_more(name):
    made, table, target = ESTIMATORS[name]()
    return _with_new_random_state(made.partial_fit(table, target))


def _with_new_random_state(made):
    # a copy is of NumPy's own class
    if isinstance(made.random_state, np.random.RandomState):
        made.random_state = UserRandomState(0)
    return made

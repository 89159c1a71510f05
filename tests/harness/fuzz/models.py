"""Fitted models, the rows and targets they know, and odd ones to put in their places."""

import functools

import numpy as np
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

import skdropout
from tests.harness.fuzz import tables
from tests.harness.fuzz.arguments import Spec
from tests.harness.fuzz.columns import NUMBERS
from tests.harness.fuzz.tables import KINDS, ODD_STYLES, make_table
from tests.harness.fuzz.targets import TARGETS, make_target

TABLES = ("X", "background")
PLAIN = {name: tables.PLAIN[name] for name in ("pandas", "polars", "numpy", "lists")}
_STYLES = {**KINDS, "lists": (list(NUMBERS), ["plain"])}
SMALL = {"hidden_layer_sizes": (4,), "max_iter": 2, "n_members": 2, "random_state": 0}
ONE = {**SMALL, "n_members": 1}
_SK = {"hidden_layer_sizes": (4,), "max_iter": 3, "random_state": 0}
_SEARCH = {**ONE, "dropouts": [0.0, 0.2], "cv": 2}
_ENCODER = skdropout.EmbeddingEncoder(hidden_layer_sizes=(4,), max_iter=2, random_state=0, cv=2)
_TREES = HistGradientBoostingRegressor(max_iter=3, min_samples_leaf=3)
# {kind: (what to fit, on which target)}; fitted anew for each container of rows
_OWN = {
    "ensemble": (skdropout.DropoutMLPRegressor(**SMALL), "values", "plain"),
    "standard": (
        skdropout.DropoutMLPRegressor(numeric_encoding="standard", **ONE),
        "values",
        "plain",
    ),
    "learnt": (
        skdropout.DropoutMLPRegressor(dropout="learnt", input_dropout="learnt", **SMALL),
        "values",
        "plain",
    ),
    "two outputs": (skdropout.DropoutMLPRegressor(**ONE), "values", "two outputs"),
    "classes": (skdropout.DropoutMLPClassifier(**SMALL), "classes", "words"),
    "three": (skdropout.DropoutMLPClassifier(**ONE), "classes", "three"),
    "labels": (skdropout.DropoutMLPClassifier(**ONE), "classes", "labels"),
    "poisson": (skdropout.DropoutMLPRegressor(loss="poisson", **ONE), "values", "counts"),
    "search": (skdropout.DropoutMLPRegressorCV(**_SEARCH), "values", "plain"),
    "bag": (skdropout.DropoutMLPRegressorCV(**{**_SEARCH, "refit": "bag"}), "values", "plain"),
    "search of classes": (skdropout.DropoutMLPClassifierCV(**_SEARCH), "classes", "two"),
    "RelDrop": (skdropout.RelDropRegressor(**ONE), "values", "plain"),
    "encoder": (_ENCODER, "values", "plain"),
    "behind encoder": (make_pipeline(_ENCODER, _TREES), "values", "plain"),
}
_OTHERS = {
    "trees": (_TREES, "values", "plain"),
    "frozen": (FrozenEstimator(_TREES.fit(np.zeros((9, 3)), np.arange(9))), "values", "plain"),
    "tree of labels": (DecisionTreeClassifier(max_depth=2), "classes", "labels"),
    "tree of several": (DecisionTreeClassifier(max_depth=2), "classes", "several of several"),
    "dummy": (DummyClassifier(), "classes", "three"),
}
_WHOLE = {
    "linear": (LinearRegression(), "values", "plain"),
    "logistic": (LogisticRegression(), "classes", "three"),
    "vectors": (SVC(), "classes", "two"),
    "MLP": (MLPRegressor(**_SK), "values", "plain"),
    "MLP of classes": (MLPClassifier(**_SK), "classes", "three"),
    "MLP of labels": (MLPClassifier(**_SK), "classes", "labels"),
    "scaled": (make_pipeline(StandardScaler(), MLPRegressor(**_SK)), "values", "plain"),
    "products": (make_pipeline(PolynomialFeatures(2), LinearRegression()), "values", "plain"),
    "tried": (GridSearchCV(LinearRegression(), {"fit_intercept": [True]}, cv=2), "values", "plain"),
    "clusters": (KMeans(2, n_init=1), "values", "plain"),
}
_FITTED = {**_OWN, **_OTHERS, **_WHOLE}
# Python for what is no fitted estimator but predicts
_FUNCTIONS = [
    *("lambda X: np.asarray(X)[:, 0] * np.asarray(X)[:, 1]", "lambda X: np.asarray(X)"),
    *("torch.nn.Linear(3, 1)", "torch.nn.Linear(3, 2).double()", "lambda X: np.zeros(len(X))"),
    "torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1))",
]
ODD_MODELS = [
    *("None", "5", "'mlp'", "object()", "print", "LinearRegression()", "LinearRegression", "[]"),
    *("skdropout.DropoutMLPRegressor()", "skdropout.DropoutMLPRegressor", "torch.nn.Linear(5, 1)"),
    *("lambda X: np.full(len(X), np.nan)", "lambda X: np.full(len(X), 1e308)", "lambda X: None"),
    *("lambda X: ['a'] * len(X)", "lambda X: [1.0]", "lambda X: 1 / 0", "lambda: 1", "lambda X: X"),
    *(
        "lambda X: np.zeros((len(X), 2, 2))",
        "lambda X: np.zeros(len(X), complex)",
        "torch.nn.ReLU()",
    ),
    *(
        "lambda X: np.zeros((len(X), 0))",
        "lambda X: 1e300 * np.asarray(X)[:, 0]",
        "torch.nn.LSTM(3, 2)",
    ),
    *(
        "lambda X: 5e-324 * np.sign(np.asarray(X)[:, 0])",
        "torch.nn.Embedding(3, 2)",
        "lambda X: 5.0",
    ),
    "torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Dropout(), torch.nn.BatchNorm1d(2))",
    *(f"model({kind!r}, 'lists')" for kind in _WHOLE),
    *(f"model({kind!r}, 'numpy')" for kind in _OTHERS),
    *(f"model({kind!r}, 'pandas')" for kind in _OWN),
]


@functools.cache
def given_model(kind, container):
    """Return a model fitted on the plain rows of a container."""
    estimator, task, name = _FITTED[kind]
    X = given_table(container, PLAIN[container], 40, 1)
    y = make_target(task, name, 1, 40)
    return estimator.__sklearn_clone__().fit(X, y)


def given_table(container, columns=("plain",), n=24, seed=0, style="plain"):
    """Return a table, see ``make_table``."""
    description = {"container": container, "columns": list(columns), "n": n, "seed": seed}
    return make_table({**description, "style": style})


def given_target(task, name, n=24):
    """Return a target."""
    return make_target(task, name, 0, n)


def draw_looked_at(draw, spec, arguments):
    """Draw a model with the rows and targets it knows; return odd ones to put in their place."""
    if not getattr(spec, "looks", False):
        return {}
    container = draw(st.sampled_from(list(PLAIN)))
    kinds = list(_OWN)
    if container in ("numpy", "lists"):
        kinds += [*_OTHERS, None]
    if container == "lists":
        kinds += list(_WHOLE)
    kind = draw(st.sampled_from(spec.kinds or kinds))
    task, name = "values", "plain"
    source = draw(st.sampled_from(_FUNCTIONS))
    if kind is not None:
        _, task, name = _FITTED[kind]
        source = f"model({kind!r}, {container!r})"
    known = {
        "estimator": source,
        "estimators": source,
        "X": f"table({container!r}, {PLAIN[container]!r}, {spec.n})",
        "background": f"table({container!r}, {PLAIN[container]!r}, {spec.n}, 1)",
        "y": f"target({task!r}, {name!r}, {spec.n})",
    }
    arguments.update({name: known[name] for name in spec.looks})
    table = _odd_tables(draw, container, spec.n)
    odd = {
        "estimator": ODD_MODELS,
        "estimators": [*ODD_MODELS, f"{{'a': {source}}}", "{}", "{'a': None}"],
        "X": table,
        "background": table,
        "y": [f"target({t!r}, {n!r}, {spec.n})" for t in TARGETS for n in TARGETS[t]],
    }
    return {name: odd[name] for name in spec.looks}


def _odd_tables(draw, container, n):
    """Draw Python for a table that differs from those that models of ``container`` know."""
    kinds, styles = _STYLES[container]
    columns = list(PLAIN[container])
    changed = [*columns]
    for _ in range(draw(st.integers(1, 2))):
        changed[draw(st.integers(0, 2))] = draw(st.sampled_from(kinds))
    other = draw(st.sampled_from(list(_STYLES)))
    few = draw(st.sampled_from([0, 1, 2, 3]))
    return [
        f"table({container!r}, {changed!r}, {n})",
        f"table({container!r}, {columns!r}, {n}, 0, {draw(st.sampled_from(styles))!r})",
        f"table({other!r}, {columns!r}, {n}, 0, {draw(st.sampled_from(_STYLES[other][1]))!r})",
        f"table({container!r}, {columns!r}, {few})",
        f"table({container!r}, {columns[: few % 3]!r}, {n})",
        f"table({container!r}, {[*columns, 'plain']!r}, {n})",
        f"table('odd', style={draw(st.sampled_from(ODD_STYLES))!r})",
    ]


class Looks(Spec):
    """A Spec whose model, rows and targets are drawn together."""

    def __init__(self, looks, values, base=None, kinds=None, n=24, **options):
        state = {"random_state": "0"} if "random_state" in values else {}
        super().__init__({**state, **(base or {})}, values, **options)
        self.looks, self.kinds, self.n = looks, kinds, n

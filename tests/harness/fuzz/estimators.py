"""Cases of the estimators: parameters, a table, a target, and what is asked afterwards."""

import pickle
import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import skorch
import torch
from hypothesis import strategies as st
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

import skdropout
from skdropout.functional import Rule
from tests.harness.fuzz.columns import NUMBERS
from tests.harness.fuzz.parameters import ESTIMATORS, odd_values
from tests.harness.fuzz.tables import KINDS, ODD_STYLES, PLAIN, column_names, make_table
from tests.harness.fuzz.targets import (
    GROUPS,
    SPLITTERS,
    TARGETS,
    WEIGHTS,
    make_splitter,
    make_target,
)
from tests.harness.fuzz.verdict import judge_answer, judge_error, told

_NAMESPACE = {
    "np": np,
    "pd": pd,
    "torch": torch,
    "skorch": skorch,
    "skdropout": skdropout,
    "Fraction": Fraction,
    "Decimal": Decimal,
    "Rule": Rule,
    "FrozenEstimator": FrozenEstimator,
    "LinearRegression": LinearRegression,
    "DecisionTreeRegressor": DecisionTreeRegressor,
    "make_pipeline": make_pipeline,
    "StandardScaler": StandardScaler,
}
_ARGUMENTS = ("X", "y", "sample_weight", "X_val", "y_val", "sample_weight_val", "groups", "cv")
_METHODS = {
    "values": [
        *("predict", "score", "return_std", "sample_predictions", "pickle", "embeddings_"),
        *("predict_interval", "predict_interval, scaled"),
    ],
    "classes": [
        "predict",
        "predict_proba",
        "predict_log_proba",
        "score",
        "sample_predictions",
        "pickle",
        "embeddings_",
        "predict_set",
    ],
    "transformer": ["transform", "fit_transform", "get_feature_names_out", "pickle", "embeddings_"],
}
_TRANSFORMERS = ("EmbeddingEncoder", "SmoothHessInteractions")
# What may be odd in a case; most have one such thing or two.
_ODD = ("parameters", "columns", "style", "rows", "target", "weight", "fit", "later")


@st.composite
def cases(draw):
    """Draw a case, as a dict of literals."""
    name = draw(st.sampled_from(list(ESTIMATORS)))
    task, small, values = ESTIMATORS[name]
    odd = draw(st.sets(st.sampled_from(_ODD), max_size=3))
    container = draw(st.sampled_from(list(PLAIN)[: 4 if "style" not in odd else None]))
    case = {
        "estimator": name,
        "parameters": dict(small),
        "table": {
            "container": container,
            "columns": list(PLAIN[container]),
            "n": draw(st.sampled_from([24, 40])),
            "seed": draw(st.integers(0, 9)),
        },
        "target": {"values": "plain", "classes": "two"}[task],
        "method": draw(st.sampled_from(_METHODS["transformer" if name in _TRANSFORMERS else task])),
    }
    if "parameters" in odd:
        for parameter in draw(st.sets(st.sampled_from(list(values)), min_size=1, max_size=2)):
            own = draw(st.sampled_from([True, True, True, False]))
            source = values[parameter] if own else odd_values(parameter)
            case["parameters"][parameter] = draw(st.sampled_from(source))
    _draw_table(draw, case["table"], odd)
    if "target" in odd:
        if name in _TRANSFORMERS:
            task = draw(st.sampled_from(list(TARGETS)))
            case["task"] = task
        case["target"] = draw(st.sampled_from(list(TARGETS[task])))
    if "weight" in odd and name not in _TRANSFORMERS:
        case["sample_weight"] = draw(st.sampled_from(list(WEIGHTS)))
    if "fit" in odd:
        _draw_fit(draw, case, name, container)
    case["later"] = _draw_later(draw, container) if "later" in odd else {"seed": 10, "n": 5}
    return case


def _draw_table(draw, table, odd):
    kinds, styles = KINDS[table["container"]]
    if "columns" in odd:
        for _ in range(draw(st.integers(1, 2))):
            table["columns"][draw(st.integers(0, 2))] = draw(st.sampled_from(kinds))
    if "style" in odd:
        if draw(st.sampled_from([False, False, False, True])):
            table["container"], styles = "odd", ODD_STYLES
        table["style"] = draw(st.sampled_from(styles))
    if "rows" in odd:
        table["n"] = draw(st.sampled_from([0, 1, 2, 3, 4, 10]))
        if draw(st.booleans()):
            del table["columns"][draw(st.integers(0, 2)) :]


def _draw_fit(draw, case, name, container):
    if name.endswith("CV") or name == "EmbeddingEncoder":
        case["parameters"]["cv"] = repr(draw(st.sampled_from(SPLITTERS)))
        case["groups"] = draw(st.sampled_from([None, *GROUPS]))
    elif name in _TRANSFORMERS:
        return
    elif draw(st.booleans()):
        case["again"] = draw(st.sampled_from(["partial_fit", "warm_start", "fit"]))
    else:
        case["validation"] = _draw_later(draw, container)
        case["validation_lacks"] = draw(st.sampled_from([None, None, None, "X_val", "y_val"]))


def _draw_later(draw, container):
    """Draw how a later table differs from the first."""
    kinds, styles = KINDS[container]
    later = {"seed": draw(st.integers(10, 19)), "n": draw(st.sampled_from([0, 1, 5, 30]))}
    change = draw(
        st.sampled_from(["none", "cells", "column", "style", "container", "order", "odd", "width"])
    )
    if change == "cells":
        later["columns"] = {str(draw(st.integers(0, 2))): draw(st.sampled_from(list(NUMBERS)))}
    elif change == "column":
        later["columns"] = {str(draw(st.integers(0, 2))): draw(st.sampled_from(kinds))}
    elif change == "style":
        later["style"] = draw(st.sampled_from(styles))
    elif change == "container":
        later["container"] = draw(st.sampled_from(list(PLAIN)))
        later["style"] = draw(st.sampled_from(KINDS[later["container"]][1]))
    elif change == "odd":
        later["container"], later["style"] = "odd", draw(st.sampled_from(ODD_STYLES))
    elif change in ("order", "width"):
        later["changed"] = {"order": "reversed", "width": draw(st.sampled_from(["more", "fewer"]))}[
            change
        ]
    return later


def changed(table, later):
    """Return the description of a later table."""
    new = {**table, **{name: later[name] for name in later if name not in ("columns", "changed")}}
    columns = list(table["columns"])
    for j, kind in later.get("columns", {}).items():
        if int(j) < len(columns):
            columns[int(j)] = kind
    how = later.get("changed")
    new["columns"] = {"more": [*columns, "plain"], "fewer": columns[:-1]}.get(how, columns)
    return new, how == "reversed"


def make_later(table, later):
    """Return a later table; "reversed" has the same columns in another order."""
    description, is_reversed = changed(table, later)
    X = make_table(description)
    if is_reversed and hasattr(X, "columns"):
        return X[list(X.columns)[::-1]]
    return X


def run(case):
    """Return the outcome of a case, whether it is right, and what was said."""
    names = {*_ARGUMENTS}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return _run(case, names)
        except Exception as error:
            given = str(case["parameters"])
            if isinstance(error, pickle.PicklingError) and "lambda" in given:
                return "error of the user's own part", True, ""
            _, small, _ = ESTIMATORS[case["estimator"]]
            if "diverged" in str(error) and case["parameters"].keys() == small.keys():
                return "diverges with defaults", False, told(error)
            outcome, is_right = judge_error(error, names, "10**" in given)
            return outcome, is_right, "" if is_right else told(error)


def _run(case, names):
    task = case.get("task") or ESTIMATORS[case["estimator"]][0]
    table = case["table"]
    X, n = make_table(table), table["n"]
    y = make_target(task, case["target"], table["seed"], n)
    if table["container"] == "odd" and getattr(y, "ndim", 1) and hasattr(y, "__len__"):
        y = y[: len(X)] if hasattr(X, "__len__") and getattr(X, "shape", [0]) else y
    parameters = {
        name: make_splitter(eval(source), n)
        if name == "cv" and source[0] in "'\""
        else eval(source, _NAMESPACE)
        for name, source in case["parameters"].items()
    }
    estimator = getattr(skdropout, case["estimator"])(**parameters)
    names.update([*estimator.get_params(deep=False), *column_names(X)])
    arguments = _fit_arguments(case, task, n, names)
    if case["method"] == "fit_transform":
        return *_rows(estimator.fit_transform(X, y, **arguments), len(X)), ""
    _fit(estimator, case, X, y, arguments)
    return *_ask(estimator, case, task, names), ""


def _fit_arguments(case, task, n, names):
    rng, arguments = np.random.default_rng(0), {}
    if case.get("sample_weight"):
        arguments["sample_weight"] = WEIGHTS[case["sample_weight"]](rng, n)
    if case.get("groups") and (
        case["estimator"].endswith("CV") or case["method"] == "fit_transform"
    ):
        arguments["groups"] = GROUPS[case["groups"]](rng, n)
    if case.get("validation"):
        X_val = make_later(case["table"], case["validation"])
        n_val = case["validation"]["n"]
        if hasattr(X_val, "shape") and len(X_val.shape):
            n_val = X_val.shape[0]
        names.update(column_names(X_val))
        arguments["X_val"], arguments["y_val"] = X_val, make_target(task, case["target"], 3, n_val)
        arguments.pop(case["validation_lacks"], None)
    return arguments


def _fit(estimator, case, X, y, arguments):
    """Fit; an error in it must leave the estimator as it was."""
    _unchanged(estimator, lambda: estimator.fit(X, y, **arguments))
    if case.get("again") == "partial_fit":
        first = estimator.__sklearn_clone__()
        for model in (first, estimator):
            _unchanged(model, lambda model=model: model.partial_fit(X, y))
    elif case.get("again"):
        estimator.set_params(warm_start=case["again"] == "warm_start")
        _unchanged(estimator, lambda: estimator.fit(X, y))


def _unchanged(estimator, fit):
    before = dict(vars(estimator))
    try:
        fit()
    except BaseException:
        after = vars(estimator)
        if after.keys() != before.keys() or any(after[k] is not before[k] for k in before):
            raise AssertionError("a fit that failed has changed the estimator") from None
        raise


def _ask(estimator, case, task, names):
    """Ask a fitted estimator for what the case names; return outcome and whether it is right."""
    method = case["method"]
    if method == "embeddings_":
        tables = getattr(estimator, "embeddings_", {})
        return judge_answer([table.to_numpy() for table in tables.values()])
    if method == "get_feature_names_out":
        estimator.get_feature_names_out()
        return "answer", True
    if method == "pickle":
        estimator, method = pickle.loads(pickle.dumps(estimator)), "predict"
        if case["estimator"] in _TRANSFORMERS:
            method = "transform"
    X = make_later(case["table"], case["later"])
    names.update(column_names(X))
    n = len(X) if isinstance(X, list) else next(iter(getattr(X, "shape", ())), None)
    if method == "score":
        y = make_target(task, case["target"], 5, n or 0)
        # score is scikit-learn's, which asks NumPy to read it
        y = y.detach() if hasattr(y, "detach") else y
        score = estimator.score(X, y)
        return ("answer", True) if isinstance(score, float) else ("score is no number", False)
    if method == "sample_predictions":
        draws = estimator.sample_predictions(X, n_samples=3, random_state=0)
        return judge_answer(draws, 3)
    if method == "return_std":
        return judge_answer(estimator.predict(X, return_std=True), n)
    name, *way = method.split(", ")
    if name in ("predict_interval", "predict_set"):
        if hasattr(estimator, name):
            return judge_answer(getattr(estimator, name)(X, 0.5, *way), n)
        method = "predict"
    answer = getattr(estimator, method)(X)
    if method == "predict_log_proba":
        answer = np.exp(answer)
    if method == "transform" and case["estimator"] in _TRANSFORMERS:
        return _rows(answer, n)
    return judge_answer(answer, n)


def _rows(answer, n):
    """Judge columns of which some are passed on as they are, missing cells included."""
    return ("answer", True) if len(answer) == n else (f"{len(answer)} rows", False)

"""The only place where scikit-learn's underscore names are imported."""

from inspect import signature

import numpy as np
from sklearn.base import _fit_context as fit_context
from sklearn.utils import Bunch
from sklearn.utils import _safe_indexing as safe_indexing
from sklearn.utils._dataframe import is_pandas_df, is_polars_df
from sklearn.utils._param_validation import Interval as _Interval
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.metadata_routing import _raise_for_params, _routing_enabled, process_routing
from sklearn.utils.validation import _check_feature_names_in as check_feature_names_in
from sklearn.utils.validation import _check_method_params as rows_of_params
from sklearn.utils.validation import _check_response_method
from sklearn.utils.validation import _check_sample_weight as check_sample_weight

__all__ = [
    "Interval",
    "StrOptions",
    "check_feature_names_in",
    "check_sample_weight",
    "check_scorer",
    "fit_context",
    "is_pandas_df",
    "is_polars_df",
    "route_to_search",
    "route_to_splitter",
    "rows_of_params",
    "safe_indexing",
]


class Interval(_Interval):
    """An interval of Python's and NumPy's numbers, which truth values are none of."""

    def is_satisfied_by(self, val):
        """Whether ``val`` is a number that lies within."""
        is_number = isinstance(val, (int, float, np.integer, np.floating))
        return is_number and not isinstance(val, bool) and super().is_satisfied_by(val)


def check_scorer(owner, scorer, scoring):
    """Refuse a scorer that cannot be called, or asks for a method that ``owner`` has not."""
    try:
        signature(scorer).bind(owner, None, None)
        if hasattr(scorer, "_response_method"):
            _check_response_method(owner, scorer._response_method)
    except (AttributeError, TypeError) as error:
        raise ValueError(
            f"scoring={scoring!r} cannot score {type(owner).__name__}: {error} Give the name of a "
            "scorer for estimators of this kind, or a callable scorer(estimator, X, y)."
        ) from error


def route_to_search(owner, scorer, sample_weight, params):
    """Return what ``owner.fit`` passes on: ``splitter.split`` and ``scorer.score``.

    Without metadata routing the splitter gets ``groups``, and the scorer gets the weights if it
    takes any, as in ``GridSearchCV``.
    """
    if _routing_enabled():
        return process_routing(owner, "fit", sample_weight=sample_weight, **params)
    groups = params.pop("groups", None)
    _raise_for_params(params, owner, "fit", allow=["groups"])
    weighted = sample_weight is not None and "sample_weight" in _arguments(scorer)
    score = {"sample_weight": sample_weight} if weighted else {}
    return Bunch(splitter=Bunch(split={"groups": groups}), scorer=Bunch(score=score))


def route_to_splitter(owner, params):
    """Return what ``owner.fit_transform`` passes on to the splitter, at least ``groups``."""
    if _routing_enabled():
        return process_routing(owner, "fit_transform", **params).splitter.split
    _raise_for_params(params, owner, "fit_transform", allow=["groups"])
    return {"groups": params.get("groups")}


def _arguments(scorer):
    return signature(getattr(scorer, "_score_func", scorer)).parameters

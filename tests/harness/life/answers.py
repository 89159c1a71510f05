"""All that an estimator answers, as digests that two processes can compare."""

import hashlib
import numbers

import numpy as np
import pandas as pd
import torch
from sklearn.exceptions import NotFittedError
from torch import nn

METHODS = ("predict", "predict_proba", "predict_log_proba", "transform", "get_feature_names_out")
# what holds other things of the same, or says where it is
_NOT_COMPARED = {"net_", "estimator_", "device_"}


def answers(model, X):
    """Return digests of all that ``model`` says, by name.

    Parameters
    ----------
    model : estimator
    X : data frame
        Rows to predict, or transform.
    """
    found = {}
    for name in METHODS:
        if hasattr(model, name):
            rows = () if name == "get_feature_names_out" else (X,)
            found[name] = _answer(getattr(model, name), *rows)
    for name in ("predict_interval", "predict_set"):
        if hasattr(model, name) and hasattr(model, "oof_predictions_"):
            found[name] = _answer(getattr(model, name), X, 0.5)
    if hasattr(model, "predict_interval") and hasattr(model, "oof_predictions_"):
        found["scaled"] = _answer(model.predict_interval, X, 0.5, "scaled")
    if hasattr(model, "sample_predictions"):
        found["draws"] = _answer(model.sample_predictions, X, 3, random_state=0)
    for name, value in vars(model).items():
        if name.endswith("_") and not name.startswith("_") and name not in _NOT_COMPARED:
            found[name] = digest(value)
    if hasattr(model, "embeddings_"):
        found["embeddings_"] = digest(model.embeddings_)
    if hasattr(model, "estimator_"):
        found |= {f"estimator_.{k}": v for k, v in answers(model.estimator_, X).items()}
    return found


def _answer(method, *args, **kwargs):
    try:
        return digest(method(*args, **kwargs))
    except NotFittedError:
        return "NotFittedError"
    except ValueError as error:
        if "draws do not differ" not in str(error):
            raise
        return str(error)


def differing(found, expected):
    """Return the names, in words, of answers that are not the same."""
    names = sorted(found.keys() | expected.keys())
    return [f"{name} differs" for name in names if found.get(name) != expected.get(name)]


def digest(value):
    """Return a digest of a value that does not depend on the process, of bits where it has any."""
    return hashlib.sha256(repr(_plain(value)).encode()).hexdigest()[:16]


def _plain(value):
    """Return a value as texts, numbers, bytes and tuples of them."""
    if isinstance(value, torch.Tensor):
        return "tensor", _plain(value.detach().cpu().numpy())
    if isinstance(value, pd.DataFrame | pd.Series):
        labels = [value.columns] if isinstance(value, pd.DataFrame) else []
        return "frame", *(_plain(part) for part in (*labels, value.index, value.to_numpy()))
    if isinstance(value, np.ndarray | pd.Index | np.generic):
        array = np.asarray(value)
        if array.dtype.kind == "O":
            return "objects", array.shape, tuple(map(_plain, array.ravel()))
        return array.dtype.str, array.shape, array.tobytes()
    if isinstance(value, dict):
        return "dict", tuple((str(key), _plain(item)) for key, item in value.items())
    if isinstance(value, list | tuple):
        return "sequence", tuple(map(_plain, value))
    if isinstance(value, numbers.Real):
        return "number", float(value).hex()
    if value is None or isinstance(value, str | torch.device):
        return str(value)
    if isinstance(value, nn.Module):
        return type(value).__name__, _plain(value.state_dict())
    if type(value).__module__.startswith("matplotlib"):
        return "drawn"
    return type(value).__name__, _plain(vars(value))

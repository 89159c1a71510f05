"""What is explained: the functions of a fitted model, of rows put together from given cells."""

import copy
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.base import is_classifier
from sklearn.frozen import FrozenEstimator
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted
from torch import nn

from skdropout._estimators import BaseDropoutMLP
from skdropout._stack import LogLoss, StackMLP, select_members
from skdropout._table import column_of, is_frame

__all__ = ["explain", "take_cells"]

_ACTIVATIONS = {
    "identity": nn.Identity,
    "logistic": nn.Sigmoid,
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
}
# Rows that tell which columns preprocessing makes out of which.
_PROBE_ROWS = 200


def explain(estimator, X, random_state):
    """Return what ``estimator`` says of rows whose cells come from ``X``, a frame or an array.

    Returns
    -------
    explained : object
        With ``n_columns``; ``values(source)``, the outputs (n_members, n_rows, n_outputs) where
        row ``r`` takes column ``c`` from row ``source[r, c]`` of ``X``; and ``networks``, a list of
        ``Network``, empty where no gradients are to be had.
    """
    if isinstance(estimator, FrozenEstimator):
        return explain(estimator.estimator, X, random_state)
    if hasattr(estimator, "best_estimator_"):
        return explain(estimator.best_estimator_, X, random_state)
    if isinstance(estimator, Pipeline) and len(estimator) > 1:
        check_is_fitted(estimator)
        origin = _origin(estimator[:-1], X, random_state)
        if origin is not None:
            inner = explain(estimator[-1], _dense(estimator[:-1].transform(X)), random_state)
            return Preprocessed(inner, origin, X.shape[1])
    if isinstance(estimator, BaseDropoutMLP):
        return Stack(estimator, X)
    if isinstance(estimator, MLPClassifier | MLPRegressor):
        check_is_fitted(estimator)
        return Module(_as_module(estimator), X)
    module = getattr(estimator, "module_", estimator)  # a skorch net holds one
    if isinstance(module, nn.Module):
        return Module(module, X)
    return Predictions(estimator, X)


@dataclass
class Network:
    """One network with gradients.

    ``f`` maps inputs to outputs, ``inputs`` (n_rows, width) belong to the rows of ``X``, and
    ``column_of_input`` (width,) says which column of ``X`` each input comes from.
    """

    f: nn.Module
    inputs: torch.Tensor
    column_of_input: torch.Tensor


class Stack:
    """The networks of one of the library's estimators; outputs before the link, logits centred."""

    def __init__(self, estimator, X):
        check_is_fitted(estimator)
        encoder, net = estimator._plan.encoder, estimator.net_
        numeric, codes = encoder.transform(X, estimator)
        self._module, device = net.module_.eval(), net.device
        self._numeric = torch.as_tensor(numeric, dtype=self._module.target_scale.dtype).to(device)
        self._codes = torch.as_tensor(codes).to(device)
        self._positions = encoder.numeric_, encoder.categorical_
        self._is_centred = isinstance(net.criterion_, LogLoss)
        self.n_columns = estimator.n_features_in_

    def values(self, source):
        """Return outputs (n_members, n_rows, n_outputs) of rows put together by ``source``."""
        source = source.to(self._numeric.device)
        numeric, codes = (
            part.gather(0, source[:, columns])[None]
            for part, columns in zip((self._numeric, self._codes), self._positions, strict=True)
        )
        with torch.inference_mode():
            raw = self._module(numeric, codes)
        return raw - raw.mean(-1, keepdim=True) if self._centres(raw) else raw

    @property
    def networks(self):
        """The members, as functions of numbers and vectors; none of one's own module."""
        if not isinstance(self._module, StackMLP):
            return []
        encoding = self._module.encoding
        with torch.no_grad():
            encoded = encoding(self._numeric[None], self._codes[None])
        networks = []
        for k, inputs in enumerate(encoded):
            f = self._module.member(k)
            last = f[-1]
            if self._centres(last.bias):
                last.weight.data = last.weight - last.weight.mean(0)
            if encoding.numeric is None or encoding.numeric.kind == "standard":
                networks.append(Network(f, inputs, encoding.groups))
            else:
                networks.append(self._of_numbers(k, f, inputs))
        return networks

    def _of_numbers(self, k, f, encoded):
        """Put the encoding of numbers, which is no affine one, into the function."""
        encoding = self._module.encoding
        numbers = copy.deepcopy(encoding.numeric).requires_grad_(False)
        select_members(numbers, torch.tensor([k], device=encoded.device))
        n_codes = len(numbers.column)
        present = numbers.present(self._numeric[None])[0]
        inputs = torch.cat([present, encoded[:, n_codes:]], 1)
        columns = torch.tensor(self._positions[0], device=encoded.device)
        columns = torch.cat([columns, encoding.groups[n_codes:]])
        return Network(OfNumbers(numbers, f), inputs, columns)

    def _centres(self, raw):
        # a constant added to all logits changes no probability
        return self._is_centred and raw.shape[-1] > 1


class OfNumbers(nn.Module):
    """A network behind the encoding of its numbers, which are the first of its inputs."""

    def __init__(self, numbers, network):
        super().__init__()
        self.numbers, self.network = numbers, network

    def forward(self, x):
        """Map (n_rows, n_inputs) to raw outputs."""
        n_numbers = self.numbers.center.shape[-1]
        encoded = self.numbers.encode(x[None, :, :n_numbers])[0]
        return self.network(torch.cat([encoded, x[:, n_numbers:]], 1))


class Module:
    """A torch module that maps numbers (n_rows, n_columns) to (n_rows,) or (n_rows, n_outputs)."""

    def __init__(self, module, X):
        self._module = copy.deepcopy(module).eval().requires_grad_(False)
        like = next((p for p in module.parameters() if p.is_floating_point()), torch.empty(0))
        self._X = torch.as_tensor(np.asarray(X, dtype=float)).to(like)
        self.n_columns = self._X.shape[1]

    def values(self, source):
        """Return outputs (1, n_rows, n_outputs) of rows put together by ``source``."""
        with torch.inference_mode():
            output = self._module(self._X.gather(0, source.to(self._X.device)))
        return output.reshape(1, len(source), -1)

    @property
    def networks(self):
        """The module alone."""
        return [Network(self._module, self._X, torch.arange(self.n_columns))]


class Predictions:
    """Any estimator: its decision function, probabilities or predictions."""

    networks = ()

    def __init__(self, estimator, X):
        check_is_fitted(estimator)
        names = ("decision_function", "predict_proba") if is_classifier(estimator) else ("predict",)
        method = next((name for name in names if hasattr(estimator, name)), None)
        if method is None:
            raise ValueError(f"{type(estimator).__name__} has none of the methods {list(names)}.")
        self._predict = getattr(estimator, method)
        self._X, self.n_columns = X, X.shape[1]

    def values(self, source):
        """Return outputs (1, n_rows, n_outputs) of rows put together by ``source``."""
        rows = take_cells(self._X, source.numpy())
        output = np.asarray(self._predict(rows), dtype=float)
        return torch.from_numpy(output).reshape(1, len(source), -1)


class Preprocessed:
    """A model behind preprocessing that makes each of its columns out of one column of ``X``."""

    def __init__(self, inner, origin, n_columns):
        self._inner, self._origin, self.n_columns = inner, torch.as_tensor(origin), n_columns

    def values(self, source):
        """Return outputs (n_members, n_rows, n_outputs) of rows put together by ``source``."""
        return self._inner.values(source[:, self._origin])

    @property
    def networks(self):
        """The model's networks, their inputs traced back to ``X``."""
        return [
            Network(net.f, net.inputs, self._origin[net.column_of_input.cpu()])
            for net in self._inner.networks
        ]


def _origin(preprocessing, X, random_state):
    """Return for each column of the output the only column of ``X`` it depends on, or None.

    Found by trial: the cells of one column at a time are shuffled.
    """
    n_columns = X.shape[1]
    n_rows = min(len(X), _PROBE_ROWS)
    before = np.tile(np.arange(n_rows)[:, None], n_columns)
    start = _cells(preprocessing.transform(take_cells(X, before)))
    if not start.shape[1]:
        return None
    depends = np.zeros((n_columns, start.shape[1]), dtype=bool)
    for j in range(n_columns):
        after = before.copy()
        after[:, j] = random_state.permutation(len(X))[:n_rows]
        moved = _cells(preprocessing.transform(take_cells(X, after)))
        depends[j] = ~((start == moved) | ((start != start) & (moved != moved))).all(0)
    return None if (depends.sum(0) > 1).any() else depends.argmax(0)


def _dense(output):
    return output.toarray() if hasattr(output, "toarray") else output


def _cells(output):
    return np.asarray(_dense(output), dtype=object)


def take_cells(X, source):
    """Put rows together from the cells of ``X``: column ``c`` from the rows ``source[:, c]``."""
    if not is_frame(X):
        return np.take_along_axis(X, source, axis=0)
    columns = {}
    for j, name in enumerate(X.columns):
        column = column_of(X, j)
        columns[name] = (
            column.array[source[:, j]] if hasattr(column, "array") else column[source[:, j]]
        )
    return type(X)(columns)


def _as_module(mlp):
    """Return scikit-learn's network as a torch module, without its last link."""
    modules = []
    for weight, bias in zip(mlp.coefs_, mlp.intercepts_, strict=True):
        linear = nn.utils.skip_init(nn.Linear, *weight.shape, dtype=torch.float64)
        linear.weight.data, linear.bias.data = (
            torch.tensor(part, dtype=torch.float64) for part in (weight.T, bias)
        )
        modules += [linear, _ACTIVATIONS[mlp.activation]()]
    return nn.Sequential(*modules[:-1])

"""Any estimator as a :class:`Model`: the library's networks, pipelines, modules, whatever predicts.

The library's estimators show their private parts here, and nowhere else in this room.
"""

import copy
from functools import cached_property

import numpy as np
import torch
from sklearn.base import is_classifier
from sklearn.frozen import FrozenEstimator
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted
from torch import nn

from skdropout._device import prediction_dtype
from skdropout._estimators import FittedNetworks
from skdropout._stack import (
    LogLoss,
    MultilabelLogLoss,
    Poisson,
    StackMLP,
    select_members,
    stack_relevance,
)
from skdropout.functional import group_sum
from skdropout.inspection._cells import column_names, take_cells, take_rows
from skdropout.inspection._model import (
    Model,
    Module,
    Network,
    Predictions,
    class_scores,
    is_a,
)

_ACTIVATIONS = {
    "identity": nn.Identity,
    "logistic": nn.Sigmoid,
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
}
_RELEVANCE_ROWS = 2048
# Rows that tell which columns preprocessing makes out of which, besides those that move rare ones.
_PROBE_ROWS = 200
# Of what preprocessing makes: cells of a sparse matrix, cells of rows at once, names in a message.
_MOST_CELLS = 2**27
_CELLS_AT_ONCE = 2**22
_MOST_NAMES = 4


def look_into(estimator, X):
    """Return ``estimator`` as a :class:`Model` of rows whose cells come from ``X``.

    Parameters
    ----------
    estimator : object
        Fitted: one of the library's, a pipeline or search, a skorch net, a torch module,
        scikit-learn's MLP, anything that predicts, or a function of a table like ``X``.
    X : data frame or ndarray of shape (n_samples, n_columns)
    """
    if isinstance(estimator, FrozenEstimator):
        return look_into(estimator.estimator, X)
    if hasattr(estimator, "best_estimator_"):
        return look_into(estimator.best_estimator_, X)
    if isinstance(estimator, Pipeline):
        check_is_fitted(estimator)
        return look_into(estimator[-1], X) if len(estimator) == 1 else _behind(estimator, X)
    if isinstance(estimator, FittedNetworks):
        return OwnNetworks(estimator, X)
    if isinstance(estimator, MLPClassifier | MLPRegressor):
        check_is_fitted(estimator)
        return Module(estimator, X, _as_module(estimator), _gives_of_mlp(estimator))
    if isinstance(estimator, nn.Module):
        return Module(estimator, X, estimator)
    if hasattr(estimator, "criterion_") and hasattr(estimator, "module_"):  # a skorch net
        return Module(estimator, X, estimator.module_, _gives_of_net(estimator))
    return Predictions(estimator, X)


class OwnNetworks(Model):
    """The networks of one of the library's estimators."""

    def __init__(self, estimator, X):
        check_is_fitted(estimator)
        encoder, self._net = estimator._plan.encoder, estimator.net_
        self._predictor, self._decode = estimator._predictor, estimator._decode
        self._mean = estimator._mean
        numeric, codes = encoder.transform(X, estimator)
        self._device = torch.device(self._net.device)
        self._numeric = torch.as_tensor(numeric, dtype=prediction_dtype(self._device))
        self._numeric, self._codes = (
            part.to(self._device) for part in (self._numeric, torch.as_tensor(codes))
        )
        self._positions = encoder.numeric_, encoder.categorical_
        self._is_centred = isinstance(self._net.criterion_, LogLoss)
        self.has_log_link = isinstance(self._net.criterion_, Poisson)
        are_labels = isinstance(self._net.criterion_, MultilabelLogLoss)
        super().__init__(estimator, X, getattr(estimator, "classes_", None), are_labels)
        coded = [*encoder.categorical_, *encoder.left_out_]
        self.holds_levels = np.isin(np.arange(self.n_columns), coded)
        # those that enter the networks, in the order in which they are numbered there
        self._columns = torch.tensor(sorted([*encoder.numeric_, *encoder.categorical_]))
        self._columns = self._columns.to(self._device)

    def _scores(self, source):
        numeric, codes = self._cells(source)
        module = self._module
        with torch.inference_mode():
            raw = module(numeric[None].to(module.target_scale), codes[None])
        return raw - raw.mean(-1, keepdim=True) if self._centres(raw) else raw

    def _answers(self, source, class_score, per_member):
        members = self._predictor([self._cells(source)])
        members = self._decode(members if per_member else self._mean(members)[None])
        members = members.reshape(*members.shape[:2], -1)
        if self.classes is None:
            return members.astype(float)
        return np.stack([class_scores(p, self.are_labels, class_score) for p in members])

    @cached_property
    def networks(self):
        """The members, as functions of numbers and vectors; none of one's own module."""
        module = self._module
        if not isinstance(module, StackMLP):
            return []
        encoding = module.encoding
        with torch.no_grad():
            encoded = encoding(self._numeric[None].to(module.target_scale), self._codes[None])
        networks = []
        for k, inputs in enumerate(encoded):
            f = module.member(k)
            last = f[-1]
            if self._centres(last.bias):
                last.weight.data = last.weight - last.weight.mean(0)
                last.bias.data = last.bias - last.bias.mean()
            if encoding.numeric is None or encoding.numeric.kind == "standard":
                networks.append(Network(f, inputs, self._columns[encoding.groups]))
            else:
                networks.append(self._of_numbers(k, f, inputs))
        return networks

    def relevance(self, y):
        """Return gradient x input (n_rows, n_columns) of the score of what is true.

        From the typical row on, summed over the inputs of a column, averaged over the networks. Of
        a regression it is of the value, whatever ``y``.
        """
        module = self._module
        encoding = module.encoding
        if encoding.n_columns != len(self._columns):
            raise ValueError(
                f"{self._name} drops {encoding.n_columns} pixels or points of {self.n_columns} "
                "columns; columns can be occluded one by one where each is one of its own."
            )
        table = self._numeric.to(module.target_scale), self._codes, self._target(y)
        relevance = []
        for numeric, codes, target in zip(*(t.split(_RELEVANCE_ROWS) for t in table), strict=True):
            with torch.no_grad():
                encoded = encoding(numeric[None], codes[None])
            of_inputs = stack_relevance(
                module,
                encoded,
                lambda raw, target=target: self._share(raw, target.expand(len(raw), *target.shape)),
                "gradient_x_input",
            )
            columns = self._columns[encoding.groups]
            of_columns = group_sum(of_inputs, columns, n_groups=self.n_columns)
            relevance.append(of_columns.mean(0).cpu().double().numpy())
        return np.concatenate(relevance)

    @property
    def _module(self):
        return self._net.module_.eval()

    def _cells(self, source):
        source = source.to(self._device).long()
        return tuple(
            part.gather(0, source[:, columns])
            for part, columns in zip((self._numeric, self._codes), self._positions, strict=True)
        )

    def _of_numbers(self, k, f, encoded):
        """Put the encoding of numbers, which is no affine one, into the function."""
        encoding = self._module.encoding
        numbers = copy.deepcopy(encoding.numeric).requires_grad_(False)
        select_members(numbers, torch.tensor([k], device=encoded.device))
        n_codes = len(numbers.column)
        present = numbers.present(self._numeric[None].to(encoded))[0]
        inputs = torch.cat([present, encoded[:, n_codes:]], 1)
        columns = torch.tensor(self._positions[0], device=encoded.device)
        columns = torch.cat([columns, self._columns[encoding.groups[n_codes:]]])
        return Network(_OfNumbers(numbers, f), inputs, columns)

    def _centres(self, raw):
        return self._is_centred and raw.shape[-1] > 1

    def _target(self, y):
        if self._is_centred:
            y = np.searchsorted(np.asarray(self.classes), np.asarray(y))
            return torch.as_tensor(y).to(self._device)
        # a frame's own may be read-only
        y = torch.as_tensor(np.array(y, dtype=float), dtype=self._numeric.dtype)
        return y.to(self._device)

    def _share(self, raw, target):
        """Return the share of each raw output in the score of what is true."""
        if self.classes is None:
            return torch.ones_like(raw)
        share = self._net.criterion_.share(raw, target)
        return share - 1 / share.shape[-1] if self._centres(share) else share


class _OfNumbers(nn.Module):
    """A network behind the encoding of its numbers, which are the first of its inputs."""

    def __init__(self, numbers, network):
        super().__init__()
        self.numbers, self.network = numbers, network

    def forward(self, x):
        n_numbers = self.numbers.center.shape[-1]
        encoded = self.numbers.encode(x[None, :, :n_numbers])[0]
        return self.network(torch.cat([encoded, x[:, n_numbers:]], 1))


class Preprocessed(Model):
    """A model behind preprocessing that makes each of its columns out of one column of ``X``."""

    def __init__(self, inner, origin, X):
        super().__init__(inner, X, inner.classes, inner.are_labels)
        self._inner, self._origin, self.no_gradients = inner, origin, inner.no_gradients
        self.has_log_link = inner.has_log_link

    def _scores(self, source):
        return torch.cat([self._inner.scores(rows) for rows in self._of_inner(source)], 1)

    def _answers(self, source, *how):
        rows = self._of_inner(source)
        return np.concatenate([self._inner.answers(block, *how) for block in rows], 1)

    @cached_property
    def networks(self):
        """The model's networks, their inputs traced back to ``X``."""
        return [
            Network(net.f, net.inputs, self._origin[net.column_of_input.cpu()])
            for net in self._inner.networks
        ]

    def _of_inner(self, source):
        step = max(_CELLS_AT_ONCE // len(self._origin), 1)
        return (block[:, self._origin] for block in source.split(step))


def _behind(pipeline, X):
    """Look through the preprocessing; or at all of it from outside, if that cannot be done."""
    preprocessing = pipeline[:-1]
    output = preprocessing.transform(X)
    whole = f"{type(pipeline).__name__} gives no gradients by column: its preprocessing makes "
    if hasattr(output, "toarray"):
        if np.prod(output.shape) > _MOST_CELLS:
            return Predictions(pipeline, X, f"{whole}{output.shape[1]} columns, too many to trace")
        output = output.toarray()
    depends, moves = _dependence(preprocessing, X, np.asarray(output))
    mixed = np.flatnonzero(moves & (depends.sum(0) != 1))
    if len(mixed):
        made = _in_words(_output_names(preprocessing, depends.shape[1])[mixed])
        of = _in_words(np.array(column_names(X))[depends[:, mixed].any(1)])
        return Predictions(pipeline, X, f"{whole}{made} of {of or 'several columns together'}")
    # what no cell of X moves has no effect, whichever column it is said to be of
    origin = torch.as_tensor(depends.argmax(0))
    return Preprocessed(look_into(pipeline[-1], output), origin, X)


def _dependence(preprocessing, X, output):
    """Find which columns of the output depend on which of ``X``, and which of them move at all.

    The cells of one column at a time are put into other rows: any into any, and those of the first
    row into rows whose output differs from it, and back, so that every output that can move does,
    be it that of a level in one row of a million.

    Returns
    -------
    depends : ndarray of bool, shape (n_columns, n_outputs)
    moves : ndarray of bool, shape (n_outputs,)
    """
    differs = _differs(output, output[:1])
    moves = differs.any(0)
    others = np.unique(differs.argmax(0)[moves])
    first = np.zeros_like(others)
    n_rows, n_columns = X.shape
    some = np.arange(min(n_rows, _PROBE_ROWS))
    before = np.concatenate([some, first, others])
    rng = np.random.RandomState(0)
    start = _made_of(preprocessing, take_rows(X, before))
    depends = np.zeros((n_columns, output.shape[1]), dtype=bool)
    for j in range(n_columns):
        source = np.tile(before[:, None], n_columns)
        source[:, j] = [*rng.permutation(n_rows)[: len(some)], *others, *first]
        depends[j] = _differs(start, _made_of(preprocessing, take_cells(X, source))).any(0)
    return depends, moves | depends.any(0)


def _made_of(preprocessing, rows):
    output = preprocessing.transform(rows)
    return np.asarray(output.toarray() if hasattr(output, "toarray") else output)


def _differs(a, b):
    return (a != b) & ~((a != a) & (b != b))


def _output_names(preprocessing, n_outputs):
    try:
        return np.array(preprocessing.get_feature_names_out(), dtype=object)
    except (AttributeError, ValueError):  # some step has no names
        return np.array([f"column {k}" for k in range(n_outputs)], dtype=object)


def _in_words(names):
    words = [repr(str(name)) for name in names[:_MOST_NAMES]]
    return " and ".join(words) + (" and others" if len(names) > _MOST_NAMES else "")


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


def _gives_of_mlp(mlp):
    if isinstance(mlp, MLPRegressor):
        return "logarithms" if mlp.out_activation_ == "exp" else "values"
    return "labels" if mlp.out_activation_ == "logistic" and mlp.n_outputs_ > 1 else "logits"


def _gives_of_net(net):
    """Say what a skorch net's module gives, as its criterion has it."""
    if not is_a(is_classifier, net):
        return "values"
    if isinstance(net.criterion_, nn.NLLLoss):
        return "probabilities"  # of which skorch takes the logarithm
    return "labels" if isinstance(net.criterion_, nn.BCEWithLogitsLoss) else "logits"

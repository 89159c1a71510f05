r"""What a fitted model, whatever it is, says of the cells of a table.

All measures of this room see a model as :func:`look_into` shows it: columns and their names, scores
of rows whose cells come from any rows of the table, and, where there are any, networks with
gradients.

**The score** of a regression is its value. Of a classifier it is

- of two classes the log-odds of the second, ``log p_2 - log p_1``;
- of more classes each one's centred log-odds, ``log p_c`` less its mean over the classes, which
  sum to zero;
- of labels that may hold together each one's own log-odds, ``log p - log (1 - p)``.

A classifier without probabilities has its decision function in their place. What is added to all
logits alike changes no probability, and so no score.
"""

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, TypeAlias

import numpy as np
import torch
from scipy.special import expit, softmax
from sklearn.base import BaseEstimator, is_classifier, is_regressor
from sklearn.utils.validation import check_is_fitted
from torch import nn

from skdropout.functional._inner import brief, call
from skdropout.inspection._cells import as_matrix, coded, column_names, take_cells


class Predicts(Protocol):
    """Has ``predict``, as what is no estimator of scikit-learn's may have."""

    def predict(self, X: Any, /) -> Any: ...


_LARGEST = 1e140  # of scores whose squares are summed
# what every measure takes for a model
FittedModel: TypeAlias = BaseEstimator | Predicts | nn.Module | Callable[[Any], Any]


@dataclass
class Network:
    """One network with gradients.

    ``f`` maps inputs to scores, ``inputs`` (n_rows, width) belong to the rows of the table, and
    ``column_of_input`` (width,) says which of its columns each input comes from.
    """

    f: nn.Module
    inputs: torch.Tensor
    column_of_input: torch.Tensor


class Model(ABC):
    """A model, and the table whose cells its rows are put together from.

    Parameters
    ----------
    estimator : object
    X : data frame or ndarray of shape (n_samples, n_columns)
    classes : list, default=None
        Classes or labels, in the order of their scores; None of a regression.
    are_labels : bool, default=False
        Whether several of them may hold together.

    Attributes
    ----------
    names : list of str
        Of the columns.
    networks : list of Network
        Empty where there are no gradients.
    no_gradients : str
        Why, the beginning of a sentence.
    has_log_link : bool
        Whether scores of a regression are logarithms of values.
    """

    networks = ()
    has_log_link = False

    def __init__(self, estimator, X, classes=None, are_labels=False):
        self.classes = None if classes is None else np.asarray(classes).tolist()
        self.are_labels = are_labels
        self.X, self.names, self.n_columns = X, column_names(X), X.shape[1]
        self._name = type(estimator).__name__
        self.no_gradients = f"{self._name} gives no gradients"

    @cached_property
    def holds_levels(self):
        """Which columns hold levels, as the model sees them, (n_columns,)."""
        return coded(self.X)[1]

    def scores(self, source):
        """Return what each network says by itself, before any link but that of the score.

        Parameters
        ----------
        source : Tensor or ndarray of int, shape (n_rows, n_columns)
            Row ``r`` takes column ``c`` from row ``source[r, c]`` of the table.

        Returns
        -------
        scores : Tensor of shape (n_members, n_rows, n_outputs)
            Of the library's own regressions in units of the standardised target.
        """
        return self._finite(self._scores(torch.as_tensor(source)), len(source))

    def answers(self, source, class_score="logit", per_member=False):
        """Return what ``predict`` says, its networks averaged, as scores.

        Parameters
        ----------
        source : Tensor or ndarray of int, shape (n_rows, n_columns)
        class_score : {"logit", "probability"}, default="logit"
            Scores of a classifier, or its probabilities: that of the second of two classes, of each
            of more, of each label.
        per_member : bool, default=False
            Whether each network answers by itself.

        Returns
        -------
        answers : ndarray of shape (n_members or 1, n_rows, n_outputs)
            In units of the target.
        """
        found = self._answers(torch.as_tensor(source), class_score, per_member)
        return self._finite(found, len(source))

    def column_of_answer(self, output, n_outputs):
        """Return the column of the answers that ``output`` names, and its sign.

        Parameters
        ----------
        output : object
            A class or label, or the index of one of several values; None where there is one score.
        n_outputs : int
        """
        names, of = list(range(n_outputs)), f"the index of one of the {n_outputs} outputs"
        if self.classes is not None and n_outputs in (1, len(self.classes)):
            names = self.classes
            of = f"one of the {'labels' if self.are_labels else 'classes'} {names}"
        if output is None and n_outputs == 1:
            return 0, 1
        if not any(output is name or _is_same(output, name) for name in names):
            raise ValueError(f"output={output!r} must be {of}.")
        place = names.index(output)
        return (0, 2 * place - 1) if n_outputs == 1 < len(names) else (place, 1)

    def require_networks(self, remedy):
        """Raise a ValueError that says why there are no gradients, if there are none."""
        if not len(self.networks):
            raise ValueError(f"estimator cannot be asked: {self.no_gradients}; {remedy}.")
        for network in self.networks:
            columns = network.column_of_input[(~network.inputs.isfinite()).any(0).cpu()]
            if len(columns):
                names = [self.names[j] for j in sorted({*columns.tolist()})]
                raise ValueError(
                    f"X has missing or infinite cells in the columns {names}, which estimator "
                    "takes as they are; fill them first."
                )

    @abstractmethod
    def _scores(self, source):
        """Return the scores, to be checked."""

    @abstractmethod
    def _answers(self, source, class_score, per_member):
        """Return the answers, to be checked."""

    def _refuse_members(self, per_member):
        if per_member:
            raise ValueError(
                f"per_member=True needs an estimator of this library, whose networks are known; "
                f"got {self._name}."
            )

    def _finite(self, values, n_rows):
        is_finite = torch.isfinite(torch.as_tensor(values))
        n_bad = int((~is_finite).sum())
        if n_bad or values.shape[1] != n_rows or not values.shape[2]:
            raise ValueError(
                "estimator must return one finite score, or row of scores, per sample; got shape "
                f"{tuple(values.shape[1:])} for {n_rows} samples, {n_bad} values not finite."
            )
        return values


class Module(Model):
    """A torch module that maps numbers (n_rows, n_columns) to (n_rows,) or (n_rows, n_outputs).

    Parameters
    ----------
    estimator : object
        That holds it, or the module itself.
    X : data frame or ndarray
    module : nn.Module
    gives : {"values", "logarithms", "labels", "logits", "probabilities"}, default="values"
        What its outputs are: values or their logarithms, logits of labels or of classes, or
        probabilities of classes.
    """

    def __init__(self, estimator, X, module, gives="values"):
        super().__init__(estimator, X, getattr(estimator, "classes_", None), gives == "labels")
        self._gives, self.has_log_link = gives, gives == "logarithms"
        module = copy.deepcopy(module).eval().requires_grad_(False)
        like = next((p for p in module.parameters() if p.is_floating_point()), torch.empty(0))
        self._inputs = torch.as_tensor(as_matrix(X), dtype=like.dtype).to(like.device)
        with torch.inference_mode():
            output = call(module, self._inputs[:1], "estimator")
        if output.ndim > 2:
            raise ValueError(
                "estimator must map (n, n_columns) to (n,) or (n, n_outputs); for input "
                f"{tuple(self._inputs[:1].shape)} it returned {tuple(output.shape)}."
            )
        if gives == "probabilities":
            module = nn.Sequential(module, _Log())
        if gives in ("logits", "probabilities"):
            n_outputs = output.numel()
            if n_outputs > 1:
                module = nn.Sequential(module, _contrast(n_outputs).to(like.dtype).to(like.device))
        self._module = module

    def _scores(self, source):
        with torch.inference_mode():
            output = self._module(self._inputs.gather(0, source.to(self._inputs.device).long()))
        return output.reshape(1, len(output), -1)

    def _answers(self, source, class_score, per_member):
        self._refuse_members(per_member)
        scores = self._scores(source).cpu().double().numpy()
        if self._gives == "logarithms":
            return np.exp(scores)
        if self._gives == "values" or class_score == "logit":
            return scores
        return expit(scores) if self.are_labels or scores.shape[-1] == 1 else softmax(scores, -1)

    @cached_property
    def networks(self):
        """The module alone."""
        return [Network(self._module, self._inputs, torch.arange(self.n_columns))]


class Predictions(Model):
    """Anything that predicts: its probabilities, decision function or predictions, or a function.

    Parameters
    ----------
    estimator : object
    X : data frame or ndarray
    no_gradients : str, default=None
        Why there are no gradients, if not for its kind.
    """

    def __init__(self, estimator, X, no_gradients=None):
        if hasattr(estimator, "fit"):
            check_is_fitted(estimator)
        names = ["predict_proba", "decision_function", "predict"]
        if is_a(is_regressor, estimator):
            names = ["predict"]
        method = next((name for name in names if hasattr(estimator, name)), None)
        if method is None and not callable(estimator):
            raise ValueError(
                f"estimator must have predict or predict_proba, or be a function; got "
                f"{brief(estimator)}."
            )
        self._predict = estimator if method is None else getattr(estimator, method)
        self._gives_probabilities = method == "predict_proba"
        classes, are_labels = None, False
        if self._gives_probabilities or is_a(is_classifier, estimator):
            are_labels = hasattr(estimator, "predict") and _has_columns(estimator.predict(X[:2]))
            classes = getattr(estimator, "classes_", None)
            if are_labels and isinstance(classes, list):
                classes = range(len(classes))
        super().__init__(estimator, X, classes, are_labels)
        self.no_gradients = no_gradients or self.no_gradients

    def _scores(self, source):
        return torch.tensor(self._answers(source, "logit", False))

    def _answers(self, source, class_score, per_member):
        self._refuse_members(per_member)
        rows = take_cells(self.X, source.numpy())
        try:
            output = self._predict(rows)
        except TypeError as error:
            if error.__traceback__.tb_next is not None:
                raise
            raise ValueError(f"estimator does not take a table like X: {error}.") from error
        if self._gives_probabilities:
            output = class_scores(output, self.are_labels, class_score)
        try:
            output = np.array(output, dtype=float)  # a frame's own may be read-only
            return output.reshape(1, len(rows), -1)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"estimator must return a number, or a row of them, for each of {len(rows)} "
                f"samples ({error}); got {brief(output)}."
            ) from error


def class_scores(probabilities, are_labels, class_score="logit"):
    """Return the scores (n_rows, n_outputs) that belong to probabilities.

    Parameters
    ----------
    probabilities : ndarray, or list of ndarrays
        As of ``predict_proba``: of classes or labels, or a list of those of two classes for each
        label.
    are_labels : bool
    class_score : {"logit", "probability"}, default="logit"
    """
    if not isinstance(probabilities, list):
        probabilities = np.asarray(probabilities)
        # a label that holds or not is one of two classes
        labels = [np.column_stack([1 - p, p]) for p in probabilities.T] if are_labels else []
        probabilities = labels or [probabilities]
    return np.concatenate([_CLASS_SCORES[class_score](p) for p in probabilities], axis=1)


def _log_odds(probabilities):
    resolution = np.finfo(probabilities.dtype).eps
    logs = np.log(probabilities.clip(min=resolution))
    if logs.shape[1] == 2:
        return logs[:, 1:] - logs[:, :1]
    return logs - logs.mean(1, keepdims=True)


def _probabilities(probabilities):
    return probabilities[:, 1:] if probabilities.shape[1] == 2 else probabilities


_CLASS_SCORES = {"logit": _log_odds, "probability": _probabilities}


def _contrast(n_classes):
    """Return the layer that turns logits into scores."""
    weight = torch.eye(n_classes, dtype=torch.float64) - 1 / n_classes
    if n_classes == 2:
        weight = torch.tensor([[-1.0, 1.0]], dtype=torch.float64)
    linear = nn.utils.skip_init(nn.Linear, n_classes, len(weight), bias=False)
    linear.weight.data = weight
    return linear.requires_grad_(False)


class _Log(nn.Module):
    def forward(self, probabilities):
        return probabilities.clamp_min(torch.finfo(probabilities.dtype).eps).log()


def squarable(answers, whose="estimator gives scores", remedy="have it predict in larger units"):
    """Return answers whose variance is a number; refuse others."""
    most = np.abs(answers).max(initial=0.0)
    if most > _LARGEST:
        raise ValueError(f"{whose} up to {most:.3g}, whose variance no float holds; {remedy}.")
    return answers


def is_a(kind, estimator):
    """Ask scikit-learn, as by ``is_classifier``, of any object."""
    try:
        return kind(estimator)
    except AttributeError:  # of no class of scikit-learn's
        return False


def _is_same(output, name):
    return isinstance(output, str | bytes | int | float | np.generic) and bool(output == name)


def _has_columns(predictions):
    return np.ndim(predictions) == 2 and np.shape(predictions)[1] > 1

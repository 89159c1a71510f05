"""Fitted networks for machines that have neither this library nor torch."""

import copy
import json
import logging
import math
import warnings
from contextlib import contextmanager

import torch
from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted
from torch import nn

from skdropout._estimators import BaseDropoutMLP

__all__ = ["to_onnx"]

_OPSET = 18  # runtimes of 2023 and later have it
_EXAMPLE_ROWS = 2


def to_onnx(estimator, path):
    """Write a fitted network, or an ensemble of networks, as an ONNX model.

    The model takes numbers as they are, missing ones as NaN, and categories as codes; everything
    else, such as units, missing cells, unknown levels and the mean over the networks, is inside.
    It predicts in single precision, so predictions equal the estimator's to about six digits.

    Parameters
    ----------
    estimator : DropoutMLPRegressor, DropoutMLPClassifier or one of their CV variants
        Fitted. Of a pipeline give the last step.
    path : str or path-like
        File to write, by custom ending in ".onnx".

    Returns
    -------
    layout : dict
        What the model's inputs and output mean, also stored in the model's metadata under
        "skdropout", as JSON:

        - "numeric": names of the columns of the input ``numeric``, double (n_rows, n_numeric);
          columns that ``screening`` left out are in neither input;
        - "categorical": for each column of the input ``codes``, int64 (n_rows, n_categorical), by
          name the levels, whose codes are 0, 1, ...; a missing cell has the next code after them,
          and any other code is an unknown level;
        - "output": "predictions", double (n_rows, n_outputs) in units of the target, or
          "probabilities", double (n_rows, n_classes);
        - "classes": the classes, in the order of the probabilities, or None.

        An input without columns is left out of the model.

    Raises
    ------
    ImportError
        If onnx or onnxscript is not installed.
    ValueError
        If ``estimator`` is not one of the library's networks, or has categories that are neither
        strings nor finite numbers.

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> from skdropout import DropoutMLPRegressor
    >>> from skdropout.export import to_onnx
    >>> X, y = make_friedman1(n_samples=100, n_features=5, random_state=0)
    >>> model = DropoutMLPRegressor((8,), max_iter=2, random_state=0).fit(X, y)
    >>> layout = to_onnx(model, "friedman.onnx")  # doctest: +SKIP
    >>> layout["numeric"]  # doctest: +SKIP
    ['x0', 'x1', 'x2', 'x3', 'x4']
    """
    onnx = _import_onnx()
    network, layout = _Prediction(_checked(estimator)), _layout(estimator)
    example = {
        "numeric": torch.zeros(_EXAMPLE_ROWS, len(layout["numeric"]), dtype=torch.float64),
        "codes": torch.zeros(_EXAMPLE_ROWS, len(layout["categorical"]), dtype=torch.long),
    }
    example = {name: part for name, part in example.items() if part.shape[1]}
    # the model takes one row too; some versions of torch only would not promise it
    n_rows = torch.export.Dim("n_rows", min=2)
    with _quietly(), torch.no_grad():
        model = torch.onnx.export(
            network.eval(),
            kwargs=example,
            input_names=list(example),
            output_names=[layout["output"]],
            dynamic_shapes={name: {0: n_rows} for name in example},
            opset_version=_OPSET,
            custom_translation_table=_translations(),
            dynamo=True,
            verbose=False,
        ).model_proto
    onnx.helper.set_model_props(model, {"skdropout": json.dumps(layout)})
    onnx.save(model, path)
    return layout


class _Prediction(nn.Module):
    """From raw numbers and codes to predictions: the layers in float32, all around them in float64.

    Runtimes lack many operations in float64.
    """

    def __init__(self, estimator):
        super().__init__()
        encoder = estimator._plan.encoder
        self.stack = copy.deepcopy(estimator.net_.module_).to("cpu", torch.float32)
        self.stack.encoding = _InDouble(self.stack.encoding)
        self.criterion = estimator.net_.criterion_
        self.register_buffer("location", torch.as_tensor(encoder._location))
        self.register_buffer("scale", torch.as_tensor(encoder._scale))
        self.register_buffer("unknown", torch.tensor(encoder.n_levels, dtype=torch.long) + 1)
        units = (0.0, 1.0)
        if not is_classifier(estimator):
            units = estimator._plan.target.location, estimator._plan.target.scale
        constants = {
            "target_location": units[0],
            "target_scale": units[1],
            "weights": estimator.member_weights_,
        }
        for name, value in constants.items():
            self.register_buffer(name, torch.as_tensor(value, dtype=torch.float64))

    def forward(self, numeric=None, codes=None):
        """Map (n_rows, n_numeric) and (n_rows, n_categorical) to (n_rows, n_outputs)."""
        if numeric is None:
            numeric = self.location.expand(codes.shape[0], 0)
        if codes is None:
            codes = self.unknown.expand(numeric.shape[0], 0)
        numeric = (numeric - self.location) / self.scale
        codes = torch.where((codes < 0) | (codes > self.unknown), self.unknown, codes)
        natural = self.stack.natural(self.stack(numeric[None], codes[None]), self.criterion)
        mean = (natural.double() * self.weights[:, None, None]).sum(0)
        return mean * self.target_scale + self.target_location


class _InDouble(nn.Module):
    """An encoding in float64, where a steep one needs it, for layers in float32."""

    def __init__(self, encoding):
        super().__init__()
        self.encoding = encoding.double()

    def forward(self, numeric, codes):
        return self.encoding(numeric, codes).float()


def _translations():
    """Return what the exporter cannot translate, or takes 1e39 for infinite in."""
    from onnxscript import INT64
    from onnxscript import opset18 as op

    def searchsorted(knots, x, *, out_int32=False, right=False, side=None, sorter=None):
        knots, x = op.Unsqueeze(knots, [-2]), op.Unsqueeze(x, [-1])
        passed = op.LessOrEqual(knots, x) if right else op.Less(knots, x)
        return op.ReduceSum(op.Cast(passed, to=INT64.dtype), [-1], keepdims=0)

    return {
        torch.ops.aten.searchsorted.Tensor: searchsorted,
        torch.ops.aten.isposinf.default: lambda x: op.IsInf(x, detect_negative=0),
        torch.ops.aten.isneginf.default: lambda x: op.IsInf(x, detect_positive=0),
    }


@contextmanager
def _quietly():
    """Hold back what the exporter says of its own parts."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _layout(estimator):
    encoder = estimator._plan.encoder
    columns = zip(encoder.categorical_, encoder.levels_, strict=True)
    classes = estimator.classes_.tolist() if is_classifier(estimator) else None
    return {
        "numeric": [encoder.names_[j] for j in encoder.numeric_],
        "categorical": {
            encoder.names_[j]: [_plain(level, encoder.names_[j]) for level in levels]
            for j, levels in columns
        },
        "output": "predictions" if classes is None else "probabilities",
        "classes": classes,
    }


def _plain(level, name):
    """Return a level as JSON can say it."""
    level = level.item() if hasattr(level, "item") else level
    if not isinstance(level, str | int | float) or level in (math.inf, -math.inf):
        raise ValueError(
            f"Column {name!r} has the category {level!r}, a {type(level).__name__} that JSON "
            "cannot hold; turn its categories into strings before fit."
        )
    return level


def _checked(estimator):
    if not isinstance(estimator, BaseDropoutMLP):
        raise ValueError(
            f"estimator is a {type(estimator).__name__}, not a network of this library; of a "
            "pipeline or a search give the network in it, such as pipeline[-1]."
        )
    check_is_fitted(estimator)
    return estimator


def _import_onnx():
    try:
        import onnx
        import onnxscript  # noqa: F401, what torch exports with
    except ImportError as error:
        raise ImportError(
            "to_onnx needs onnx and onnxscript; install them with pip install 'skdropout[onnx]'."
        ) from error
    return onnx

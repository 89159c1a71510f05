"""Relevance-driven input dropout, on tables, images and point clouds."""

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from numbers import Integral, Real
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from torch import nn

from skdropout._estimators.checks import layer_rates
from skdropout._estimators.documentation import documented
from skdropout._estimators.own_module import OwnModule
from skdropout._estimators.parameters import is_auto
from skdropout._estimators.perceptrons import IncrementalClassifier, IncrementalRegressor
from skdropout._sklearn_private import Interval, StrOptions
from skdropout._stack import SCHEDULES, RelevantColumns
from skdropout.functional import Rule


@dataclass(eq=False, repr=False)
class FadingColumns:
    """Relevant columns are dropped less towards the end; a base before the network's.

    Parameters
    ----------
    dropout_schedule : {"auto", "constant", "early", "late", "decay", "ramp"}, callable or array-like of shape (n_members,), default="auto"
        What ``beta`` and the rates of hidden units are multiplied by over the steps of ``max_iter``
        epochs, of all networks or of each. "decay" is 1 for a half and then a cosine fall to 0;
        "early" falls from 1 to 0 in the first third and "late" is 0 there [8]_; "ramp" rises from 0
        to 1 in the first half. "auto" is "decay" for ``beta`` and "constant" for hidden units;
        in ``partial_fit``, which knows no end, and with ``module``, "constant" for both. A callable
        maps progress, from 0 to 1, to a factor in [0, 1]. ``warm_start`` begins anew;
        ``partial_fit`` refuses all but "auto" and "constant".
    """  # noqa: E501, types stay on one line

    _: KW_ONLY
    dropout_schedule: str | Callable[[float], float] | ArrayLike = "auto"

    _parameter_constraints = {  # noqa: RUF012
        "dropout_schedule": ["array-like", callable, StrOptions({"auto", *SCHEDULES})]
    }

    def _schedule_of_all(self):
        return "constant" if is_auto(self.dropout_schedule) else self.dropout_schedule

    def _schedule_of_columns(self):
        """Return what beta follows; None: what all rates do."""
        if self._old_schedules():
            return self._rise(self.max_iter)
        fades = is_auto(self.dropout_schedule) and self.module is None
        return "decay" if fades else None


_RULES = {"gradient_x_input", "integrated_gradients", "epsilon", "zplus", "gamma", "wsquare"}


@dataclass(frozen=True)
class _Rise:
    """No strength for some epochs, then equal steps to the whole of it."""

    warmup: int
    rise: int
    n_epochs: int
    n_before: int

    def __call__(self, progress):
        epoch = self.n_before + math.floor(progress * self.n_epochs + 1e-9) + 1
        return min(1.0, max(0, epoch - self.warmup) / (self.rise + 1))


@dataclass(eq=False, repr=False)
class RelevanceRates:
    """Which relevant columns to drop, and how often; a base after the network's.

    Parameters
    ----------
    dropout : float or array-like of float, default=0.1
        Probability, in [0, 1), that a hidden unit is dropped in a training step: one number, one
        per hidden layer, or an array of shape (n_members, n_layers). Kept units are divided by
        ``1 - dropout``, so the layer's mean is preserved. Rates are drawn with a resolution of
        1/65536.
    alpha : float, default=0.5
        Share of chance, in [0, 1], in the choice of columns to drop. 0: by relevance alone; 1: by
        chance alone, at rate ``beta``.
    beta : float, default=0.04
        Strength, in [0, 1]. With r the relevance of a column for a row, from 0 for the row's least
        to 1 for its most relevant column, it is dropped with probability
        ``(alpha + beta - 1 + (1 - alpha) * r) / alpha``, cut off at 0 and 1. The most relevant
        column is thus dropped with probability ``beta / alpha``: with ``alpha = beta = 0.5``, the
        paper's setting for point clouds, always; by default in eight of a hundred rows.
    probability : float, default=1.0
        Share, in [0, 1], of the rows of a training step whose columns may be dropped.
    rule : str, Rule, or sequence of them, default="gradient_x_input"
        How an output is attributed to the inputs: "gradient_x_input", "integrated_gradients", or
        layer by layer with "epsilon", "zplus", "gamma", "wsquare" or a
        :class:`skdropout.functional.Rule`; a sequence has one of these for each layer, the first
        layer first. With ``activation="relu"`` "epsilon" is "gradient_x_input", which is faster.
        Inputs count by what they differ from their typical value.
    warmup : int, default="deprecated"
        Number of epochs before columns are dropped. Goes in version 0.3: ``dropout_schedule`` does
        this and more, for hidden units too.
    schedule : {"constant", "linear"}, default="deprecated"
        "linear": after ``warmup``, ``beta`` rises from 0 in equal steps over ``max_iter // 2``
        epochs. Goes in version 0.3, as ``warmup`` does.
    module : torch.nn.Module, callable or None, default=None
        One's own network, in the place of the perceptrons, for images or point clouds: a module
        that maps ``(n_rows, *feature_shape)`` to values or logits (one for two classes), which is
        copied, or a callable without arguments that makes one. Inputs are in standard units of
        their channel; pixels and points are dropped whole, to their channels' means. There is one
        network, and parameters of the perceptrons, ``dropout`` and ``n_members`` among them, are
        not used.
    feature_shape : tuple of int or None, default=None
        How ``module`` sees the columns of a row: (n_channels, height, width) or
        (n_points, n_coordinates).
    occlusion : {"element", "block"}, default="element"
        What ``module`` learns to do without: relevant pixels or points one by one, or a rectangle
        around an image's most relevant pixel, in a share ``probability`` of the rows; then
        ``alpha`` and ``beta`` are not used. See :func:`skdropout.functional.relevance_block_mask`.

    References
    ----------
    .. [1] S. Gururaj et al., "Relevance-driven Input Dropout: an Explanation-guided
       Regularization Technique", arXiv 2505.21595, 2025.
    .. [2] S. Bach et al., "On Pixel-Wise Explanations for Non-Linear Classifier Decisions by
       Layer-Wise Relevance Propagation", PLOS ONE 10(7), 2015.
    .. [3] N. Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from
       Overfitting", JMLR 15, 2014.
    .. [4] Y. Gorishniy, I. Rubachev, A. Babenko, "On Embeddings for Numerical Features in Tabular
       Deep Learning", NeurIPS 2022.
    .. [5] D. Holzmüller, L. Grinsztajn, I. Steinwart, "Better by Default: Strong Pre-Tuned MLPs and
       Boosted Trees on Tabular Data", NeurIPS 2024.
    .. [6] Y. Benjamini, Y. Hochberg, "Controlling the False Discovery Rate", JRSS B 57, 1995.
    .. [8] Z. Liu, Z. Xu, J. Jin, Z. Shen, T. Darrell, "Dropout Reduces Underfitting", ICML 2023,
       arXiv 2303.01500.
    .. [9] arXiv 2605.21648 (profiles of rates over the layers).
    """

    _: KW_ONLY
    dropout: float | Sequence[float] | np.ndarray = 0.1
    alpha: float = 0.5
    beta: float = 0.04
    probability: float = 1.0
    rule: str | Rule | Sequence[str | Rule] = "gradient_x_input"
    warmup: int | Literal["deprecated"] = "deprecated"
    schedule: Literal["constant", "linear", "deprecated"] = "deprecated"
    module: nn.Module | Callable[[], nn.Module] | None = None
    feature_shape: tuple[int, ...] | None = None
    occlusion: Literal["element", "block"] = "element"

    _parameter_constraints = {  # noqa: RUF012
        "dropout": ["array-like", Interval(Real, 0, 1, closed="left")],
        "alpha": [Interval(Real, 0, 1, closed="both")],
        "beta": [Interval(Real, 0, 1, closed="both")],
        "probability": [Interval(Real, 0, 1, closed="both")],
        "rule": [StrOptions(_RULES), Rule, list, tuple],
        "warmup": [Interval(Integral, 0, None, closed="left"), StrOptions({"deprecated"})],
        "schedule": [StrOptions({"constant", "linear", "deprecated"})],
        "module": [nn.Module, callable, None],
        "feature_shape": ["array-like", None],
        "occlusion": [StrOptions({"element", "block"})],
    }

    def _rates(self, sizes):
        self._check_rule(len(sizes) + 1)
        self._warn_of_old_schedules()
        of_columns = {"alpha": float(self.alpha), "beta": float(self.beta)}
        of_columns["column_schedule"] = self._schedule_of_columns()
        of_layers = layer_rates(self.dropout, len(sizes), self.n_members, self.dropout_profile)
        return [{"dropout": dropout, **of_columns} for dropout in of_layers]

    def _old_schedules(self):
        old = {"warmup": self.warmup, "schedule": self.schedule}
        return {name: value for name, value in old.items() if value != "deprecated"}

    def _warn_of_old_schedules(self):
        given = self._old_schedules()
        if not given:
            return
        said = ", ".join(f"{name}={value!r}" for name, value in given.items())
        if self._schedule_of_all() != "constant":
            raise ValueError(
                f"{said} and dropout_schedule={self.dropout_schedule!r} both say how beta goes "
                "over the epochs; give dropout_schedule alone."
            )
        warnings.warn(
            f"{said}: warmup and schedule go in version 0.3. Give dropout_schedule: 'ramp' for "
            "schedule='linear', 'late' or a function of progress for a warmup.",
            FutureWarning,
            stacklevel=9,
        )

    def _rise(self, n_epochs, n_before=0):
        """Return what ``warmup`` and ``schedule`` make of beta; None if there is neither."""
        warmup = 0 if self.warmup == "deprecated" else self.warmup
        rise = self.max_iter // 2 if self.schedule == "linear" else 0
        return _Rise(warmup, rise, n_epochs, n_before) if warmup or rise else None

    def _of_pass(self, n_passes):
        return {"column_schedule": self._rise(1, n_passes)}

    def _check_rule(self, n_layers):
        rules = self.rule if isinstance(self.rule, list | tuple) else [self.rule] * n_layers
        if len(rules) != n_layers:
            raise ValueError(
                f"rule={self.rule!r} has {len(rules)} entries for {n_layers} layers, the output "
                "layer counted; give one for each, first layer first, or one for all."
            )
        names = [rule.name if isinstance(rule, Rule) else rule for rule in rules]
        if names[0] == "flat":
            raise ValueError(
                f"rule={self.rule!r} begins with 'flat', which finds all columns equally relevant; "
                "use 'epsilon', 'gamma' or 'wsquare' in the first layer."
            )
        if rules is self.rule:
            for rule in rules:
                if not isinstance(rule, Rule):
                    Rule(rule)  # refuses what is not known

    def _learns(self):
        return False

    def _droppers(self, n_members, plan):
        return RelevantColumns(n_members, plan.target.criterion.share, **self._dropping())

    def _dropping(self):
        return {
            "rule": self.rule,
            "probability": self.probability,
        }


@documented
@dataclass(eq=False, repr=False)
class RelDropRegressor(OwnModule, FadingColumns, IncrementalRegressor, RelevanceRates):
    """Multilayer perceptrons for regression that are kept from leaning on few columns.

    In each training step the networks' present outputs, as distances from the mean, are attributed
    to the columns, dropout off; the more relevant a column is for a row, the more often it is
    dropped from this row.
    A dropped number is its column's median and is marked as missing, so that it is told from a
    median that is there; a dropped category is the trained "unknown" level; nothing is scaled up.
    Cells that are missing later are as if dropped. All networks, and all columns, are attributed in
    one pass forward and one back. The rest is :class:`DropoutMLPRegressor`.

    See Also
    --------
    RelDropClassifier : The same for classification.
    DropoutMLPRegressor : Columns dropped by chance alone.
    skdropout.nn.RelevanceDropout : For one's own networks and training loops.

    Notes
    -----
    Cells that are missing later carry a mark, and it is these that networks are made ready for;
    cells that are there and wrong carry none. With the two most important columns missing, R2 rose
    by 0.07 to 0.37 on three tables against no dropout of columns; on complete rows it fell by 0.006
    on one and did not differ clearly on the others (``benchmarks/reldrop.py``). A larger ``beta``
    costs more.

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> from skdropout import RelDropRegressor
    >>> X, y = make_friedman1(n_samples=300, random_state=0)
    >>> model = RelDropRegressor((32,), beta=0.3, dropout=0, max_iter=30, random_state=0)
    >>> model.fit(X, y).predict(X[:2]).shape
    (2,)
    """

    _parameter_constraints = {  # noqa: RUF012
        **RelevanceRates._parameter_constraints,
        **IncrementalRegressor._parameter_constraints,
        **FadingColumns._parameter_constraints,
    }


@documented
@dataclass(eq=False, repr=False)
class RelDropClassifier(OwnModule, FadingColumns, IncrementalClassifier, RelevanceRates):
    """Multilayer perceptrons for classification that are kept from leaning on few columns.

    In each training step the logit of each row's true class is attributed to the columns, dropout
    off; the more relevant a column is for a row, the more often it is dropped from this row.
    A dropped number is its column's median and is marked as missing, so that it is told from a
    median that is there; a dropped category is the trained "unknown" level; nothing is scaled up.
    Cells that are missing later are as if dropped. All networks, and all columns, are attributed in
    one pass forward and one back. The rest is :class:`DropoutMLPClassifier`.

    See Also
    --------
    RelDropRegressor : The same for regression.
    DropoutMLPClassifier : Columns dropped by chance alone.
    skdropout.nn.RelevanceDropout : For one's own networks and training loops.

    Notes
    -----
    Cells that are missing later carry a mark, and it is these that networks are made ready for;
    cells that are there and wrong carry none. With the two most important columns missing, the area
    under the ROC curve rose by 0.018 on one of three tables against no dropout of columns; on the
    others, and on complete rows, it did not differ clearly (``benchmarks/reldrop.py``). Which
    columns are dropped depends on the true class, so that gaps tell something of it in training.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skdropout import RelDropClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = RelDropClassifier((32,), beta=0.3, dropout=0, max_iter=30, random_state=0)
    >>> model.fit(X, y).predict_proba(X[:2]).shape
    (2, 3)
    """

    _parameter_constraints = {  # noqa: RUF012
        **RelevanceRates._parameter_constraints,
        **IncrementalClassifier._parameter_constraints,
        **FadingColumns._parameter_constraints,
    }

"""The parameters that all networks of the library share, and what they may be."""

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from numbers import Integral, Real
from typing import Literal

import numpy as np
import torch
from numpy.typing import ArrayLike

from skdropout._estimators.checks import PROFILES, column_rates, layer_rates, of_members
from skdropout._estimators.recipes import FIRST
from skdropout._sklearn_private import Interval, StrOptions
from skdropout._stack import (
    ACTIVATIONS,
    NUMERIC_ENCODINGS,
    SCHEDULES,
    LearntColumns,
    RandomColumns,
    factors_of,
)


@dataclass(eq=False, repr=False)
class NetworkParameters:
    """All but the dropout rates; dataclasses, so that ``__init__`` is inherited field by field.

    Parameters
    ----------
    hidden_layer_sizes : array-like of int, default=(128, 128)
        Number of units of each hidden layer; ``()`` gives a linear model.
    activation : {"relu", "gelu", "silu", "mish", "tanh", "identity"}, default="relu"
        Function applied by each hidden unit.
    n_members : int, default=8
        Number of networks, trained at once as one stack and averaged. Each has its own initial
        weights, row order, dropout masks and, unless validation rows are given to ``fit``,
        its own validation split.
    numeric_encoding : {"standard", "quantile", "piecewise_linear", "periodic"}, default="piecewise_linear"
        How numbers enter the network, by statistics of each network's own training rows.
        "standard": distance from the median in robust units of spread, beyond ten units clipped.
        "quantile": the normal quantile of the number's rank. "piecewise_linear": the standard
        number and, for each of 4 to 32 bins with equally many rows (one bin for 80 rows), how much
        of it lies below, from 0 to 1 [4]_.
        "periodic": the standard number and three learnt sums of learnt cosines of it [4]_ [5]_.
        A missing number is the median, with an indicator beside it if the column had missing cells
        in training.
    input_scaling : float, default=20.0
        Every input of the first layer is multiplied by a factor that is learnt, this many times as
        fast as the weights [5]_, so inputs that say little soon count little. 0: no factors; inputs
        are then treated more alike, which suits networks whose interactions are to be measured.
    categorical_features : "from_dtype", None, or array-like of {int, str, bool}, default="from_dtype"
        Which columns hold categories. "from_dtype": a data frame's columns of dtype category, and
        columns of strings. Otherwise column indices, column names, a mask, or None for none at all.
        Each category gets a learnt vector, trained with the network; missing cells have one of
        their own, and so have categories that fit never saw.
    embedding_dim : int, dict or "auto", default="auto"
        Length of the categories' vectors: for all columns, or a dict from column name (index, if
        columns have no names) to length. "auto", also for columns that the dict leaves out, is the
        next power of two above ``1.5 * sqrt(n_levels)``, between 2 and 32.
    screening : "auto" or None, default="auto"
        Whether columns that tell nothing of the target are left out, for networks fit noise in
        them. "auto" tests the training rows, and keeps a column that is a discovery [6]_, a tenth
        of these being false (of d > 50 columns 5 / d, if rows are no fewer than columns): of the
        target's analysis of variance over eight groups of its numbers, or its levels, missing cells
        apart, where rows are fewer than columns also of its trend over ranks; of the same of what a
        linear fit of the columns so kept leaves; or of products of its ranks with those of one or
        two others. If there is none, all are kept, as with None. ``fit`` chooses, a search for each
        fold; ``warm_start`` keeps the choice, and networks begun by ``partial_fit`` have all.
    learning_rate_init : float or array-like of shape (n_members,), default=0.001
        Largest learning rate of AdamW, of all networks or of each.
    learning_rate : {"cosine", "constant"} or array-like of shape (n_members,), default="cosine"
        Learning rate over the steps of ``max_iter`` epochs: a short rise and a cosine fall to
        zero, or constant; of all networks or of each.
    weight_decay : float or array-like of shape (n_members,), default=0.01
        AdamW's decoupled weight decay, of all networks or of each.
    dropout_profile : {"flat", "front", "back"}, default="flat"
        How a rate of hidden units that is one number is shared out among the layers, whose mean it
        stays: the same for all, or with equal steps between them, most in the first layer
        ("front", [9]_) or in the last ("back"). Of two layers at rate 0.3 one has 0.4 and the
        other 0.2, of L layers the most dropped has ``2 * L / (L + 1)`` times the mean.
    dropout_schedule : {"constant", "early", "late", "decay", "ramp"}, callable or array-like of shape (n_members,), default="constant"
        What all rates of dropout, of units and of columns, are multiplied by over the steps of
        ``max_iter`` epochs, of all networks or of each. "early" falls from 1 to 0 in the first
        third and "late" is 0 there [8]_; "decay" is 1 for a half and then a cosine fall to 0;
        "ramp" rises from 0 to 1 in the first half. A callable maps progress, from 0 to 1, to a
        factor in [0, 1]. A network is compared with itself by its loss without dropout, whatever
        the rate. Early stopping may come before the end, which has a rate of its own: raise
        ``n_iter_no_change`` to see it. ``warm_start`` begins anew; ``partial_fit`` knows no end,
        and refuses all but "constant".
    max_grad_norm : float or None, default=None
        Longer gradients are shortened to this norm, each network's by itself.
    batch_size : int, "auto" or array-like of shape (n_members,), default="auto"
        Training rows a step and network. "auto": the power of two next to a thirtieth of the
        training rows, between 16 and 256. Where networks differ, those with large batches wait for
        those with small ones, which costs time.
    max_iter : int, default=100
        Largest number of epochs.
    early_stopping : bool, default=True
        Whether to set rows aside, stop a network when its loss on them no longer falls, and give
        it back the weights of its best epoch. If False, all ``max_iter`` epochs are run on all rows
        and the last weights are kept.
    validation_fraction : float, default=0.1
        Share of the training rows set aside if ``early_stopping``; stratified for classifiers. Not
        used where ``fit`` is given ``X_val``.
    n_iter_no_change : int, default=20
        A network stops after this many epochs without improvement of its validation loss.
    tol : float, default=0.0
        Smaller improvements do not count; in units of the loss of the standardised target.
    warm_start : bool, default=False
        Whether ``fit`` goes on from the networks of the last fit, which also keep their
        preprocessing, instead of starting anew.
    device : str or torch.device, default="auto"
        Where to train and predict; "auto" is CUDA if there is a GPU, else the CPU.
    precision : {"float32", "bfloat16"}, default="float32"
        Of the factors of matrix products in training; weights, sums and predictions are in single
        precision. "bfloat16" takes half the width: on GPUs, and on processors with AMX, a fraction
        of the time; on other processors that have it (AVX512-BF16) it was slower here.
    callbacks : list or None, default=None
        skorch callbacks, called during training. They see the stack: parameters have the networks
        as their first axis, and ``history`` holds the mean ``train_loss`` and ``valid_loss``.
        ``net.estimator_so_far()`` gives an estimator that predicts by the networks as they are.
    random_state : int, RandomState instance or None, default=None
        Fixes splits, initial weights, row order and masks. On a CPU the same number gives the same
        predictions to the bit. None takes fresh entropy: unlike scikit-learn, NumPy's global random
        state, like torch's, is neither read nor changed.
    verbose : int, default=0
        1 shows a progress bar with epoch and losses.
    """  # noqa: E501, types stay on one line

    hidden_layer_sizes: int | Sequence[int] = (128, 128)
    _: KW_ONLY
    activation: Literal["relu", "gelu", "silu", "mish", "tanh", "identity"] = "relu"
    n_members: int = 8
    numeric_encoding: Literal["standard", "quantile", "piecewise_linear", "periodic"] = (
        "piecewise_linear"
    )
    input_scaling: float = 20.0
    categorical_features: Literal["from_dtype"] | ArrayLike | None = "from_dtype"
    embedding_dim: int | dict | Literal["auto"] = "auto"
    screening: Literal["auto"] | None = "auto"
    learning_rate_init: float | ArrayLike = 1e-3
    learning_rate: Literal["cosine", "constant"] | ArrayLike = "cosine"
    weight_decay: float | ArrayLike = 1e-2
    dropout_profile: Literal["flat", "front", "back"] = "flat"
    dropout_schedule: str | Callable[[float], float] | ArrayLike = "constant"
    max_grad_norm: float | None = None
    batch_size: int | Literal["auto"] | ArrayLike = "auto"
    max_iter: int = 100
    early_stopping: bool = True
    validation_fraction: float = 0.1
    n_iter_no_change: int = 20
    tol: float = 0.0
    warm_start: bool = False
    device: str | torch.device = "auto"
    precision: Literal["float32", "bfloat16"] = "float32"
    callbacks: list | None = None
    random_state: int | np.random.RandomState | None = None
    verbose: int = 0

    _parameter_constraints = {  # noqa: RUF012
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "n_members": [Interval(Integral, 1, None, closed="left")],
        "numeric_encoding": [StrOptions(set(NUMERIC_ENCODINGS))],
        "input_scaling": [Interval(Real, 0, None, closed="left")],
        "categorical_features": ["array-like", StrOptions({"from_dtype"}), None],
        "embedding_dim": [StrOptions({"auto"}), dict, Interval(Integral, 1, None, closed="left")],
        "screening": [StrOptions({"auto"}), None],
        "learning_rate_init": ["array-like", Interval(Real, 0, None, closed="neither")],
        "learning_rate": ["array-like", StrOptions({"constant", "cosine"})],
        "weight_decay": ["array-like", Interval(Real, 0, None, closed="left")],
        "dropout_profile": [StrOptions(set(PROFILES))],
        "dropout_schedule": [*("array-like", callable), StrOptions(set(SCHEDULES))],
        "max_grad_norm": [Interval(Real, 0, None, closed="neither"), None],
        "batch_size": [
            *("array-like", StrOptions({"auto"})),
            Interval(Integral, 1, None, closed="left"),
        ],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "warm_start": ["boolean"],
        "device": [str, torch.device],
        "precision": [StrOptions({"float32", "bfloat16"})],
        "callbacks": [list, None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def _schedule_of_all(self):
        """Return what all rates follow, but those that follow something of their own."""
        return self.dropout_schedule

    def _learning(self, n_members):
        """Return how each of so many networks learns, as its ``Member`` takes it."""
        given = {name: getattr(self, name) for name in LEARNING}
        given["dropout_schedule"] = self._schedule_of_all()
        values = [of_members(name, given[name], n_members, *LEARNING[name]) for name in LEARNING]
        check_schedules("dropout_schedule", given["dropout_schedule"], n_members, self.max_iter)
        return [dict(zip(LEARNING, entries, strict=True)) for entries in zip(*values, strict=True)]

    def _recipes(self, sizes, former=None):
        """Return for each network what its ``Member`` takes; None where it is to be chosen."""
        rates = self._rates(sizes)
        if rates is None:
            return None
        learning = self._learning(len(rates))
        return [{**own, **how} for own, how in zip(rates, learning, strict=True)]


def check_schedules(name, value, n_members, n_epochs):
    """Return a schedule for each member; refuse names that are none, and what leaves [0, 1]."""
    schedules = of_members(name, value, n_members, *LEARNING["dropout_schedule"])
    for schedule in {id(schedule): schedule for schedule in schedules}.values():
        if callable(schedule):
            factors_of(schedule, n_epochs)
    return schedules


def is_word(value, word):
    """Whether a parameter is this word, an array of which no comparison says so."""
    return isinstance(value, str) and value == word


def is_auto(value):
    """Whether a parameter is "auto"."""
    return is_word(value, "auto")


def _is_positive(value):
    return isinstance(value, Real) and 0 < value < np.inf


def _is_positive_or_zero(value):
    return _is_positive(value) or value == 0


def _is_schedule(value):
    return callable(value) or (isinstance(value, str) and value in SCHEDULES)


def _is_batch(value):
    return value == "auto" or (isinstance(value, Integral) and value > 0)


# What networks may differ in besides their rates: what an entry may be, and how to say it.
LEARNING = {
    "learning_rate_init": (_is_positive, "a positive number"),
    "learning_rate": (("constant", "cosine").__contains__, "'constant' or 'cosine'"),
    "weight_decay": (_is_positive_or_zero, "a number, zero or more"),
    "batch_size": (_is_batch, "a positive integer or 'auto'"),
    "dropout_schedule": (_is_schedule, f"one of {sorted(SCHEDULES)} or a callable"),
}


@dataclass(eq=False, repr=False)
class DropoutRates:
    """Dropout rates as the user gives them; a base after the network's, so they come first.

    Parameters
    ----------
    dropout : float, "auto", "learnt" or array-like of float, default="auto"
        Probability, in [0, 1), that a hidden unit is dropped in a training step: one number, one
        per hidden layer, or an array of shape (n_members, n_layers). Kept units are divided by
        ``1 - dropout``, so the layer's mean is preserved. Rates are drawn with a resolution of
        1/65536. "auto": ``fit`` tries rates and learning rates. "learnt": each network learns a
        rate for each layer beside its weights. See the notes for both.
    input_dropout : float, "learnt" or array-like of float, default=0.0
        Probability, in [0, 1), that a column is dropped in a training step: one number, or an array
        of shape (n_members,). All inputs that come from the column then take their typical value:
        the median of a numeric column, the "unknown" level of a categorical one. Kept deviations
        from the typical value are divided by ``1 - input_dropout``. "learnt": each network learns a
        rate for each column, see the notes, and nothing is divided: a column that carries noise is
        dropped more and more, and the fitted ``input_dropout_`` says how often.

    Attributes
    ----------
    input_dropout_ : float or ndarray of shape (n_features,)
        Rate of columns that the networks were trained with, in their weighted mean; an array where
        it was learnt, NaN of columns that do not enter.

    Notes
    -----
    With ``dropout="auto"`` networks of three recipes are trained side by side: rate 0.1; rate 0.1
    at three times ``learning_rate_init``; and rate 0.2, where bins of numbers do not enter, or, of
    1,000 rows or fewer, networks that are linear in numbers and vectors of levels, at rate 0.3.
    Those of a recipe stop by different rows, which are the same for all recipes; recipes that are
    clearly beaten there leave early. Greedy selection with replacement [7]_, on average over
    resamples of these rows, finds what each recipe counts. Of few rows losses are corrected for
    what the choice of each network's best epoch has fitted to the rows. The two recipes that count
    most are kept, at most ``n_members`` networks, and predictions are weighted: see ``recipes_``,
    ``member_weights_`` and ``dropout_``. ``warm_start`` and ``partial_fit`` go on with the networks
    that were kept. Where there is nothing to choose by, without early stopping and in networks
    begun by ``partial_fit``, all networks are of the first recipe.

    Rates that are learnt are those of concrete dropout [10]_. A mask is relaxed: with rate p,
    temperature t = 0.1 and u uniform in [0, 1) a unit is multiplied by ``(1 - d) / (1 - p)``, where
    ``d = sigmoid((logit(p) + logit(u)) / t)``; a column is blended with its typical value,
    ``typical + (1 - d) * (x - typical)``. So the loss has a gradient by p. It alone would only ever
    lower p, so the mean loss of a row gains ``-w * K * H(p) / n`` for each rate, where H(p) is the
    entropy, ``-p * log(p) - (1 - p) * log(1 - p)``, n the number of training rows, K the number of
    units of the layer, or of inputs that come of the column, and w the size of one unit of
    log-likelihood: 1, or for squared errors twice the variance of the noise, and for absolute
    errors and quantiles their mean. It is taken from the last validation loss (without early
    stopping from the training loss). The decay of weights is AdamW's and has no term here. Much
    noise and few rows thus lift a rate towards 0.5, where the entropy is largest; many rows without
    noise lower it to almost nothing. Rates start at 0.1 and stay in [0.001, 0.95]; they are trained
    by AdamW as logits, ten times as fast as weights, in every sixth step, and masks of the other
    steps are zeros and ones at the rates of that time. A network keeps the rates of its best epoch.

    References
    ----------
    .. [1] N. Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from
       Overfitting", JMLR 15, 2014.
    .. [2] B. Lengerich, E. Xing, R. Caruana, "Dropout as a Regularizer of Interaction Effects",
       AISTATS 2022.
    .. [3] C. Guo, F. Berkhahn, "Entity Embeddings of Categorical Variables", arXiv 1604.06737,
       2016.
    .. [4] Y. Gorishniy, I. Rubachev, A. Babenko, "On Embeddings for Numerical Features in Tabular
       Deep Learning", NeurIPS 2022.
    .. [5] D. Holzmüller, L. Grinsztajn, I. Steinwart, "Better by Default: Strong Pre-Tuned MLPs and
       Boosted Trees on Tabular Data", NeurIPS 2024.
    .. [6] Y. Benjamini, Y. Hochberg, "Controlling the False Discovery Rate", JRSS B 57, 1995.
    .. [7] R. Caruana, A. Niculescu-Mizil, G. Crew, A. Ksikes, "Ensemble Selection from Libraries of
       Models", ICML 2004.
    .. [8] Z. Liu, Z. Xu, J. Jin, Z. Shen, T. Darrell, "Dropout Reduces Underfitting", ICML 2023,
       arXiv 2303.01500.
    .. [9] arXiv 2605.21648 (profiles of rates over the layers).
    .. [10] Y. Gal, J. Hron, A. Kendall, "Concrete Dropout", NeurIPS 2017, arXiv 1705.07832.
    """

    _: KW_ONLY
    dropout: float | Sequence[float] | np.ndarray | Literal["auto", "learnt"] = "auto"
    input_dropout: float | Sequence[float] | np.ndarray | Literal["learnt"] = 0.0

    _parameter_constraints = {  # noqa: RUF012
        "dropout": [
            StrOptions({"auto", "learnt"}),
            "array-like",
            Interval(Real, 0, 1, closed="left"),
        ],
        "input_dropout": [
            StrOptions({"learnt"}),
            "array-like",
            Interval(Real, 0, 1, closed="left"),
        ],
    }

    def _rates(self, sizes):
        self._check_learnt()
        given = not isinstance(self.dropout, str)
        dropout = self.dropout if given else FIRST.dropout
        of_layers = layer_rates(dropout, len(sizes), self.n_members, self.dropout_profile)
        is_learnt = isinstance(self.input_dropout, str)
        of_columns = column_rates(0.0 if is_learnt else self.input_dropout, self.n_members)
        return [
            {"dropout": dropout, "input_dropout": input_dropout}
            for dropout, input_dropout in zip(of_layers, of_columns, strict=True)
        ]

    def _of_pass(self, n_passes):
        """Return what members take in one pass, after so many."""
        return {}

    def _check_learnt(self):
        for name in ("dropout", "input_dropout"):
            if not is_word(getattr(self, name), "learnt"):
                continue
            if self.dropout_schedule != "constant":
                raise ValueError(
                    f"{name}='learnt' finds rates that change as training goes on, and "
                    f"dropout_schedule={self.dropout_schedule!r} says how they do; set "
                    f"dropout_schedule='constant', or give {name} as a number."
                )
            if name == "dropout" and self.dropout_profile != "flat":
                raise ValueError(
                    f"dropout='learnt' finds a rate for each layer, and dropout_profile="
                    f"{self.dropout_profile!r} shares one out; set dropout_profile='flat'."
                )

    def _learns(self):
        return is_word(self.dropout, "learnt")

    def _droppers(self, n_members, plan):
        if is_word(self.input_dropout, "learnt"):
            n_columns = len(plan.encoder.numeric_) + len(plan.encoder.categorical_)
            return LearntColumns(n_members, n_columns)
        return RandomColumns(n_members)

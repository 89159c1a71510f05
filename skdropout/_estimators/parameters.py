"""The parameters that all networks of the library share, and what they may be."""

from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass
from numbers import Integral, Real

import torch
from sklearn.metrics import get_scorer_names

from skdropout._estimators.checks import column_rates, layer_rates
from skdropout._estimators.search.grid import make_grid
from skdropout._sklearn_private import Interval, StrOptions
from skdropout._stack import ACTIVATIONS, NUMERIC_ENCODINGS, RandomColumns

__all__ = ["DropoutRates", "NetworkParameters", "RateGrid"]


@dataclass(eq=False, repr=False)
class NetworkParameters:
    """All but the dropout rates; dataclasses, so that ``__init__`` is inherited field by field."""

    hidden_layer_sizes: Iterable = (128, 128)
    _: KW_ONLY
    activation: str = "relu"
    n_members: int = 4
    numeric_encoding: str = "piecewise_linear"
    input_scaling: float = 20.0
    categorical_features: object = "from_dtype"
    embedding_dim: object = "auto"
    learning_rate_init: float = 1e-3
    learning_rate: str = "cosine"
    weight_decay: float = 1e-2
    max_grad_norm: float | None = None
    batch_size: object = "auto"
    max_iter: int = 100
    early_stopping: bool = True
    validation_fraction: float = 0.1
    n_iter_no_change: int = 20
    tol: float = 0.0
    warm_start: bool = False
    device: object = "auto"
    callbacks: list | None = None
    random_state: object = None
    verbose: int = 0

    _parameter_constraints = {  # noqa: RUF012
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "n_members": [Interval(Integral, 1, None, closed="left")],
        "numeric_encoding": [StrOptions(set(NUMERIC_ENCODINGS))],
        "input_scaling": [Interval(Real, 0, None, closed="left")],
        "categorical_features": ["array-like", StrOptions({"from_dtype"}), None],
        "embedding_dim": [StrOptions({"auto"}), dict, Interval(Integral, 1, None, closed="left")],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "learning_rate": [StrOptions({"constant", "cosine"})],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "max_grad_norm": [Interval(Real, 0, None, closed="neither"), None],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "warm_start": ["boolean"],
        "device": [str, torch.device],
        "callbacks": [list, None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }


@dataclass(eq=False, repr=False)
class DropoutRates:
    """Dropout rates as the user gives them; a base after the network's, so they come first."""

    _: KW_ONLY
    dropout: float = 0.1
    input_dropout: float = 0.0

    _parameter_constraints = {  # noqa: RUF012
        "dropout": ["array-like", Interval(Real, 0, 1, closed="left")],
        "input_dropout": ["array-like", Interval(Real, 0, 1, closed="left")],
    }

    def _rates(self, sizes):
        of_layers = layer_rates(self.dropout, len(sizes), self.n_members)
        of_columns = column_rates(self.input_dropout, self.n_members)
        return [
            {"dropout": dropout, "input_dropout": input_dropout}
            for dropout, input_dropout in zip(of_layers, of_columns, strict=True)
        ]

    def _droppers(self, n_members, criterion):
        return RandomColumns(n_members)


@dataclass(eq=False, repr=False)
class RateGrid:
    """Dropout rates to choose from, and how they are compared."""

    _: KW_ONLY
    dropouts: object = 10
    input_dropouts: object = None
    grid: str = "product"
    cv: object = None
    scoring: object = None
    refit: bool = True
    racing: bool = False
    one_standard_error: bool = False

    _parameter_constraints = {  # noqa: RUF012
        "dropouts": ["array-like", Interval(Integral, 1, None, closed="left")],
        "input_dropouts": ["array-like", Interval(Integral, 1, None, closed="left"), None],
        "grid": [StrOptions({"product", "paired"})],
        "cv": ["cv_object"],
        "scoring": [StrOptions(set(get_scorer_names())), callable, None],
        "refit": ["boolean"],
        "racing": ["boolean"],
        "one_standard_error": ["boolean"],
    }

    def _rates(self, sizes):
        make_grid(self.dropouts, self.input_dropouts, self.grid)  # refuses what is none
        return None  # to be chosen

    _droppers = DropoutRates._droppers

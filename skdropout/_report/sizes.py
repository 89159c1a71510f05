"""How much work a report is."""

from dataclasses import dataclass

__all__ = ["FULL", "QUICK", "Sizes"]


@dataclass(frozen=True)
class Sizes:
    """How many rows, networks and steps everything takes.

    ``outer_bags`` None and ``detecting`` None stand for the defaults of the boosting machine and
    of the interaction finder.
    """

    max_rows: int
    hidden_layer_sizes: tuple
    dropouts: tuple
    cv: int
    max_iter: int
    outer_bags: int | None
    detecting: dict | None
    n_evaluations: int
    n_occluded_rows: int
    n_interactions: int = 10
    n_surfaces: int = 3
    n_maps: int = 4


FULL = Sizes(
    max_rows=20_000,
    hidden_layer_sizes=(256, 256),
    dropouts=(0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.65),
    cv=5,
    max_iter=100,
    outer_bags=None,
    detecting=None,
    n_evaluations=1_000_000,
    n_occluded_rows=5_000,
)
QUICK = Sizes(
    max_rows=8_000,
    hidden_layer_sizes=(128, 128),
    dropouts=(0.0, 0.05, 0.1, 0.2, 0.35, 0.5),
    cv=3,
    max_iter=50,
    outer_bags=4,
    detecting={
        "hidden_layer_sizes": (128, 128),
        "dropout": 0.15,
        "activation": "silu",
        "n_members": 4,
        "learning_rate_init": 1e-2,
        "max_iter": 30,
        "n_iter_no_change": 30,
    },
    n_evaluations=200_000,
    n_occluded_rows=1_000,
)

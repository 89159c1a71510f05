"""Tables to learn from: one that is bundled, others that are made, or lie on disk."""

from skdropout.datasets._bike_sharing import load_bike_sharing
from skdropout.datasets._made import make_four_quadrants, make_interactions, make_pure_interaction
from skdropout.datasets._on_disk import open_table

__all__ = [
    "load_bike_sharing",
    "make_four_quadrants",
    "make_interactions",
    "make_pure_interaction",
    "open_table",
]

"""Tables to learn from: one that is bundled, others that are made, with known interactions."""

from skdropout.datasets._bike_sharing import load_bike_sharing
from skdropout.datasets._made import make_four_quadrants, make_interactions, make_pure_interaction

__all__ = ["load_bike_sharing", "make_four_quadrants", "make_interactions", "make_pure_interaction"]

"""Tables with known interactions."""

from skdropout.datasets._interactions import make_interactions
from skdropout.datasets._pure import make_four_quadrants, make_pure_interaction

__all__ = ["make_four_quadrants", "make_interactions", "make_pure_interaction"]

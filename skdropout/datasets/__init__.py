"""Tables to learn from: one that is bundled, others that are made."""

from skdropout.datasets._bike_sharing import load_bike_sharing

__all__ = ["load_bike_sharing"]

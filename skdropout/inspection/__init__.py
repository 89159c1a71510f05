"""Looking into fitted models: functions that return what they found, and displays that draw it."""

from skdropout.inspection._interaction_strengths import interaction_strengths

__all__ = ["interaction_strengths"]

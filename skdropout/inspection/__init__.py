"""Looking into fitted models: functions that return what they found, and displays that draw it."""

from skdropout.inspection._interaction_strengths import interaction_strengths
from skdropout.inspection._perturbation_mse import perturbation_mse
from skdropout.inspection._plot.interactions import InteractionDisplay

__all__ = ["InteractionDisplay", "interaction_strengths", "perturbation_mse"]

"""A stack is trained: skorch's room."""

from skdropout._training.net import StackNet
from skdropout._training.progress import FitTasks, ProgressBar
from skdropout._training.stopping import BestEpoch, Race

__all__ = ["BestEpoch", "FitTasks", "ProgressBar", "Race", "StackNet"]

"""A stack is trained: skorch's room."""

from skdropout._training.callbacks import BestEpoch, Curves, FitTasks, ProgressBar, Race
from skdropout._training.net import StackNet
from skdropout._training.optimizer import Pace

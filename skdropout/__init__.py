"""Networks for tabular data in which dropout is understood and put to work."""

from skdropout._embedding import EmbeddingEncoder
from skdropout._mlp import DropoutMLPClassifier, DropoutMLPRegressor
from skdropout._mlp_cv import DropoutMLPClassifierCV, DropoutMLPRegressorCV
from skdropout._reldrop import RelDropClassifier, RelDropRegressor
from skdropout._smoothhess import SmoothHessInteractions
from skdropout._version import __version__ as __version__

__all__ = [
    "DropoutMLPClassifier",
    "DropoutMLPClassifierCV",
    "DropoutMLPRegressor",
    "DropoutMLPRegressorCV",
    "EmbeddingEncoder",
    "RelDropClassifier",
    "RelDropRegressor",
    "SmoothHessInteractions",
]

"""Networks for tabular data in which dropout is understood and put to work."""

from skdropout._estimators import (
    DropoutMLPClassifier,
    DropoutMLPClassifierCV,
    DropoutMLPRegressor,
    DropoutMLPRegressorCV,
    RelDropClassifier,
    RelDropRegressor,
)
from skdropout._transformers import EmbeddingEncoder, SmoothHessInteractions
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

# pickles name classes by where users find them, so files may move
for _name in __all__:
    globals()[_name].__module__ = __name__

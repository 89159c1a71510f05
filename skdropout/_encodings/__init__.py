"""From a table's numbers and codes to the inputs of a stack's first layer.

Encodings live in the network, per member, so that each member (a fold, a bootstrap sample) knows
the statistics of its own training rows alone.
"""

from skdropout._encodings._categorical import Embedding
from skdropout._encodings._curves import PeriodicEncoding, PiecewiseLinearEncoding
from skdropout._encodings._numeric import QuantileEncoding, StandardEncoding
from skdropout._encodings._statistics import spread
from skdropout._encodings._table import TableEncoding

__all__ = ["NUMERIC_ENCODINGS", "Embedding", "TableEncoding", "spread"]

NUMERIC_ENCODINGS = {
    encoding.kind: encoding
    for encoding in (StandardEncoding, QuantileEncoding, PiecewiseLinearEncoding, PeriodicEncoding)
}

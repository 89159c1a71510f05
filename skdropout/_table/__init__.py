"""A frame becomes tensors: columns, the encoder of a table, statistics, rows."""

from skdropout._table.column import (
    as_levels,
    as_numbers,
    as_objects,
    bin_edges,
    column_of,
    is_frame,
    looks_categorical,
    normal_scores,
    readable,
    spread,
)
from skdropout._table.encoder import Rows, TableEncoder, TableLike, TableTensors

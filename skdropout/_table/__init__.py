"""A frame becomes tensors: columns, the encoder of a table, statistics, rows."""

from skdropout._table.column import (
    adjusted,
    anova_p_values,
    as_levels,
    as_numbers,
    as_objects,
    bin_edges,
    column_of,
    groups_and_scores,
    has_all_groups,
    is_frame,
    level_scores,
    looks_categorical,
    normal_scores,
    readable,
    spread,
    trend_p_values,
)
from skdropout._table.encoder import TableEncoder, TableLike
from skdropout._table.stored import StoredTable
from skdropout._table.tensors import Rows, TableTensors

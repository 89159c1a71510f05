"""K networks as one module: layers, encodings, masks, losses, batches, predictions."""

from skdropout._stack.batches import Batches, members_of_slice
from skdropout._stack.blocks import batches_of
from skdropout._stack.build import Member, build_stack, finish_stack, set_rates
from skdropout._stack.columns import RandomColumns, RelevantBlocks, RelevantColumns, stack_relevance
from skdropout._stack.grid import GridEncoding, GridNetwork
from skdropout._stack.inputs import encode_rows
from skdropout._stack.layers import (
    ACTIVATIONS,
    MaskSource,
    member_tensors,
    replace_members,
    select_members,
    sliced,
)
from skdropout._stack.learnt import LearntColumns
from skdropout._stack.losses import (
    AbsoluteError,
    LogLoss,
    MultilabelLogLoss,
    Pinball,
    Poisson,
    Quantiles,
    SquaredError,
)
from skdropout._stack.networks import StackMLP
from skdropout._stack.numbers import NUMERIC_ENCODINGS
from skdropout._stack.predictor import Predictor, predict_rows
from skdropout._stack.schedules import SCHEDULES, Factors, factors_of

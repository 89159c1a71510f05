"""What a fitted model has learnt: measured, ranked and drawn."""

from skdropout.inspection._explain import explain_global, explain_local
from skdropout.inspection._interaction_strengths import interaction_strengths
from skdropout.inspection._interaction_table import interaction_table
from skdropout.inspection._interaction_tests import interaction_tests
from skdropout.inspection._occlusion import effective_number_of_features, occlusion_curve
from skdropout.inspection._order_spectrum import interaction_order_spectrum
from skdropout.inspection._perturbation_mse import perturbation_mse
from skdropout.inspection._plot.embedding import EmbeddingDisplay
from skdropout.inspection._plot.interactions import InteractionDisplay
from skdropout.inspection._plot.intervals import IntervalDisplay
from skdropout.inspection._plot.order_spectrum import OrderSpectrumDisplay
from skdropout.inspection._plot.schedules import DropoutRatesDisplay, DropoutScheduleDisplay
from skdropout.inspection._plot.scores import DropoutPathDisplay, OcclusionDisplay
from skdropout.inspection._supported_orders import supported_orders

__all__ = [
    "DropoutPathDisplay",
    "DropoutRatesDisplay",
    "DropoutScheduleDisplay",
    "EmbeddingDisplay",
    "InteractionDisplay",
    "IntervalDisplay",
    "OcclusionDisplay",
    "OrderSpectrumDisplay",
    "effective_number_of_features",
    "explain_global",
    "explain_local",
    "interaction_order_spectrum",
    "interaction_strengths",
    "interaction_table",
    "interaction_tests",
    "occlusion_curve",
    "perturbation_mse",
    "supported_orders",
]

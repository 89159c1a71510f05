"""What a fitted model has learnt: measured, ranked and drawn."""

from skdropout.inspection._order_spectrum import interaction_order_spectrum
from skdropout.inspection._plot.dropout_path import DropoutPathDisplay
from skdropout.inspection._plot.order_spectrum import OrderSpectrumDisplay

__all__ = ["DropoutPathDisplay", "OrderSpectrumDisplay", "interaction_order_spectrum"]

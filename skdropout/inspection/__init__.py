"""What a fitted model has learnt: measured, ranked and drawn."""

from skdropout.inspection._order_spectrum import interaction_order_spectrum

__all__ = ["interaction_order_spectrum"]

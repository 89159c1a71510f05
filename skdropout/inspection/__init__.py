"""What a fitted model has learnt: measured, ranked and drawn."""

from skdropout.inspection._plot.dropout_path import DropoutPathDisplay

__all__ = ["DropoutPathDisplay"]

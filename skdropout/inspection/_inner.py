"""What only upper rooms need."""

from skdropout.inspection._explained import explain
from skdropout.inspection._interaction_strengths import as_table

__all__ = ["as_table", "explain"]

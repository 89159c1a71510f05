"""What only upper rooms need: any model as one kind of thing, and any table."""

from skdropout.inspection._cells import as_table
from skdropout.inspection._duplicates import near_duplicates
from skdropout.inspection._interaction_strengths import check_measurement
from skdropout.inspection._look_into import look_into

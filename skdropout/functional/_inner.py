"""What only upper rooms need."""

from skdropout.functional._asked import call, lacks_memory, memory_errors
from skdropout.functional._checks import (
    as_count,
    as_flag,
    as_number,
    as_positive,
    as_tensor,
    brief,
    check_choice,
    check_finite,
    check_fits,
    check_tensor,
)
from skdropout.functional._perturbation import (
    GaussianNoise,
    Target,
    fresh_generator,
    mirrored_draws,
    output_gradient,
    resolve_generator,
)
from skdropout.functional._relevance import occlusion_share, relevance_from, size_share
from skdropout.functional._relevance_mask import (
    check_groups,
    check_in_unit_interval,
    is_dropped,
    sum_by_group,
)
from skdropout.functional._relevance_rules import RelevanceRule, dense_relevance

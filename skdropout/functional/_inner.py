"""What only upper rooms need."""

from skdropout.functional._perturbation import (
    GaussianNoise,
    Target,
    fresh_generator,
    mirrored_draws,
    output_gradient,
    resolve_generator,
)
from skdropout.functional._relevance import occlusion_share, relevance_from, size_share
from skdropout.functional._relevance_mask import check_in_unit_interval, is_dropped
from skdropout.functional._relevance_rules import RelevanceRule

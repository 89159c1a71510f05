"""What only upper rooms need."""

from skdropout.functional._gaussian_noise import GaussianNoise, mirrored_draws
from skdropout.functional._generator import fresh_generator
from skdropout.functional._gradients import output_gradient
from skdropout.functional._relevance_mask import check_in_unit_interval, is_dropped

__all__ = [
    "GaussianNoise",
    "check_in_unit_interval",
    "fresh_generator",
    "is_dropped",
    "mirrored_draws",
    "output_gradient",
]

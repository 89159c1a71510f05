"""Relevance that is no number is said to be none: what to drop cannot be told from it."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from skdropout import RelDropRegressor
from skdropout.functional import relevance_block_mask, relevance_mask
from skdropout.nn import RelevanceDropout
from tests.functional.networks import make_network, make_points

pytestmark = pytest.mark.usefixtures("untouched_random_state")

NOT_FINITE = pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])


@NOT_FINITE
def test_columns(value):
    relevance = make_points(5, 4)
    relevance[2, 1] = value
    with pytest.raises(ValueError, match="relevance"):
        relevance_mask(relevance, alpha=0.5, beta=0.5)


@NOT_FINITE
def test_blocks(value):
    relevance = make_points(8, 8).expand(2, 8, 8).clone()
    relevance[1, 2, 3] = value
    with pytest.raises(ValueError, match="relevance"):
        relevance_block_mask(relevance)


@pytest.mark.parametrize("rule", ["epsilon", "gradient_x_input", "integrated_gradients"])
def test_networks_that_have_diverged(rule):
    net, x = make_network([4, 8, 1]), make_points(5, 4)
    net[2].weight.data[0, 0] = math.nan
    with pytest.raises(ValueError, match="relevance"):
        RelevanceDropout(net, rule=rule)(x)


class SlopeWithoutEnd(nn.Module):
    """Finite itself, of infinite slope at the rows' first pixel, which is zero."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, x):
        return self.weight * x.flatten(1)[:, :1].abs().sqrt()


def test_modules_of_ones_own_in_training():
    X = np.random.default_rng(0).normal(size=(40, 4))
    X[:, 0] = np.nan  # encoded as exactly zero
    model = RelDropRegressor(
        module=SlopeWithoutEnd, feature_shape=(1, 2, 2), max_iter=2, n_members=1, device="cpu"
    )
    with pytest.raises(ValueError, match="relevance"):
        model.fit(X, X[:, 1])

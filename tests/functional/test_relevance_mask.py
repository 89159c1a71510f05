import math

import pytest
import torch

from skdropout.functional import relevance_block_mask, relevance_mask

UNIT = [0.0, 0.1, 0.35, 0.5, 0.8, 1.0]


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def drop_probability(r, alpha, beta):
    if alpha == 0:
        return float(r >= 1 - beta)
    return min(max((alpha + beta - 1 + (1 - alpha) * r) / alpha, 0.0), 1.0)


def assert_frequencies(mask, expected, n):
    """Each share of n draws within five standard errors of its probability.

    A binomial share leaves that range with a probability below 6e-7, so that with fewer than
    1,000 shares in this file the seeds are good with a probability above 0.999.
    """
    expected = torch.as_tensor(expected)
    error = 5 * (expected * (1 - expected) / n).sqrt() + 1e-6
    share = mask.float().mean(0)
    assert ((share - expected).abs() <= error).all(), (share, expected)


@pytest.mark.parametrize("beta", [0.0, 0.23, 0.5, 0.77, 1.0])
@pytest.mark.parametrize("alpha", [0.0, 0.3, 0.5, 0.9, 1.0])
def test_frequency_of_drops_equals_the_closed_form(alpha, beta):
    n = 20_000
    relevance = (torch.tensor(UNIT) * 7 - 3).expand(n, -1)
    if alpha == 0:  # a sharp threshold: stay clear of rounding
        beta = 0.01 + 0.98 * beta
    mask = relevance_mask(relevance, alpha=alpha, beta=beta, generator=seeded())
    assert_frequencies(mask, [drop_probability(r, alpha, beta) for r in UNIT], n)


def test_with_alpha_and_beta_one_half_the_probability_is_the_relevance():
    n = 20_000
    relevance = torch.tensor(UNIT).expand(n, -1)
    assert_frequencies(relevance_mask(relevance, alpha=0.5, beta=0.5, generator=seeded()), UNIT, n)


def test_alpha_1_is_plain_dropout_whatever_the_relevance():
    relevance = torch.randn(1000, 6, generator=seeded(1))
    mask = relevance_mask(relevance, alpha=1.0, beta=0.3, generator=seeded())
    other = relevance_mask(-relevance, alpha=1.0, beta=0.3, generator=seeded())
    plain = torch.empty(1000, 6).uniform_(generator=seeded()) >= 0.7
    assert torch.equal(mask, plain)
    assert torch.equal(other, plain)


def test_alpha_0_drops_exactly_the_relevant_ones():
    relevance = torch.tensor([[0.0, 1.0, 4.0, 10.0], [3.0, -3.0, 1.0, 2.0]])
    mask = relevance_mask(relevance, alpha=0.0, beta=0.35)
    expected = [[False, False, False, True], [True, False, True, True]]
    assert mask.tolist() == expected


def test_probability_leaves_whole_samples_alone():
    n = 20_000
    relevance = torch.tensor(UNIT).expand(n, -1)
    mask = relevance_mask(relevance, alpha=0.5, beta=0.5, probability=0.4, generator=seeded())
    assert_frequencies(mask, [0.4 * r for r in UNIT], n)
    always_with_r_1 = mask[:, -1]
    assert not mask[~always_with_r_1].any()
    assert not relevance_mask(relevance, alpha=0.5, beta=0.5, probability=0.0).any()


@pytest.mark.parametrize("value", [0.0, 1.0, -3.7, 1e-30, 1e30])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_constant_relevance_counts_as_zero(value, dtype):
    n = 5_000
    relevance = torch.full((n, 4), value, dtype=dtype)
    mask = relevance_mask(relevance, alpha=0.8, beta=0.6, generator=seeded())
    assert_frequencies(mask, [drop_probability(0, 0.8, 0.6)] * 4, n)
    rounding = 1 + 4 * torch.finfo(dtype).eps * torch.tensor([0, 1, 2, 3])
    nearly = relevance_mask(relevance * rounding, alpha=0.8, beta=0.6, generator=seeded())
    assert torch.equal(nearly, mask)
    assert not relevance_mask(relevance, alpha=0.0, beta=0.6).any()


def test_tiny_relevance_is_scaled_like_any_other():
    relevance = torch.randn(50, 6, generator=seeded(1))
    mask = relevance_mask(relevance, alpha=0.3, beta=0.5, generator=seeded())
    tiny = relevance_mask(relevance * 2.0**-60, alpha=0.3, beta=0.5, generator=seeded())
    assert torch.equal(mask, tiny)


def test_members_have_their_own_parameters():
    n = 20_000
    alpha, beta, probability = torch.tensor([[0.0, 0.4, 1.0], [0.51, 0.3, 0.2], [1.0, 0.5, 0.9]])
    relevance = torch.tensor(UNIT).expand(3, n, -1)
    mask = relevance_mask(
        relevance,
        alpha=alpha.view(3, 1, 1),
        beta=beta.view(3, 1, 1),
        probability=probability.view(3, 1, 1),
        generator=seeded(),
    )
    for k in range(3):
        a, b, p = alpha[k].item(), beta[k].item(), probability[k].item()
        assert_frequencies(mask[k], [p * drop_probability(r, a, b) for r in UNIT], n)


def test_one_group_alone_counts_as_constant():
    assert not relevance_mask(torch.randn(100, 1), alpha=0.0, beta=0.5).any()


def test_global_random_state_is_untouched_and_a_generator_repeats():
    relevance, state = torch.randn(50, 6), torch.get_rng_state()
    drawn = [relevance_mask(relevance, alpha=1.0, beta=0.5) for _ in range(2)]
    assert torch.equal(torch.get_rng_state(), state)
    assert not torch.equal(*drawn)
    repeated = [
        relevance_mask(relevance, alpha=1.0, beta=0.5, generator=seeded(3)) for _ in range(2)
    ]
    assert torch.equal(*repeated)


@pytest.mark.parametrize("name", ["alpha", "beta", "probability"])
@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan, torch.tensor([[0.5], [2.0]])])
def test_parameters_outside_the_unit_interval(name, value):
    parameters = {"alpha": 0.5, "beta": 0.5, name: value}
    with pytest.raises(ValueError, match=rf"{name}=.* must lie in \[0, 1\]"):
        relevance_mask(torch.randn(2, 3), **parameters)


def blocks(height, width, pixel, n=4000, **parameters):
    relevance = torch.zeros(n, height, width)
    relevance[:, pixel[0], pixel[1]] = 1.0
    return relevance_block_mask(relevance, generator=seeded(), **parameters)


def test_blocks_are_rectangles_around_the_relevant_pixel():
    mask = blocks(20, 30, (9, 17), probability=1.0)
    rows, columns = mask.any(2), mask.any(1)
    assert torch.equal(mask, rows[:, :, None] & columns[:, None, :])
    assert mask[:, 9, 17].all()
    height, width = rows.sum(1), columns.sum(1)
    assert (height < 20).all()
    assert (width < 30).all()
    first_row = rows.int().argmax(1)
    uncut = (first_row > 0) & (first_row + height < 20)
    assert ((first_row + height / 2 - 9)[uncut].abs() <= 0.5).all()


def test_law_of_the_blocks():
    # large and with the centre in the middle, so that blocks are neither cut nor rounded much
    mask = blocks(200, 200, (100, 100), probability=1.0, n=1000)
    height, width = mask.any(2).sum(1).double(), mask.any(1).sum(1).double()
    area, log_aspect = height * width / 200**2, (height / width).log()
    assert 0.019 < area.min() < 0.03
    assert 0.36 < area.max() < 0.41
    limit = -math.log(0.3)
    assert log_aspect.abs().max() < limit + 0.1
    # mean and variance of the uniform laws, five standard errors; the rectangles drawn again for
    # being as wide as the image (area above 0.3 and extreme aspect) move them by less than that
    assert abs(log_aspect.mean()) < 5 * limit / math.sqrt(3 * 1000)
    assert abs(area.mean() - 0.21) < 5 * 0.38 / math.sqrt(12 * 1000)


def test_blocks_are_centred_on_one_of_the_candidates():
    relevance = torch.zeros(2000, 9, 9)
    relevance[:, 0, 0], relevance[:, 8, 8], relevance[:, 0, 8] = 3.0, 2.0, 1.0
    mask = relevance_block_mask(relevance, n_centers=2, probability=1.0, generator=seeded())
    assert (mask[:, 0, 0] | mask[:, 8, 8]).all()
    share = mask[:, 0, 0].double().mean()
    assert abs(share - 0.5) < 5 * 0.5 / math.sqrt(2000)


def test_probability_of_blocks():
    treated = blocks(10, 10, (5, 5), probability=0.3).flatten(1).any(1)
    assert abs(treated.double().mean() - 0.3) < 5 * math.sqrt(0.21 / 4000)


@pytest.mark.parametrize(
    ("relevance", "parameters", "message"),
    [
        (torch.zeros(2, 3, 8, 8), {}, "is not a batch of images"),
        (torch.zeros(2, 8, 8), {"n_centers": 0}, "n_centers=0 must be an integer of at least 1"),
        (torch.zeros(2, 8, 8), {"probability": 2}, r"probability=2 must lie in \[0, 1\]"),
    ],
)
def test_bad_input_for_blocks(relevance, parameters, message):
    with pytest.raises(ValueError, match=message):
        relevance_block_mask(relevance, **parameters)

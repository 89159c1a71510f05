"""Closed forms of dropout's effect on interactions, against enumeration and simulation."""

from itertools import product
from math import comb

import pytest
import torch

from skdropout.functional import (
    effective_learning_rate,
    masked_expectation,
    n_interactions,
    survival_probability,
)

RATES = [0.0, 0.125, 0.25, 0.5, 0.75, 1.0]


@pytest.mark.parametrize("p", RATES)
def test_survival_is_the_share_of_masks_that_keep_all(p):
    for k in range(5):
        kept_by_all = sum(
            torch.tensor([1 - p if m else p for m in mask], dtype=torch.float64).prod()
            for mask in product([0, 1], repeat=k)
            if all(mask)
        )
        assert survival_probability(p, k) == pytest.approx(float(kept_by_all))


def test_rates_and_orders_broadcast_and_keep_the_dtype():
    p = torch.tensor([[0.0], [0.5]])
    survival = survival_probability(p, torch.arange(3))
    torch.testing.assert_close(survival, torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.5, 0.25]]))
    torch.testing.assert_close(
        effective_learning_rate(p, torch.arange(3), learning_rate=0.1), 0.1 * survival
    )


@pytest.mark.parametrize("d", [1, 5, 25])
def test_number_of_interactions_is_binomial(d):
    counts = n_interactions(d, torch.arange(d + 2))
    assert counts.tolist() == [comb(d, k) for k in range(d + 2)]


@pytest.mark.parametrize("p", RATES)
def test_learning_rate_against_size_of_the_hypothesis_space(p):
    order = torch.arange(26)
    curve = n_interactions(25, order) * effective_learning_rate(p, order)
    expected = [comb(25, k) * (1 - p) ** k for k in range(26)]
    torch.testing.assert_close(curve, torch.tensor(expected, dtype=torch.float64))
    assert float(curve.sum()) == pytest.approx((2 - p) ** 25)  # binomial theorem
    if p == 0:
        torch.testing.assert_close(curve, curve.flip(0))  # only without dropout symmetric


def test_theorem_1_against_simulated_masks():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(3, 4, generator=generator, dtype=torch.float64)

    def f(x):  # not zero where a feature is zero, so that all subsets count
        return torch.exp(0.5 * x[:, 0]) * torch.cos(x[:, 1]) + (1 + x[:, 2]) * x[:, 3] * x[:, 0]

    p = torch.tensor([0.1, 0.3, 0.5, 0.7], dtype=torch.float64)
    n_masks = 100_000
    for row in x:
        u = torch.rand(n_masks, 4, generator=generator, dtype=torch.float64)
        values = f(row * (u >= p))
        # five standard errors: a false alarm in two million
        bound = 5 * float(values.std()) / n_masks**0.5
        assert float(masked_expectation(f, row[None], p=p)) == pytest.approx(
            float(values.mean()), abs=bound
        )


@pytest.mark.parametrize("k", [1, 2, 3, 4])
@pytest.mark.parametrize("p", [0.25, 0.5])
def test_theorem_1_shrinks_a_product_by_its_survival(p, k):
    x = torch.randn(10, 6, generator=torch.Generator().manual_seed(k), dtype=torch.float64)

    def f(x):
        return torch.sin(x[:, :k]).prod(1)

    shrunk = survival_probability(p, k) * f(x)
    torch.testing.assert_close(masked_expectation(f, x, p=p), shrunk)
    torch.testing.assert_close(masked_expectation(f, x, p=p, features=range(k)), shrunk)
    torch.testing.assert_close(masked_expectation(f, x, p=p, features=[5]), f(x))


def test_rates_of_zero_and_one():
    x = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))

    def f(x):
        return torch.stack([x.sum(1), x.prod(1) + 1], dim=1)

    torch.testing.assert_close(masked_expectation(f, x, p=0.0), f(x))
    torch.testing.assert_close(masked_expectation(f, x, p=1), f(torch.zeros_like(x)))


@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize("p", [0.25, 0.5])
@pytest.mark.parametrize("inverted", [True, False])
def test_least_squares_coefficient_on_masked_monomials(p, k, inverted):
    """Population least squares, by enumeration of all values and masks.

    The features are independent with mean zero; all monomials of lower order are in the fit.
    """
    values, odds = [-2.0, 0.0, 1.0], [0.2, 0.4, 0.4]
    rows, targets, weights = [], [], []
    for cells in product(product(zip(values, odds, strict=True), (0, 1)), repeat=k):
        x = torch.tensor([value for (value, _), _ in cells], dtype=torch.float64)
        mask = torch.tensor([keep for _, keep in cells], dtype=torch.float64)
        weight = 1.0
        for (_, odd), keep in cells:
            weight *= odd * (1 - p if keep else p)
        masked = x * mask / (1 - p if inverted else 1)
        rows.append(
            torch.stack([masked[list(s)].prod() for s in _subsets(k)])  # last: the full product
        )
        targets.append(x.prod())
        weights.append(weight)
    root = torch.tensor(weights, dtype=torch.float64).sqrt()
    design, target = torch.stack(rows) * root[:, None], torch.stack(targets) * root
    coefficient = torch.linalg.lstsq(design, target[:, None], driver="gelsd").solution[-1]
    expected = survival_probability(p, k) if inverted else torch.tensor(1.0)
    assert float(coefficient) == pytest.approx(float(expected), abs=1e-10)


def _subsets(k):
    return sorted(
        ([j for j in range(k) if bits >> j & 1] for bits in range(2**k)), key=lambda s: len(s)
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: survival_probability(1.5, 1), "p must be"),
        (lambda: survival_probability(float("nan"), 1), "p must be"),
        (lambda: survival_probability(0.5, -1), "k must be"),
        (lambda: survival_probability(0.5, 1.5), "k must be"),
        (lambda: n_interactions(-1, 2), "d=-1 must be"),
        (lambda: masked_expectation(torch.sum, torch.zeros(3), p=0.5), "x must be .*n_samples"),
        (lambda: masked_expectation(torch.sum, torch.zeros(1, 3), p=torch.zeros(2)), "p must be"),
        (
            lambda: masked_expectation(torch.sum, torch.zeros(1, 3), p=0.5, features=[3]),
            "features must be",
        ),
        (
            lambda: masked_expectation(torch.sum, torch.zeros(1, 3), p=0.5, features=[1, 1]),
            "features must",
        ),
        (lambda: masked_expectation(torch.sum, torch.zeros(1, 30), p=0.5), "at most 20"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()

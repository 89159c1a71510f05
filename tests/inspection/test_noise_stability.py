"""The walks, and what they say about a function whose spectrum is known."""

from itertools import combinations
from math import comb

import numpy as np
import pytest

from skdropout.inspection._noise_stability import (
    lagged_products,
    order_variances,
    survival_by_lag,
    variances_around_rows,
    walk_rows,
)


@pytest.mark.parametrize(("n_features", "n_steps"), [(1, 1), (4, 4), (6, 3), (7, 4), (10, 8)])
def test_survival_equals_the_share_of_subsets_that_agree(n_features, n_steps):
    """Points `h` apart agree on random ``a`` of ``D`` slots: all effects counted one by one."""
    block = -(-n_features // n_steps)
    slots = block * n_steps
    survival = survival_by_lag(n_steps, n_features)
    assert survival.shape == (n_steps + 1, n_features)
    for lag in range(n_steps + 1):
        agreeing = set(range(block * (n_steps - lag)))
        for k in range(1, n_features + 1):
            kept = sum(agreeing.issuperset(u) for u in combinations(range(slots), k))
            assert survival[lag, k - 1] == pytest.approx(kept / comb(slots, k))


def test_survival_tends_to_that_of_dropout():
    survival = survival_by_lag(8, 8000)[:, :4]
    keep = 1 - np.arange(9) / 8
    np.testing.assert_allclose(survival, keep[:, None] ** np.arange(1, 5), atol=1e-3)


@pytest.mark.parametrize(("n_features", "n_steps"), [(1, 1), (5, 5), (7, 3)])
def test_walks_lead_to_an_independent_point_and_back(n_features, n_steps):
    rng = np.random.default_rng(0)
    rows = walk_rows(2000, n_steps, n_features, 10**6, rng)
    assert rows.shape == (2000, 2 * n_steps, n_features)
    assert (rows[:, 0] != rows[:, n_steps]).mean() > 0.999
    survival = survival_by_lag(n_steps, n_features)
    for lag in range(n_steps + 1):
        agree = rows == np.roll(rows, -lag, axis=1)
        # a mean of 2000 independent walks: five standard deviations are below .06
        assert agree.mean() == pytest.approx(survival[lag, 0], abs=0.06)
        if n_features > 1:
            both = agree[..., 0] & agree[..., 1]
            assert both.mean() == pytest.approx(survival[lag, 1], abs=0.06)


def test_lagged_products_against_a_loop():
    values = np.random.default_rng(0).normal(size=(3, 8, 2))
    expected = np.array(
        [
            [np.mean([walk[i] @ walk[(i + lag) % 8] for i in range(8)]) for lag in range(5)]
            for walk in values
        ]
    )
    np.testing.assert_allclose(lagged_products(values), expected)


def additive_and_pair(rows):
    x = rows % 2 * 2 - 1  # each feature is a fair sign
    return np.stack([2 * x[..., 0] + x[..., 1] * x[..., 2], 3 * x[..., 3] * x[..., 1]], axis=-1)


def test_variances_of_signs():
    rng = np.random.default_rng(0)
    values = additive_and_pair(walk_rows(4000, 4, 4, 1000, rng)).astype(float) + 5
    nothing = np.zeros((3, *values.shape))
    variances, errors = order_variances(values, nothing, np.zeros(4), np.eye(4))
    assert (np.abs(variances - [4, 10, 0, 0]) <= 3 * errors).all()
    assert (errors < 0.5).all()


def test_known_part_and_crossing_are_added():
    """`g` misses a third of the pair effects and overstates the main effect."""
    rng = np.random.default_rng(1)
    values = additive_and_pair(walk_rows(4000, 4, 4, 1000, rng)).astype(float)
    rows = walk_rows(4000, 4, 4, 1000, rng)
    values = additive_and_pair(rows).astype(float)
    x = rows % 2 * 2.0 - 1
    effects = np.zeros((3, *values.shape))
    effects[0, ..., 0] = 2.5 * x[..., 0]
    effects[1, ..., 1] = 2 * x[..., 3] * x[..., 1]
    known = np.array([2.5**2, 4.0, 0, 0])
    variances, errors = order_variances(values - effects.sum(0), effects, known, np.eye(4))
    assert (np.abs(variances - [4, 10, 0, 0]) <= 3 * errors + 1e-9).all()
    assert (errors < 0.1).all()


def test_groups_of_orders_are_summed():
    rng = np.random.default_rng(0)
    values = additive_and_pair(walk_rows(2000, 4, 4, 1000, rng)).astype(float)
    nothing = np.zeros((3, *values.shape))
    groups = np.array([[1.0, 0, 0, 0], [0, 1, 1, 1], [0, 0, 0, 0]])
    alone, _ = order_variances(values, nothing, np.zeros(4), np.eye(4))
    grouped, errors = order_variances(values, nothing, np.zeros(4), groups)
    np.testing.assert_allclose(grouped, groups @ alone)
    assert errors[2] == 0


def test_nothing_left_is_known_without_error():
    known = np.array([1.0, 2.0])
    rounding = 0.1 + np.zeros((50, 4, 1))
    variances, errors = order_variances(rounding, np.zeros((3, 50, 4, 1)), known, np.eye(2))
    assert variances.tolist() == known.tolist()
    assert errors.tolist() == [0, 0]


def test_what_differs_from_row_to_row_belongs_to_no_order():
    rng = np.random.default_rng(0)
    values = additive_and_pair(walk_rows(4000, 4, 4, 1000, rng)).astype(float)
    of_row = 6 * rng.normal(size=(4000, 1, 2))
    variances, errors, between = variances_around_rows(values + of_row, np.eye(4))
    assert (np.abs(variances - [4, 10, 0, 0]) <= 3 * errors).all()
    # a variance of two times 4000 normal values of variance 36, and its error
    assert between == pytest.approx(72, abs=4 * 36 * 2 / 4000**0.5)
    alone, *_ = variances_around_rows(values, np.eye(4))
    np.testing.assert_allclose(variances, alone, rtol=0.01)


def test_a_constant_around_its_row_has_no_order():
    variances, errors, between = variances_around_rows(0.1 + np.zeros((50, 4, 1)), np.eye(2))
    assert variances.tolist() == errors.tolist() == [0, 0]
    assert between == 0
    of_row = np.random.default_rng(0).normal(size=(5000, 1, 1)) + np.zeros((5000, 4, 1))
    variances, _, between = variances_around_rows(of_row, np.eye(2))
    np.testing.assert_allclose(variances, 0, atol=1e-12)
    assert between == pytest.approx(of_row.var())

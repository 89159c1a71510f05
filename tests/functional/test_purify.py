"""Purification: its invariants, and weighted least squares as the oracle."""

from itertools import combinations

import pytest
import torch

from skdropout.functional import purify

SHAPES = [(3, 4), (7, 2), (1, 5), (3, 4, 5), (2, 2, 6), (4, 1, 3)]


def random_table(shape, weighting, seed=0):
    generator = torch.Generator().manual_seed(seed)
    table = 10 * torch.randn(shape, generator=generator, dtype=torch.float64) + 3
    if weighting == "equal":
        return table, None
    weights = torch.rand(shape, generator=generator, dtype=torch.float64) ** 3
    if weighting == "sparse":
        weights = weights * (torch.rand(shape, generator=generator) < 0.5)
        weights[(0,) * len(shape)] = 1.0
    if weighting == "empty slice":
        weights[-1] = 0 if shape[0] > 1 else 1
    return table, weights


def rebuilt(purified, ndim):
    total = purified.pure + purified.intercept
    for i, main in enumerate(purified.mains):
        total = total + main.reshape([-1 if axis == i else 1 for axis in range(ndim)])
    for (i, j), pair in purified.pairs.items():
        shape = [1] * ndim
        shape[i], shape[j] = pair.shape
        total = total + pair.reshape(shape)
    return total


@pytest.mark.parametrize("weighting", ["equal", "random", "sparse", "empty slice"])
@pytest.mark.parametrize("shape", SHAPES)
def test_parts_sum_to_the_table_and_have_no_means(shape, weighting):
    for seed in range(5):
        table, weights = random_table(shape, weighting, seed)
        purified = purify(table, weights)
        torch.testing.assert_close(rebuilt(purified, len(shape)), table, rtol=0, atol=1e-11)

        weights = torch.ones_like(table) if weights is None else weights
        axes = set(range(len(shape)))
        for axis in axes:
            assert float((weights * purified.pure).sum(axis).abs().max()) < 1e-7
            marginal = weights.sum(tuple(axes - {axis}))
            assert float((marginal * purified.mains[axis]).sum().abs()) < 1e-9
        for (i, j), pair in purified.pairs.items():
            marginal = weights.sum(tuple(axes - {i, j}))
            assert float((marginal * pair).sum(0).abs().max()) < 1e-7
            assert float((marginal * pair).sum(1).abs().max()) < 1e-7
        mean = (weights * table).sum() / weights.sum()
        if len(shape) == 2:
            torch.testing.assert_close(purified.intercept, mean, rtol=1e-9, atol=1e-8)


@pytest.mark.parametrize("shape", [(3, 4), (3, 4, 2)])
def test_pure_part_is_the_residual_of_weighted_least_squares(shape):
    table, weights = random_table(shape, "random")
    axes = range(len(shape))
    cells = torch.cartesian_prod(*(torch.arange(n) for n in shape))
    columns = []
    for kept in combinations(axes, len(shape) - 1):  # all functions of all axes but one
        levels = torch.zeros(len(cells), dtype=torch.long)
        for axis in kept:
            levels = levels * shape[axis] + cells[:, axis]
        columns.append(torch.nn.functional.one_hot(levels).to(table))
    design = torch.cat(columns, 1)
    root = weights.flatten().sqrt()[:, None]
    fit = torch.linalg.lstsq(root * design, root * table.reshape(-1, 1), driver="gelsd").solution
    residual = (table.reshape(-1, 1) - design @ fit).reshape(shape)
    torch.testing.assert_close(purify(table, weights).pure, residual, rtol=0, atol=1e-6)


def test_a_product_of_centred_effects_is_pure_and_a_sum_is_not():
    a = torch.tensor([-1.0, 0.0, 1.0])
    b = torch.tensor([-2.0, 2.0])
    pure = purify(a[:, None] * b + 3)
    torch.testing.assert_close(pure.pure, a[:, None] * b)
    assert float(pure.intercept) == 3
    added = purify(a[:, None] + b)
    torch.testing.assert_close(added.mains[0], a)
    torch.testing.assert_close(added.mains[1], b)
    assert float(added.pure.abs().max()) < 1e-6

    third = torch.tensor([1.0, -1.0])
    cube = purify((a[:, None] * b)[:, :, None] + third + 0 * (a[:, None] * b)[:, :, None])
    torch.testing.assert_close(cube.pairs[0, 1], a[:, None] * b)
    torch.testing.assert_close(cube.mains[2], third)
    assert float(cube.pure.abs().max()) < 1e-6


def test_purifying_the_pure_part_moves_nothing():
    table, weights = random_table((4, 3, 5), "random")
    pure = purify(table, weights).pure
    again = purify(pure, weights)
    torch.testing.assert_close(again.pure, pure, rtol=0, atol=1e-7)
    assert float(again.intercept.abs()) < 1e-7


def test_the_scale_of_the_weights_does_not_matter():
    table, weights = random_table((4, 5), "random")
    torch.testing.assert_close(purify(table, weights).pure, purify(table, 1e-30 * weights).pure)


def test_nearly_dependent_axes_converge():
    grid = torch.linspace(-2, 2, 24, dtype=torch.float64)
    weights = torch.exp(-((grid[:, None] - grid) ** 2) / (2 * 0.15**2))
    table = torch.sin(grid[:, None] * grid) + grid
    purified = purify(table, weights)
    torch.testing.assert_close(rebuilt(purified, 2), table, rtol=0, atol=1e-11)
    assert float((weights * purified.pure).sum(0).abs().max()) < 1e-7


def test_single_precision_and_a_constant_table():
    table, _ = random_table((5, 6), "equal")
    purified = purify(table.float())
    assert purified.pure.dtype == torch.float32
    torch.testing.assert_close(rebuilt(purified, 2), table.float(), rtol=0, atol=1e-4)
    table, weights = random_table((20, 20, 20), "random")
    purified = purify(table.float(), weights.float())
    torch.testing.assert_close(rebuilt(purified, 3), table.float(), rtol=0, atol=1e-4)
    flat = purify(torch.full((2, 3), 7.0))
    assert float(flat.intercept) == 7
    assert float(flat.pure.abs().max()) == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: purify(torch.zeros(3)), r"\(n_0, n_1\) or"),
        (lambda: purify(torch.zeros(2, 2, 2, 2)), r"\(n_0, n_1\) or"),
        (lambda: purify(torch.zeros(0, 2)), "at least one cell"),
        (
            lambda: purify(torch.zeros(2, 2, dtype=torch.long)),
            "table must be a floating-point tensor",
        ),
        (lambda: purify(torch.tensor([[1.0, float("nan")]])), "finite"),
        (lambda: purify(torch.zeros(2, 2), torch.ones(2, 3)), "weights must have the shape"),
        (lambda: purify(torch.zeros(2, 2), -torch.ones(2, 2)), "none negative"),
        (lambda: purify(torch.zeros(2, 2), torch.zeros(2, 2)), "not all zero"),
        (lambda: purify(*random_table((4, 4), "random"), max_iter=1), "max_iter=1"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()

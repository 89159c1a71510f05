"""Odd arguments are refused by name, in whatever shape they come; huge ones are not mangled."""

import math

import pytest
import torch
from torch import nn

from skdropout.functional import (
    Rule,
    effective_learning_rate,
    gradient_x_input,
    group_sum,
    integrated_gradients,
    linear_relevance,
    masked_expectation,
    n_interactions,
    perturbation_mse,
    purify,
    relevance,
    relevance_block_mask,
    relevance_mask,
    second_order_attack,
    smooth_gradient,
    smooth_hessian,
    smooth_hessian_parts,
    survival_probability,
)
from skdropout.nn import RelevanceDropout
from tests.functional.networks import make_network, make_points

X = make_points(3, 4)
NET = make_network([4, 3, 1])
HOLED = torch.tensor([[1.0, math.nan]])
GROUPS = torch.tensor([0, 1, 0, 2])


def smoothed(**change):
    return smooth_hessian(**{"f": NET, "x": X, "sigma": 0.5, "n_perturbations": 8} | change)


REFUSED = [
    (lambda: survival_probability("a", 1), "p='a' cannot be read as numbers"),
    (lambda: survival_probability(torch.tensor(1j), 1), "p must be real numbers"),
    (lambda: survival_probability(torch.rand(3), torch.arange(4)), "k of shape .* do not broad"),
    (lambda: survival_probability(0.5, "a"), "k must be an order"),
    (lambda: effective_learning_rate(0.5, 1, learning_rate=-1), "learning_rate=-1 must be 0 or"),
    (lambda: n_interactions(2.5, 1), "d=2.5 must be an integer"),
    (lambda: masked_expectation(NET, X, p=0.5, features=["a"]), "features must be distinct"),
    (lambda: masked_expectation(NET, X.long(), p=0.5), "x must be a floating-point tensor"),
    (lambda: masked_expectation(lambda x: 5.0, X, p=0.5), "f must map"),
    (lambda: purify(X.tolist()), "table must be a floating-point tensor"),
    (lambda: purify(X, torch.ones(4)), "weights must have the shape"),
    (lambda: purify(X, tol="a"), "tol='a' must be 0 or more"),
    (lambda: purify(X, max_iter=2.0), "max_iter=2.0 must be an integer"),
    (lambda: perturbation_mse(NET, X, X.float(), X, radius=1), "hessian must be a floating"),
    (lambda: perturbation_mse(NET, X, X, X, radius=1), "hessian must be a floating"),
    (lambda: second_order_attack(X.half(), X, radius=1), "gradient must be in float32"),
    (lambda: second_order_attack(X, torch.zeros(3, 4, 4), radius=1), "hessian is torch.float32"),
    (lambda: gradient_x_input(NET, HOLED), "x holds nan"),
    (lambda: gradient_x_input(NET, X[:, :2]), "f, a Sequential, cannot be applied to x of shape"),
    (lambda: gradient_x_input(lambda x: x.detach().sum(1), X), "f gives no gradient"),
    (lambda: gradient_x_input(5, X), "f must be a torch module or a function; got 5"),
    (lambda: gradient_x_input(NET, X, target="a"), "target='a' must be the index"),
    (lambda: integrated_gradients(NET, X, baseline=torch.ones(3)), "baseline of shape"),
    (lambda: integrated_gradients(NET, X, baseline=math.inf), "baseline holds inf"),
    (lambda: relevance(NET, X, rule=5), "rule=5 must be the name of a rule"),
    (lambda: relevance(NET, X[:, :2]), "f, a Sequential, cannot be applied to x of shape"),
    (lambda: relevance(nn.Linear(4, 1), X), "f, a Linear, cannot be applied .*float64"),
    (lambda: linear_relevance(X, X.mT, None, None), "relevance_out must be a floating"),
    (lambda: linear_relevance(X, X.mT, X[0], X[:, :3]), "bias of shape .* does not broadcast"),
    (lambda: linear_relevance(X, X.mT.float(), None, X), "weight is torch.float32"),
    (lambda: Rule(["epsilon"]), "rule=.* is unknown"),
    (lambda: Rule(epsilon=math.nan), "epsilon=nan must be positive"),
    (lambda: group_sum(X, GROUPS - 1), "groups=.* must be numbers from 0 on"),
    (lambda: group_sum(X, GROUPS, n_groups=2), "numbers from 0 on and below n_groups=2"),
    (lambda: group_sum(X, GROUPS.double()), "groups must be a tensor of int64"),
    (lambda: relevance_mask([[1.0]], alpha=0, beta=0), "relevance must be a floating"),
    (lambda: relevance_mask(X, alpha="a", beta=0), "alpha='a' must be a number"),
    (lambda: relevance_mask(X, alpha=torch.rand(3), beta=0), "alpha of shape"),
    (lambda: relevance_mask(X, alpha=0, beta=0, generator=0), "generator=0 must be a torch.Gen"),
    (lambda: relevance_mask(X * 1e308, alpha=0, beta=0.5), "relevance spans more than"),
    (lambda: relevance_block_mask(X[None], n_centers=1.5), "n_centers=1.5 must be an integer"),
    (lambda: smoothed(x=X.half()), "x must be in float32 or float64"),
    (lambda: smoothed(x=X.to_sparse()), "x must be a floating-point tensor"),
    (lambda: smoothed(x=X[:, :3]), "x has 3 columns, but f takes 4"),
    (lambda: smoothed(f=make_network([4, 3, 1])[:2].append(nn.Linear(2, 1))), "f is|cannot be"),
    (lambda: smoothed(sigma="a"), "sigma='a' cannot be read"),
    (lambda: smoothed(target="a"), "target='a' must be one non-negative"),
    (lambda: smoothed(method=["stein"]), "method=.* is unknown"),
    (lambda: smoothed(return_error="yes"), "return_error='yes' must be True or False"),
    (lambda: smoothed(n_perturbations="auto", tolerance="a"), "tolerance='a' must be positive"),
    (lambda: smooth_gradient(abs, X, sigma=[1.0], n_perturbations=2), "sigma has shape"),
    (
        lambda: smooth_hessian_parts(NET, X, sigma=1, n_perturbations=8, n_parts=1),
        "n_parts=1 must be an integer of at least 2",
    ),
    (lambda: RelevanceDropout(5), "model=5 must be a torch module"),
    (lambda: RelevanceDropout(NET, groups=[0, 1]), "groups must be a tensor of int64"),
    (lambda: RelevanceDropout(NET, warmup=-1), "warmup=-1 must be an integer"),
    (lambda: RelevanceDropout(NET, fill=math.nan), "fill holds nan"),
    (lambda: RelevanceDropout(NET, fill=torch.ones(3))(X), "fill of shape"),
    (lambda: RelevanceDropout(NET)(X, [0, 0, 1]), "y=.* must be a tensor with one label"),
    (lambda: RelevanceDropout(NET)(HOLED), "x holds nan"),
]


@pytest.mark.parametrize(("call", "message"), REFUSED)
def test_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_groups_are_counted_by_keyword():
    with pytest.raises(TypeError, match="positional"):
        group_sum(X, GROUPS, 3)


def test_an_error_within_ones_own_function_is_left_alone():
    def broken(x):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        gradient_x_input(broken, X)


@pytest.mark.parametrize(
    "call",
    [
        lambda: group_sum(X, torch.tensor([0, 1, 0, 10**12])),
        lambda: survival_probability(torch.rand(10**6, 1), torch.ones(10**6, dtype=torch.long)),
    ],
)
def test_what_no_machine_holds_is_a_memory_error(call):
    with pytest.raises(MemoryError, match="too large for this machine"):
        call()


def test_nan_of_ones_own_function_stays_in_its_row():
    x = torch.tensor([[1.0, 2.0], [-1.0, 2.0]])
    found = gradient_x_input(lambda x: x.sqrt().sum(1), x)
    assert found[0].isfinite().all()
    assert found[1, 0].isnan()


@pytest.mark.parametrize("unit", [1e307, 1e-300, 5e-324 * 2**60])
def test_a_table_may_have_any_unit(unit):
    table = torch.tensor([[1.0, 5.0, 2.0], [4.0, 3.0, 9.0]], dtype=torch.float64)
    plain, found = purify(table), purify(table * unit)
    torch.testing.assert_close(found.pure / unit, plain.pure)
    torch.testing.assert_close(found.intercept / unit, plain.intercept)


@pytest.mark.parametrize("unit", [1e300, 1e-300])
def test_an_attack_may_have_any_unit(unit):
    gradient, hessian = make_points(5, 3), make_points(5, 9).reshape(5, 3, 3)
    hessian = hessian + hessian.mT
    plain = second_order_attack(gradient, hessian, radius=0.5)
    torch.testing.assert_close(
        second_order_attack(gradient * unit, hessian * unit, radius=0.5), plain
    )
    longer = second_order_attack(gradient * unit, hessian, radius=0.5 * unit)
    torch.testing.assert_close(longer / unit, plain)


def test_only_the_symmetric_part_of_a_hessian_counts():
    gradient, hessian = make_points(2, 3), make_points(2, 9).reshape(2, 3, 3)
    symmetric = (hessian + hessian.mT) / 2
    torch.testing.assert_close(
        second_order_attack(gradient, hessian, radius=1.0),
        second_order_attack(gradient, symmetric, radius=1.0),
    )


def test_counts_beyond_floats_are_infinite_at_once():
    found = n_interactions(10**9, torch.tensor([0, 1, 10**8, 10**9]))
    assert found.tolist() == [1.0, 1e9, math.inf, 1.0]
    assert n_interactions(1020, 510).item() == float(math.comb(1020, 510))


def test_a_number_keeps_its_digits():
    """Not those of float32, in which torch reads a Python number."""
    found = masked_expectation(lambda x: x[:, 0], torch.ones(1, 1, dtype=torch.float64), p=0.1)
    assert found.item() == 0.9

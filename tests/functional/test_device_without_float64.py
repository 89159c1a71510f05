"""Inputs in float32 on a device that has no float64: none is asked of it."""

import pytest
import torch
from torch import nn

from skdropout.functional import (
    gradient_x_input,
    group_sum,
    integrated_gradients,
    perturbation_mse,
    purify,
    relevance,
    relevance_mask,
    second_order_attack,
    smooth_gradient,
    smooth_hessian,
    smooth_hessian_parts,
)
from skdropout.nn import RelevanceDropout
from tests.functional.networks import make_network, make_points
from tests.functional.pretended_device import pretended_device

pytestmark = pytest.mark.usefixtures("untouched_random_state")


@pytest.fixture
def device():
    with pretended_device() as device:
        yield device


def seeded():
    return torch.Generator().manual_seed(0)


def on(device, activation=nn.Tanh):
    """A network in float32, and points."""
    net = make_network([4, 8, 8, 1], activation, dtype=torch.float32).to(device)
    return net, make_points(3, 4, torch.float32).to(device)


SMOOTHED = {
    "hessian": (smooth_hessian, {"n_perturbations": 16}),
    "gradient beside it": (smooth_hessian, {"n_perturbations": 16, "return_gradient": True}),
    "errors": (smooth_hessian, {"n_perturbations": 16, "return_error": True}),
    "auto": (smooth_hessian, {"n_perturbations": "auto", "tolerance": 2.0}),
    "plain": (smooth_hessian, {"n_perturbations": 16, "method": "stein"}),
    "of values": (smooth_hessian, {"n_perturbations": 16, "method": "function_values"}),
    "parts": (smooth_hessian_parts, {"n_perturbations": 16}),
    "gradient": (smooth_gradient, {"n_perturbations": 16}),
}


@pytest.mark.parametrize("activation", [nn.ReLU, nn.Tanh])
@pytest.mark.parametrize("name", SMOOTHED)
def test_smoothed_derivatives(device, name, activation):
    net, x = on(device, activation)
    function, options = SMOOTHED[name]
    found = function(net, x, sigma=0.5, generator=seeded(), **options)
    found = found[-1] if isinstance(found, tuple) else found
    net, x = on(torch.device("cpu"), activation)
    known = function(net, x, sigma=0.5, generator=seeded(), **options)
    known = known[-1] if isinstance(known, tuple) else known
    assert found.device == device
    torch.testing.assert_close(found.cpu(), known)


OTHERS = {
    "perturbation_mse": lambda net, x: perturbation_mse(
        net, x, x, x[:, :, None] * x[:, None], radius=0.5, n_perturbations=10, generator=seeded()
    ),
    "second_order_attack": lambda net, x: second_order_attack(
        x, x[:, :, None] * x[:, None], radius=0.5
    ),
    "relevance": relevance,
    "gradient_x_input": gradient_x_input,
    "integrated_gradients": integrated_gradients,
    "group_sum": lambda net, x: group_sum(x, torch.tensor([0, 0, 1, 1]).to(x.device)),
    "relevance_mask": lambda net, x: relevance_mask(
        x, alpha=0.5, beta=0.5, probability=0.5, generator=seeded()
    ),
    "RelevanceDropout": lambda net, x: RelevanceDropout(net, generator=seeded())(x),
    "purify": lambda net, x: purify(x, torch.ones_like(x)).pure,
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_functions(device, name):
    found = OTHERS[name](*on(device))
    assert found.device == device
    torch.testing.assert_close(found.cpu(), OTHERS[name](*on(torch.device("cpu"))))

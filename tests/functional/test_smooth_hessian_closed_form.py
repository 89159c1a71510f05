import math

import pytest
import torch
from scipy import integrate
from torch import nn

from skdropout.functional import smooth_gradient, smooth_hessian
from tests.functional.networks import (
    F64,
    covariances,
    make_network,
    make_points,
    relative_error,
)


def _one_hidden_layer(net, x, target, covariance, bend, slope):
    """Entry by entry: sum_j v_j E s''(a_j + s_j z) w_j w_j^T, and the gradient with E s'."""
    first, _, last = net
    hessian = torch.zeros(len(x), x.shape[1], x.shape[1], dtype=F64)
    gradient = torch.zeros_like(x)
    moves = covariance.diagonal() > 0
    for i, point in enumerate(x):
        for j, w in enumerate(first.weight.detach()):
            mean = float(w @ point + first.bias[j].detach())
            scale = float(w @ covariance @ w) ** 0.5
            v = float(last.weight[target, j].detach())
            hessian[i] += v * bend(mean, scale) * torch.outer(w * moves, w * moves)
            gradient[i] += v * slope(mean, scale) * w
    return hessian, gradient


def _kink(mean, scale):
    return math.exp(-((mean / scale) ** 2) / 2) / math.sqrt(2 * math.pi) / scale


def _step(mean, scale):
    return (1 + math.erf(mean / scale / math.sqrt(2))) / 2


@pytest.mark.parametrize("noise", ["scalar", "diagonal", "full"])
def test_one_hidden_relu_layer_is_exact(noise):
    net, x = make_network([5, 12, 3]), make_points(4, 5)
    sigma, covariance = covariances(5)[noise]
    expected = _one_hidden_layer(net, x, 1, covariance, _kink, _step)
    for n_perturbations in (0, 4):
        found = smooth_hessian(
            net,
            x,
            sigma=sigma,
            n_perturbations=n_perturbations,
            target=1,
            return_gradient=True,
            return_error=n_perturbations > 0,
        )
        assert relative_error(found[0], expected[0]) < 1e-12
        assert relative_error(found[1], expected[1]) < 1e-12
    assert found[2].max() == 0
    gradient = smooth_gradient(net, x, sigma=sigma, n_perturbations=2, target=1)
    assert relative_error(gradient, expected[1]) < 1e-12


def _quadrature(module, order):
    def derivative(a):
        a = torch.tensor(a, dtype=F64, requires_grad=True)
        value = module(a)
        for k in range(order):
            (value,) = torch.autograd.grad(value, a, create_graph=k + 1 < order)
        return float(value)

    def mean(mean, scale):
        density = lambda z: math.exp(-z * z / 2) / math.sqrt(2 * math.pi)  # noqa: E731
        kink = min(max(-mean / scale, -10), 10)
        parts = [
            integrate.quad(lambda z: derivative(mean + scale * z) * density(z), *ends, epsabs=1e-11)
            for ends in ((-10, kink), (kink, 10))
        ]
        return sum(value for value, _ in parts)

    return mean


@pytest.mark.parametrize(
    ("activation", "jump"),
    [(nn.Tanh, 0), (nn.SiLU, 0), (nn.GELU, 0), (nn.Softplus, 0), (nn.SELU, 1.0507 - 1.7581)],
)
@pytest.mark.parametrize("sigma", [0.1, 5.0])
def test_one_hidden_layer_of_another_activation_is_exact(activation, jump, sigma):
    net, x = make_network([2, 3, 1], activation), make_points(1, 2)
    smooth_bend = _quadrature(activation(), 2)
    expected = _one_hidden_layer(
        net,
        x,
        0,
        sigma**2 * torch.eye(2, dtype=F64),
        lambda mean, scale: smooth_bend(mean, scale) + jump * _kink(mean, scale),
        _quadrature(activation(), 1),
    )
    found = smooth_hessian(net, x, sigma=sigma, n_perturbations=2, return_gradient=True)
    # SELU's constants are given above to five digits only.
    assert relative_error(found[0], expected[0]) < (1e-6 if jump == 0 else 1e-3)
    assert relative_error(found[1], expected[1]) < 1e-6


def test_leaky_relu_bends_by_what_its_slope_leaves():
    net, x = make_network([3, 6, 1], lambda: nn.LeakyReLU(0.2)), make_points(2, 3)
    expected, _ = _one_hidden_layer(
        net, x, 0, 0.25 * torch.eye(3, dtype=F64), lambda *a: 0.8 * _kink(*a), _step
    )
    found = smooth_hessian(net, x, sigma=0.5, n_perturbations=2)
    assert relative_error(found, expected) < 1e-12


def test_inputs_that_do_not_move_are_as_if_constant():
    net, x = make_network([4, 8, 8, 1]), make_points(2, 4)
    sigma = torch.tensor([0.5, 0.0, 0.3, 0.0], dtype=F64)
    found = smooth_hessian(net, x, sigma=sigma, n_perturbations=0)
    assert (found[:, 1] == 0).all()
    assert (found[:, :, 3] == 0).all()
    first, *rest = net
    for i in range(2):
        kept = nn.Linear(2, 8, dtype=F64)
        kept.weight.data = first.weight.data[:, ::2]
        kept.bias.data = first.bias.data + first.weight.data[:, 1::2] @ x[i, 1::2]
        small = smooth_hessian(
            nn.Sequential(kept, *rest), x[i : i + 1, ::2], sigma=sigma[::2], n_perturbations=0
        )
        torch.testing.assert_close(found[i : i + 1, ::2, ::2], small)

"""Where a smoothed Hessian is found from fewer and cheaper gradients: it is the same."""

import pytest
import torch
from torch import nn

from skdropout.functional import _stein as stein
from skdropout.functional import smooth_hessian
from tests.functional.networks import F64, make_network, make_points, relative_error


@pytest.fixture
def calls(monkeypatch):
    """Number of gradients asked for at the inputs of the network or of its first layer."""
    counted = []
    gradient = stein.output_gradient
    monkeypatch.setattr(
        stein,
        "output_gradient",
        lambda f, x, target: counted.append(len(x)) or gradient(f, x, target),
    )
    return counted


SHAPES = {
    "fewer units than inputs": [8, 5, 6, 1],
    "more": [5, 8, 6, 1],
    "several outputs": [6, 6, 4, 3],
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("activation", [nn.ReLU, nn.SiLU, lambda: nn.ReLU(inplace=True)])
@pytest.mark.parametrize("n_perturbations", [6, 20, 64])
def test_gradients_at_the_first_layer_give_the_same(
    shape, activation, n_perturbations, monkeypatch
):
    monkeypatch.setattr(stein, "_SHARE_KEPT", 1.0)
    widths = SHAPES[shape]
    net, x = make_network(widths, activation), make_points(3, widths[0])
    sigma = torch.linspace(0.2, 0.8, widths[0], dtype=F64)
    sigma[1] = 0.0
    target = None if widths[-1] == 1 else torch.tensor([2, 0, 1])

    def found():
        return smooth_hessian(
            net,
            x,
            sigma=sigma,
            n_perturbations=n_perturbations,
            target=target,
            generator=torch.Generator().manual_seed(0),
        )

    at_first_layer = found()
    monkeypatch.setattr(stein, "_NARROW", 0)
    torch.testing.assert_close(at_first_layer, found(), rtol=1e-9, atol=1e-11)


def test_first_layer_is_used_where_it_has_few_units(monkeypatch):
    seen = []
    gradient = stein.output_gradient
    monkeypatch.setattr(
        stein,
        "output_gradient",
        lambda f, x, target: seen.append(x.shape[1]) or gradient(f, x, target),
    )
    for widths, expected in (([9, 4, 3, 1], 4), ([3, 40, 3, 1], 3)):
        net, x = make_network(widths), make_points(2, widths[0])
        seen.clear()
        smooth_hessian(net, x, sigma=0.5, n_perturbations=8)
        assert set(seen) == {expected}


def test_auto_needs_one_block_where_the_closed_form_is_right(calls, monkeypatch):
    """The second layer's units are far from their kinks, so the closed form is exact."""
    monkeypatch.setattr(stein, "_SHARE_KEPT", 1.0)
    net, x = make_network([4, 16, 8, 1]), make_points(5, 4)
    net[2].bias.data += 100.0
    found = smooth_hessian(net, x, sigma=0.5, n_perturbations="auto", tolerance=0.01)
    assert sum(calls) == 5 * 2 * 4
    exact = smooth_hessian(net, x, sigma=0.5, n_perturbations=0)
    assert relative_error(found, exact) < 1e-9
    calls.clear()
    _, error = smooth_hessian(net, x, sigma=0.5, n_perturbations="auto", return_error=True)
    assert sum(calls) == 4 * 5 * 2 * 4
    assert error.max() < 1e-9


def sharp():
    """``max(0, |x + y| + |x - y| - 1)``: flat around zero, with kinks that the noise reaches."""
    first, second = nn.Linear(2, 4, bias=False, dtype=F64), nn.Linear(4, 1, dtype=F64)
    first.weight.data = torch.tensor([[1, 1], [-1, -1], [1, -1], [-1, 1]], dtype=F64)
    second.weight.data[:], second.bias.data[:] = 1.0, -1.0
    last = nn.Linear(1, 1, bias=False, dtype=F64)
    last.weight.data[:] = 1.0
    return nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), last)


def test_auto_samples_where_the_closed_form_is_wrong(calls):
    net = sharp()
    x = torch.tensor([[0.0, 0.0], [0.4, 0.1]], dtype=F64)
    options = {"sigma": 0.3, "generator": torch.Generator().manual_seed(0)}
    truth = smooth_hessian(net, x, n_perturbations=200_000, **options)
    closed = smooth_hessian(net, x, n_perturbations=0, **options)
    assert relative_error(closed, truth) > 0.1
    calls.clear()
    found = smooth_hessian(net, x, n_perturbations="auto", tolerance=0.03, **options)
    assert sum(calls) > 2 * 4 * 2 * 2
    # an error of .03 is the standard error; the bound is four of them
    assert relative_error(found, truth) < 0.12

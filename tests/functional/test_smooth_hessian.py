import math

import pytest
import torch
from torch import nn

import skdropout.functional._stein as stein
from skdropout.functional import smooth_gradient, smooth_hessian, smooth_hessian_parts
from tests.functional.networks import (
    F64,
    covariances,
    make_network,
    make_points,
    quadrants,
    train_network,
)


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize("method", ["orthogonal", "stein", "function_values"])
@pytest.mark.parametrize("sigma", [0.1, 3.0])
def test_four_quadrants(method, sigma, generator):
    hessian = torch.tensor([[12 / math.pi, 2.5], [2.5, 12 / math.pi]], dtype=F64)
    gradient = sigma / math.sqrt(2 * math.pi) * torch.tensor([-10.0, 3.0], dtype=F64)
    runs = [
        smooth_hessian(
            quadrants,
            torch.zeros(1, 2, dtype=F64),
            sigma=sigma,
            n_perturbations=4000,
            method=method,
            return_gradient=True,
            generator=generator,
        )
        for _ in range(20)
    ]
    only = [
        smooth_gradient(
            quadrants,
            torch.zeros(1, 2, dtype=F64),
            sigma=sigma,
            n_perturbations=4000,
            method=method,
            generator=generator,
        )
        for _ in range(20)
    ]
    hessians, gradients = zip(*runs, strict=True)
    for draws, truth in ((hessians, hessian), (gradients, gradient), (only, gradient)):
        draws = torch.stack(draws)[:, 0]
        standard_error = draws.std(0) / len(draws) ** 0.5
        assert ((draws.mean(0) - truth).abs() < 4 * standard_error + 1e-12).all()


@pytest.mark.parametrize("as_function", [False, True])
def test_linear_network_is_exactly_zero(as_function, generator):
    net, x = nn.Sequential(nn.Linear(4, 6), nn.Linear(6, 1)).double(), make_points(3, 4)
    f = (lambda x: net(x)) if as_function else net
    hessian, gradient = smooth_hessian(
        f, x, sigma=0.5, n_perturbations=6, return_gradient=True, generator=generator
    )
    assert (hessian == 0).all()
    slope = (net[1].weight @ net[0].weight).detach()
    torch.testing.assert_close(gradient, slope.expand(3, 4))
    torch.testing.assert_close(
        smooth_gradient(f, x, sigma=0.5, n_perturbations=2, generator=generator), gradient
    )


@pytest.mark.parametrize("noise", ["scalar", "diagonal", "full"])
@pytest.mark.parametrize("n_perturbations", [10, 12, 30, 58])
def test_quadratic_is_exact_once_there_are_two_gradients_a_dimension(
    noise, n_perturbations, generator
):
    sigma, covariance = covariances(5)[noise]
    a = torch.randn(5, 5, generator=generator, dtype=F64)
    x = make_points(3, 5)
    found, gradient = smooth_hessian(
        lambda x: ((x @ a) * x).sum(1) + x[:, 0],
        x,
        sigma=sigma,
        n_perturbations=n_perturbations,
        return_gradient=True,
        generator=generator,
    )
    moves = (covariance.diagonal() > 0).to(F64)
    torch.testing.assert_close(found, ((a + a.T) * torch.outer(moves, moves)).expand(3, 5, 5))
    torch.testing.assert_close(gradient, x @ (a + a.T) + torch.eye(5, dtype=F64)[0])


@pytest.mark.parametrize("noise", ["scalar", "diagonal", "full"])
@pytest.mark.parametrize("method", ["orthogonal", "stein"])
def test_what_the_first_layer_cannot_tell_apart_is_not_sampled(noise, method, generator):
    sigma, covariance = covariances(5)[noise]
    narrow = torch.randn(2, 5, generator=generator, dtype=F64)
    f = _Layered(nn.Sequential(nn.Linear(5, 2, bias=False, dtype=F64), nn.Identity(), _Square()))
    f.net[0].weight.data = narrow
    x = make_points(3, 5)
    hessian, gradient = smooth_hessian(
        f,
        x,
        sigma=sigma,
        n_perturbations=4,  # of two directions, where five inputs would take ten
        method=method,
        return_gradient=True,
        generator=generator,
    )
    moves = (covariance.diagonal() > 0).to(F64)
    truth = (2 * narrow.mT @ narrow * torch.outer(moves, moves)).expand(3, 5, 5)
    if method == "orthogonal":
        torch.testing.assert_close(hessian, truth)
        torch.testing.assert_close(gradient, 2 * x @ narrow.mT @ narrow)
    else:
        assert not torch.allclose(hessian, truth, rtol=0.1)


class _Square(nn.Module):
    def forward(self, x):
        return x.square().sum(1)


@pytest.mark.parametrize("n_perturbations", [2, 6, 8])
def test_few_perturbations_are_unbiased(n_perturbations, generator):
    # 8,000 copies of one point; their means may differ from the truth by four standard errors.
    net = make_network([3, 10, 1])
    x = make_points(1, 3).expand(8000, 3)
    truth, slope = smooth_hessian(net, x[:1], sigma=0.8, n_perturbations=0, return_gradient=True)
    found, gradient = smooth_hessian(
        lambda x: net(x),
        x,
        sigma=0.8,
        n_perturbations=n_perturbations,
        return_gradient=True,
        generator=generator,
    )
    for draws, true in ((found, truth), (gradient, slope)):
        assert ((draws.mean(0) - true[0]).abs() < 4 * draws.std(0) / 8000**0.5).all()


class _Layered:
    """Not a module of torch's, but says what its first layer is."""

    def __init__(self, net):
        self.net = net

    def __call__(self, x):
        return self.net(x)

    def split_first_layer(self):
        first, activation, *rest = self.net
        return first.weight, first.bias, activation, nn.Sequential(*rest)


@pytest.mark.parametrize(
    "make",
    [
        lambda: make_network([4, 16, 16, 3]),
        lambda: make_network([4, 16, 16, 3], nn.Tanh),
        lambda: make_network([4, 16, 8, 8, 3], lambda: nn.LeakyReLU(0.1)),
        lambda: nn.Sequential(make_network([4, 16, 16, 3]), nn.Softmax(1)),
        lambda: nn.Sequential(nn.Dropout(), make_network([4, 16, 3]), nn.Tanh()).eval(),
        lambda: nn.Sequential(*make_network([4, 16, 3], nn.Hardtanh), nn.SiLU()),
        lambda: make_network([4, 3, 16, 3]),
        lambda: _Layered(make_network([4, 16, 16, 3])),
        lambda: _Layered(make_network([4, 16, 3], nn.Hardtanh)),
        lambda: make_network([4, 16, 16, 3], lambda: nn.ELU(0.5, inplace=True)),
    ],
    ids=[
        "relu",
        "tanh",
        "leaky",
        "probability",
        "hidden",
        "unknown",
        "narrow",
        "protocol",
        "unknown in protocol",
        "in place",
    ],
)
def test_layers_do_not_change_the_answer(make, generator):
    f, x = make(), make_points(2, 4)
    arguments = {"sigma": 0.6, "return_error": True, "generator": generator}
    target = torch.tensor([2, 0])
    seen, error = smooth_hessian(f, x, n_perturbations=2000, target=target, **arguments)
    plain, plain_error = smooth_hessian(
        lambda x: f(x), x, n_perturbations=40_000, target=target, method="stein", **arguments
    )
    # The squared distance has the mean sum(error^2); entries share draws, hence a wide margin.
    assert (seen - plain).square().sum() < 3 * (error**2 + plain_error**2).sum()
    assert error.norm() < plain_error.norm() * 20**0.5 + 1e-12


def test_ten_times_fewer_gradients_than_the_plain_estimator(generator):
    net, x = train_network([50, 64, 64, 1]), make_points(4, 50)

    def variance(method):
        runs = [
            smooth_hessian(
                net, x, sigma=0.3, n_perturbations=100, method=method, generator=generator
            )
            for _ in range(4)
        ]
        return torch.stack(runs).var(0).sum()

    assert variance("stein") > 10 * variance("orthogonal")


def test_standard_errors_are_right(generator):
    net, x = make_network([4, 10, 1]), make_points(300, 4)
    truth = smooth_hessian(net, x, sigma=0.5, n_perturbations=0)
    found, error = smooth_hessian(
        lambda x: net(x), x, sigma=0.5, n_perturbations=64, return_error=True, generator=generator
    )
    # The squared ratio of two unbiased measures of the variance; errors at 300 points average.
    ratio = (found - truth).square().mean((1, 2)).sum() / error.square().mean((1, 2)).sum()
    assert 0.8 < ratio < 1.25


def test_products_of_parts_are_unbiased_for_squares(generator):
    net = make_network([3, 8, 1])
    x = make_points(1, 3).expand(6000, 3)
    truth = smooth_hessian(net, x[:1], sigma=0.7, n_perturbations=0)[0] ** 2
    first, second = smooth_hessian_parts(
        lambda x: net(x), x, sigma=0.7, n_perturbations=4, generator=generator
    )
    product = first * second
    assert ((product.mean(0) - truth).abs() < 4 * product.std(0) / 6000**0.5).all()
    assert (first**2).mean(0).sum() > 1.5 * truth.sum()


def test_auto_stops_at_the_tolerance(generator):
    net, x = make_network([4, 10, 1]), make_points(20, 4)
    truth, slope = smooth_hessian(net, x, sigma=0.5, n_perturbations=0, return_gradient=True)
    found, gradient = smooth_hessian(
        lambda x: net(x),
        x,
        sigma=0.5,
        n_perturbations="auto",
        tolerance=0.03,
        return_gradient=True,
        generator=generator,
    )
    error = torch.linalg.matrix_norm(found - truth) / torch.linalg.matrix_norm(truth)
    assert error.square().mean().sqrt() < 2 * 0.03
    # Each point has had 32 gradients or more, most of them many times as many.
    fewest = smooth_gradient(
        lambda x: net(x), x, sigma=0.5, n_perturbations=32, generator=generator
    )
    assert (gradient - slope).norm() < (fewest - slope).norm()


@pytest.mark.parametrize("method", ["orthogonal", "stein", "function_values"])
@pytest.mark.parametrize("n_perturbations", [6, 40, "auto"])
def test_hessian_is_the_same_with_and_without_a_gradient(method, n_perturbations):
    net, x = make_network([4, 8, 8, 1], nn.Tanh), make_points(5, 4)
    options = {"sigma": 0.5, "n_perturbations": n_perturbations, "tolerance": 0.5}
    generators = [torch.Generator().manual_seed(0) for _ in range(2)]
    gradients = []
    for _ in range(2):
        alone, (beside, gradient) = (
            smooth_hessian(
                net, x, method=method, return_gradient=with_gradient, generator=seeded, **options
            )
            for with_gradient, seeded in zip([False, True], generators, strict=True)
        )
        assert torch.equal(alone, beside)
        gradients.append(gradient)
    assert not torch.equal(*gradients)


def test_auto_says_when_it_gives_up(generator, monkeypatch):
    monkeypatch.setattr(stein, "MOST_PAIRS", 100)
    with pytest.warns(RuntimeWarning, match="tolerance=1e-06 was not reached"):
        smooth_hessian(
            quadrants,
            torch.zeros(1, 2, dtype=F64),
            sigma=1.0,
            n_perturbations="auto",
            tolerance=1e-6,
            generator=generator,
        )


def test_function_values_need_no_gradient(generator):
    found, gradient = smooth_hessian(
        lambda x: (x[:, 0] * x[:, 1]).detach(),
        torch.tensor([[1.0, 2.0]], dtype=F64),
        sigma=torch.tensor([0.5, 0.2], dtype=F64),
        n_perturbations=100_000,
        method="function_values",
        return_gradient=True,
        generator=generator,
    )
    # With f = x y each entry of w has a variance of at most 5 / (0.5 * 0.2)^2 a pair.
    bound = 4 * 5**0.5 / 0.04 * 0.1 / 50_000**0.5
    torch.testing.assert_close(found[0], 1 - torch.eye(2, dtype=F64), atol=bound, rtol=0)
    torch.testing.assert_close(gradient[0], torch.tensor([2.0, 1.0], dtype=F64), atol=0.2, rtol=0)

import math
from itertools import pairwise

import pytest
import torch
from scipy import integrate
from torch import nn

from skdropout.functional import _smoothing as smoothing
from skdropout.functional import _stein as stein
from skdropout.functional import smooth_gradient, smooth_hessian, smooth_hessian_parts

F64 = torch.float64


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


def _network(widths, activation=nn.ReLU, seed=0, dtype=F64):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        modules = []
        for n_in, n_out in pairwise(widths):
            modules += [nn.Linear(n_in, n_out), activation()]
        return nn.Sequential(*modules[:-1]).to(dtype).eval()


def _trained_network(widths):
    net = _network(widths)
    x = _points(1000, widths[0])
    y = x[:, 0] * x[:, 1] + torch.sin(2 * x[:, 2]) * x[:, 3] + x[:, 4].relu()
    optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
    for _ in range(200):
        optimizer.zero_grad()
        (net(x)[:, 0] - y).square().mean().backward()
        optimizer.step()
    return net


def _points(n, d, dtype=F64):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(1), dtype=dtype)


def _covariances(d):
    a = torch.randn(d, d, generator=torch.Generator().manual_seed(2), dtype=F64)
    some = torch.linspace(0.2, 1.2, d, dtype=F64)
    some[1] = 0
    return {
        "scalar": (0.7, 0.49 * torch.eye(d, dtype=F64)),
        "diagonal": (some, torch.diag(some**2)),
    } | {"full": (a @ a.T / d + 0.1 * torch.eye(d, dtype=F64),) * 2}


def _relative(a, b):
    return ((a - b).norm() / b.norm()).item()


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
    net, x = _network([5, 12, 3]), _points(4, 5)
    sigma, covariance = _covariances(5)[noise]
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
        assert _relative(found[0], expected[0]) < 1e-12
        assert _relative(found[1], expected[1]) < 1e-12
    assert found[2].max() == 0
    gradient = smooth_gradient(net, x, sigma=sigma, n_perturbations=2, target=1)
    assert _relative(gradient, expected[1]) < 1e-12


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
    net, x = _network([2, 3, 1], activation), _points(1, 2)
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
    assert _relative(found[0], expected[0]) < (1e-6 if jump == 0 else 1e-3)
    assert _relative(found[1], expected[1]) < 1e-6


def test_leaky_relu_bends_by_what_its_slope_leaves():
    net, x = _network([3, 6, 1], lambda: nn.LeakyReLU(0.2)), _points(2, 3)
    expected, _ = _one_hidden_layer(
        net, x, 0, 0.25 * torch.eye(3, dtype=F64), lambda *a: 0.8 * _kink(*a), _step
    )
    found = smooth_hessian(net, x, sigma=0.5, n_perturbations=2)
    assert _relative(found, expected) < 1e-12


def test_inputs_that_do_not_move_are_as_if_constant():
    net, x = _network([4, 8, 8, 1]), _points(2, 4)
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


def _quadrants(x):
    """Four quadrants, k x1 x2 with k = 5, 3, -10, 12 on (+, +), (+, -), (-, +), (-, -)."""
    right, up = x[:, 0] > 0, x[:, 1] > 0
    k = torch.where(right, torch.where(up, 5.0, 3.0), torch.where(up, -10.0, 12.0))
    return k * x[:, 0] * x[:, 1]


@pytest.mark.parametrize("method", ["orthogonal", "stein", "function_values"])
@pytest.mark.parametrize("sigma", [0.1, 3.0])
def test_four_quadrants(method, sigma, generator):
    hessian = torch.tensor([[12 / math.pi, 2.5], [2.5, 12 / math.pi]], dtype=F64)
    gradient = sigma / math.sqrt(2 * math.pi) * torch.tensor([-10.0, 3.0], dtype=F64)
    runs = [
        smooth_hessian(
            _quadrants,
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
            _quadrants,
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
    net, x = nn.Sequential(nn.Linear(4, 6), nn.Linear(6, 1)).double(), _points(3, 4)
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
    sigma, covariance = _covariances(5)[noise]
    a = torch.randn(5, 5, generator=generator, dtype=F64)
    x = _points(3, 5)
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


@pytest.mark.parametrize("n_perturbations", [2, 6, 8])
def test_few_perturbations_are_unbiased(n_perturbations, generator):
    # 8,000 copies of one point; their means may differ from the truth by four standard errors.
    net = _network([3, 10, 1])
    x = _points(1, 3).expand(8000, 3)
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
        lambda: _network([4, 16, 16, 3]),
        lambda: _network([4, 16, 16, 3], nn.Tanh),
        lambda: _network([4, 16, 8, 8, 3], lambda: nn.LeakyReLU(0.1)),
        lambda: nn.Sequential(_network([4, 16, 16, 3]), nn.Softmax(1)),
        lambda: nn.Sequential(nn.Dropout(), _network([4, 16, 3]), nn.Tanh()).eval(),
        lambda: nn.Sequential(*_network([4, 16, 3], nn.Hardtanh), nn.SiLU()),
        lambda: _Layered(_network([4, 16, 16, 3])),
        lambda: _Layered(_network([4, 16, 3], nn.Hardtanh)),
        lambda: _network([4, 16, 16, 3], lambda: nn.ELU(0.5, inplace=True)),
    ],
    ids=[
        "relu",
        "tanh",
        "leaky",
        "probability",
        "hidden",
        "unknown",
        "protocol",
        "unknown in protocol",
        "in place",
    ],
)
def test_layers_do_not_change_the_answer(make, generator):
    f, x = make(), _points(2, 4)
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
    net, x = _trained_network([50, 64, 64, 1]), _points(4, 50)

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
    net, x = _network([4, 10, 1]), _points(300, 4)
    truth = smooth_hessian(net, x, sigma=0.5, n_perturbations=0)
    found, error = smooth_hessian(
        lambda x: net(x), x, sigma=0.5, n_perturbations=64, return_error=True, generator=generator
    )
    # The squared ratio of two unbiased measures of the variance; errors at 300 points average.
    ratio = (found - truth).square().mean((1, 2)).sum() / error.square().mean((1, 2)).sum()
    assert 0.8 < ratio < 1.25


def test_products_of_parts_are_unbiased_for_squares(generator):
    net = _network([3, 8, 1])
    x = _points(1, 3).expand(6000, 3)
    truth = smooth_hessian(net, x[:1], sigma=0.7, n_perturbations=0)[0] ** 2
    first, second = smooth_hessian_parts(
        lambda x: net(x), x, sigma=0.7, n_perturbations=4, generator=generator
    )
    product = first * second
    assert ((product.mean(0) - truth).abs() < 4 * product.std(0) / 6000**0.5).all()
    assert (first**2).mean(0).sum() > 1.5 * truth.sum()


def test_auto_stops_at_the_tolerance(generator):
    net, x = _network([4, 10, 1]), _points(20, 4)
    truth = smooth_hessian(net, x, sigma=0.5, n_perturbations=0)
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
    assert gradient.shape == (20, 4)


def test_auto_says_when_it_gives_up(generator, monkeypatch):
    monkeypatch.setattr(smoothing, "_MOST_PAIRS", 100)
    with pytest.warns(RuntimeWarning, match="tolerance=1e-06 was not reached"):
        smooth_hessian(
            _quadrants,
            torch.zeros(1, 2, dtype=F64),
            sigma=1.0,
            n_perturbations="auto",
            tolerance=1e-6,
            generator=generator,
        )


def test_blocks_of_points_and_perturbations_leave_no_trace(generator, monkeypatch):
    monkeypatch.setattr(smoothing, "_ELEMENTS_AT_ONCE", {"cpu": 300})
    monkeypatch.setitem(stein.PERTURBATIONS_AT_ONCE, "cpu", 32)
    a = torch.randn(3, 3, generator=generator, dtype=F64)
    x = _points(23, 3)
    target = torch.arange(23) % 2
    found = smooth_hessian(
        lambda x: torch.stack([((x @ a) * x).sum(1), (x**2).sum(1)], 1),
        x,
        sigma=0.5,
        n_perturbations=400,
        target=target,
        generator=generator,
    )
    both = torch.stack([a + a.T, 2 * torch.eye(3, dtype=F64)])
    torch.testing.assert_close(found, both[target])


def test_a_full_device_is_given_smaller_blocks(generator):
    def small(x):
        if len(x) > 5:
            raise torch.OutOfMemoryError
        return x[:, 0] * x[:, 1]

    found = smooth_hessian(
        small, _points(3, 2), sigma=0.5, n_perturbations=8, target=0, generator=generator
    )
    torch.testing.assert_close(found, 1 - torch.eye(2, dtype=F64).expand(3, 2, 2))


@pytest.mark.parametrize("dtype", [torch.float32, F64])
def test_same_generator_same_result_and_dtype_kept(dtype):
    net, x = _network([4, 8, 8, 1], dtype=dtype), _points(3, 4, dtype)
    runs = [
        smooth_hessian(
            net,
            x,
            sigma=0.5,
            n_perturbations=20,
            return_gradient=True,
            return_error=True,
            generator=torch.Generator().manual_seed(7),
        )
        for _ in range(2)
    ]
    for first, second in zip(*runs, strict=True):
        assert first.dtype == dtype
        assert not first.requires_grad
        assert torch.equal(first, second)
    torch.testing.assert_close(runs[0][0], runs[0][0].mT)


def test_the_network_and_the_world_are_left_alone():
    net, x = (
        nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 4), nn.ReLU()).double(),
        _points(2, 3),
    )
    seen = []
    net[0].register_forward_hook(lambda module, inputs, output: seen.append(len(output)))
    hooks = [dict(module._forward_hooks) for module in net]
    state = torch.get_rng_state()
    with torch.no_grad():
        smooth_hessian(net, x, sigma=0.5, n_perturbations=20, target=1)
    assert torch.equal(state, torch.get_rng_state())
    assert net.training
    assert seen
    assert hooks == [dict(module._forward_hooks) for module in net]
    assert all(parameter.grad is None for parameter in net.parameters())


def test_a_hook_that_changes_a_layer_is_seen(generator):
    net, x = _network([2, 6, 1]), torch.zeros(1, 2, dtype=F64)
    plain = smooth_hessian(net, x, sigma=1.0, n_perturbations=2)
    net[2].register_forward_hook(lambda module, inputs, output: 3 * output)
    found = smooth_hessian(net, x, sigma=1.0, n_perturbations=2, generator=generator)
    torch.testing.assert_close(found, 3 * plain)


ok = {"f": lambda x: x.prod(1), "x": torch.ones(2, 2), "sigma": 1.0, "n_perturbations": 8}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sigma": 0.0}, "sigma=0.0 must be positive"),
        ({"sigma": -1.0}, "must be positive"),
        ({"sigma": torch.zeros(2)}, "must be positive"),
        ({"sigma": torch.tensor([1.0, -1.0])}, "must be positive"),
        ({"sigma": torch.ones(3)}, "sigma has shape"),
        ({"sigma": torch.tensor([[1.0, 2.0], [2.0, 1.0]])}, "positive definite"),
        ({"sigma": torch.tensor([[1.0, 0.5], [0.0, 1.0]])}, "symmetric"),
        ({"sigma": math.nan}, "NaN"),
        ({"x": torch.tensor([[1.0, math.inf]])}, "x contains NaN or infinity"),
        ({"x": torch.ones(2)}, "x must be"),
        ({"x": torch.ones(2, 2, dtype=torch.long)}, "x must be"),
        ({"x": [[1.0]]}, "x must be"),
        ({"n_perturbations": 0}, "n_perturbations=0 is too few"),
        ({"n_perturbations": 2, "return_error": True}, "n_perturbations=2 is too few"),
        ({"n_perturbations": 3}, "n_perturbations=3 must be an even integer"),
        ({"n_perturbations": 2.0}, "even integer"),
        ({"method": "magic"}, "method='magic'"),
        ({"n_perturbations": "auto", "tolerance": 0.0}, "tolerance=0.0"),
        ({"target": -1}, "target=-1"),
        ({"target": 4}, "target=4 does not exist"),
        ({"target": torch.tensor([0])}, r"target=\[0\]"),
        ({"f": lambda x: x}, "f has 2 outputs"),
        ({"f": lambda x: x[:, :, None]}, "f must map"),
        ({"f": lambda x: x.sum()}, "f must map"),
        ({"f": lambda x: x.detach().sum(1)}, "function_values"),
        ({"f": nn.Sequential(nn.Linear(2, 1), nn.Dropout())}, "'1' .Dropout."),
        ({"f": nn.Sequential(nn.BatchNorm1d(2), nn.Linear(2, 1))}, "'0' .BatchNorm1d."),
        ({"f": nn.Linear(2, 1).double()}, "x is torch.float32"),
    ],
)
def test_bad_input(change, message):
    with pytest.raises(ValueError, match=message):
        smooth_hessian(**(ok | change))


def test_smooth_gradient_needs_perturbations():
    with pytest.raises(ValueError, match="n_perturbations=0 is too few"):
        smooth_gradient(**(ok | {"n_perturbations": 0}))


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


@pytest.mark.slow
def test_ten_million_perturbations_stream_through_bounded_memory(generator):
    import resource

    net, x = _network([10, 32, 32, 1], dtype=torch.float32), _points(1, 10, torch.float32)
    smooth_hessian(net, x, sigma=0.5, n_perturbations=10_000, generator=generator)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    smooth_hessian(net, x, sigma=0.5, n_perturbations=10_000_000, generator=generator)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_cuda_agrees_with_the_closed_form():
    net, x = _network([4, 16, 1]).cuda(), _points(3, 4).cuda()
    generator = torch.Generator("cuda").manual_seed(0)
    truth = smooth_hessian(net, x, sigma=0.5, n_perturbations=0)
    found = smooth_hessian(
        lambda x: net(x), x, sigma=0.5, n_perturbations=100_000, generator=generator
    )
    assert found.is_cuda
    assert _relative(found, truth) < 0.05

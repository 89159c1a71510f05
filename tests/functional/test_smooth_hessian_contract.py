import math

import pytest
import torch
from torch import nn

import skdropout.functional._stein as stein
from skdropout.functional import smooth_gradient, smooth_hessian
from tests.functional.networks import (
    F64,
    make_network,
    make_points,
    relative_error,
)


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


def test_blocks_of_points_and_perturbations_leave_no_trace(generator, monkeypatch):
    monkeypatch.setattr(stein, "ELEMENTS_AT_ONCE", {"cpu": 300})
    monkeypatch.setitem(stein.PERTURBATIONS_AT_ONCE, "cpu", 32)
    a = torch.randn(3, 3, generator=generator, dtype=F64)
    x = make_points(23, 3)
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
        small, make_points(3, 2), sigma=0.5, n_perturbations=8, target=0, generator=generator
    )
    torch.testing.assert_close(found, 1 - torch.eye(2, dtype=F64).expand(3, 2, 2))


@pytest.mark.parametrize("dtype", [torch.float32, F64])
def test_same_generator_same_result_and_dtype_kept(dtype):
    net, x = make_network([4, 8, 8, 1], dtype=dtype), make_points(3, 4, dtype)
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
        make_points(2, 3),
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
    net, x = make_network([2, 6, 1]), torch.zeros(1, 2, dtype=F64)
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
        ({"x": torch.tensor([[1.0, math.inf]])}, "x holds inf"),
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


@pytest.mark.slow
def test_ten_million_perturbations_stream_through_bounded_memory(generator):
    import resource

    net, x = make_network([10, 32, 32, 1], dtype=torch.float32), make_points(1, 10, torch.float32)
    smooth_hessian(net, x, sigma=0.5, n_perturbations=10_000, generator=generator)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    smooth_hessian(net, x, sigma=0.5, n_perturbations=10_000_000, generator=generator)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_cuda_agrees_with_the_closed_form():
    net, x = make_network([4, 16, 1]).cuda(), make_points(3, 4).cuda()
    generator = torch.Generator("cuda").manual_seed(0)
    truth = smooth_hessian(net, x, sigma=0.5, n_perturbations=0)
    found = smooth_hessian(
        lambda x: net(x), x, sigma=0.5, n_perturbations=100_000, generator=generator
    )
    assert found.is_cuda
    assert relative_error(found, truth) < 0.05

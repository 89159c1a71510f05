"""Networks, points and noise that the tests of smoothed derivatives share."""

from itertools import pairwise

import torch
from torch import nn

F64 = torch.float64


def make_network(widths, activation=nn.ReLU, seed=0, dtype=F64):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        modules = []
        for n_in, n_out in pairwise(widths):
            modules += [nn.Linear(n_in, n_out), activation()]
        return nn.Sequential(*modules[:-1]).to(dtype).eval()


def train_network(widths):
    net = make_network(widths)
    x = make_points(1000, widths[0])
    y = x[:, 0] * x[:, 1] + torch.sin(2 * x[:, 2]) * x[:, 3] + x[:, 4].relu()
    optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
    for _ in range(200):
        optimizer.zero_grad()
        (net(x)[:, 0] - y).square().mean().backward()
        optimizer.step()
    return net


def make_points(n, d, dtype=F64):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(1), dtype=dtype)


def covariances(d):
    a = torch.randn(d, d, generator=torch.Generator().manual_seed(2), dtype=F64)
    some = torch.linspace(0.2, 1.2, d, dtype=F64)
    some[1] = 0
    return {
        "scalar": (0.7, 0.49 * torch.eye(d, dtype=F64)),
        "diagonal": (some, torch.diag(some**2)),
    } | {"full": (a @ a.T / d + 0.1 * torch.eye(d, dtype=F64),) * 2}


def relative_error(a, b):
    return ((a - b).norm() / b.norm()).item()


def quadrants(x):
    """Four quadrants, k x1 x2 with k = 5, 3, -10, 12 on (+, +), (+, -), (-, +), (-, -)."""
    right, up = x[:, 0] > 0, x[:, 1] > 0
    k = torch.where(right, torch.where(up, 5.0, 3.0), torch.where(up, -10.0, 12.0))
    return k * x[:, 0] * x[:, 1]

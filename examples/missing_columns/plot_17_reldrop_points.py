"""
Point clouds are told apart for longer as the points that matter go
===================================================================

A small network in the manner of PointNet tells spheres, cubes and cylinders apart: the same layers
for every point, then the largest value over the points. Networks trained while points were dropped
keep their accuracy for longer when the points they rely on are taken away. Dropping by relevance is
a little better here than dropping by chance, but two seeds (thin lines) prove little.
"""

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn

from skdropout.functional import relevance
from skdropout.nn import RelevanceDropout

rng = np.random.default_rng(0)


def make_shapes(n_samples, n_points=32):
    """Points on the surface of a sphere, a cube or a cylinder, with a little noise."""
    kind = np.arange(n_samples) % 3
    p = rng.standard_normal((n_samples, n_points, 3))
    sphere = p / np.linalg.norm(p, axis=2, keepdims=True)
    cube = 0.8 * p / np.abs(p).max(axis=2, keepdims=True)
    cylinder = p / np.linalg.norm(p[:, :, :2], axis=2, keepdims=True)
    cylinder[:, :, 2] = rng.uniform(-0.8, 0.8, size=p.shape[:2])
    points = np.choose(kind[:, None, None], [sphere, cube, cylinder])
    points += 0.05 * rng.standard_normal(points.shape)
    return torch.as_tensor(points, dtype=torch.float32), torch.as_tensor(kind)


class PointNetwork(nn.Module):
    """Layers for every point, the maximum over the points, layers for the whole."""

    def __init__(self):
        super().__init__()
        self.of_point = nn.Sequential(nn.Linear(3, 32), nn.ReLU(), nn.Linear(32, 64), nn.ReLU())
        self.of_cloud = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 3))

    def forward(self, x):
        return self.of_cloud(self.of_point(x).amax(dim=1))


x_train, t_train = make_shapes(600)
x_test, t_test = make_shapes(300)


def train(seed, **settings):
    """Train a network behind a RelevanceDropout with these settings."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = PointNetwork()
    generator = torch.Generator().manual_seed(seed)
    drop = RelevanceDropout(net, rule="gradient_x_input", generator=generator, **settings)
    optimizer = torch.optim.Adam(net.parameters(), 5e-3)
    for _ in range(20):
        for rows in torch.randperm(len(x_train), generator=generator).split(50):
            batch, target = x_train[rows], t_train[rows]
            loss = nn.functional.cross_entropy(net(drop(batch, target)), target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return net.eval()


def accuracy_without(net, n_points):
    """Move the points on which the network's own decision rests most to the middle."""
    of_points = relevance(net, x_test, target=net(x_test).argmax(1), rule="gradient_x_input").sum(2)
    hidden = of_points.argsort(dim=1, descending=True)[:, :n_points]
    kept = torch.ones(x_test.shape[:2]).scatter(1, hidden, 0.0)
    return float((net(x_test * kept[:, :, None]).argmax(1) == t_test).float().mean())


counts = range(0, 25, 4)
curves = {}
settings = {
    "nothing dropped": {"probability": 0.0},
    "points by chance": {"alpha": 1.0, "beta": 0.5, "probability": 0.5},
    "RelDrop": {"alpha": 0.5, "beta": 0.5, "probability": 0.5},
}
figure, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
for (name, options), color in zip(settings.items(), ["0.5", "#0072B2", "#D55E00"], strict=True):
    networks = [train(seed, **options) for seed in range(2)]
    scores = [[accuracy_without(net, n) for n in counts] for net in networks]
    ax.plot(counts, np.transpose(scores), color=color, alpha=0.4, linewidth=0.8)
    curves[name] = np.mean(scores, axis=0)
    ax.plot(counts, curves[name], "o-", color=color, label=name)
ax.set(xlabel="points taken away, of 32, most relevant first", ylabel="accuracy, new clouds")
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False)
plt.show()

without, chance, by_relevance = (values[1:].mean() for values in curves.values())
assert by_relevance > chance > without

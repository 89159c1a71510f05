"""
Digits are read for longer as the pixels that matter are hidden
===============================================================

:class:`~skdropout.nn.RelevanceDropout` stands in front of a convolutional network in a training
loop of your own. The pixels that the network relies on are hidden more often than others. Trained
like that, it reads digits better once such pixels are hidden, and complete ones a little worse.
"""

import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn

from skdropout.functional import relevance
from skdropout.nn import RelevanceDropout

images, labels = load_digits(return_X_y=True)
order = np.random.default_rng(0).permutation(len(images))
x = torch.as_tensor(images[order] / 16, dtype=torch.float32).reshape(-1, 1, 8, 8)
t = torch.as_tensor(labels[order])
x_train, t_train, x_test, t_test = x[:800], t[:800], x[800:1200], t[800:1200]


def train(**settings):
    """Train a small network behind a RelevanceDropout with these settings."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(8, 8, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(128, 10),
        )
    generator = torch.Generator().manual_seed(0)
    drop = RelevanceDropout(net, **settings, generator=generator)
    optimizer = torch.optim.Adam(net.parameters(), 3e-3)
    for _ in range(8):
        for rows in torch.randperm(len(x_train), generator=generator).split(40):
            batch, target = x_train[rows], t_train[rows]
            loss = nn.functional.cross_entropy(net(drop(batch, target)), target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return net.eval(), drop


def accuracy_without(net, fraction):
    """Hide the share of pixels on which the network's own decision rests most."""
    shares = relevance(net, x_test, target=net(x_test).argmax(1)).flatten(1)
    hidden = shares.argsort(dim=1, descending=True)[:, : round(fraction * 64)]
    occluded = x_test.flatten(1).scatter(1, hidden, 0.0).view_as(x_test)
    return float((net(occluded).argmax(1) == t_test).float().mean())


fractions = np.linspace(0, 0.4, 6)
settings = {
    "nothing hidden": {"probability": 0.0},
    "pixels by chance": {"alpha": 1.0, "beta": 0.25, "probability": 0.5},
    "RelDrop": {"alpha": 0.3, "beta": 0.5, "probability": 0.5},
}
curves = {}
figure, (left, right) = plt.subplots(
    1, 2, figsize=(9.6, 3.8), layout="constrained", width_ratios=[1, 1.4]
)
for (name, options), color in zip(settings.items(), ["0.5", "#0072B2", "#D55E00"], strict=True):
    net, drop = train(**options)
    with torch.no_grad():
        curves[name] = [accuracy_without(net, fraction) for fraction in fractions]
        right.plot(100 * fractions, curves[name], "o-", color=color, label=name)
pairs = torch.cat([x_train[:4], drop(x_train[:4], t_train[:4])])
left.imshow(pairs.reshape(2, 4, 8, 8).permute(0, 2, 1, 3).reshape(16, 32).numpy(), cmap="Greys")
for edge in (7.5, 15.5, 23.5):
    left.axvline(edge, color="#D55E00")
left.axhline(7.5, color="#D55E00")
left.set(title="four rows, and what RelDrop makes of them", xticks=[], yticks=[])
right.set(xlabel="% of pixels hidden, most relevant first", ylabel="accuracy, new rows")
right.spines[["top", "right"]].set_visible(False)
right.legend(frameon=False)
plt.show()

without, chance, by_relevance = map(np.array, curves.values())
assert (by_relevance > np.maximum(without, chance))[1:].all()
assert without[0] - 0.1 < by_relevance[0] < without[0]

"""
The more dropout, the lower the orders that are left
====================================================

Of ``d = 25`` columns there are very many interactions of middle orders. Each one of order ``k`` is
seen in a share :math:`(1 - p)^k` of the training steps. So the more dropout, the fewer are left,
and the lower the order of which most are left.
"""

import matplotlib.pyplot as plt
import torch

from skdropout.functional import n_interactions, survival_probability

d = 25
orders = torch.arange(1, d + 1)

figure, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
colors = plt.get_cmap("viridis")(torch.linspace(0.1, 0.9, 5).numpy())
peaks = []
for p, color in zip([0.0, 0.125, 0.25, 0.5, 0.75], colors, strict=True):
    left = n_interactions(d, orders) * survival_probability(p, orders)
    ax.semilogy(orders, left, "o-", color=color, markersize=3, label=f"{p:g}")
    peaks.append(int(orders[left.argmax()]))
ax.set(xlabel="order of interaction k", ylabel=r"$\binom{25}{k} (1 - p)^k$", ylim=(1e-2, 1e7))
ax.spines[["top", "right"]].set_visible(False)
ax.legend(title="dropout p", frameon=False)
plt.show()

assert peaks == sorted(peaks, reverse=True)
assert peaks[-1] < peaks[0]

"""
The spread of Monte-Carlo dropout grows where there is no noise at all
======================================================================

Targets that are one interaction of order 1, 2 or 3, without any noise and of equal variance. The
spread of Monte-Carlo dropout grows with the order, so it does not say how noisy the data are.
Networks trained without dropout differ far less from each other.
"""

import matplotlib.pyplot as plt
import numpy as np

from skdropout import DropoutMLPRegressor
from skdropout.datasets import make_pure_interaction

network = {
    "hidden_layer_sizes": (64, 64),
    "numeric_encoding": "standard",
    "screening": None,
    "learning_rate_init": 0.01,
    "max_iter": 20,
    "random_state": 0,
}
orders = [1, 2, 3]
spreads = {"Monte-Carlo dropout, rate 0.1": [], "ensemble of 3, no dropout": []}
for order in orders:
    X, y = make_pure_interaction(600, n_features=4, order=order, random_state=0)
    X_test, _ = make_pure_interaction(300, n_features=4, order=order, random_state=1)
    dropped = DropoutMLPRegressor(dropout=0.1, **network).fit(X, y)
    draws = dropped.sample_predictions(X_test, 30, random_state=0)
    ensemble = DropoutMLPRegressor(dropout=0.0, n_members=3, **network).fit(X, y)
    _, between = ensemble.predict(X_test, return_std=True)
    for values, spread in zip(spreads.values(), [draws.std(axis=0), between], strict=True):
        values.append(spread.mean())

figure, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
for i, (name, values) in enumerate(spreads.items()):
    ax.bar(np.array(orders) + 0.4 * (i - 0.5), values, 0.36, label=name)
ax.set(xticks=orders, xlabel="order of the interaction", ylabel="mean standard deviation")
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False)
plt.show()

dropped, between = map(np.array, spreads.values())
assert (np.diff(dropped) > 0).all()
assert (2 * between < dropped).all()

"""
Too little, enough, too much dropout
====================================

Without dropout the network follows the noise of its sixty rows. With too much it can no longer
follow the wave. In between the error is least.
"""

import matplotlib.pyplot as plt
import numpy as np

from skdropout import DropoutMLPRegressor

rng = np.random.default_rng(0)
X = np.sort(rng.uniform(-3, 3, size=(60, 1)), axis=0)
y = np.sin(2 * X[:, 0]) + 0.4 * rng.standard_normal(60)
grid = np.linspace(-3, 3, 200)[:, None]
wave = np.sin(2 * grid[:, 0])

figure, axes = plt.subplots(1, 3, figsize=(9.6, 3.2), sharey=True, layout="constrained")
for ax, dropout, verdict in zip(
    axes, [0.0, 0.5, 0.9], ["too little", "enough", "too much"], strict=True
):
    model = DropoutMLPRegressor(
        (128, 128),
        dropout=dropout,
        numeric_encoding="piecewise_linear",
        learning_rate_init=0.01,
        batch_size=30,
        max_iter=200,
        early_stopping=False,
        random_state=0,
    ).fit(X, y)
    prediction = model.predict(grid)
    ax.plot(grid, wave, color="0.6", linestyle="--", label="truth")
    ax.plot(X, y, "o", color="0.4", markersize=4, label="rows")
    ax.plot(grid, prediction, color="#D55E00", linewidth=2, label="network")
    error = np.sqrt(np.mean((prediction - wave) ** 2))
    ax.set(title=f"dropout {dropout:g}: {verdict}\nerror {error:.2f}", xlabel="x")
    ax.spines[["top", "right"]].set_visible(False)
axes[0].legend(frameon=False, fontsize="small")
plt.show()

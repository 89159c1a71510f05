"""
Too little dropout follows noise, too much misses the curve
===========================================================

The target is a wave along the first of six columns, and noise; the other five columns tell nothing.
Each dot is the prediction for a new row. Without dropout the network has learnt the noise of its
300 rows by heart, so its predictions lie all over the place. With too much dropout it misses the
wave. In between the error is less than half of either.
"""

import matplotlib.pyplot as plt
import numpy as np

from skdropout import DropoutMLPRegressor

rng = np.random.default_rng(0)
X = rng.uniform(-3, 3, size=(700, 6))
wave = np.sin(X[:, 0])
y = wave + 0.5 * rng.standard_normal(700)
train, new = slice(300), slice(300, 700)
order = np.argsort(X[new, 0])

errors = []
figure, axes = plt.subplots(1, 3, figsize=(9.6, 3.4), sharey=True, layout="constrained")
for ax, dropout, verdict in zip(
    axes, [0.0, 0.5, 0.95], ["too little", "enough", "too much"], strict=True
):
    model = DropoutMLPRegressor(
        (128, 128),
        dropout=dropout,
        numeric_encoding="standard",
        screening=None,
        learning_rate_init=0.003,
        max_iter=100,
        early_stopping=False,
        random_state=0,
    ).fit(X[train], y[train])
    prediction = model.predict(X[new])
    errors.append(np.sqrt(np.mean((prediction - wave[new]) ** 2)))
    ax.plot(X[new, 0], prediction, "o", color="#D55E00", markersize=3, alpha=0.6, label="predicted")
    ax.plot(X[new, 0][order], wave[new][order], color="0.2", linewidth=2, label="truth")
    ax.set(title=f"dropout {dropout:g}: {verdict}\nerror {errors[-1]:.2f}", xlabel="first column")
    ax.spines[["top", "right"]].set_visible(False)
axes[0].set_ylabel("target")
axes[0].legend(frameon=False, fontsize="small", loc="upper left")
plt.show()

assert 2 * errors[1] < min(errors[0], errors[2])

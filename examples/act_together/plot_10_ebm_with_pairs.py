"""
An explainable boosting machine errs less with better pairs
===========================================================

``interactions_`` is what ``ExplainableBoostingRegressor(interactions=...)`` takes. With as many
pairs, those that :class:`~skdropout.SmoothHessInteractions` found leave less error on new rows of
this function than those that the machine chose by FAST.
"""

import matplotlib.pyplot as plt
import numpy as np
from interpret.glassbox import ExplainableBoostingRegressor
from sklearn.metrics import root_mean_squared_error

from skdropout import DropoutMLPRegressor, SmoothHessInteractions
from skdropout.datasets import make_interactions

X, y, _ = make_interactions("F6", n_samples=1000, random_state=0)
X_test, y_test, _ = make_interactions("F6", n_samples=2000, random_state=1)

networks = DropoutMLPRegressor(
    (64, 64),
    dropout=0.0,
    activation="silu",
    n_members=4,
    numeric_encoding="standard",
    screening=None,
    learning_rate_init=0.01,
    max_iter=40,
)
finder = SmoothHessInteractions(networks, method="smooth_hessian", n_points=200, random_state=0)
pairs = finder.fit(X, y).interactions_

counts = [2, 5, 8]
errors = {"pairs by FAST": [], "pairs by SmoothHess": []}
for n in counts:
    for values, interactions in zip(errors.values(), [n, pairs[:n]], strict=True):
        machine = ExplainableBoostingRegressor(
            interactions=interactions, outer_bags=1, max_rounds=200, n_jobs=1, random_state=0
        )
        values.append(root_mean_squared_error(y_test, machine.fit(X, y).predict(X_test)))

figure, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
for (name, values), color in zip(errors.items(), ["0.5", "#D55E00"], strict=True):
    ax.plot(counts, values, "o-", color=color, label=name)
ax.set(xticks=counts, xlabel="number of pairs", ylabel="error on new rows (RMSE)", ylim=(0, None))
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False)
plt.show()

assert (np.array(errors["pairs by SmoothHess"]) < errors["pairs by FAST"]).all()

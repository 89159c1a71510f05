"""
Five pairs that act together, and a search that finds one of them
=================================================================

Which of the 45 pairs of ten columns act together? On this function eight do, of which three carry
hardly any variance. Second derivatives of networks put the other five in front; FAST, the screening
of explainable boosting machines, finds one. It is given the residuals of an additive model, as its
authors advise.
"""

import matplotlib.pyplot as plt
import numpy as np
from interpret.glassbox import ExplainableBoostingRegressor
from interpret.utils import measure_interactions
from sklearn.metrics import roc_auc_score

from skdropout import DropoutMLPRegressor, SmoothHessInteractions
from skdropout.datasets import make_interactions

X, y, true_pairs = make_interactions("F6", n_samples=1500, random_state=0)
every_pair = [(i, j) for j in range(10) for i in range(j)]

networks = DropoutMLPRegressor(
    (64, 64),
    dropout=0.0,
    activation="silu",
    n_members=4,
    numeric_encoding="standard",
    screening=None,
    learning_rate_init=0.01,
    max_iter=60,
)
finder = SmoothHessInteractions(networks, method="smooth_hessian", n_points=300, random_state=0)
smooth_hess = finder.fit(X, y).strengths_

additive = ExplainableBoostingRegressor(interactions=0, outer_bags=1, n_jobs=1, random_state=0)
fast = np.zeros((10, 10))
for (i, j), strength in measure_interactions(X, y, init_score=additive.fit(X, y)):
    fast[i, j] = fast[j, i] = strength

figure, axes = plt.subplots(2, 1, figsize=(9, 4.6), layout="constrained")
found = {}
for ax, name, strengths in zip(axes, ["SmoothHess", "FAST"], [smooth_hess, fast], strict=True):
    ranked = sorted(every_pair, key=lambda pair: -strengths[pair])
    values = np.array([strengths[pair] for pair in ranked])
    is_true = np.array([pair in true_pairs for pair in ranked])
    found[name] = int(is_true[:5].sum())
    ax.bar(range(45), values / values[0], color=np.where(is_true, "#D55E00", "0.75"))
    ax.set(
        title=f"{name}: area under the ROC curve {roc_auc_score(is_true, values):.2f}",
        ylabel="strength",
        xticks=[],
    )
    ax.spines[["top", "right"]].set_visible(False)
axes[-1].set_xlabel("all pairs, strongest first; those that truly act together in orange")
plt.show()

assert found == {"SmoothHess": 5, "FAST": 1}

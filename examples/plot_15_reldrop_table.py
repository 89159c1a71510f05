"""
RelDrop on a table
==================

Thirty measurements of tumours, many of which say the same. A network leans on a few of them; when
these are taken away, the most important first, it loses accuracy. Networks trained while relevant
columns were dropped are a little less accurate on complete rows, and more so once half of the
columns are gone.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.inspection import permutation_importance
from sklearn.model_selection import train_test_split

from skdropout import DropoutMLPClassifier, RelDropClassifier

X, y = load_breast_cancer(return_X_y=True)
X, X_test, y, y_test = train_test_split(X, y, test_size=0.4, stratify=y, random_state=0)
typical = np.median(X, axis=0)

common = {"dropout": 0.0, "n_members": 3, "learning_rate_init": 0.003, "max_iter": 40}
models = {
    "no dropout": DropoutMLPClassifier((32, 32), **common, random_state=0),
    "by chance": DropoutMLPClassifier((32, 32), input_dropout=0.5, **common, random_state=0),
    "RelDrop": RelDropClassifier((32, 32), alpha=0.5, beta=0.5, **common, random_state=0),
}

figure, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
for (name, model), color in zip(models.items(), ["0.5", "#0072B2", "#D55E00"], strict=True):
    model.fit(X, y)
    importance = permutation_importance(
        model, X, y, scoring="neg_log_loss", n_repeats=2, random_state=0
    ).importances_mean
    first, scores = np.argsort(-importance), []
    for n_occluded in range(0, 29, 4):
        occluded = X_test.copy()
        occluded[:, first[:n_occluded]] = typical[first[:n_occluded]]
        scores.append(model.score(occluded, y_test))
    ax.plot(range(0, 29, 4), scores, "o-", color=color, markersize=4, label=name)
ax.set(xlabel="columns replaced by their median, most important first", ylabel="accuracy, new rows")
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False)
plt.show()

"""
Trained to miss columns, a network loses less when they are gone
================================================================

Thirty measurements of tumours, many of which say the same. From each row those columns are taken
away on which the network's decision rests most. Networks that were trained while relevant columns
were dropped decide better then.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

from skdropout import DropoutMLPClassifier, RelDropClassifier

X, y = load_breast_cancer(return_X_y=True)
X, X_test, y, y_test = train_test_split(X, y, test_size=0.4, stratify=y, random_state=0)
typical = np.median(X, axis=0)


def columns_by_relevance(model):
    """Order each row's columns by how much the predicted class's logit owes to them."""
    sign = np.where(model.predict(X_test) == model.classes_[1], 1, -1)

    def logit(rows):
        return sign * np.subtract(*model.predict_log_proba(rows).T[::-1])

    losses = []
    for j in range(X.shape[1]):
        without = X_test.copy()
        without[:, j] = typical[j]
        losses.append(logit(X_test) - logit(without))
    return np.argsort(losses, axis=0)[::-1].T


common = {
    "dropout": 0.0,
    "n_members": 3,
    "numeric_encoding": "standard",
    "learning_rate_init": 0.003,
    "max_iter": 40,
}
models = {
    "no dropout": DropoutMLPClassifier((32, 32), **common, random_state=0),
    "by chance": DropoutMLPClassifier((32, 32), input_dropout=0.5, **common, random_state=0),
    "RelDrop": RelDropClassifier((32, 32), alpha=0.5, beta=0.5, **common, random_state=0),
}

counts = range(0, 15, 2)
curves = {}
figure, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
for (name, model), color in zip(models.items(), ["0.5", "#0072B2", "#D55E00"], strict=True):
    order, scores = columns_by_relevance(model.fit(X, y)), []
    for n_occluded in counts:
        hidden, occluded = order[:, :n_occluded], X_test.copy()
        np.put_along_axis(occluded, hidden, np.nan, axis=1)
        scores.append(model.score(occluded, y_test))
    curves[name] = scores
    ax.plot(counts, scores, "o-", color=color, markersize=4, label=name)
ax.set(xlabel="columns of each row taken away, most relevant first", ylabel="accuracy, new rows")
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False)
plt.show()

assert curves["RelDrop"][-1] > max(curves["by chance"][-1], curves["no dropout"][-1])

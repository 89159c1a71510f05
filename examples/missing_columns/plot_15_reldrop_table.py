"""
Up to six columns gone, and the decision still stands
=====================================================

Thirty measurements of tumours, many of which say the same. From each row those columns are taken
away on which the network's decision rests most. Networks that were trained while relevant columns
were dropped decide best as long as no more than six are gone, and hardly worse where none is.
Beyond that nobody's lead lasts. Lines are means over three splits of the rows.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

from skdropout import DropoutMLPClassifier, RelDropClassifier

X, y = load_breast_cancer(return_X_y=True)


def columns_by_relevance(model, X, typical):
    """Order each row's columns by how much the predicted class's logit owes to them."""
    sign = np.where(model.predict(X) == model.classes_[1], 1, -1)

    def logit(rows):
        return sign * np.subtract(*model.predict_log_proba(rows).T[::-1])

    losses = []
    for j in range(X.shape[1]):
        without = X.copy()
        without[:, j] = typical[j]
        losses.append(logit(X) - logit(without))
    return np.argsort(losses, axis=0)[::-1].T


common = {
    "dropout": 0.0,
    "n_members": 3,
    "numeric_encoding": "standard",
    "learning_rate_init": 0.003,
    "max_iter": 40,
    "random_state": 0,
}
models = {
    "no dropout": DropoutMLPClassifier((32, 32), **common),
    "by chance": DropoutMLPClassifier((32, 32), input_dropout=0.5, **common),
    "RelDrop": RelDropClassifier((32, 32), alpha=0.5, beta=0.3, **common),
}

counts = list(range(0, 15, 2))
curves = {name: np.zeros(len(counts)) for name in models}
for seed in range(3):
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=0.4, stratify=y, random_state=seed
    )
    for name, model in models.items():
        model.fit(X_train, y_train)
        order = columns_by_relevance(model, X_test, np.median(X_train, axis=0))
        for i, n_missing in enumerate(counts):
            missing = X_test.copy()
            np.put_along_axis(missing, order[:, :n_missing], np.nan, axis=1)
            curves[name][i] += model.score(missing, y_test) / 3

figure, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
for (name, scores), color in zip(curves.items(), ["0.5", "#0072B2", "#D55E00"], strict=True):
    ax.plot(counts, scores, "o-", color=color, markersize=4, label=name)
ax.set(xlabel="columns of each row taken away, most relevant first", ylabel="accuracy, new rows")
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False)
plt.show()

others = np.maximum(curves["no dropout"], curves["by chance"])
assert (curves["RelDrop"] > others)[1:4].all()
assert curves["RelDrop"][0] > others[0] - 0.01

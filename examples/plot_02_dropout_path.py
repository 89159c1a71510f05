"""
Choosing the rate by cross-validation
=====================================

:class:`~skdropout.DropoutMLPRegressorCV` trains the networks of all rates and folds as one stack.
The error on the rows of training only rises with the rate; the error on held-out folds falls
first, and the least one chooses.
"""

import matplotlib.pyplot as plt

from skdropout import DropoutMLPRegressorCV
from skdropout.datasets import make_interactions
from skdropout.inspection import DropoutPathDisplay

X, y, _ = make_interactions("F5", n_samples=500, noise=0.5, random_state=0)

search = DropoutMLPRegressorCV(
    (64, 64),
    dropouts=[0.0, 0.15, 0.3, 0.45, 0.6, 0.75],
    cv=4,
    numeric_encoding="standard",
    screening=None,
    learning_rate_init=0.005,
    max_iter=50,
    early_stopping=False,
    random_state=0,
).fit(X, y)

DropoutPathDisplay.from_estimator(search)
plt.show()

"""
Cross-validation finds the rate with the least error on rows not seen
=====================================================================

:class:`~skdropout.DropoutMLPRegressorCV` trains the networks of all rates and folds as one stack.
The error on the rows of training rises with the rate. The error on the rows of the held-out folds
falls first and then rises; the rate where it is least is taken.
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

train, held_out = (search.cv_results_[f"mean_{part}_score"] for part in ("train", "test"))
assert (train[1:] < train[:-1]).all()
assert 0 < held_out.argmax() < 5

"""
Single columns are learnt first, triples last
=============================================

:class:`~skdropout.callbacks.SpectrumCallback` measures the order spectrum while a network is
trained. The target is one column by itself, a pair and a triple, of equal variance. Half of the
single column is learnt first, then half of the pair, and half of the triple last.
"""

import matplotlib.pyplot as plt
import numpy as np

from skdropout import DropoutMLPRegressor
from skdropout.callbacks import SpectrumCallback
from skdropout.inspection import OrderSpectrumDisplay

rng = np.random.default_rng(0)
X = rng.uniform(-1, 1, size=(2000, 6))
main, pair, triple = 3**0.5 * X[:, 0], 3 * X[:, 1] * X[:, 2], 3**1.5 * X[:, 3:6].prod(axis=1)

spectrum = SpectrumCallback(X, max_order=3, n_evaluations=5_000)
DropoutMLPRegressor(
    (64, 64),
    dropout=0.0,
    numeric_encoding="standard",
    screening=None,
    learning_rate_init=0.003,
    max_iter=25,
    early_stopping=False,
    callbacks=[spectrum],
    random_state=0,
).fit(X, main + pair + triple)

OrderSpectrumDisplay.from_callback(spectrum, kind="absolute")
plt.show()

learnt = np.array([found.variances for found in spectrum.spectra_.values()])
half_learnt = (learnt > 0.5).argmax(axis=0)
assert half_learnt[0] < half_learnt[1] < half_learnt[2]

"""
The more dropout, the less is learnt of noise, and the simpler it is
====================================================================

The target is noise, so everything the networks learn is wrong. The more dropout, the less they
learn, and the larger the share of single columns (order 1) in what is left.
"""

import matplotlib.pyplot as plt
import numpy as np

from skdropout import DropoutMLPRegressor
from skdropout.inspection import OrderSpectrumDisplay, interaction_order_spectrum

rng = np.random.default_rng(0)
X = rng.uniform(-1, 1, size=(500, 6))
y = rng.standard_normal(500)

spectra = {}
for rate in [0.0, 0.1, 0.2]:
    model = DropoutMLPRegressor(
        (32, 32, 32),
        dropout=rate,
        input_dropout=rate,
        n_members=2,
        numeric_encoding="standard",
        screening=None,
        learning_rate_init=0.01,
        max_iter=30,
        early_stopping=False,
        random_state=0,
    ).fit(X, y)
    spectra[f"dropout {rate:g}"] = interaction_order_spectrum(
        model, X, n_evaluations=30_000, random_state=0
    )

OrderSpectrumDisplay.from_spectra(spectra)
plt.show()

totals = [spectrum.variances.sum() + spectrum.remainder for spectrum in spectra.values()]
single = [spectrum.normalized[0] for spectrum in spectra.values()]
assert totals[0] > totals[1] > totals[2]
assert single[0] < single[1] < single[2]

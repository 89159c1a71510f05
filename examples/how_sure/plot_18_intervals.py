"""
Nine of ten new targets lie within, and intervals are wide where the noise is
=============================================================================

A search that keeps the networks of its folds says how far off it may be: `predict_interval`.
Here some rows are noisier than others, and a column tells which. CV+ makes all intervals about as
wide; the scaled method, and networks of several quantiles, make them narrow where there is little
noise. The last lines do the same from outside, with MAPIE and with crepes.
"""

import matplotlib.pyplot as plt
import numpy as np
from crepes import ConformalRegressor
from mapie.regression import CrossConformalRegressor

from skdropout import DropoutMLPRegressor, DropoutMLPRegressorCV

rng = np.random.default_rng(0)
X = rng.uniform(-1, 1, size=(3000, 3))
y = np.sin(3 * X[:, 0]) + np.exp(2 * X[:, 1] - 1) * rng.normal(size=3000)
X, X_new, y, y_new = X[:1000], X[1000:], y[:1000], y[1000:]

# %%
# The networks of the folds are the model, so that nothing is fitted a second time.

common = {"hidden_layer_sizes": (32, 32), "learning_rate_init": 0.005, "random_state": 0}
search = DropoutMLPRegressorCV(**common, dropouts=[0.0, 0.2], refit="ensemble").fit(X, y)
quantiles = DropoutMLPRegressorCV(
    **common, dropouts=[0.0, 0.2], refit="ensemble", loss="quantile", quantile=[0.05, 0.5, 0.95]
).fit(X, y)
intervals = {
    "CV+": search.predict_interval(X_new, 0.9),
    "scaled": search.predict_interval(X_new, 0.9, method="scaled"),
    "quantiles": quantiles.predict_interval(X_new, 0.9),
}

# %%
# All hold about 90 % of the new targets. What differs is who is covered: CV+ holds nearly all of
# the rows with little noise, and too few of the noisy ones.

is_noisy = X_new[:, 1] > 0.5


found = {}


def say(name, lower, upper):
    covered = (lower <= y_new) & (y_new <= upper)
    found[name] = covered.mean(), covered[is_noisy].mean()
    print(
        f"{name:20} covered {covered.mean():.3f}, of noisy rows {covered[is_noisy].mean():.3f}; "
        f"mean width {np.mean(upper - lower):.2f}"
    )


figure, axes = plt.subplots(1, 3, figsize=(10, 3.2), sharey=True, layout="constrained")
shown = rng.permutation(len(X_new))[:300]
for ax, (name, ends) in zip(axes, intervals.items(), strict=True):
    say(name, *ends.T)
    ax.vlines(X_new[shown, 1], *ends[shown].T, color="#0072B2", alpha=0.3)
    ax.plot(X_new[shown, 1], y_new[shown], "k.", markersize=2)
    ax.set(title=name, xlabel="the column that tells the noise")
axes[0].set_ylabel("target and interval")

# %%
# MAPIE fits the plain estimator once for each fold, at a rate that has to be known, and puts CV+
# around it.

network = DropoutMLPRegressor(**common, dropout=0.1, n_members=2)
mapie = CrossConformalRegressor(network, confidence_level=0.9, method="plus", cv=5)
mapie.fit_conformalize(X, y)
say("MAPIE", *mapie.predict_interval(X_new)[1][..., 0].T)

# %%
# crepes asks for residuals of rows that the model did not see, which are there already.

crepes = ConformalRegressor().fit(residuals=y - search.oof_predictions_)
say("crepes", *crepes.predict_int(search.predict(X_new), confidence=0.9).T)

# %%
# All five hold between 87 and 95 % of the new targets. Of the noisy rows the intervals that know
# where the noise is hold more than CV+ does.

assert all(0.87 < share < 0.95 for share, _ in found.values())
assert found["CV+"][1] < min(found["scaled"][1], found["quantiles"][1])

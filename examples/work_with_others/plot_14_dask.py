"""
Much dropout harms a narrow network more: a search run by Dask
==============================================================

Any search of scikit-learn runs on a Dask cluster, here on two workers of the same machine. Workers
that are threads share torch, so each is given one of its threads; worker processes need no such
line. Much dropout harms the narrow network more than the wide one.
"""

import joblib
import matplotlib.pyplot as plt
import torch
from distributed import Client
from sklearn.model_selection import GridSearchCV

from skdropout import DropoutMLPRegressor
from skdropout.datasets import make_interactions

X, y, _ = make_interactions("F5", n_samples=200, noise=0.5, random_state=0)
units, rates = [16, 64], [0.0, 0.3, 0.6]

torch.set_num_threads(1)
search = GridSearchCV(
    DropoutMLPRegressor(
        numeric_encoding="standard", learning_rate_init=0.01, max_iter=12, random_state=0
    ),
    {"hidden_layer_sizes": [(n, n) for n in units], "dropout": rates},
    cv=3,
    scoring="neg_mean_squared_error",
)
with (
    Client(processes=False, n_workers=2, threads_per_worker=1, dashboard_address=None),
    joblib.parallel_config("dask"),
):
    search.fit(X, y)

figure, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
results = search.cv_results_
harm = {}
for n in units:
    of_size = [sizes == (n, n) for sizes in results["param_hidden_layer_sizes"]]
    errors = -results["mean_test_score"][of_size]
    harm[n] = errors[-1] - errors[0]
    ax.plot(rates, errors, "o-", label=f"{n}, {n}")
ax.set(xlabel="dropout rate", ylabel="squared error, held-out folds", ylim=(0, None))
ax.spines[["top", "right"]].set_visible(False)
ax.legend(title="units", frameon=False)
plt.show()

assert harm[16] > harm[64] > 0

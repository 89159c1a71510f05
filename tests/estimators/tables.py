"""Tables that several test modules learn from."""

import numpy as np
import pandas as pd


def with_noise(n_rows=400, n_noise=6, seed=0):
    """Two numbers and a category that matter, noise of both kinds; a regression target."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"a": rng.normal(size=n_rows)})
    X["city"] = pd.Categorical(rng.choice(["Oslo", "Rome", "Lima"], n_rows))
    for j in range(n_noise):
        X[f"noise {j}"] = rng.normal(size=n_rows)
    X["b"] = rng.exponential(size=n_rows)
    X["noise city"] = pd.Categorical(rng.choice(list("pqrs"), n_rows))
    y = X["a"] + 2 * (X["city"] == "Rome") + X["b"] + 0.5 * rng.normal(size=n_rows)
    return X, y.to_numpy()

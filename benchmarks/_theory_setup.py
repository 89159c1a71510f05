"""What the experiments of dropout_theory.py share: networks as in the paper, noise, totals."""

import numpy as np

from skdropout import DropoutMLPRegressor
from skdropout.callbacks import SpectrumCallback

__all__ = ["MEASURED", "ORDERS", "PLAIN", "SIMPLE", "noise_data", "totals", "while_learning"]

ORDERS = ("order 1", "order 2", "order 3", "order 4")
# the networks of the paper
SIMPLE = {"numeric_encoding": "standard", "input_scaling": 0, "screening": None}
# all epochs are run, and nothing but dropout holds the networks back
PLAIN = {"learning_rate": "constant", "early_stopping": False, "weight_decay": 0.0, **SIMPLE}
MEASURED = {"per_member": True, "n_evaluations": 10_000, "random_state": 0}


def totals(spectrum):
    """Return the variance of all orders together."""
    return spectrum.variances.sum(-1) + spectrum.remainder


def noise_data(seed, n_rows=1000):
    """25 uniform columns and a target that has nothing to do with them."""
    rng = np.random.default_rng(seed)
    return rng.uniform(-1, 1, size=(n_rows, 25)), rng.normal(size=n_rows)


def while_learning(seeds, rates, every, epochs, schedules="constant"):
    """Variances (seed, epoch, rate, order) of a target of a column, a pair and a triple alike.

    Of networks whose units and columns are dropped at each of the rates, by schedules of their own
    if there are several.
    """
    found = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        X = rng.uniform(-1, 1, size=(1500, 25))
        signal = 3**0.5 * X[:, 0] + 3 * X[:, 1] * X[:, 2] + 27**0.5 * X[:, 3:6].prod(1)
        callback = SpectrumCallback(X, every=every, **{**MEASURED, "n_evaluations": 20_000})
        DropoutMLPRegressor(
            (32, 32),
            n_members=len(rates),
            dropout=np.repeat(np.array(rates)[:, None], 2, axis=1),
            input_dropout=rates,
            dropout_schedule=schedules,
            max_iter=epochs,
            callbacks=[callback],
            random_state=seed,
            **PLAIN,
        ).fit(X, signal + 2 * rng.normal(size=1500))
        found.append([spectrum.variances for spectrum in callback.spectra_.values()])
    return np.array(found)

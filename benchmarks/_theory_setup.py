"""What the experiments of dropout_theory.py share: networks as in the paper, noise, totals."""

import numpy as np

__all__ = ["MEASURED", "ORDERS", "PLAIN", "SIMPLE", "noise_data", "totals"]

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

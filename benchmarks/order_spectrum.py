"""Order spectrum of known functions: noise stability against distillation into boosted trees.

For each function of 8 uniform features: the largest error of the shares of orders 1 to 4 and the
seconds of processor time, medians over seeds and half the distance between the extremes. Noise
stability runs twice, with its default number of evaluations and with as many as fit into the time
of the distillation. One thread:

    OMP_NUM_THREADS=1 python benchmarks/order_spectrum.py
"""

import time
from itertools import combinations
from math import prod

import numpy as np
from _results import append_rows, median_and_spread, show

from skdropout.inspection import interaction_order_spectrum

N_ROWS = 10_000
N_FEATURES = 8
SEEDS = range(5)
SAME_TIME = "noise stability, 400,000 evaluations"
METHODS = {
    "noise stability": {},
    SAME_TIME: {"n_evaluations": 400_000},
    "distillation": {"method": "distillation"},
}


def products(*terms, factor=np.asarray):
    """Sum over `terms` of products of ``factor(x_j)``, each scaled to variance one."""

    def f(X):
        G = factor(X)
        second = (factor(np.linspace(-1, 1, 100_001)) ** 2).mean()
        return sum(G[:, term].prod(1) / second ** (len(term) / 2) for term in terms)

    return f


def shares_of_products(X, *terms, factor=np.asarray):
    """Exact shares under the marginals of `X` (terms without a common feature)."""
    G = factor(X)
    means, variances = G.mean(0), G.var(0)
    second = (factor(np.linspace(-1, 1, 100_001)) ** 2).mean()
    carried = np.zeros(N_FEATURES)
    for term in terms:
        for order in range(1, len(term) + 1):
            for u in combinations(term, order):
                constant = prod(means[j] ** 2 for j in term if j not in u)
                carried[order - 1] += constant * prod(variances[j] for j in u) / second ** len(term)
    return carried[:4] / carried.sum()


FUNCTIONS = {
    "order 1": ([[0]], np.asarray),
    "order 2": ([[0, 1]], np.asarray),
    "order 3": ([[0, 1, 2]], np.asarray),
    "mixture of 1, 2, 3": ([[0], [1, 2], [3, 4, 5]], np.asarray),
    "order 5": ([[0, 1, 2, 3, 4]], np.asarray),
    "mixture, signs": ([[0], [1, 2], [3, 4, 5]], np.sign),
    "mixture, waves": ([[0], [1, 2], [3, 4, 5]], lambda X: np.sin(8 * X)),
    "three features all positive": ([[0, 1, 2]], lambda X: (X > 0).astype(float)),
}


def measure(terms, factor, options):
    """Largest errors of the shares and seconds, one of each for each seed."""
    f, errors, seconds = products(*terms, factor=factor), [], []
    for seed in SEEDS:
        X = np.random.default_rng(seed).uniform(-1, 1, size=(N_ROWS, N_FEATURES))
        start = time.process_time()
        spectrum = interaction_order_spectrum(f, X, random_state=seed, **options)
        seconds.append(time.process_time() - start)
        expected = shares_of_products(X, *terms, factor=factor)
        errors.append(np.abs(spectrum.normalized - expected).max())
    return errors, seconds


def main():
    table = []
    for name, (terms, factor) in FUNCTIONS.items():
        rows, median_errors = [], {}
        for method, options in METHODS.items():
            errors, seconds = map(median_and_spread, measure(terms, factor, options))
            median_errors[method] = errors[0]
            rows += [
                (f"{name}; {method}", "largest error of a share", *errors),
                (f"{name}; {method}", "seconds of processor time", *seconds),
            ]
            table.append((name, method, *(f"{m:.4f} ± {s:.4f}" for m, s in (errors, seconds))))
        # what is exact to rounding counts as an error of 1e-6
        ratio = median_errors["distillation"] / max(median_errors[SAME_TIME], 1e-6)
        rows.append((name, f"error of distillation / error of {SAME_TIME}", ratio, 0.0))
        table.append((name, "distillation / noise stability", f"{ratio:.3g}", ""))
        append_rows("order_spectrum", rows)
    show(("function", "method", "largest error", "seconds"), table)


if __name__ == "__main__":
    main()

"""Order spectrum of known functions: noise stability against distillation into boosted trees.

Prints, for each function of 8 uniform features, the largest error of the shares of orders
1 to 4 and the seconds taken; means over seeds. Run with one thread: OMP_NUM_THREADS=1.
"""

import time
from itertools import combinations
from math import prod

import numpy as np

from skdropout.inspection import interaction_order_spectrum

N_ROWS = 10_000
N_FEATURES = 8
SEEDS = range(3)
METHODS = {
    "noise stability": {},
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


def main():
    print(f"{'function':<28}{'method':<17}{'error':>9}{'seconds':>9}   shares of orders 1-4")
    for name, (terms, factor) in FUNCTIONS.items():
        mean_errors = {}
        for method, options in METHODS.items():
            errors, seconds = [], []
            for seed in SEEDS:
                X = np.random.default_rng(seed).uniform(-1, 1, size=(N_ROWS, N_FEATURES))
                start = time.perf_counter()
                spectrum = interaction_order_spectrum(
                    products(*terms, factor=factor), X, random_state=seed, **options
                )
                seconds.append(time.perf_counter() - start)
                expected = shares_of_products(X, *terms, factor=factor)
                errors.append(np.abs(spectrum.normalized - expected).max())
            mean_errors[method] = np.mean(errors)
            shares = " ".join(f"{share:.3f}" for share in spectrum.normalized)
            print(
                f"{name:<28}{method:<17}{np.mean(errors):>9.4f}{np.mean(seconds):>9.2f}   {shares}"
            )
        ratio = mean_errors["distillation"] / max(mean_errors["noise stability"], 1e-12)
        times = "more than 1000" if ratio > 1000 else f"{ratio:.1f}"
        print(f"{'':<28}the error of distillation is {times} times that of noise stability")


if __name__ == "__main__":
    main()

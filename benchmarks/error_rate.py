"""How many of the interactions that the finder keeps are false, and how many true ones it misses.

    python benchmarks/error_rate.py [--parts false power] [--seeds 100] [--minutes 30] [--summary]

`SmoothHessInteractions(n_interactions="auto")`, whose `error_rate` is .05, on made tables of ten
columns, normal, independent or of correlation .7 each with each, with noise of .3 of the target's
deviation. *False*: the target is a sum of functions of single columns (lines, waves, steps, a
kink, a square), or that and a product of two columns that carries 20 % of the variance; 500 or
2,000 rows. The share of what is kept that is false, 0 where nothing is kept, must not exceed .05 on
average. *Power*: 2,000 rows, columns uniform, beside those functions four pairs, a product, a
maximum, a sine of a product and a step, each of whose pure effects carries 2 or .5 % of the
variance of the noise-free target; noise as given.

"small" are two networks of 64 hidden units, fitted five times; "default" are the finder's own.
Every result is written as it is found, and what is there already is not run again.
"""

import argparse
import time
import warnings
from itertools import product

import numpy as np
import torch
from _results import append_rows, done, rows_of, show

from skdropout import DropoutMLPRegressor, SmoothHessInteractions

N_COLUMNS, STRONG, RESULTS = 10, 0.2, "error_rate"
ALONE = (
    lambda x: x,
    lambda x: x**2,
    lambda x: np.sin(2 * x),
    lambda x: (x > 0.3).astype(float),
    np.abs,
    lambda x: np.exp(x / 2),
    lambda x: np.cos(2 * x),
)
PAIRS = {
    "product": (0, 1, lambda a, b: a * b),
    "maximum": (2, 3, np.maximum),
    "sine": (4, 5, lambda a, b: np.sin(2 * a * b)),
    "step": (6, 7, lambda a, b: ((a > 0) & (b > 0)).astype(float)),
}
NETWORKS = {
    "small": lambda seed: DropoutMLPRegressor(
        (64,),
        activation="silu",
        dropout=0.1,
        n_members=2,
        numeric_encoding="standard",
        input_scaling=0.0,
        screening=None,
        learning_rate_init=2e-2,
        batch_size=128,
        max_iter=60,
        n_iter_no_change=60,
        random_state=seed,
        device="cpu",
    ),
    "default": lambda _: None,
}


def additive(X):
    """Functions of the columns one by one, each of unit variance."""
    parts = [ALONE[j % len(ALONE)](x) for j, x in enumerate(X.T)]
    return sum((part - part.mean()) / part.std() for part in parts)


def with_noise(signal, noise, rng):
    return signal + noise * signal.std() * rng.standard_normal(len(signal))


def false_table(truth, n_samples, correlation, seed):
    """Return X, y and the true pairs of a table of which little is true."""
    rng = np.random.default_rng(seed)
    X = (1 - correlation) ** 0.5 * rng.standard_normal((n_samples, N_COLUMNS))
    X += correlation**0.5 * rng.standard_normal((n_samples, 1))
    signal, true = additive(X), []
    if truth == "strong pair":
        together = X[:, 0] * X[:, 1]
        share = (STRONG / (1 - STRONG)) ** 0.5
        signal = signal / signal.std() + share * (together - together.mean()) / together.std()
        true = [(0, 1)]
    return X, with_noise(signal, 0.3, rng), true


def pure_variance(f):
    """Variance of what two uniform columns do only together."""
    grid = (np.arange(400) + 0.5) / 200 - 1
    values = f(grid[:, None], grid)
    return (values - values.mean(0) - values.mean(1, keepdims=True) + values.mean()).var()


def power_table(share, noise, n_samples, seed):
    """Return X, y and the true pairs, in the order of PAIRS, each of that share of variance."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, size=(max(n_samples, 10**5), N_COLUMNS))
    base = additive(X)
    parts = [f(X[:, i], X[:, j]) / pure_variance(f) ** 0.5 for i, j, f in PAIRS.values()]
    size = 0.0
    for _ in range(50):  # what all sum to depends on the size of the parts
        signal = base + size * sum(parts)
        size = (share * signal.var()) ** 0.5
    y = with_noise(signal, noise, rng)
    return X[:n_samples], y[:n_samples], [(i, j) for i, j, _ in PAIRS.values()]


def find(networks, X, y, seed):
    """Return the pairs that are kept, and the seconds of processor time."""
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that nothing passes, or that columns are dependent
        finder = SmoothHessInteractions(
            NETWORKS[networks](seed), n_interactions="auto", device="cpu", random_state=seed
        ).fit(X, y)
    return set(finder.interactions_), time.process_time() - start


def false_share(kept, true):
    return len(kept - set(true)) / max(len(kept), 1)


def runs(arguments):
    """Yield the key of every run, its networks, what makes its table, and the seed."""
    for seed in range(arguments.seeds):
        if "false" in arguments.parts:
            for networks, n_samples, truth, correlation in product(
                arguments.networks, (500, 2000), ("additive", "strong pair"), (0.0, 0.7)
            ):
                key = f"{truth}, correlation {correlation:g} | {n_samples} rows | {networks}"
                yield key, networks, (false_table, truth, n_samples, correlation), seed
        if "power" in arguments.parts:
            for networks, share, noise in product(arguments.networks, (0.02, 0.005), (0.3, 1.0)):
                key = f"pairs of {100 * share:g} %, noise {noise:g} | 2000 rows | {networks}"
                yield key, networks, (power_table, share, noise, 2000), seed


def summary():
    """Show the means over seeds and two standard errors of the share that is false."""
    found = {}
    for row in rows_of(RESULTS):
        key, _ = row["setting"].rsplit(" | ", 1)
        found.setdefault(key, {}).setdefault(row["metric"], []).append(float(row["value"]))
    rows = []
    for key, of in sorted(found.items()):
        false = np.array(of["false share"])
        error = 2 * false.std(ddof=1) / len(false) ** 0.5 if len(false) > 1 else np.nan
        hits = [f"{np.mean(of[name]):.2f}" if name in of else "" for name in (*PAIRS, "pair")]
        seconds = f"{np.median(of['CPU seconds']):.1f}"
        rows.append((key, len(false), f"{false.mean():.3f}", f"{error:.3f}", *hits, seconds))
    header = ("target, rows, networks", "runs", "false", "two errors")
    show((*header, *(f"found: {name}" for name in (*PAIRS, "pair")), "CPU s"), rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parts", nargs="*", default=["false", "power"])
    parser.add_argument("--networks", nargs="*", default=list(NETWORKS), choices=NETWORKS)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--minutes", type=float, default=np.inf)
    parser.add_argument("--summary", action="store_true", help="only show what is there")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    stop, there = time.monotonic() + 60 * arguments.minutes, {key for key, _ in done(RESULTS)}
    for key, networks, (make, *options), seed in () if arguments.summary else runs(arguments):
        if time.monotonic() > stop:
            break
        setting = f"{key} | seed {seed}"
        if setting in there:
            continue
        X, y, true = make(*options, seed)
        kept, seconds = find(networks, X, y, seed)
        names = PAIRS if make is power_table else ["pair"]
        found = dict(zip(names, [float(pair in kept) for pair in true], strict=False))
        found = {"false share": false_share(kept, true), **found, "CPU seconds": seconds}
        append_rows(RESULTS, [(setting, metric, value, 0.0) for metric, value in found.items()])
        print(f"{setting}: {found}", flush=True)
    summary()


if __name__ == "__main__":
    main()

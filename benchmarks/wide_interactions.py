"""Finding interactions among many columns: time and AUC, ours against FAST.

    python benchmarks/wide_interactions.py [--columns 20 50 100 200 500] [--rows 10000] [--seeds 0]
        [--contenders ours "FAST on residuals"]

Ten pairs act together among the first twenty columns, which have main effects too; all others are
noise. FAST works on the residuals of an additive boosting machine, as its authors advise, and the
time of both fits counts; so does the training of our networks.
"""

import argparse
import time
from itertools import combinations

import numpy as np
import torch
from _detectors import CONTENDERS
from _results import append_rows, done, show
from sklearn.metrics import roc_auc_score

PAIRS = {(2 * k, 2 * k + 1) for k in range(10)}


def make_wide(n_rows, n_columns, seed, noise=0.3):
    """Uniform columns; sines of columns, products of pairs, and noise."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, size=(n_rows, n_columns))
    y = np.sin(3 * X[:, :20]) @ rng.uniform(0.3, 1, 20)
    pairs = [(i, j) for i, j in PAIRS if j < n_columns]
    y = y + sum(3 * rng.uniform(0.5, 1) * X[:, i] * X[:, j] for i, j in pairs)
    return X, y + noise * y.std() * rng.standard_normal(n_rows), pairs


def area(strengths, n_columns, pairs):
    every = list(combinations(range(n_columns), 2))
    values = [strengths.get(pair, 0.0) for pair in every]
    return roc_auc_score([pair in pairs for pair in every], values)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--columns", nargs="*", type=int, default=[20, 50, 100, 200, 500])
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--seeds", nargs="*", type=int, default=[0])
    parser.add_argument(
        "--contenders", nargs="*", default=["ours", "FAST on residuals"], choices=CONTENDERS
    )
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    there, table = {setting for setting, _ in done("wide_interactions")}, []
    for n_columns in arguments.columns:
        for seed in arguments.seeds:
            X, y, pairs = make_wide(arguments.rows, n_columns, seed)
            for name in arguments.contenders:
                key = f"{arguments.rows:,} rows, {n_columns} columns, seed {seed}: {name}"
                if key in there:
                    continue
                start = time.process_time()
                strengths = CONTENDERS[name].find(X, y, seed, 2)
                seconds = time.process_time() - start
                auc = area(strengths, n_columns, {*pairs})
                rows = [(key, "AUC", auc, 0.0), (key, "CPU seconds", seconds, 0.0)]
                append_rows("wide_interactions", rows)
                table.append((key, f"{auc:.4f}", f"{seconds:.0f}"))
                print(*table[-1], flush=True)
    show(("", "AUC", "CPU s"), table)


if __name__ == "__main__":
    main()

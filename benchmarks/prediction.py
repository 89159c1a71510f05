"""Predictions by layers in single precision, against the same networks in double.

For each table the default networks are fitted on at most 2,000 rows. What is printed: the largest
difference over 3,000 rows, in standard deviations of the predictions (of probabilities as it is);
how often the rows, cut in so many random ways, were not predicted to the same bit; and the time of
30,000 rows over that in double, in one thread, the two in turn.

    python benchmarks/prediction.py [--data-dir DIR] [--tables NAME ...] [--no-save]
"""

import argparse
import copy
import time

import numpy as np
import pandas as pd
import torch
from _results import append_rows, median_and_spread, show
from _tables import TABLES, load_table, split

from skdropout import DropoutMLPClassifier, DropoutMLPRegressor

CUTS, REPEATS, ROWS = 200, 5, 30_000


def answers(model, X):
    """Return predictions in standard deviations, or probabilities."""
    if hasattr(model, "predict_proba"):
        return model.predict_proba(X)
    return model.predict(X)


def in_double(model):
    """Return a copy of a model whose layers compute in double precision."""
    model = copy.deepcopy(model)
    model.net_.module_.double()
    return model


def n_bits_lost(model, X, whole, rng):
    """Count the random parts of ``X`` that are predicted otherwise than as rows of the whole."""
    lost = 0
    for _ in range(CUTS):
        rows = rng.permutation(len(X))[: rng.integers(1, rng.choice([5, 100, len(X)]))]
        lost += not np.array_equal(answers(model, X.iloc[rows]), whole[rows])
    return lost


def seconds(model, X):
    start = time.process_time()
    answers(model, X)
    return time.process_time() - start


def measure(name, data_dir):
    """Return the largest difference, the parts not the same, and the ratios of times."""
    X, y, task = load_table(name, data_dir)
    X_train, X_test, y_train, _ = split(X, y, task, 0, most_train=2000)
    kind = DropoutMLPRegressor if task == "regression" else DropoutMLPClassifier
    model = kind(random_state=0).fit(X_train, y_train)
    double = in_double(model)
    single, exact = answers(model, X_test), answers(double, X_test)
    unit = exact.std() if task == "regression" else 1.0
    lost = n_bits_lost(model, X_test, single, np.random.default_rng(0))
    many = pd.concat([X_test] * -(-ROWS // len(X_test)), ignore_index=True)[:ROWS]
    ratios = [seconds(model, many) / seconds(double, many) for _ in range(REPEATS)]
    return np.abs(single - exact).max() / unit, lost, ratios


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data-dir")
    parser.add_argument("--tables", nargs="*", default=TABLES)
    parser.add_argument("--no-save", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    table, rows = [], []
    for name in arguments.tables:
        difference, lost, ratios = measure(name, arguments.data_dir)
        ratio, spread = median_and_spread(ratios)
        rows.append((name, "largest difference from double", difference, 0.0))
        rows.append((name, f"of {CUTS} parts not the same to the bit", lost, 0.0))
        rows.append((name, "time over that in double", ratio, spread))
        table.append([name, f"{difference:.1e}", lost, f"{ratio:.2f} +- {spread:.2f}"])
        print(*table[-1], flush=True)
    show(["table", "difference", f"of {CUTS} not the same", "time / double"], table)
    if not arguments.no_save:
        append_rows("prediction", rows)


if __name__ == "__main__":
    main()

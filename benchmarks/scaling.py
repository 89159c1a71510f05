"""Time and memory of fit with defaults, from 5,000 to 500,000 rows.

The rows are those of the bike sharing table, drawn with replacement, its numbers moved by a little
noise; each size is fitted in a process of its own, in one thread, for a few epochs: time is that of
the processor, of fit alone, memory the process's largest.

    python benchmarks/scaling.py [--rows 5000 50000 500000] [--epochs 3] [--no-save]
"""

import argparse
import multiprocessing
import resource
import time

import numpy as np
import torch
from _results import append_rows, show

from skdropout import DropoutMLPRegressor
from skdropout.datasets import load_bike_sharing

JITTER = 0.02


def make_rows(n_rows, seed=0):
    """Draw rows with replacement and move numbers by a share of their deviation."""
    X, y = load_bike_sharing(return_X_y=True)
    rng = np.random.default_rng(seed)
    rows = rng.integers(len(X), size=n_rows)
    X, y = X.iloc[rows].reset_index(drop=True), y.to_numpy()[rows].astype(float)
    for name in X.select_dtypes("float"):
        X[name] += JITTER * X[name].std() * rng.normal(size=n_rows)
    return X, y


def measure(n_rows, n_epochs, queue):
    torch.set_num_threads(1)
    X, y = make_rows(n_rows)
    model = DropoutMLPRegressor(max_iter=1, device="cpu", random_state=0)
    model.fit(X[:500], y[:500])  # imports
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    model.set_params(max_iter=n_epochs, n_iter_no_change=n_epochs)
    start = time.process_time()
    model.fit(X, y)
    seconds = time.process_time() - start
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    queue.put((seconds, before / 1024, after / 1024))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, nargs="*", default=[5_000, 50_000, 500_000])
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--no-save", action="store_true")
    arguments = parser.parse_args()
    table, rows = [], []
    context = multiprocessing.get_context("spawn")
    for n_rows in arguments.rows:
        queue = context.Queue()
        process = context.Process(target=measure, args=(n_rows, arguments.epochs, queue))
        process.start()
        seconds, before, after = queue.get()
        process.join()
        per_million = seconds / arguments.epochs / n_rows * 1e6
        setting = f"{n_rows} rows, {arguments.epochs} epochs"
        rows += [(setting, "fit, s", seconds, 0.0), (setting, "peak memory, MiB", after, 0.0)]
        rows.append((setting, "peak memory before fit, MiB", before, 0.0))
        cells = f"{seconds:.1f}", f"{per_million:.1f}", f"{before:.0f}", f"{after:.0f}"
        table.append([f"{n_rows:,}", *cells])
    header = "rows", "fit, s", "s / epoch / million rows", "MiB before", "MiB at most"
    show(header, table)
    if not arguments.no_save:
        append_rows("scaling", rows)


if __name__ == "__main__":
    main()

"""Time and memory of fit, from 5,000 to 20 million rows; a search shared by two workers.

With ``--parts rows``: defaults, in memory. The rows are those of the bike sharing table, drawn with
replacement, its numbers moved by a little noise; each size is fitted in a process of its own, in
one thread, for a few epochs: time is that of the processor, of fit alone, memory the process's
largest.

``--parts disk``: one epoch of one small network on twenty columns of numbers, read into memory and
opened on disk by ``open_table``. Time is that of all of fit: statistics, the temporary file, the
epoch and its validation.

``--parts workers``: a search of 60 networks, one thread a process, by one process and by two of
joblib, in turn; time is that of the clock, so nothing else must run. The workers have imported
everything before, and what they find must be the same, to the bit.

    python benchmarks/scaling.py [--parts rows disk workers] [--rows 5000 50000 500000] [--epochs 3]
                                 [--disk-rows 20000000] [--memory-rows 2000000] [--no-save]
"""

import argparse
import multiprocessing
import os
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from _results import append_rows, show

from skdropout import DropoutMLPRegressor, DropoutMLPRegressorCV
from skdropout.datasets import load_bike_sharing, make_interactions, open_table

JITTER = 0.02
N_COLUMNS, AT_ONCE = 20, 10**6
SMALL = {
    "hidden_layer_sizes": (32,),
    "dropout": 0.1,
    "n_members": 1,
    "batch_size": 1024,
    "max_iter": 1,
    "device": "cpu",
    "random_state": 0,
}


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


def rows_part(arguments, context):
    table, rows = [], []
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
    show(("rows", "fit, s", "s / epoch / million rows", "MiB before", "MiB at most"), table)
    return rows


def write_table(folder, n_rows):
    """Write n_rows of numbers and a target that two of them interact in."""
    rng = np.random.default_rng(0)
    shape = n_rows, N_COLUMNS
    X = np.lib.format.open_memmap(folder / "X.npy", "w+", np.float32, shape)
    y = np.empty(n_rows)
    for start in range(0, n_rows, AT_ONCE):
        part = rng.normal(size=(min(AT_ONCE, n_rows - start), N_COLUMNS))
        rows = slice(start, start + len(part))
        X[rows] = part
        y[rows] = (
            part[:, 0] * part[:, 1] + np.sin(2 * part[:, 2]) + 0.5 * rng.normal(size=len(part))
        )
    X.flush()
    np.save(folder / "y.npy", y)


def measure_table(folder, where, queue):
    torch.set_num_threads(1)
    X, y = np.random.default_rng(0).normal(size=(500, N_COLUMNS)), np.arange(500) % 7
    DropoutMLPRegressor(**SMALL).fit(X, y)  # imports
    y = np.load(folder / "y.npy")
    X = open_table(folder / "X.npy")[0] if where == "disk" else np.load(folder / "X.npy")
    start = time.process_time()
    model = DropoutMLPRegressor(**SMALL).fit(X, y)
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    queue.put((seconds, peak, model.best_validation_score_))


def disk_part(arguments, context):
    table, rows = [], []
    settings = [("memory", arguments.memory_rows), ("disk", arguments.memory_rows)]
    settings.append(("disk", arguments.disk_rows))
    with tempfile.TemporaryDirectory() as folder:
        written = None
        for where, n_rows in settings:
            if written != n_rows:
                # a process starts with the largest memory of the one that starts it
                writer = context.Process(target=write_table, args=(Path(folder), n_rows))
                writer.start()
                writer.join()
                written = n_rows
            queue = context.Queue()
            process = context.Process(target=measure_table, args=(Path(folder), where, queue))
            process.start()
            seconds, peak, score = queue.get()
            process.join()
            setting = f"{n_rows} rows in {where if where == 'memory' else 'a file'}, one epoch"
            rows += [(setting, "fit, s", seconds, 0.0), (setting, "peak memory, MiB", peak, 0.0)]
            rows.append((setting, "validation loss", -score, 0.0))
            cells = (
                f"{seconds:.1f}",
                f"{seconds / n_rows * 1e6:.2f}",
                f"{peak:.0f}",
                f"{-score:.4f}",
            )
            table.append([f"{n_rows:,}", where, *cells])
    show(("rows", "in", "fit, s", "s / million rows", "MiB at most", "validation loss"), table)
    return rows


def workers_part(arguments, context):
    torch.set_num_threads(1)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    X, y, _ = make_interactions("F5", n_samples=5000, noise=0.5, random_state=0)
    search = DropoutMLPRegressorCV(
        dropouts=12, cv=5, max_iter=8, refit=False, device="cpu", random_state=0
    )
    seconds, found = {1: [], 2: []}, {}
    for n_jobs in (1, 2):  # imports, workers
        search.set_params(n_jobs=n_jobs, max_iter=1).fit(X, y)
    search.set_params(max_iter=8)
    for _ in range(arguments.repeats):
        for n_jobs, of_jobs in seconds.items():
            start = time.perf_counter()
            found[n_jobs] = search.set_params(n_jobs=n_jobs).fit(X, y).scores_
            of_jobs.append(time.perf_counter() - start)
    assert np.array_equal(found[1], found[2]), "workers find something else"
    ratios = np.divide(seconds[1], seconds[2])
    table = [[n, *(f"{s:.1f}" for s in of_jobs)] for n, of_jobs in seconds.items()]
    show(("workers", *(f"run {k + 1}, s" for k in range(arguments.repeats))), table)
    print(f"times as fast: {np.median(ratios):.2f} ({ratios.min():.2f} to {ratios.max():.2f})")
    setting = "search of 60 networks, 5000 rows"
    rows = [(setting, f"{n} workers, s", np.median(s), np.ptp(s)) for n, s in seconds.items()]
    return [*rows, (setting, "times as fast", np.median(ratios), np.ptp(ratios))]


PARTS = {"rows": rows_part, "disk": disk_part, "workers": workers_part}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=list(PARTS))
    parser.add_argument("--rows", type=int, nargs="*", default=[5_000, 50_000, 500_000])
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--disk-rows", type=int, default=20_000_000)
    parser.add_argument("--memory-rows", type=int, default=2_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--no-save", action="store_true")
    arguments = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    rows = [row for part in arguments.parts for row in PARTS[part](arguments, context)]
    if not arguments.no_save:
        append_rows("scaling", rows)


if __name__ == "__main__":
    main()

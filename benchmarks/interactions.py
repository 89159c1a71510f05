"""Detection of interactions: ours against FAST, EBM, LightGBM with Friedman's H, and NID.

    python benchmarks/interactions.py [--detectors ours "FAST on residuals" ...]
        [--functions F G C E] [--settings 2000/0 2000/0.3 10000/0] [--seeds 0 1 2]
        [--minutes 20] [--summary]

F1 to F10 (`skdropout.datasets.make_interactions`) and ten further functions, G1 to G10 (G3 and G5
took part in choosing the defaults, as did F2, F4, F6 and F9); C1 to C10 are F1 to F10 on features
of correlation .6, E1 to E10 easy ones. The score is the area under the ROC curve of the true pairs
among all 45, with the processor time of the whole search, on one thread. Every result is written as
it is found, and what is there already is not run again, so the run may be stopped and taken up at
any time; `--minutes` stops it between two runs.
"""

import argparse
import time
from itertools import combinations, product

import numpy as np
import torch
from _detectors import DETECTORS
from _functions import make_function
from _results import RESULTS, append_rows, done, show
from sklearn.metrics import roc_auc_score

from skdropout.datasets import make_interactions

SETTINGS = ("2000/0", "2000/0.3", "10000/0")
CORRELATION = 0.6


def make(name, setting, seed):
    n_samples, noise = setting.split("/")
    n_samples, noise = int(n_samples), float(noise)
    if name[0] in "GE":
        return make_function(name, n_samples, noise, seed)
    return make_interactions(
        name.replace("C", "F"),
        n_samples=n_samples,
        noise=noise,
        correlation=CORRELATION if name[0] == "C" else 0.0,
        random_state=seed,
    )


def area(strengths, pairs):
    every = list(combinations(range(len(strengths)), 2))
    return roc_auc_score([pair in pairs for pair in every], [strengths[pair] for pair in every])


def run(arguments):
    """Run what is not there yet, one detector after the other."""
    stop = time.monotonic() + 60 * arguments.minutes
    there = {setting for setting, _ in done("interactions")}
    names = [f"{family}{i}" for family in arguments.functions for i in range(1, 11)]
    for detector, setting, seed, name in product(
        arguments.detectors, arguments.settings, arguments.seeds, names
    ):
        key = f"{detector} | {setting} | {name} | seed {seed}"
        if key in there:
            continue
        if time.monotonic() > stop:
            return
        X, y, pairs = make(name, setting, seed)
        start = time.process_time()
        strengths = DETECTORS[detector](X, y, seed)
        seconds = time.process_time() - start
        auc = area(strengths, pairs)
        append_rows("interactions", [(key, "AUC", auc, 0.0), (key, "CPU seconds", seconds, 0.0)])
        print(f"{key}: AUC {auc:.3f} in {seconds:.1f} s", flush=True)


def summary():
    """Show mean AUC and seconds of every detector and setting."""
    import csv

    results = {}
    with (RESULTS / "interactions.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            detector, setting, name, _ = row["setting"].split(" | ")
            values = results.setdefault((setting, name[0], detector), {}).setdefault(name, {})
            values.setdefault(row["metric"], []).append(float(row["value"]))
    rows = []
    for (setting, family, detector), of_function in sorted(results.items()):
        auc = {name: np.mean(values["AUC"]) for name, values in of_function.items()}
        timed = [s for values in of_function.values() for s in values.get("CPU seconds", [])]
        rows.append(
            (
                f"{setting} {family} {detector}",
                len(auc),
                sum(len(values["AUC"]) for values in of_function.values()),
                f"{np.mean(list(auc.values())):.3f}",
                f"{auc.get(family + '7', np.nan):.2f}" if family in "FC" else "",
                f"{np.mean(timed):.1f}" if timed else "",
            )
        )
    show(("rows/noise, functions, detector", "functions", "runs", "AUC", "F7", "CPU s"), rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--detectors", nargs="*", default=list(DETECTORS), choices=DETECTORS)
    parser.add_argument("--functions", nargs="*", default=["F"], choices=list("FGCE"))
    parser.add_argument("--settings", nargs="*", default=list(SETTINGS))
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2])
    parser.add_argument("--minutes", type=float, default=np.inf)
    parser.add_argument("--summary", action="store_true", help="only show what is there")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if not arguments.summary:
        run(arguments)
    summary()


if __name__ == "__main__":
    main()

"""Detection of interactions: ours against FAST, EBM, LightGBM with Friedman's H, and NID.

    python benchmarks/interactions.py [--suites independent further easy correlated classes triples]
        [--contenders ours "FAST on residuals" ...] [--names F1 C3 ...] [--settings 2000/0.3 ...]
        [--seeds 0 1 2] [--minutes 20] [--keep-old] [--summary]

F1 to F10 are those of `skdropout.datasets.make_interactions`, T1 to T10 the same, of which triples
are looked for; C1 to C10 are on columns of correlation .6, L1 to L10 the log-odds of two classes.
N1 is a function of twelve normal columns of correlation .7. G1 to G10 are ten further functions (G3
and G5 took part in choosing the defaults, as did F2, F4, F6 and F9), E1 to E10 easy ones. The score
is the area under the ROC curve of the true pairs among all (of triples their average precision
too), with the processor time of the whole search, on one thread.

Every result is written as it is found, and what is there already is not run again, so the run may
be stopped and taken up at any time; `--minutes` stops it between two runs. Rows of the suites and
contenders that run, which another version of the contender's package made, are dropped first.
"""

import argparse
import time
from itertools import product

import numpy as np
import torch
from _detectors import CONTENDERS
from _results import append_rows, done, drop, is_stale, rows_of, show
from _suites import SUITES, make, order_of, scores

RESULTS = "interactions"
# Mean AUC over F1 to F10, as published; on variants of F2, F3, F4 and F8 that are a little easier.
PUBLISHED = ("10000/0 independent ParaACE, as published (ICLR 2022)", 10, "", "0.939")


def wanted(arguments):
    """Yield (key, contender, setting, name, seed) of all runs, contender by contender."""
    for contender, suite, seed in product(arguments.contenders, arguments.suites, arguments.seeds):
        names, settings, _ = SUITES[suite]
        for setting, name in product(settings, names):
            is_chosen = not arguments.names or name in arguments.names
            is_chosen &= not arguments.settings or setting in arguments.settings
            is_chosen &= order_of(name) in CONTENDERS[contender].orders
            is_chosen &= CONTENDERS[contender].takes_classes or name[0] != "L"
            if is_chosen:
                key = f"{contender} | {setting} | {name} | seed {seed}"
                yield key, contender, setting, name, seed


def run(arguments):
    """Run what is not there yet."""
    runs = list(wanted(arguments))
    keys = {key: contender for key, contender, *_ in runs}
    if not arguments.keep_old:
        n_dropped = drop(
            RESULTS,
            lambda row: (
                row["setting"] in keys and is_stale(row, CONTENDERS[keys[row["setting"]]].packages)
            ),
        )
        print(f"{n_dropped} rows of other versions are dropped")
    stop = time.monotonic() + 60 * arguments.minutes
    there = {setting for setting, _ in done(RESULTS)}
    for key, contender, setting, name, seed in runs:
        if key in there:
            continue
        if time.monotonic() > stop:
            return
        X, y, true = make(name, setting, seed)
        start = time.process_time()
        try:
            strengths = CONTENDERS[contender].find(X, y, seed, order_of(name))
        except ImportError as error:
            print(f"{key} is left out: {error}")
            continue
        seconds = time.process_time() - start
        found = {**scores(strengths, name, true, X.shape[1]), "CPU seconds": seconds}
        append_rows(RESULTS, [(key, metric, value, 0.0) for metric, value in found.items()])
        text = ", ".join(f"{metric} {value:.3f}" for metric, value in found.items())
        print(f"{key}: {text}", flush=True)


def summary():
    """Show means over functions and seeds, with standard errors over functions of the AUC."""
    suite_of = {name: suite for suite, (names, *_) in SUITES.items() for name in names}
    results = {}
    for row in rows_of(RESULTS):
        contender, setting, name, _ = row["setting"].split(" | ")
        of = results.setdefault((setting, suite_of[name], contender), {})
        of.setdefault(row["metric"], {}).setdefault(name, []).append(float(row["value"]))
    rows = [PUBLISHED]
    for (setting, suite, contender), of in sorted(results.items()):
        n_runs = sum(map(len, of["AUC"].values()))
        means = {metric: [np.mean(v) for v in by_name.values()] for metric, by_name in of.items()}
        error = np.std(means["AUC"]) / max(len(means["AUC"]) - 1, 1) ** 0.5
        seventh = [np.mean(v) for name, v in of["AUC"].items() if name in ("F7", "C7", "L7")]
        rows.append(
            (
                f"{setting} {suite} {contender}",
                len(means["AUC"]),
                n_runs,
                f"{np.mean(means['AUC']):.3f}",
                f"{error:.3f}",
                f"{seventh[0]:.2f}" if seventh else "",
                *(
                    f"{np.mean(means[metric]):.3f}" if metric in means else ""
                    for metric in ("average precision", "AUC, carrying", "first is true")
                ),
                f"{np.mean(means['CPU seconds']):.1f}" if "CPU seconds" in means else "",
            )
        )
    header = ("rows/noise, suite, contender", "functions", "runs", "AUC", "error", "seventh")
    header += ("average precision", "AUC, carrying", "first is true", "CPU s")
    show(header, [(*row, *[""] * (len(header) - len(row))) for row in rows])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--suites", nargs="*", default=list(SUITES), choices=SUITES)
    parser.add_argument("--contenders", nargs="*", default=list(CONTENDERS), choices=CONTENDERS)
    parser.add_argument("--names", nargs="*", help="only these of the suites' targets")
    parser.add_argument("--settings", nargs="*", help="only these rows/noise of the suites'")
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2])
    parser.add_argument("--minutes", type=float, default=np.inf)
    parser.add_argument("--keep-old", action="store_true", help="keep rows of other versions")
    parser.add_argument("--summary", action="store_true", help="only show what is there")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if not arguments.summary:
        run(arguments)
    summary()


if __name__ == "__main__":
    main()

"""Prediction intervals: how many targets they hold, how wide they are, and what both are worth.

Three random splits of six tables. Widths and scores are in standard deviations of the table's
target; a score is the width and, of targets outside, 2 / alpha times their distance from it, less
is better [Gneiting and Raftery, "Strictly Proper Scoring Rules", 2007]. Ours are searches over four
rates with five folds, `refit="ensemble"`. Quantile HistGradientBoosting is not conformalised and
promises nothing; LightGBM's quantiles are, by a quarter of the rows set aside. Both are fitted for
each coverage, ours once for all. Times are seconds of the processor in one thread.

What choosing the rate by the same folds costs is measured on made targets of 100 rows, where it
costs most: the share within of 2,000 new rows, mean of 60 tables, with its standard error.

Rows already in `results/intervals.csv` are not computed again.

    python benchmarks/intervals.py [--data-dir FOLDER] [--tables NAME ...] [--models NAME ...]
        [--seeds 3] [--rows 2000] [--redo] [--report] [--choice]
"""

import argparse
import time
import warnings
from collections import defaultdict

import numpy as np
import torch
from _peers import many_levels_as_numbers
from _results import append_rows, done, drop, rows_of, show
from _tables import TABLES, load_table, split
from scipy.stats import binom
from sklearn.datasets import make_friedman1
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

from skdropout import DropoutMLPRegressorCV

COVERAGES = (0.8, 0.9, 0.95)
TAILS = [(1 - coverage) / 2 for coverage in COVERAGES]
REGRESSIONS = ("california_housing", "bike_hour", "concrete", "diabetes", "wine_quality", "chicago")


def ours(**loss):
    """Return what predicts intervals at all coverages, in two ways, by one search."""

    def intervals(X, y, X_new, seed):
        search = DropoutMLPRegressorCV(
            dropouts=[0.0, 0.1, 0.2, 0.3],
            refit="ensemble",
            device="cpu",
            random_state=seed,
            **loss,
        ).fit(X, y)
        return [
            [search.predict_interval(X_new, c, method).T for c in COVERAGES]
            for method in ("cv+", "scaled")
        ]

    return intervals


def mapie_cv_plus(X, y, X_new, seed):
    from mapie.regression import CrossConformalRegressor

    trees = HistGradientBoostingRegressor(random_state=seed, categorical_features="from_dtype")
    model = CrossConformalRegressor(
        trees, confidence_level=COVERAGES, method="plus", cv=5, random_state=seed
    ).fit_conformalize(X, y)
    _, ends = model.predict_interval(X_new)
    return [ends.transpose(2, 1, 0)]


def quantile_trees(X, y, X_new, seed):
    def at(quantile):
        trees = HistGradientBoostingRegressor(
            loss="quantile", quantile=quantile, random_state=seed, categorical_features="from_dtype"
        )
        return trees.fit(X, y).predict(X_new)

    return [[np.sort([at(tail), at(1 - tail)], axis=0) for tail in TAILS]]


def conformal_lightgbm(X, y, X_new, seed):
    """Return quantiles widened by how far off they are of rows set aside."""
    import lightgbm

    X, X_aside, y, y_aside = train_test_split(X, y, random_state=seed)

    def at(quantile):
        model = lightgbm.LGBMRegressor(
            objective="quantile", alpha=quantile, random_state=seed, n_jobs=1, verbose=-1
        ).fit(X, y)
        return model.predict(X_aside), model.predict(X_new)

    found = []
    for tail in TAILS:
        (low, lower), (high, upper) = at(tail), at(1 - tail)
        off = np.sort(np.maximum(low - y_aside, y_aside - high))
        place = int(np.ceil(round((1 - 2 * tail) * (len(off) + 1), 9))) - 1
        reach = off[place] if place < len(off) else np.inf
        found.append((lower - reach, upper + reach))
    return [found]


QUANTILES = {"loss": "quantile", "quantile": [*sorted(TAILS), 0.5, *sorted(1 - t for t in TAILS)]}
# what predicts the intervals of one model, or of two by one search, and their names
MODELS = {
    "skdropout": (ours(), ["skdropout, CV+", "skdropout, scaled"]),
    "skdropout, quantiles": (
        ours(**QUANTILES),
        ["skdropout, quantiles", "skdropout, quantiles, scaled"],
    ),
    "MAPIE": (mapie_cv_plus, ["HistGradientBoosting, CV+ of MAPIE"]),
    "HistGradientBoosting": (quantile_trees, ["HistGradientBoosting, quantiles"]),
    "LightGBM": (conformal_lightgbm, ["LightGBM, conformalised quantiles"]),
}
NAMES = [name for _, names in MODELS.values() for name in names]


def interval_score(lower, upper, y, alpha):
    outside = np.maximum(lower - y, 0) + np.maximum(y - upper, 0)
    return np.mean(upper - lower + 2 / alpha * outside)


def measure(kind, X, X_new, y, y_new, seed):
    """Return {model: {metric: value}}; all models of one search have its time."""
    intervals, names = MODELS[kind]
    start = time.process_time()
    of_models = dict(zip(names, intervals(X, y, X_new, seed), strict=True))
    seconds = time.process_time() - start
    found, target = {}, y_new / y.std()
    for name, ends in of_models.items():
        metrics = {"s": seconds, "rows tested": len(y_new)}
        for coverage, (lower, upper) in zip(COVERAGES, np.array(ends) / y.std(), strict=True):
            metrics[f"covered at {coverage}"] = np.mean((lower <= target) & (target <= upper))
            metrics[f"width at {coverage}"] = np.mean(upper - lower)
            score = interval_score(lower, upper, target, 1 - coverage)
            metrics[f"score at {coverage}"] = score
        found[name] = metrics
    return found


def run(arguments):
    known = {setting for setting, _ in done("intervals")}
    for seed in range(arguments.seeds):
        for table in arguments.tables:
            X, y, task = load_table(table, arguments.data_dir)
            X, X_new, y, y_new = split(many_levels_as_numbers(X), y, task, seed, arguments.rows)
            for kind in arguments.models:
                if f"{table} | {MODELS[kind][1][0]} | {seed}" in known:
                    continue
                for name, found in measure(kind, X, X_new, y, y_new, seed).items():
                    text = ", ".join(f"{metric} {value:.3f}" for metric, value in found.items())
                    print(f"{table:20} {name:34} {seed}  {text}", flush=True)
                    setting = f"{table} | {name} | {seed}"
                    append_rows("intervals", [(setting, m, v, 0.0) for m, v in found.items()])


def report():
    """Print means over the splits, and how often each model's score is the best."""
    values = defaultdict(dict)
    for row in rows_of("intervals"):
        table, _, rest = row["setting"].partition(" | ")
        if not rest:
            continue
        model, seed = rest.split(" | ")
        values[row["metric"], table, model][seed] = float(row["value"])
    found = {key: np.mean(list(of_seeds.values())) for key, of_seeds in values.items()}
    tables = [t for t in TABLES if any(key[1] == t for key in found)]
    models = [m for m in NAMES if any(key[2] == m for key in found)]
    for metric in [f"{m} at {c}" for c in COVERAGES for m in ("covered", "width", "score")] + ["s"]:
        rows = [
            [m, *(f"{found[metric, t, m]:.3f}" if (metric, t, m) in found else "" for t in tables)]
            for m in models
        ]
        show((metric, *tables), rows)
    rows = []
    for model in models:
        best = short = n = 0
        for coverage in COVERAGES:
            for table in tables:
                scores = {m: found.get((f"score at {coverage}", table, m), np.inf) for m in models}
                peers = [scores[m] for m in models if not m.startswith("skdropout")]
                others = peers if model.startswith("skdropout") else list(scores.values())
                best += scores[model] <= min(others)
                # below nominal by two standard errors of the rows tested in all splits
                tested = sum(values["rows tested", table, model].values())
                least = coverage - 2 * binom.std(tested, coverage) / tested
                short += found[f"covered at {coverage}", table, model] < least
                n += 1
        rows.append((model, f"{best} of {n}", f"{short} of {n}"))
    show(("tables and coverages", "best score (ours: of peers')", "covers too little"), rows)


def choice(n_tables=60):
    """Measure coverage at a rate fixed beforehand, and at the best of eight by the same folds."""
    covered = {"one rate": [], "the best of eight": []}
    for seed in range(n_tables):
        X, y = make_friedman1(2100, noise=2.0, random_state=seed)
        for shares, rates in zip(covered.values(), ([0.1], np.arange(8) / 10), strict=True):
            search = DropoutMLPRegressorCV(
                (16,), dropouts=rates, refit="bag", max_iter=30, random_state=seed, device="cpu"
            ).fit(X[:100], y[:100])
            lower, upper = search.predict_interval(X[100:], 0.9).T
            shares.append(np.mean((lower <= y[100:]) & (y[100:] <= upper)))
    drop("intervals", lambda row: row["setting"].startswith("choice: "))
    found = {**covered, "difference": np.subtract(*covered.values())}
    rows = [(name, np.mean(v), np.std(v, ddof=1) / n_tables**0.5) for name, v in found.items()]
    append_rows("intervals", [(f"choice: {n}", "covered at 0.9", v, e) for n, v, e in rows])
    show(("rate", "covered at 0.9", "+-"), [(n, f"{v:.4f}", f"{e:.4f}") for n, v, e in rows])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data-dir")
    parser.add_argument("--models", nargs="*", choices=list(MODELS), default=list(MODELS))
    parser.add_argument("--tables", nargs="*", choices=REGRESSIONS, default=REGRESSIONS)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=2000, help="to train on, at most")
    parser.add_argument("--redo", action="store_true", help="drop what these models have")
    parser.add_argument("--report", action="store_true", help="print what is there already")
    parser.add_argument("--choice", action="store_true", help="the cost of choosing the rate")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", category=UserWarning)
    warnings.filterwarnings("ignore", category=ConvergenceWarning)
    if arguments.choice:
        choice()
        return
    if arguments.redo:
        names = {name for kind in arguments.models for name in MODELS[kind][1]}
        drop("intervals", lambda row: row["setting"].split(" | ")[1] in names)
    if not arguments.report:
        run(arguments)
    report()


if __name__ == "__main__":
    main()

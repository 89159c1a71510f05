"""Columns that are missing, or wrong, when a model predicts: what the score becomes.

Eight tables, at most 1,000 rows to train on and as many to test, three splits. Networks are four of
128-128 with the rest of the defaults, hidden units dropped at rate .1, and differ in how columns
are dropped in training: not at all, at random (rate .1), by relevance (RelDrop's defaults), at
rates that are learnt; "random, told" is RelDrop's networks with columns dropped at random, at rate
.1. Trees have their own way with missing cells.

Columns count as important by the mean of two ranks, those of permutation importance for the first
networks and for HistGradientBoosting. "Random" columns are the mean of three draws. Wrong columns:
values times 2.54 (units change), values of other rows (permuted), normal noise of half the
column's standard deviation added (noise). Scores are R2 or the area under the ROC curve; in the
report an R2 below zero counts as zero, as of the mean. Intervals are 95 % of Student's t over the
tables' mean paired differences.

    python benchmarks/robustness.py [--data-dir DIR] [--tables adult ...] [--report]
"""

import argparse
import time
import warnings

import numpy as np
import pandas as pd
import torch
from _results import append_rows, done, rows_of, show
from _tables import load_table, split
from lightgbm import LGBMClassifier, LGBMRegressor
from scipy.stats import rankdata
from scipy.stats import t as student
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.inspection import permutation_importance
from sklearn.metrics import get_scorer

from skdropout import DropoutMLPClassifier, DropoutMLPRegressor, RelDropClassifier, RelDropRegressor

warnings.filterwarnings("ignore", category=UserWarning)

TABLES = ("california_housing", "bike_hour", "wine_quality", "adult", "bank_marketing")
TABLES += ("german_credit", "mlc_churn", "concrete")
SPLITS, N_TRAIN, N_TEST = 3, 1000, 1000
KINDS = {
    "regression": (
        (DropoutMLPRegressor, RelDropRegressor, LGBMRegressor, HistGradientBoostingRegressor),
        "r2",
    ),
    "classification": (
        (DropoutMLPClassifier, RelDropClassifier, LGBMClassifier, HistGradientBoostingClassifier),
        "roc_auc",
    ),
}
COUNTS = (1, 2, 5)
FIRST = "nothing dropped"
TREES = "HistGradientBoosting"
DAMAGES = {
    "complete": [(None, None)],
    **{f"{n} important missing": [("missing", n)] for n in COUNTS},
    **{f"{n} random missing": [("missing", n, draw) for draw in range(3)] for n in COUNTS},
    **{f"important: {way}": [(way, 1)] for way in ("units", "permuted", "noise")},
    **{
        f"random: {way}": [(way, 1, draw) for draw in range(3)]
        for way in ("units", "permuted", "noise")
    },
}


def models(task, seed):
    """Return the contenders, unfitted."""
    network, reldrop, lightgbm, trees = KINDS[task][0]
    shared = {"n_members": 4, "dropout": 0.1, "random_state": seed}
    return {
        FIRST: network(**shared),
        TREES: trees(categorical_features="from_dtype", random_state=seed),
        "LightGBM": lightgbm(verbose=-1, n_jobs=1, random_state=seed),
        "random columns": network(**shared, input_dropout=0.1),
        "random, told": reldrop(**shared, alpha=1.0, beta=0.1),
        "RelDrop": reldrop(**shared),
        "learnt": network(**shared, input_dropout="learnt"),
    }


def importance_order(fitted, X, y, scoring):
    """Return the columns, the most important one first."""
    rows = np.arange(min(len(X), 500))
    ranks = [
        rankdata(
            permutation_importance(
                model, X.iloc[rows], y[rows], scoring=scoring, n_repeats=2, random_state=0
            ).importances_mean
        )
        for model in fitted
    ]
    return X.columns[np.mean(ranks, axis=0).argsort(kind="stable")[::-1]]


def damaged(X, way, columns, rng):
    """Return a copy of X in which some columns are missing or wrong."""
    X = X.copy()
    for column in columns:
        old = X[column]
        is_number = old.dtype.kind in "iufb"
        values = old.astype(float) if is_number else old
        if way == "missing":
            X[column] = (
                pd.Series(np.nan, X.index)
                if is_number
                else values.where(np.zeros(len(X), dtype=bool))
            )
        elif way == "permuted":
            X[column] = values.iloc[rng.permutation(len(X))].set_axis(X.index)
        elif way == "units":
            X[column] = values * 2.54
        else:
            X[column] = values + rng.normal(size=len(X)) * 0.5 * np.nanstd(values)
    return X


def chosen(order, numbers, way, n, draw=None):
    """Return the n most important columns, or n at random; numbers alone where way needs them."""
    columns = order if way in ("missing", "permuted") else [c for c in order if c in numbers]
    if draw is None:
        return columns[:n]
    return np.random.default_rng(draw).choice(columns, min(n, len(columns)), replace=False)


def scores(model, X, y, scoring, order):
    """Return the score under each kind of damage."""
    score = get_scorer(scoring)
    numbers = set(X.select_dtypes("number").columns)
    found = {}
    for name, variants in DAMAGES.items():
        each = []
        for way, n, *draw in variants:
            rng = np.random.default_rng([0, *draw])
            columns = [] if way is None else chosen(order, numbers, way, n, *draw)
            each.append(score(model, damaged(X, way, columns, rng), y))
        found[name] = np.mean(each)
    return found


def run(names, data_dir):
    known = done("robustness")
    for seed in range(SPLITS):
        for name in names:
            if all(
                (f"{name} | {m} | {seed}", "complete") in known for m in models("regression", 0)
            ):
                continue
            X, y, task = load_table(name, data_dir)
            X_train, X_test, y_train, y_test = split(X, y, task, seed, N_TRAIN, N_TEST)
            scoring, order, seconds = KINDS[task][1], None, {}
            fitted = models(task, seed)
            for key, model in fitted.items():
                start = time.process_time()
                model.fit(X_train, y_train)
                seconds[key] = time.process_time() - start
            order = importance_order([fitted[FIRST], fitted[TREES]], X_test, y_test, scoring)
            for key, model in fitted.items():
                setting = f"{name} | {key} | {seed}"
                if (setting, "complete") in known:
                    continue
                found = scores(model, X_test, y_test, scoring, order)
                found["fit, s"] = seconds[key]
                append_rows("robustness", [(setting, m, v, 0.0) for m, v in found.items()])


def read():
    """Return {(table, model, metric): mean over the splits} of what has all of them."""
    values = {}
    for row in rows_of("robustness"):
        table, model, seed = row["setting"].split(" | ")
        value = float(row["value"])
        value = value if row["metric"] == "fit, s" else max(value, 0.0)
        values.setdefault((table, model, row["metric"]), {})[seed] = value
    return {
        key: np.mean(list(of_seeds.values()))
        for key, of_seeds in values.items()
        if len(of_seeds) == SPLITS
    }


def difference(values, tables, model, base, metric):
    """Return the mean difference of two models over the tables, and its interval."""
    gaps = [values[t, model, metric] - values[t, base, metric] for t in tables]
    half = student.ppf(0.975, len(gaps) - 1) * np.std(gaps, ddof=1) / len(gaps) ** 0.5
    return f"{np.mean(gaps):+.3f} +- {half:.3f}"


def report():
    values, names = read(), list(models("regression", 0))
    tables = [t for t in TABLES if all((t, m, "complete") in values for m in names)]
    if not tables:
        return
    means = [
        [d, *(f"{np.mean([values[t, m, d] for t in tables]):.3f}" for m in names)] for d in DAMAGES
    ]
    show((f"mean score of {len(tables)} tables", *names), means)
    for base in (FIRST, "random columns"):
        others = [m for m in names if m != base]
        rows = [[d, *(difference(values, tables, m, base, d) for m in others)] for d in DAMAGES]
        show((f"minus {base}", *others), rows)
    for table in tables:
        rows = [[d, *(f"{values[table, m, d]:.3f}" for m in names)] for d in DAMAGES]
        show((table, *names), rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data-dir", help="folder of the tables; without it, OpenML")
    parser.add_argument("--tables", nargs="+", default=TABLES, choices=TABLES)
    parser.add_argument("--report", action="store_true", help="print what was measured")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if not arguments.report:
        run(arguments.tables, arguments.data_dir)
    report()


if __name__ == "__main__":
    main()

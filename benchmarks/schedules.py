"""Rates of dropout that change over the training, or are learnt, against rates that stay.

Four networks of 128-128 each, at most 2,000 rows to train on, three splits, the rest of the
defaults; scores are R2 or minus the log-loss, so that more is better. Pairs share split and seed.
An interval is 95 % of Student's t over the mean differences of the tables, in units of the
standard deviation that scores of constant rates have between the splits of a table.

With `--noise`, of at most 1,000 rows: 20 columns of noise are appended to each of six tables (half
normal, half copies of real columns in another order), the screening of columns is off, and rates
that are learnt, one for each column, stand beside constant ones chosen by `DropoutMLPRegressorCV`
and its twin.

    python benchmarks/schedules.py [--data-dir DIR] [--tables adult ...] [--noise] [--report]
"""

import argparse
import time
import warnings
from itertools import product

import numpy as np
import torch
from _results import append_rows, done, rows_of, show
from _tables import load_table, split
from scipy.stats import t as student
from sklearn.metrics import get_scorer

from skdropout import (
    DropoutMLPClassifier,
    DropoutMLPClassifierCV,
    DropoutMLPRegressor,
    DropoutMLPRegressorCV,
)

warnings.filterwarnings("ignore", category=UserWarning)

TABLES = ("california_housing", "bike_hour", "concrete", "diabetes", "wine_quality")
TABLES += ("adult", "german_credit", "digits", "mlc_churn", "bank_marketing")
NOISY = ("california_housing", "bike_hour", "concrete", "wine_quality", "adult", "german_credit")
SCHEDULES = ("constant", "early", "late", "decay", "ramp")
RATES = (0.1, 0.3)
SPLITS, N_TRAIN, N_TRAIN_NOISE, N_TEST, N_NOISE = 3, 2000, 1000, 3000, 20
SHARED = {"n_members": 4}
KINDS = {
    "regression": (DropoutMLPRegressor, DropoutMLPRegressorCV, "r2"),
    "classification": (DropoutMLPClassifier, DropoutMLPClassifierCV, "neg_log_loss"),
}


def contenders():
    """Yield (name, parameters) of what is tried without noise columns."""
    yield "no dropout", {"dropout": 0.0}
    for rate, schedule in product(RATES, SCHEDULES):
        yield f"{schedule}, {rate}", {"dropout": rate, "dropout_schedule": schedule}
    yield "learnt", {"dropout": "learnt"}


def measure(model, parts, scoring):
    """Return the fitted model, its score on the test rows, and the CPU seconds of its fit."""
    X_train, X_test, y_train, y_test = parts
    start = time.process_time()
    model.fit(X_train, y_train)
    seconds = time.process_time() - start
    return model, get_scorer(scoring)(model, X_test, y_test), seconds


def run(names, data_dir):
    known = done("schedules")
    for seed, name in product(range(SPLITS), names):
        X, y, task = load_table(name, data_dir)
        network, _, scoring = KINDS[task]
        parts = split(X, y, task, seed, N_TRAIN, N_TEST)
        for contender, options in contenders():
            setting = f"{name} | {contender} | {seed}"
            if (setting, "score") in known:
                continue
            model = network(**SHARED, **options, random_state=seed)
            model, score, seconds = measure(model, parts, scoring)
            found = {"score": score, "fit, s": seconds, "epochs": np.mean(model.n_iter_)}
            append_rows("schedules", [(setting, m, v, 0.0) for m, v in found.items()])


def with_noise(X, seed):
    """Append ten columns of normal numbers, and ten copies of columns in another order."""
    rng = np.random.default_rng(seed)
    X = X.copy()
    own = X.columns
    for k in range(N_NOISE // 2):
        X[f"normal {k}"] = rng.normal(size=len(X))
    for k in range(N_NOISE // 2):
        X[f"mixed {k}"] = X[own[k % len(own)]].to_numpy()[rng.permutation(len(X))]
        X[f"mixed {k}"] = X[f"mixed {k}"].astype(X[own[k % len(own)]].dtype)
    return X


def run_noise(names, data_dir):
    known = done("schedules")
    for seed, name in product(range(SPLITS), names):
        X, y, task = load_table(name, data_dir)
        network, search, scoring = KINDS[task]
        n_own = X.shape[1]
        parts = split(with_noise(X, seed), y, task, seed, N_TRAIN_NOISE, N_TEST)
        shared = {**SHARED, "screening": None, "random_state": seed}
        grid = {"dropouts": [0.0, 0.1, 0.3], "input_dropouts": [0.0, 0.1, 0.3]}
        for contender, model in {
            "constant, .1, no columns dropped": network(**shared, dropout=0.1),
            "constant, chosen by the search": search(**shared, **grid, cv=3),
            "columns learnt": network(**shared, dropout=0.1, input_dropout="learnt"),
            "columns and units learnt": network(**shared, dropout="learnt", input_dropout="learnt"),
        }.items():
            setting = f"{name} and noise | {contender} | {seed}"
            if (setting, "score") in known:
                continue
            model, score, seconds = measure(model, parts, scoring)
            found = {"score": score, "fit, s": seconds}
            if np.ndim(model.input_dropout_):
                found["rate of columns of the table"] = np.nanmean(model.input_dropout_[:n_own])
                found["rate of columns of noise"] = np.nanmean(model.input_dropout_[n_own:])
            else:
                found["rate of all columns"] = model.input_dropout_
            append_rows("schedules", [(setting, m, v, 0.0) for m, v in found.items()])


def read(metric):
    """Return {(table, contender): values of the splits}."""
    found = {}
    for row in rows_of("schedules"):
        if row["metric"] == metric:
            table, contender, seed = row["setting"].split(" | ")
            found.setdefault((table, contender), {})[int(seed)] = float(row["value"])
    return {
        key: np.array([of_seeds[s] for s in sorted(of_seeds)])
        for key, of_seeds in found.items()
        if len(of_seeds) == SPLITS
    }


def interval(values):
    """Return the mean and half of the 95 % interval."""
    half = student.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / len(values) ** 0.5
    return np.mean(values), half


def cells(differences):
    """Return a mean difference and its standard error over the splits."""
    return f"{differences.mean():+.4f} +- {differences.std(ddof=1) / SPLITS**0.5:.4f}"


def report():
    scores, seconds = read("score"), read("fit, s")
    names = [name for name, _ in contenders()]
    tables = [t for t in TABLES if all((t, name) in scores for name in names)]
    unit = {t: np.std([scores[t, f"constant, {r}"] for r in RATES], axis=1).mean() for t in tables}
    for rate in RATES:
        base = f"constant, {rate}"
        rows = []
        for name in names:
            if name == base or (name[-3:] in map(str, RATES) and not name.endswith(str(rate))):
                continue
            gains = [scores[t, name] - scores[t, base] for t in tables]
            scaled = [g.mean() / unit[t] for g, t in zip(gains, tables, strict=True)]
            mean, half = interval(scaled)
            ratio = np.mean([seconds[t, name].sum() / seconds[t, base].sum() for t in tables])
            better = sum(g.mean() > 0 for g in gains)
            summary = f"{mean:+.2f} +- {half:.2f}", f"{better}/{len(tables)}", f"{ratio:.2f}"
            rows.append([name, *map(cells, gains), *summary])
        show((f"minus {base}", *tables, "all, in sd of splits", "better", "seconds"), rows)
    _report_noise(scores, seconds)


def _report_noise(scores, seconds):
    constant, searched = "constant, .1, no columns dropped", "constant, chosen by the search"
    of_table, of_noise = (read(f"rate of columns of {x}") for x in ("the table", "noise"))
    rows = []
    for table in (f"{name} and noise" for name in NOISY):
        for name in ("columns learnt", "columns and units learnt"):
            if (table, searched) not in scores or (table, name) not in scores:
                continue
            rates = of_table[table, name].mean(), of_noise[table, name].mean()
            rows.append(
                [
                    f"{table}: {name}",
                    *(f"{rate:.3f}" for rate in rates),
                    f"{rates[1] / rates[0]:.1f}",
                    cells(scores[table, name] - scores[table, constant]),
                    cells(scores[table, name] - scores[table, searched]),
                    f"{seconds[table, name].sum() / seconds[table, constant].sum():.2f}",
                ]
            )
    header = ("", "rate of table", "of noise", "ratio", "minus constant", "minus search", "seconds")
    show(header, rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data-dir", help="folder of the tables; without it, OpenML")
    parser.add_argument("--tables", nargs="+", choices=TABLES)
    parser.add_argument("--noise", action="store_true", help="with columns of noise instead")
    parser.add_argument("--report", action="store_true", help="print what was measured")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if not arguments.report and arguments.noise:
        run_noise(arguments.tables or NOISY, arguments.data_dir)
    elif not arguments.report:
        run(arguments.tables or TABLES, arguments.data_dir)
    report()


if __name__ == "__main__":
    main()

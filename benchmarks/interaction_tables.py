"""Explainable boosting machines on real tables, with the interactions of one finder or another.

    python benchmarks/interaction_tables.py [--data-dir DIR] [--tables concrete ...]
        [--seeds 0 1 2] [--rows 3000] [--bags 4] [--minutes 30] [--keep-old] [--summary]

None, FAST's ten, our ten, those of ours that pass at an error rate of .05 (the 20 strongest, if
they are more), and the same with triples among them. Test error is 1 - R2 or log-loss, so less is
better. A result is written as it is found, and what is there already is not run again; our rows
of another version are dropped first.
"""

import argparse
import time
import warnings

import numpy as np
import torch
from _results import append_rows, done, drop, is_stale, rows_of, show
from _tables import load_table, split
from interpret.glassbox import ExplainableBoostingClassifier, ExplainableBoostingRegressor
from sklearn.metrics import log_loss, r2_score

from skdropout import SmoothHessInteractions

RESULTS = "interaction_tables"
TABLES = (
    *("diabetes", "california_housing", "bike_hour", "wine_quality", "breast_cancer"),
    *("german_credit", "adult", "bank_marketing", "lending_club", "concrete"),
)
N_PAIRS, MOST = 10, 20
NONE, FAST, TEN = "no pairs", "FAST's pairs", "our pairs"
PASSING, TRIPLES = "ours that pass", "ours that pass, triples too"
CONTENDERS = (NONE, FAST, TEN, PASSING, TRIPLES)


def ours(X, y, task, seed, max_order):
    """Return the ten strongest interactions, and those that pass."""
    target_type = "continuous" if task == "regression" else "classes"
    finder = SmoothHessInteractions(
        n_interactions="auto",
        max_order=max_order,
        target_type=target_type,
        device="cpu",
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # dependent columns, and that nothing passes
        finder.fit(X, y)
    return finder.tests_.interactions[:N_PAIRS], finder.interactions_[:MOST]


def interactions(missing, X, y, task, seed):
    """Return what the machine of each contender that is missing takes."""
    found = {NONE: 0, FAST: N_PAIRS}
    if {TEN, PASSING} & missing:
        found[TEN], found[PASSING] = ours(X, y, task, seed, 2)
    if TRIPLES in missing:
        _, found[TRIPLES] = ours(X, y, task, seed, 3)
    return {contender: found[contender] for contender in CONTENDERS if contender in missing}


def error(given, parts, task, seed, bags):
    """Test error of a machine with these interactions (a number is a number of FAST's)."""
    X_train, X_test, y_train, y_test = parts
    kind = ExplainableBoostingRegressor if task == "regression" else ExplainableBoostingClassifier
    machine = kind(interactions=given, outer_bags=bags, random_state=seed, n_jobs=1)
    machine.fit(X_train, y_train)
    if task == "regression":
        return 1 - r2_score(y_test, machine.predict(X_test))
    return log_loss(y_test, machine.predict_proba(X_test))


def run(arguments):
    """Run what is not there yet."""
    if not arguments.keep_old:
        drop(
            RESULTS,
            lambda row: (
                is_stale(row, ("interpret-core",))
                or (" | our" in row["setting"] and is_stale(row, ("skdropout",)))
            ),
        )
    there = {setting for setting, _ in done(RESULTS)}
    stop = time.monotonic() + 60 * arguments.minutes
    for seed in arguments.seeds:
        for name in arguments.tables:
            keys = {contender: f"{name} | {contender} | seed {seed}" for contender in CONTENDERS}
            missing = {contender for contender, key in keys.items() if key not in there}
            if not missing or time.monotonic() > stop:
                continue
            X, y, task = load_table(name, arguments.data_dir)
            parts = split(X, y, task, seed, most_train=arguments.rows)
            given = interactions(missing, parts[0], parts[2], task, seed)
            for contender, of_machine in given.items():
                value = error(of_machine, parts, task, seed, arguments.bags)
                n = of_machine if isinstance(of_machine, int) else len(of_machine)
                rows = [("test error", value, 0.0), ("interactions", n, 0.0)]
                append_rows(RESULTS, [(keys[contender], *row) for row in rows])
                print(f"{keys[contender]}: {value:.4f}, {n} interactions", flush=True)


def at_least_as_good(errors, others):
    """Whether paired errors are not larger by more than a standard error of their difference."""
    difference = np.array(errors) - others
    if len(difference) == 1:
        return difference[0] <= 0
    return difference.mean() <= difference.std(ddof=1) / len(difference) ** 0.5


def summary():
    """Show every table's mean errors, and where our interactions are at least as good."""
    errors, n_passing = {}, {}
    for row in rows_of(RESULTS):
        name, contender, _ = row["setting"].split(" | ")
        if row["metric"] == "test error":
            errors.setdefault(name, {}).setdefault(contender, []).append(float(row["value"]))
        elif contender == PASSING:
            n_passing.setdefault(name, []).append(float(row["value"]))
    whole = {
        name: of
        for name, of in errors.items()
        if len({len(of.get(contender, ())) for contender in CONTENDERS}) == 1
    }
    rows = [
        (
            name,
            len(of[NONE]),
            *(f"{np.mean(of[contender]):.4f}" for contender in CONTENDERS),
            f"{np.median(n_passing[name]):.0f}",
        )
        for name, of in whole.items()
    ]
    show(("test error", "splits", *CONTENDERS, "that pass"), rows)
    for contender in CONTENDERS[2:]:
        won = [
            all(at_least_as_good(of[contender], of[other]) for other in (NONE, FAST))
            for of in whole.values()
        ]
        print(
            f"{contender}: at least as good as none and as FAST's, within a standard error, on "
            f"{sum(won)} of {len(won)} tables"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir")
    parser.add_argument("--tables", nargs="*", default=TABLES, choices=TABLES)
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2])
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--bags", type=int, default=4)
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

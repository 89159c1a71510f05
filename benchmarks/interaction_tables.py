"""Explainable boosting machines on real tables: no pairs, the ten of FAST, and our ten.

    python benchmarks/interaction_tables.py [--data-dir DIR] [--seeds 0 1] [--rows 3000] [--bags 4]

Test error is 1 - R2 or log-loss, so less is better. A result is written as it is found, and what
is there already is not run again.
"""

import argparse
import csv

import numpy as np
import torch
from _results import RESULTS, append_rows, done, show
from _tables import load_table, split
from interpret.glassbox import ExplainableBoostingClassifier, ExplainableBoostingRegressor
from sklearn.metrics import log_loss, r2_score

from skdropout import SmoothHessInteractions

TABLES = (
    *("diabetes", "california_housing", "bike_hour", "wine_quality", "breast_cancer"),
    *("german_credit", "adult", "bank_marketing", "lending_club"),
)
N_PAIRS = 10


def our_pairs(X, y, task, seed):
    """The ten strongest pairs by all defaults."""
    target_type = "continuous" if task == "regression" else "classes"
    finder = SmoothHessInteractions(
        n_interactions=N_PAIRS, target_type=target_type, device="cpu", random_state=seed
    )
    return finder.fit(X, y).interactions_


CONTENDERS = {
    "no pairs": lambda *_: 0,
    "FAST's pairs": lambda *_: N_PAIRS,
    "our pairs": our_pairs,
}


def error(pairs, parts, task, seed, bags):
    """Test error of a machine with these pairs (a number is a number of FAST's)."""
    X_train, X_test, y_train, y_test = parts
    kind = ExplainableBoostingRegressor if task == "regression" else ExplainableBoostingClassifier
    machine = kind(interactions=pairs, outer_bags=bags, random_state=seed, n_jobs=1)
    machine.fit(X_train, y_train)
    if task == "regression":
        return 1 - r2_score(y_test, machine.predict(X_test))
    return log_loss(y_test, machine.predict_proba(X_test))


def summary():
    """Show every table's mean errors, and how often our pairs are at least as good."""
    errors = {}
    with (RESULTS / "interaction_tables.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            name, contender, _ = row["setting"].split(" | ")
            errors.setdefault(name, {}).setdefault(contender, []).append(float(row["value"]))
    means = {
        name: {contender: np.mean(values) for contender, values in of.items()}
        for name, of in errors.items()
        if set(of) == set(CONTENDERS)
    }
    rows = [
        (name, *(f"{of[contender]:.4f}" for contender in CONTENDERS)) for name, of in means.items()
    ]
    show(("test error", *CONTENDERS), rows)
    won = sum(of["our pairs"] <= of["FAST's pairs"] for of in means.values())
    print(f"our pairs are at least as good as FAST's on {won} of {len(means)} tables")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir")
    parser.add_argument("--tables", nargs="*", default=TABLES, choices=TABLES)
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1])
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--bags", type=int, default=4)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    there = {setting for setting, _ in done("interaction_tables")}
    for seed in arguments.seeds:
        for name in arguments.tables:
            X, y, task = load_table(name, arguments.data_dir)
            parts = split(X, y, task, seed, most_train=arguments.rows)
            for contender, find in CONTENDERS.items():
                key = f"{name} | {contender} | seed {seed}"
                if key in there:
                    continue
                pairs = find(parts[0], parts[2], task, seed)
                value = error(pairs, parts, task, seed, arguments.bags)
                append_rows("interaction_tables", [(key, "test error", value, 0.0)])
                print(f"{key}: {value:.4f}", flush=True)
    summary()


if __name__ == "__main__":
    main()

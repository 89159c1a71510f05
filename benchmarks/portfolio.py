"""What other recipes would bring: alone, and as half of the prediction beside the defaults.

Each recipe is trained as four networks of its own on small tables, or on at most 2,000 rows of
larger ones. What is printed is how much better than the defaults it is, and how much better the
defaults are where it has half of the weight, paired over splits, beside the standard error. Rows
already in ``results/portfolio.csv`` are not computed again.

    python benchmarks/portfolio.py --data-dir FOLDER [--recipes NAME ...] [--tables NAME ...]
        [--seeds 3] [--report]
"""

import argparse
import time
import warnings

import numpy as np
import torch
from _ranking import gap
from _results import append_rows, done, show
from _tables import TABLES, load_table, split
from sklearn.metrics import log_loss, r2_score
from tabular import ours, read

warnings.filterwarnings("ignore", category=UserWarning)

SMALL = ("diabetes", "breast_cancer", "german_credit", "concrete", "wine_quality")
MOST_ROWS = 2000
DEFAULTS = "defaults"
PLAIN = {"numeric_encoding": "standard"}
# The first four are those that the defaults try.
RECIPES = {
    "first": {},
    "faster": {"learning_rate_init": 3e-3},
    "numbers without bins": {**PLAIN, "dropout": 0.2},
    "linear": {**PLAIN, "dropout": 0.3, "activation": "identity"},
    "additive, bins": {"dropout": 0.0, "activation": "identity"},
    "dropout 0.3": {"dropout": 0.3},
    "dropout 0.5": {"dropout": 0.5},
    "columns dropped, 0.1": {"input_dropout": 0.1},
    "weight decay 0.1": {"weight_decay": 0.1},
    "one layer of 256": {"hidden_layer_sizes": (256,)},
    "256-256": {"hidden_layer_sizes": (256, 256)},
    "three layers of 128": {"hidden_layer_sizes": (128, 128, 128)},
    "periodic": {"numeric_encoding": "periodic"},
    "quantile": {"numeric_encoding": "quantile"},
    "silu": {"activation": "silu"},
    "silu, numbers without bins": {**PLAIN, "dropout": 0.2, "activation": "silu"},
    "batches of 8": {"batch_size": 8},
    "batches of 32": {"batch_size": 32},
    "batches of 64": {"batch_size": 64},
    "400 epochs": {"max_iter": 400, "n_iter_no_change": 60},
}


def predicted(parameters, X, X_test, y, task, seed):
    """Return predictions of the test rows, and seconds of the processor for the fit."""
    start = time.process_time()
    model = ours(**parameters)(task, seed).fit(X, y)
    seconds = time.process_time() - start
    return model.predict(X_test) if task == "regression" else model.predict_proba(X_test), seconds


def scores(y, predictions, task):
    """Return the name of the score, and the score."""
    if task == "regression":
        return "R2", r2_score(y, predictions)
    return "log-loss", log_loss(y, predictions)


def run(recipes, tables, seeds, data_dir):
    """Measure what is missing; the defaults are trained anew for each table that lacks a recipe."""
    known = {setting for setting, _ in done("portfolio")}
    for table in tables:
        X, y, task = load_table(table, data_dir)
        for seed in range(seeds):
            missing = [r for r in recipes if f"{table} | {r} | {seed}" not in known]
            if not missing:
                continue
            X_train, X_test, y_train, y_test = split(X, y, task, seed, most_train=MOST_ROWS)
            data = X_train, X_test, y_train, task, seed
            default, seconds = predicted({}, *data)
            found = [(DEFAULTS, default, seconds)]
            for recipe in missing:
                parameters = {"dropout": 0.1, "n_members": 4, **RECIPES[recipe]}
                own, seconds = predicted(parameters, *data)
                found.append((recipe, own, seconds))
                found.append((f"{recipe} by half", (default + own) / 2, np.nan))
            rows = []
            for name, predictions, seconds in found:
                setting = f"{table} | {name} | {seed}"
                rows.append((setting, *scores(y_test, predictions, task), 0.0))
                if np.isfinite(seconds):
                    rows.append((setting, "fit, s", seconds, 0.0))
            append_rows("portfolio", [row for row in rows if row[0] not in known])
            print(f"{table}, split {seed}: {len(missing)} recipes", flush=True)


def report(tables, seeds):
    """Print for each recipe its gain on each table, alone and by half."""
    values = read("portfolio", seeds)
    losses = {}
    for metric, sign in (("R2", -1), ("log-loss", 1)):
        for (table, name), of_seeds in values.get(metric, {}).items():
            losses.setdefault(table, {})[name] = sign * of_seeds
    tables = [table for table in tables if table in losses]
    for title, ending in (("alone", ""), ("as half of the prediction", " by half")):
        rows = []
        for recipe in RECIPES:
            gains = [gap(losses[t], DEFAULTS, f"{recipe}{ending}") for t in tables]
            if any(gains):
                rows.append([recipe, *map(_signed, gains)])
        show((f"better than the defaults, {title}", *tables), rows)


def _signed(found):
    return f"{found.loss:+.4f} ({found.error:.4f})" if found else ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data-dir")
    parser.add_argument("--recipes", nargs="*", choices=list(RECIPES), default=list(RECIPES))
    parser.add_argument("--tables", nargs="*", choices=TABLES, default=SMALL)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--report", action="store_true", help="print what is there already")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if not arguments.report:
        run(arguments.recipes, arguments.tables, arguments.seeds, arguments.data_dir)
    report(arguments.tables, arguments.seeds)


if __name__ == "__main__":
    main()

"""What leaving columns out that tell nothing of the target gains and costs.

Tables as they are, three random splits, the defaults with ``screening="auto"`` and with None; the
same with columns of noise appended (each fifth a category of eight levels, the others normal); and
targets that are products of two or three columns, beside 20 columns of noise, where no column tells
anything by itself. Scores are R2 or log-loss on rows not trained on, seconds those of one thread's
CPU for fit and prediction. What is done is skipped.

    python benchmarks/screening.py --data-dir DIR [--tables grants ...] [--seeds 3]
"""

import argparse
import time

import numpy as np
import pandas as pd
import torch
from _results import append_rows, done, median_and_spread, show
from _tables import load_table, split
from sklearn.metrics import log_loss, r2_score

from skdropout import DropoutMLPClassifier, DropoutMLPRegressor
from skdropout.datasets import make_pure_interaction

TABLES = (
    *("grants", "mlc_churn", "concrete", "bike_hour", "german_credit", "diabetes"),
    *("chicago", "lending_club", "breast_cancer", "wine_quality", "bank_marketing"),
)
WITH_NOISE = ("concrete", "bike_hour")
N_NOISE = (10, 50, 200)
ORDERS = (2, 3)
SCREENING = ("auto", None)


def with_noise(X, n_columns, seed):
    """Append columns that have nothing to do with anything."""
    rng = np.random.default_rng(seed)
    noise = pd.DataFrame(index=X.index)
    for j in range(n_columns):
        if j % 5:
            noise[f"noise {j}"] = rng.standard_normal(len(X))
        else:
            noise[f"noise {j}"] = pd.Categorical(rng.choice(list("abcdefgh"), len(X)))
    return pd.concat([X, noise.copy()], axis=1)


def pure_interaction(order, seed):
    """Return a frame and a target of 4,000 rows, with noise of a tenth of the target's variance."""
    X, y = make_pure_interaction(
        4000, n_features=order + 20, order=order, noise=0.1**0.5, random_state=seed
    )
    return pd.DataFrame(X, columns=[f"x{j}" for j in range(order + 20)]), y, "regression"


def measure(X, y, task, seed, screening, most_train):
    """Return score, seconds and columns kept."""
    X_train, X_test, y_train, y_test = split(X, y, task, seed, most_train=most_train)
    kind = DropoutMLPRegressor if task == "regression" else DropoutMLPClassifier
    start = time.process_time()
    model = kind(screening=screening, random_state=seed).fit(X_train, y_train)
    if task == "regression":
        score = r2_score(y_test, model.predict(X_test))
    else:
        score = log_loss(y_test, model.predict_proba(X_test))
    return score, time.process_time() - start, int(model.kept_columns_.sum())


def settings(tables, data_dir):
    """Yield a name, how the table comes, and how many rows to train on."""
    for name in tables:
        yield name, lambda seed, name=name: load_table(name, data_dir), 5000
    for order in ORDERS:
        name = f"product of {order} and 20 columns of noise"
        yield name, lambda seed, order=order: pure_interaction(order, seed), 2000
    for name in WITH_NOISE:
        for n_columns in N_NOISE:

            def noisy(seed, name=name, n_columns=n_columns):
                X, y, task = load_table(name, data_dir)
                return with_noise(X.reset_index(drop=True), n_columns, seed), y, task

            yield f"{name} and {n_columns} columns of noise", noisy, 5000


def main():
    """Measure what is not yet in the results, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir")
    parser.add_argument("--tables", nargs="*", default=TABLES)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    finished, rows = done("screening"), []
    for name, make, most_train in settings(options.tables, options.data_dir):
        for screening in SCREENING:
            metrics = [f"{what}, screening={screening}" for what in ("score", "CPU s", "columns")]
            if (name, metrics[0]) in finished:
                continue
            found = [
                measure(*make(seed), seed, screening, most_train) for seed in range(options.seeds)
            ]
            new = [
                (name, metric, *median_and_spread(values))
                for metric, values in zip(metrics, zip(*found, strict=True), strict=True)
            ]
            append_rows("screening", new)
            scores = ", ".join(f"{score:.4f}" for score, *_ in found)
            (_, _, score, _), (_, _, seconds, _), (_, _, kept, _) = new
            rows.append((name, screening, f"{score:.4f}", f"{seconds:.1f}", f"{kept:.0f}", scores))
            show(("table", "screening", "score", "CPU s", "columns", "splits"), rows[-1:])


if __name__ == "__main__":
    main()

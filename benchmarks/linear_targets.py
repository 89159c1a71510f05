"""How much is lost where a straight line is right.

The defaults beside ridge and logistic regression, whose strength five folds choose, on two tables
where these are hard to beat, and on made ones of 133 rows and 1,000 columns: ten columns tell all,
or all columns follow twenty factors that do; numbers to predict, or the two halves of them. R2 or
log-loss on rows not trained on, over eight splits or draws. What is done is skipped.

    python benchmarks/linear_targets.py [--seeds 8] [--report]
"""

import argparse
import time

import numpy as np
import torch
from _results import append_rows, done, rows_of, show
from _tables import load_table, split
from sklearn.linear_model import LogisticRegressionCV, RidgeCV
from sklearn.metrics import log_loss, r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdropout import DropoutMLPClassifier, DropoutMLPRegressor

N_ROWS, N_COLUMNS = 133, 1000
TABLES = ("diabetes", "breast_cancer")
MADE = {
    "10 of 1,000 columns, R2": (0, False),
    "20 factors in 1,000 columns, R2": (20, False),
    "10 of 1,000 columns, log-loss": (0, True),
    "20 factors in 1,000 columns, log-loss": (20, True),
}
OURS, LINE = "skdropout", "line"


def linear(n_factors, seed):
    """Return columns and a target that is linear in them, a fifth of it noise.

    The columns follow ``n_factors`` factors, beside noise of their own; of 0 ten columns matter.
    """
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((1200, N_COLUMNS))
    causes = X[:, :10]
    if n_factors:
        causes = rng.standard_normal((1200, n_factors))
        X = causes @ rng.standard_normal((n_factors, N_COLUMNS)) + 2 * X
    f = causes @ rng.standard_normal(causes.shape[1]) / causes.shape[1] ** 0.5
    return X, f + 0.5 * rng.standard_normal(1200)


def data(name, seed):
    """Return training and test rows, and what is to be predicted."""
    if name in TABLES:
        X, y, task = load_table(name)
        return *split(X, y, task, seed), task
    n_factors, is_class = MADE[name]
    X, y = linear(n_factors, seed)
    y, task = (y > np.median(y), "classification") if is_class else (y, "regression")
    return *split(X, y, task, seed, most_train=N_ROWS), task


def models(task, seed):
    """Return our network and a straight line."""
    if task == "regression":
        ours, line = DropoutMLPRegressor(random_state=seed), RidgeCV(np.logspace(-3, 5, 30))
    else:
        ours = DropoutMLPClassifier(random_state=seed)
        line = LogisticRegressionCV(
            Cs=np.logspace(-5, 3, 17), scoring="neg_log_loss", max_iter=2000, cv=5
        )
    return {OURS: ours, LINE: make_pipeline(StandardScaler(), line)}


def run(seeds):
    """Measure what is missing."""
    known = done("linear_targets")
    for name in (*TABLES, *MADE):
        for seed in range(seeds):
            setting = f"{name} | {seed}"
            if (setting, f"score, {LINE}") in known:
                continue
            X, X_test, y, y_test, task = data(name, seed)
            rows = []
            for label, model in models(task, seed).items():
                start = time.process_time()
                model.fit(X, y)
                rows.append((setting, f"fit s, {label}", time.process_time() - start, 0.0))
                if task == "regression":
                    score = r2_score(y_test, model.predict(X_test))
                else:
                    score = log_loss(y_test, model.predict_proba(X_test))
                rows.append((setting, f"score, {label}", score, 0.0))
                if label == OURS:
                    rows.append((setting, "columns kept", int(model.kept_columns_.sum()), 0.0))
            append_rows("linear_targets", rows)


def report(seeds):
    """Print means, and how much better than the line the defaults are."""
    values = {}
    for row in rows_of("linear_targets"):
        name, seed = row["setting"].split(" | ")
        if int(seed) < seeds:
            values.setdefault(name, {}).setdefault(row["metric"], []).append(float(row["value"]))
    rows = []
    for name, of in values.items():
        ours, line = (np.array(of[f"score, {label}"]) for label in (OURS, LINE))
        is_loss = name == "breast_cancer" or name.endswith("log-loss")
        gain = line - ours if is_loss else ours - line
        error = gain.std(ddof=1) / len(gain) ** 0.5
        seconds = np.mean(of[f"fit s, {OURS}"])
        means = [f"{value:.3f}" for value in (ours.mean(), line.mean())]
        numbers = [f"{gain.mean():+.4f}", f"{error:.4f}", f"{seconds:.1f}"]
        rows.append((name, *means, *numbers, f"{np.mean(of['columns kept']):.0f}"))
    show(("table", OURS, LINE, "gain", "standard error", "fit, s", "columns kept"), rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--report", action="store_true", help="print what is there already")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if not options.report:
        run(options.seeds)
    report(options.seeds)


if __name__ == "__main__":
    main()

"""What should predict after a search: networks of all rows, a bag or an ensemble of the folds'?

Random splits of fourteen tables, at most 1,000 rows to train on and 2,000 to test; three rates,
five folds. `refit=True` trains eight networks of all rows at the rate chosen, `refit="bag"` keeps
the five of the folds at this rate, `refit="ensemble"` those of several rates. Losses are
1 - R2, or log-loss; times are seconds of the processor in one thread.

    python benchmarks/refit.py [--data-dir FOLDER] [--seeds 1] [--rows 1000] [--report]
"""

import argparse
import time
from collections import defaultdict

import numpy as np
import torch
from _results import append_rows, done, rows_of, show
from _tables import TABLES, load_table, split
from sklearn.metrics import log_loss, r2_score

from skdropout import DropoutMLPClassifierCV, DropoutMLPRegressorCV

WAYS = {"all rows": True, "bag": "bag", "ensemble": "ensemble"}


def measure(refit, X, X_test, y, y_test, task, seed):
    kind = DropoutMLPRegressorCV if task == "regression" else DropoutMLPClassifierCV
    start = time.process_time()
    search = kind(dropouts=[0.0, 0.1, 0.3], refit=refit, device="cpu", random_state=seed).fit(X, y)
    seconds = time.process_time() - start
    if task == "regression":
        return 1 - r2_score(y_test, search.predict(X_test)), seconds
    p = search.predict_proba(X_test)
    return log_loss(y_test, p, labels=range(p.shape[1])), seconds


def run(arguments):
    known = {setting for setting, _ in done("refit")}
    for seed in range(arguments.seeds):
        for table in TABLES:
            missing = [way for way in WAYS if f"{table} | {way} | {seed}" not in known]
            if missing:
                X, y, task = load_table(table, arguments.data_dir)
                parts = split(X, y, task, seed, arguments.rows, 2000)
            for way in missing:
                loss, seconds = measure(WAYS[way], *parts, task, seed)
                print(f"{table:20} {way:10} {seed}  loss {loss:.4f}, {seconds:.1f} s", flush=True)
                setting = f"{table} | {way} | {seed}"
                append_rows("refit", [(setting, "loss", loss, 0.0), (setting, "s", seconds, 0.0)])


def report():
    values = defaultdict(lambda: defaultdict(list))
    for row in rows_of("refit"):
        table, way, _ = row["setting"].split(" | ")
        values[row["metric"], table][way].append(float(row["value"]))
    tables = [table for table in TABLES if len(values["loss", table]) == len(WAYS)]
    means = {
        metric: np.array([[np.mean(values[metric, t][way]) for way in WAYS] for t in tables])
        for metric in ("loss", "s")
    }
    rows = [
        [table, *(f"{v:.4f}" for v in losses), *(f"{s:.1f}" for s in seconds)]
        for table, losses, seconds in zip(tables, means["loss"], means["s"], strict=True)
    ]
    show(("loss and seconds", *WAYS, *WAYS), rows)
    others = [way for way in WAYS if way != "all rows"]
    of_all = means["loss"][:, :1]
    show(
        ("against all rows", *others),
        [
            ["at least as good", *(means["loss"][:, 1:] <= of_all).sum(0)],
            ["of tables", *[len(tables)] * len(others)],
            ["loss, mean ratio", *(f"{r:.3f}" for r in (means["loss"][:, 1:] / of_all).mean(0))],
            [
                "time, mean ratio",
                *(f"{r:.2f}" for r in (means["s"][:, 1:] / means["s"][:, :1]).mean(0)),
            ],
        ],
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data-dir")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--rows", type=int, default=1000, help="to train on, at most")
    parser.add_argument("--report", action="store_true", help="print what is there already")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if not arguments.report:
        run(arguments)
    report()


if __name__ == "__main__":
    main()

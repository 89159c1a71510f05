"""Quality and time of the defaults on fourteen tables, beside other people's models at theirs.

Three random splits of each table, at most 5,000 rows to train on and 3,000 to test. Rows already in
``results/tabular.csv`` are not computed again while what they were measured with is the same: a
peer's library, or the source of this one. Where it is not, all rows of that model are dropped first,
so that no model's numbers are of two versions. Times are seconds of the processor in one thread;
even these grow with what else a machine does, so ``--only-times`` measures chosen models anew into
``results/tabular_times.csv``. A fit of more than ``--limit`` such seconds is given up, and its time
is written as infinite. ``--quick`` fits small tables once, into ``tabular_quick.csv``.

RealMLP-TD and TabM come from pytabkit, in an environment of their own: ``make pytabkit``.

    python benchmarks/tabular.py --data-dir FOLDER [--models NAME ...] [--tables NAME ...]
        [--seeds 3] [--limit 600] [--quick] [--only-times] [--report]
"""

import argparse
import signal
import time
from collections import defaultdict
from contextlib import contextmanager

import numpy as np
import torch
from _peers import PEERS, RUNS_ON
from _results import append_rows, done, drop, is_stale, rows_of, show
from _tables import TABLES, load_table, split
from scipy.stats import friedmanchisquare, rankdata, studentized_range
from sklearn.metrics import log_loss, r2_score, roc_auc_score

from skdropout import DropoutMLPClassifier, DropoutMLPRegressor

SLOW = ("EBM, 4 bags", "RealMLP-TD", "TabM")
WITHOUT = "skdropout, dropout=0"


def ours(variant=None, **parameters):
    """Return what makes our network for a task; ``variant`` is a mixin."""

    def make(task, seed):
        kind = DropoutMLPRegressor if task == "regression" else DropoutMLPClassifier
        if variant is not None:
            kind = type(variant.__name__, (variant, kind), {})
        return kind(device="cpu", random_state=seed, **parameters)

    return make


MODELS = {
    "skdropout": ours(),
    WITHOUT: ours(dropout=0.0),
    **PEERS,
}


def measure(make, X, X_test, y, y_test, task, seed):
    """Return {metric: value}; prediction is of the whole test set.

    All models run in one thread, so seconds of the processor are those of a clock on a machine that
    has nothing else to do, and hardly depend on what else it does.
    """
    start = time.process_time()
    model = make(task, seed).fit(X, y)
    fitted = time.process_time()
    found = {}
    if task == "regression":
        predictions = model.predict(X_test)
        predicted = time.process_time()
        found["R2"] = r2_score(y_test, predictions)
    else:
        p = np.asarray(model.predict_proba(X_test), dtype=float)
        predicted = time.process_time()
        p = p / p.sum(1, keepdims=True)  # some libraries' float32 rows miss one by a little
        found["log-loss"] = log_loss(y_test, p)
        scores = p[:, 1] if p.shape[1] == 2 else p
        found["AUC"] = roc_auc_score(y_test, scores, multi_class="ovr")
    return {**found, "fit, s": fitted - start, "predict, s": predicted - fitted}


@contextmanager
def at_most(seconds):
    """Raise TimeoutError once the body has taken so many seconds of the processor."""

    def stop(*_):
        raise TimeoutError

    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def model_of(row):
    return row["setting"].split(" | ")[1]


def is_old(row):
    """Whether a row is of another version than today's of what its model runs on."""
    return is_stale(row, RUNS_ON.get(model_of(row), ("skdropout", "torch")))


def run(models, tables, seeds, data_dir, results, redo, limit):
    """Measure what is missing, seed by seed, and append it to the results."""
    for name in models:
        n_dropped = drop(results, lambda row, name=name: model_of(row) == name and is_old(row))
        if n_dropped:
            print(f"{name}: {n_dropped} rows of another version are dropped")
    known = set() if redo else done(results)
    for seed in range(seeds):
        for table in tables:
            missing = [m for m in models if (f"{table} | {m} | {seed}", "fit, s") not in known]
            if not missing:
                continue
            X, y, task = load_table(table, data_dir)
            parts = split(X, y, task, seed)
            for name in missing:
                try:
                    with at_most(limit):
                        found = measure(MODELS[name], *parts, task, seed)
                except ImportError as error:
                    print(f"{name} is left out: {error}")
                    continue
                except TimeoutError:
                    found = {"fit, s": np.inf}
                text = ", ".join(f"{metric} {value:.4f}" for metric, value in found.items())
                print(f"{table:20} {name:28} {seed}  {text}", flush=True)
                rows = [(f"{table} | {name} | {seed}", m, v, 0.0) for m, v in found.items()]
                append_rows(results, rows)


def read(results, seeds):
    """Return {metric: {(table, model): array over seeds}}, of the first ``seeds``."""
    values = defaultdict(lambda: defaultdict(dict))
    for row in rows_of(results):
        table, model, seed = row["setting"].split(" | ")
        if int(seed) < seeds:
            values[row["metric"]][table, model][seed] = float(row["value"])
    return {
        metric: {key: np.array([v for _, v in sorted(of.items())]) for key, of in cells.items()}
        for metric, cells in values.items()
    }


def report(results, seeds):
    """Print means over seeds, mean ranks with a critical difference, and what dropout gained."""
    values = read(results, seeds)
    models = [m for m in MODELS if any(model == m for _, model in values["fit, s"])]
    quality = {**values.get("R2", {}), **values.get("log-loss", {})}
    losses = {}
    for metric in ("R2", "log-loss", "AUC", "fit, s", "predict, s"):
        cells = values.get(metric, {})
        tables = [t for t in TABLES if any(table == t for table, _ in cells)]
        if not tables:
            continue
        rows = [[m, *(_mean(cells.get((t, m))) for t in tables)] for m in models]
        show((metric, *tables), rows)
    for (table, model), of_seeds in quality.items():
        sign = -1 if (table, model) in values.get("R2", {}) else 1
        losses.setdefault(table, {})[model] = sign * of_seeds
    rank_models(losses, [m for m in models if m != WITHOUT])
    show(
        ("gain by dropout, in R2 or log-loss", "paired splits", "mean", "standard error"),
        _dropout_gain(losses),
    )


def rank_models(losses, models):
    """Print mean ranks and Nemenyi's critical difference, of models that have all splits."""
    n_seeds = max(len(of_seeds) for of_table in losses.values() for of_seeds in of_table.values())
    complete = [m for m in models if all(len(of.get(m, ())) == n_seeds for of in losses.values())]
    if len(complete) < 3 or len(losses) < 3:
        return
    matrix = np.array([[of[m].mean() for m in complete] for of in losses.values()])
    ranks = rankdata(matrix, axis=1)
    n, k = ranks.shape
    critical = studentized_range.ppf(0.95, k, np.inf) / np.sqrt(2) * np.sqrt(k * (k + 1) / (6 * n))
    p = friedmanchisquare(*matrix.T).pvalue
    print(
        f"{n} tables, Friedman p = {p:.2g}; mean ranks {critical:.2f} apart differ (Nemenyi, 5 %)"
    )
    order = ranks.mean(0).argsort()
    show(("model", "mean rank"), [[complete[j], f"{ranks[:, j].mean():.2f}"] for j in order])


def _dropout_gain(losses):
    """Return for each table the mean and standard error of what dropout takes off the loss."""
    rows = []
    for table, of in losses.items():
        with_it, without = of.get("skdropout", ()), of.get(WITHOUT, ())
        n = min(len(with_it), len(without))
        if n < 2:
            continue
        gain = without[:n] - with_it[:n]
        error = gain.std(ddof=1) / np.sqrt(n)
        rows.append([table, n, f"{gain.mean():+.4f}", f"{error:.4f}"])
    return rows


def _mean(of_seeds):
    return "" if of_seeds is None else f"{of_seeds.mean():.3f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data-dir")
    parser.add_argument("--models", nargs="*", choices=list(MODELS))
    parser.add_argument("--tables", nargs="*", choices=TABLES, default=TABLES)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--limit", type=float, default=600, help="seconds that a fit may take")
    parser.add_argument("--quick", action="store_true", help="one split of small tables")
    parser.add_argument("--only-times", action="store_true", help="measure times anew")
    parser.add_argument("--report", action="store_true", help="print what is there already")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    models = arguments.models or [m for m in MODELS if m not in SLOW]
    tables, seeds, results = arguments.tables, arguments.seeds, "tabular"
    if arguments.quick:
        tables, seeds, results = ("diabetes", "breast_cancer", "digits"), 1, "tabular_quick"
    elif arguments.only_times:
        results = "tabular_times"
    if not arguments.report:
        redo = results != "tabular"
        run(models, tables, seeds, arguments.data_dir, results, redo, arguments.limit)
    report(results, seeds)


if __name__ == "__main__":
    main()

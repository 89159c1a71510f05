"""Quality and time of the defaults on fourteen tables, beside other people's models at theirs.

Three random splits of each table, at most 5,000 rows to train on and 3,000 to test. Rows already in
``results/tabular.csv`` are not computed again while what they were measured with is the same: the
peer's library, or the source of this one. Where it is not, all rows of that model are dropped
first, so that no model's numbers are of two versions.

Times are seconds of the processor in one thread; even these grow with what else a machine does, so
``--only-times`` measures chosen models anew into ``results/tabular_times.csv``. A fit of more than
``--limit`` such seconds is given up, its time written as infinite, and last in rank on that table.
``--quick`` fits small tables once, into ``tabular_quick.csv``.

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
from _ranking import complete, duel, first_splits, gap, largest_losses, rank
from _results import append_rows, done, drop, is_stale, rows_of, show
from _tables import CHOOSING, CONFIRMING, TABLES, load_table, split
from sklearn.metrics import log_loss, r2_score, roc_auc_score

from skdropout import DropoutMLPClassifier, DropoutMLPRegressor

SLOW = ("EBM, 4 bags", "RealMLP-TD", "TabM")
OURS, GIVEN, WITHOUT = "skdropout", "skdropout, dropout=.1", "skdropout, dropout=0"


def ours(variant=None, **parameters):
    """Return what makes our network for a task; ``variant`` is a mixin."""

    def make(task, seed):
        kind = DropoutMLPRegressor if task == "regression" else DropoutMLPClassifier
        if variant is not None:
            kind = type(variant.__name__, (variant, kind), {})
        return kind(device="cpu", random_state=seed, **parameters)

    return make


MODELS = {
    OURS: ours(),
    GIVEN: ours(dropout=0.1),
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
    is_late = False

    def stop(*_):
        nonlocal is_late
        is_late = True
        raise TimeoutError

    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    except BaseException as error:
        if is_late:  # some libraries turn it into an error of theirs
            raise TimeoutError from error
        raise
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
    """Print means over seeds, then what ``compare`` finds."""
    values = read(results, seeds)
    models = [m for m in MODELS if any(model == m for _, model in values["fit, s"])]
    for metric in ("R2", "log-loss", "AUC", "fit, s", "predict, s"):
        cells = values.get(metric, {})
        tables = [t for t in TABLES if any(table == t for table, _ in cells)]
        if tables:
            most = max(map(len, cells.values()))
            rows = [[m, *(_mean(cells.get((t, m)), most) for t in tables)] for m in models]
            show((metric, *tables), rows)
    print("*: of fewer splits than other cells\n")
    for model in models:
        if any(model_of(row) == model and is_old(row) for row in rows_of(results)):
            print(f"{model}: rows are of another version than today's")
    losses = {}
    for (table, model), of_seeds in values.get("R2", {}).items():
        losses.setdefault(table, {})[model] = -of_seeds
    for (table, model), of_seeds in values.get("log-loss", {}).items():
        losses.setdefault(table, {})[model] = of_seeds
    for (table, model), seconds in values["fit, s"].items():
        if np.isinf(seconds).all():  # given up, so there is no score
            losses.setdefault(table, {})[model] = seconds
    compare(losses, models, {table for table, _ in values.get("R2", {})}, values["fit, s"])


def compare(losses, models, regressions, times):
    """Print ranks, wins and losses, the largest losses, and what dropout gained."""
    models = [m for m in models if m not in (GIVEN, WITHOUT)]
    show_ranks("all splits", losses, complete(losses, models), times)
    on_first = first_splits(losses, 1)
    if complete(on_first, models) != complete(losses, models):
        show_ranks("first split", on_first, complete(on_first, models), times)

    peers = [m for m in models if m != OURS]
    duels = {peer: duel(losses, OURS, peer) for peer in peers}
    rows = [[peer, d.wins, d.losses, d.worst, *_signed(d.gap)] for peer, d in duels.items() if d]
    _show((f"{OURS} against", "wins", "losses", "lost most on", *_SIGNED), rows)
    rows = [
        [table, "R2" if table in regressions else "log-loss", peer, *_signed(lost)]
        for table, peer, lost in largest_losses(losses, OURS, peers)
    ]
    _show((f"{OURS} against the best", "metric", "peer", *_SIGNED), rows)
    for title, better, worse in (
        ("gain by dropout, .1 for 0, in R2 or log-loss", GIVEN, WITHOUT),
        ('gain by dropout="auto", for .1, in R2 or log-loss', OURS, GIVEN),
        ('gain by dropout="auto", for 0, in R2 or log-loss', OURS, WITHOUT),
    ):
        gains = {table: gap(of, worse, better) for table, of in losses.items()}
        rows = [[t, *_signed(g)] for t, g in gains.items() if g and g.n_splits > 1]
        _show((title, "gained", *_SIGNED[1:]), rows)


def show_ranks(title, losses, models, times):
    """Print mean ranks on all tables, on the choosing and on the confirming ones."""
    parts = {"all": TABLES, "choosing": CHOOSING, "confirming": CONFIRMING}
    found = {}
    for part, tables in parts.items():
        ranks = rank({t: losses[t] for t in tables if t in losses}, models)
        if ranks is not None:
            found[part] = ranks
            print(
                f"{title}, {part}: {ranks.n_tables} tables, Friedman p = {ranks.p:.2g}; "
                f"mean ranks {ranks.critical:.2f} apart differ (Nemenyi, 5 %)"
            )
    if not found:
        return
    seconds = {m: np.mean([times[t, m].mean() for t in losses]) for m in models}
    rows = [
        [m, *(f"{ranks.mean[m]:.2f}" for ranks in found.values()), f"{seconds[m]:.1f}"]
        for m in next(iter(found.values())).mean
    ]
    show((f"mean rank, {title}", *found, "mean fit, s"), rows)


_SIGNED = ("lost", "standard error", "splits")


def _show(header, rows):
    if rows:
        show(header, rows)


def _signed(found):
    error = "" if np.isnan(found.error) else f"{found.error:.4f}"
    return [f"{found.loss:+.4f}", error, found.n_splits]


def _mean(of_seeds, most):
    if of_seeds is None:
        return ""
    return f"{of_seeds.mean():.3f}" + ("*" if len(of_seeds) < most else "")


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

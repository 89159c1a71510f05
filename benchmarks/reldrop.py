"""Relevance-driven input dropout against none and against chance, on six tables and digits.

Ten networks each, every one of its own split and seed, of at most 2,000 rows to train on and 1,000
to test, hidden units dropped at rate .1. Random input dropout has the share of cells that RelDrop
really dropped in the same training; "random, told" is RelDrop's network with columns dropped at
random and as often, so what is left between the two is relevance. Networks of one split and seed
are paired. Columns are occluded as missing cells on held-out rows; scores are R2, the area under
the ROC curve (two classes) or accuracy (digits). Intervals are 95 % of Student's t over the ten.
Tables that are done are skipped.

Of classifiers, what is occluded depends on the true class, in RelDrop's training as in the curve:
the gaps themselves tell something of the class, which only a network trained with them has learnt
to read. The scores with the same columns missing from all rows are free of this.

With `--tried`: what else was tried in the place of RelDrop's defaults, four networks on two splits
of two tables, minus networks without dropped columns.

    python benchmarks/reldrop.py [--data-dir DIR] [--tables adult ...] [--tried] [--cost] [--report]
"""

import argparse
import time

import numpy as np
import torch
from _droppers import AveragedRelevance, DropCounter, FromOtherRows, ScaledUp, Untold
from _results import append_rows, done, median_and_spread, rows_of, show
from _tables import load_table, split
from scipy.stats import t as student
from sklearn.metrics import get_scorer
from torch import nn

from skdropout import DropoutMLPClassifier, DropoutMLPRegressor, RelDropClassifier, RelDropRegressor
from skdropout.inspection import occlusion_curve
from skdropout.nn import RelevanceDropout

TABLES = (
    "california_housing",
    "bike_hour",
    "wine_quality",
    "adult",
    "bank_marketing",
    "german_credit",
    "digits",
)
SEEDS, N_TRAIN, N_TEST = 10, 2000, 1000
SHARED = {
    "hidden_layer_sizes": (64, 64),
    "n_members": 1,
    "max_iter": 40,
    "n_iter_no_change": 10,
    "dropout": 0.1,
}
METRICS = (
    "test score",
    "area under the occlusion curve",
    "loss of score under occlusion",
    "score, 1 important column missing",
    "score, 2 important columns missing",
    "score, 3 important columns missing",
    "columns that carry 90 % of the relevance",
)
KINDS = {
    "regression": (DropoutMLPRegressor, RelDropRegressor),
    "classification": (DropoutMLPClassifier, RelDropClassifier),
}
TWO = ("california_housing", "bike_hour")
CONSTANT = {"dropout_schedule": "constant"}
# name: parameters, callbacks
TRIED = {
    "as before: not told, beta .15 throughout": ({"beta": 0.15, **CONSTANT}, [Untold]),
    "told, beta .15 throughout": ({"beta": 0.15, **CONSTANT}, []),
    "the defaults": ({}, []),
    "the defaults, not told": ({}, [Untold]),
    "told, beta .04 throughout": (CONSTANT, []),
    "told, beta .15, decay": ({"beta": 0.15}, []),
    "told, beta .3, early": ({"beta": 0.3, "dropout_schedule": "early"}, []),
    "told, a tenth of the rows, beta .5, decay": ({"probability": 0.1, "beta": 0.5}, []),
    "told, half of the rows, beta .3": ({"probability": 0.5, "beta": 0.3, **CONSTANT}, []),
    "values of other rows, beta .15": ({"beta": 0.15, **CONSTANT}, [Untold, FromOtherRows]),
    "what is kept scaled up, beta .15": ({"beta": 0.15, **CONSTANT}, [Untold, ScaledUp]),
    "relevance of averaged weights, beta .15": (
        {"beta": 0.15, **CONSTANT},
        [Untold, AveragedRelevance],
    ),
}


def without(X, columns):
    X = X.copy()
    for column in columns:
        X[column] = X[column].astype(float) if X[column].dtype.kind in "iub" else X[column]
        X.loc[:, column] = np.nan
    return X


def measure(network, X, y, scoring, important):
    """Return the metrics."""
    score = get_scorer(scoring)
    curve = occlusion_curve(
        network, X, y, fractions=6, fill="missing", scoring=scoring, random_state=0
    )
    missing = [score(network, without(X, important[:n]), y) for n in (1, 2, 3)]
    full = curve.scores[0]
    return [full, curve.area, full - curve.area, *missing, curve.n_effective]


def important_columns(network, X, y):
    """Return the columns, the most relevant one first."""
    curve = occlusion_curve(network, X, y, fractions=[0], fill="missing")
    return X.columns[np.abs(curve.relevance).mean(0).argsort(kind="stable")[::-1]]


def scoring_of(name, task):
    return "r2" if task == "regression" else "accuracy" if name == "digits" else "roc_auc"


def mean_factor(network):
    """Return what beta was multiplied by on average over the epochs of RelDrop's default."""
    progress = np.arange(len(network.loss_curve_)) / network.max_iter
    return (1 + np.cos(2 * np.pi * np.maximum(0, progress - 0.5))).mean() / 2


def compare(name, data_dir):
    """Return the shares of cells dropped, and {contender: (seeds, metrics)}."""
    X, y, task = load_table(name, data_dir)
    plain, reldrop = KINDS[task]
    shares, found = [], {}
    for seed in range(SEEDS):
        X_train, X_test, y_train, y_test = split(X, y, task, seed, N_TRAIN, N_TEST)
        shared = {**SHARED, "random_state": seed}
        counter = DropCounter()
        networks = {"RelDrop": reldrop(**shared, callbacks=[counter]).fit(X_train, y_train)}
        shares.append(counter.share)
        told = {"alpha": 1.0, "beta": counter.share / mean_factor(networks["RelDrop"])}
        for key, model in {
            "none": plain(**shared),
            "random": plain(**shared, input_dropout=counter.share),
            "random, told": reldrop(**shared, **told),
        }.items():
            networks[key] = model.fit(X_train, y_train)
        important = important_columns(networks["none"], X_test, y_test)
        for key, network in networks.items():
            values = measure(network, X_test, y_test, scoring_of(name, task), important)
            found.setdefault(key, []).append(values)
    return np.mean(shares), {key: np.array(values) for key, values in found.items()}


def interval(values):
    """Mean and half of the 95 % interval."""
    half = student.ppf(0.975, len(values) - 1) * values.std(ddof=1) / len(values) ** 0.5
    return values.mean(), half


def run_tables(names, data_dir, save):
    finished = {setting.split(":")[0] for setting, _ in done("reldrop")} if save else set()
    for name in names:
        if name in finished:
            continue
        start = time.perf_counter()
        share, found = compare(name, data_dir)
        settings = {key: found[key] for key in ("none", "random", "random, told", "RelDrop")}
        for other in ("none", "random", "random, told"):
            settings[f"RelDrop - {other}"] = found["RelDrop"] - found[other]
        rows = [(f"{name}: RelDrop", "share of cells dropped in training", share, 0.0)]
        for j, metric in enumerate(METRICS):
            for key, values in settings.items():
                rows.append((f"{name}: {key}", metric, *interval(values[:, j])))
        if save:
            append_rows("reldrop", rows)
        cells = {
            (setting.split(": ")[1], metric): f"{v:.3f} +- {s:.3f}"
            for setting, metric, v, s in rows
        }
        seconds = time.perf_counter() - start
        show(
            (f"{name}, {share:.3f} dropped, {seconds:.0f} s", *settings),
            [(metric, *(cells[key, metric] for key in settings)) for metric in METRICS],
        )


def run_tried(names, data_dir):
    known = done("reldrop")
    for seed in range(2):
        for name in names:
            X, y, task = load_table(name, data_dir)
            X_train, X_test, y_train, y_test = split(X, y, task, seed, N_TRAIN, N_TEST)
            plain, reldrop = KINDS[task]
            shared = {**SHARED, "n_members": 4, "random_state": seed}
            base = plain(**shared).fit(X_train, y_train)
            important = important_columns(base, X_test, y_test)
            scoring = scoring_of(name, task)
            before = measure(base, X_test, y_test, scoring, important)
            for key, (options, callbacks) in TRIED.items():
                setting = f"tried | {name} | {key} | seed {seed}"
                if (setting, "seconds of the fit") in known:
                    continue
                model = reldrop(**{**shared, **options}, callbacks=[make() for make in callbacks])
                start = time.process_time()
                model.fit(X_train, y_train)
                seconds = time.process_time() - start
                after = measure(model, X_test, y_test, scoring, important)
                gains = zip(METRICS, np.subtract(after, before), strict=True)
                rows = [(setting, metric, gain, 0.0) for metric, gain in gains]
                append_rows("reldrop", [*rows, (setting, "seconds of the fit", seconds, 0.0)])


def report():
    """Print the differences of all tables, and what else was tried."""
    rows = {(row["setting"], row["metric"]): row for row in rows_of("reldrop")}
    table = []
    for name in TABLES:
        cells = [name]
        for other, metric in (
            ("none", METRICS[0]),
            ("random", METRICS[0]),
            ("random", METRICS[2]),
            ("random, told", METRICS[2]),
            ("none", METRICS[4]),
            ("random", METRICS[4]),
        ):
            row = rows.get((f"{name}: RelDrop - {other}", metric))
            cells.append(row and f"{float(row['value']):+.4f} +- {float(row['spread']):.4f}")
        table.append(cells)
    header = ("score: - none", "- random", "loss: - random", "- told", "2 missing: - none")
    show(("RelDrop", *header, "- random"), [cells for cells in table if None not in cells])
    of_metric = (METRICS[0], METRICS[2], METRICS[4], "seconds of the fit")
    for name in TWO:
        table = []
        for key in TRIED:
            settings = [f"tried | {name} | {key} | seed {seed}" for seed in range(2)]
            settings = [setting for setting in settings if (setting, of_metric[-1]) in rows]
            if len(settings) > 1:
                values = [
                    np.array([float(rows[setting, metric]["value"]) for setting in settings])
                    for metric in of_metric
                ]
                errors = [v.std(ddof=1) / len(v) ** 0.5 for v in values]
                cells = [
                    f"{v.mean():+.4f} +- {error:.4f}"
                    for v, error in zip(values, errors, strict=True)
                ]
                table.append([key, *cells])
        if table:
            show((f"{name}, minus none", *of_metric), table)


def timed_fits(rounds):
    """Whole fits, 3 x 256, batch 256, every contender in turn in each round."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20_000, 50)).astype(np.float32)
    y = X[:, 0] * X[:, 1] + X[:, 2] + 0.1 * rng.normal(size=len(X))
    options = {
        "hidden_layer_sizes": (256, 256, 256),
        "batch_size": 256,
        "max_iter": 3,
        "early_stopping": False,
        "random_state": 0,
    }
    contenders = {
        "random input dropout": lambda: DropoutMLPRegressor(**options, input_dropout=0.1),
        "RelDrop": lambda: RelDropRegressor(**options),
        "RelDrop, epsilon": lambda: RelDropRegressor(**options, rule="epsilon"),
        "RelDrop, zplus": lambda: RelDropRegressor(**options, rule="zplus"),
    }

    def seconds(make):
        start = time.perf_counter()
        make().fit(X, y)
        return time.perf_counter() - start

    times = {name: [] for name in contenders}
    for turn in range(rounds + 1):
        for name, make in contenders.items():
            elapsed = seconds(make)
            if turn:  # the first turn warms up
                times[name].append(elapsed)
    return times


def timed_steps(rounds, n_steps=30):
    """Training steps of an own loop; captum's and zennit's relevance with the same masks."""
    torch.manual_seed(0)
    x, y = torch.randn(256, 50), torch.randn(256, 1)
    layers, width = [], 50
    for _ in range(3):
        layers += [nn.Linear(width, 256), nn.ReLU()]
        width = 256
    model = nn.Sequential(*layers, nn.Linear(width, 1))
    optimizer = torch.optim.AdamW(model.parameters(), fused=True)
    ours = {rule: RelevanceDropout(model, rule=rule) for rule in ("gradient_x_input", "epsilon")}
    droppers = {
        "random input dropout": lambda: nn.functional.dropout(x, 0.1),
        "RelevanceDropout": lambda: ours["gradient_x_input"](x),
        "RelevanceDropout, epsilon": lambda: ours["epsilon"](x),
        **_by_other_libraries(model, x),
    }

    def step(drop):
        inputs = drop()
        optimizer.zero_grad()
        (model(inputs) - y).square().mean().backward()
        optimizer.step()

    times = {name: [] for name in droppers}
    for turn in range(rounds + 1):
        for name, drop in droppers.items():
            start = time.perf_counter()
            for _ in range(n_steps):
                step(drop)
            if turn:
                times[name].append((time.perf_counter() - start) / n_steps)
    return times


def _by_other_libraries(model, x):
    from skdropout.functional import relevance_mask

    def masked(shares):
        return x.masked_fill(relevance_mask(shares.detach(), alpha=0.5, beta=0.25), 0.0)

    droppers = {}
    try:
        from captum.attr import LRP

        own = x.clone().requires_grad_()
        droppers["captum, LRP epsilon"] = lambda: masked(LRP(model).attribute(own))
    except ImportError:
        pass
    try:
        from zennit.attribution import Gradient
        from zennit.composites import EpsilonPlus

        def attribute():
            with Gradient(model=model, composite=EpsilonPlus()) as attributor:
                return masked(attributor(x.clone(), torch.ones(256, 1))[1])

        droppers["zennit, epsilon"] = attribute
    except ImportError:
        pass
    return droppers


def run_cost(rounds, save):
    for title, times in (
        ("fit, 3 epochs, 20,000 x 50, 256-256-256, batch 256", timed_fits(rounds)),
        ("step, 50 columns, 256-256-256, batch 256", timed_steps(10 * rounds)),
    ):
        rows, table = [], []
        for name, values in times.items():
            ratios = np.array(values) / np.array(times["random input dropout"])
            ms, ratio = median_and_spread(np.array(values) * 1e3), median_and_spread(ratios)
            rows.append((f"cost: {title}: {name}", "ms", *ms))
            rows.append((f"cost: {title}: {name}", "ratio to random input dropout", *ratio))
            table.append((name, f"{ms[0]:.1f} +- {ms[1]:.1f}", f"{ratio[0]:.2f} +- {ratio[1]:.2f}"))
        show((title, "ms", "ratio"), table)
        if save:
            append_rows("reldrop", rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data-dir", help="folder of the tables; without it, OpenML")
    parser.add_argument("--tables", nargs="+", default=TABLES, choices=TABLES)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tried", action="store_true", help="what else was tried, instead")
    parser.add_argument("--report", action="store_true", help="print what was measured")
    parser.add_argument("--cost", action="store_true", help="time fits and steps instead")
    parser.add_argument("--no-save", action="store_true", help="print only")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.cost:
        run_cost(arguments.rounds, not arguments.no_save)
    elif arguments.tried:
        run_tried(TWO, arguments.data_dir)
    elif not arguments.report:
        run_tables(arguments.tables, arguments.data_dir, not arguments.no_save)
    report()


if __name__ == "__main__":
    main()

"""Relevance-driven input dropout against none and against chance, on six tables and digits.

Ten networks each, of ten seeds, trained on at most 5,000 rows, stopped early; random input dropout
has the share of columns that RelDrop really dropped on the same table. Networks of one seed are
paired. Columns are occluded as missing cells on held-out rows; scores are R2, the area under the
ROC curve (two classes) or accuracy (digits). Intervals are 95 % of Student's t over the ten
networks: they speak for networks trained anew on this split, not for other rows. Tables that are
done are skipped.

Of classifiers, what is occluded depends on the true class, in RelDrop's training as in the curve:
the gaps themselves tell something of the class, which only a network trained with them has learnt
to read. The scores with the same columns missing from all rows are free of this.

    python benchmarks/reldrop.py [--data-dir DIR] [--tables adult ...] [--beta 0.15] [--cost]
"""

import argparse
import time

import numpy as np
import torch
from _results import append_rows, done, median_and_spread, show
from _tables import load_table, split
from scipy.stats import t as student
from sklearn.metrics import get_scorer
from skorch.callbacks import Callback
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
SEEDS = 10
SHARED = {
    "hidden_layer_sizes": (64, 64),
    "n_members": 1,
    "max_iter": 40,
    "n_iter_no_change": 10,
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


class DropCounter(Callback):
    """Count, while networks are trained, the share of cells that are dropped."""

    def __init__(self):
        self.shares = []

    def on_train_begin(self, net, **_):
        encoding = net.module_.encoding
        keep = encoding.keep

        def counted(encoded, factor):
            self.shares.append(1 - float(factor.mean()))
            return keep(encoded, factor)

        encoding.keep = counted

    def on_train_end(self, net, **_):
        del net.module_.encoding.keep


def fit(kind, X, y, **options):
    """Return one network for each seed."""
    return [kind(**SHARED, random_state=seed, **options).fit(X, y) for seed in range(SEEDS)]


def without(X, columns):
    X = X.copy()
    for column in columns:
        X[column] = X[column].astype(float) if X[column].dtype.kind in "iub" else X[column]
        X.loc[:, column] = np.nan
    return X


def measure(networks, X, y, scoring, important):
    """Return (seeds, metrics)."""
    score = get_scorer(scoring)
    found = []
    for network in networks:
        curve = occlusion_curve(
            network,
            X,
            y,
            fractions=6,
            fill="missing",
            scoring=scoring,
            random_state=0,
        )
        missing = [score(network, without(X, important[:n]), y) for n in (1, 2, 3)]
        full = curve.scores[0]
        found.append([full, curve.area, full - curve.area, *missing, curve.n_effective])
    return np.array(found)


def compare(name, data_dir, beta):
    X, y, task = load_table(name, data_dir)
    X_train, X_test, y_train, y_test = split(X, y, task, 0, most_test=1500)
    plain, reldrop = KINDS[task]
    counter = DropCounter()
    networks = {"RelDrop": fit(reldrop, X_train, y_train, beta=beta, callbacks=[counter])}
    share = float(np.mean(counter.shares))
    networks["random"] = fit(plain, X_train, y_train, input_dropout=share)
    networks["none"] = fit(plain, X_train, y_train)
    scoring = "r2" if task == "regression" else "accuracy" if name == "digits" else "roc_auc"
    sizes = [
        np.abs(occlusion_curve(network, X_test, y_test, fractions=[0], fill="missing").relevance)
        for network in networks["none"]
    ]
    important = X_test.columns[np.mean(sizes, axis=(0, 1)).argsort()[::-1]]
    found = {
        key: measure(group, X_test, y_test, scoring, important) for key, group in networks.items()
    }
    return share, found


def interval(values):
    """Mean and half of the 95 % interval."""
    half = student.ppf(0.975, len(values) - 1) * values.std(ddof=1) / len(values) ** 0.5
    return values.mean(), half


def run_tables(names, data_dir, beta, save):
    finished = {setting.split(":")[0] for setting, _ in done("reldrop")} if save else set()
    for name in names:
        title = f"{name}, beta {beta}"
        if title in finished:
            continue
        start = time.perf_counter()
        share, found = compare(name, data_dir, beta)
        settings = {
            **{key: found[key] for key in ("none", "random", "RelDrop")},
            "RelDrop - random": found["RelDrop"] - found["random"],
            "RelDrop - none": found["RelDrop"] - found["none"],
        }
        rows = [(f"{title}: RelDrop", "share of columns dropped in training", share, 0.0)]
        for j, metric in enumerate(METRICS):
            for key, values in settings.items():
                rows.append((f"{title}: {key}", metric, *interval(values[:, j])))
        if save:
            append_rows("reldrop", rows)
        cells = {
            (setting.split(": ")[1], metric): f"{v:.3f} +- {s:.3f}"
            for setting, metric, v, s in rows
        }
        seconds = time.perf_counter() - start
        show(
            (f"{title}, {share:.2f} dropped, {seconds:.0f} s", *settings),
            [(metric, *(cells[key, metric] for key in settings)) for metric in METRICS],
        )


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
    parser.add_argument("--beta", type=float, default=RelDropRegressor().beta)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cost", action="store_true", help="time fits and steps instead")
    parser.add_argument("--no-save", action="store_true", help="print only")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.cost:
        run_cost(arguments.rounds, not arguments.no_save)
    else:
        run_tables(arguments.tables, arguments.data_dir, arguments.beta, not arguments.no_save)


if __name__ == "__main__":
    main()

"""Choosing the dropout rate: one stack of networks against GridSearchCV and a loop over fits.

Every round times all contenders one after another, so that a ratio compares neighbours in time;
the table gives medians over the rounds and half the distance between the extremes. All train
rates x folds networks of 3 x 128 for equally many epochs, one thread, and then one more on all
rows. The loop by hand is what a user of bare torch would write: tensors, slices of a permutation,
fused AdamW, no scores but the last. Two further parts: whether racing chooses as the whole grid
does (`--choice`), and whether the rate chosen follows the theory of dropout (`--theory`).

    python benchmarks/dropout_search.py [--rows 2000] [--batches 64 256 1024] [--rounds 3]
"""

import argparse
import time
import warnings

import numpy as np
import torch
from _results import append_rows, median_and_spread, show
from sklearn.model_selection import GridSearchCV, KFold
from skorch import NeuralNetRegressor
from torch import nn

from skdropout import DropoutMLPRegressorCV
from skdropout.datasets import load_bike_sharing

RATES, FOLDS, HIDDEN, COLUMNS = [0.0, 0.1, 0.2, 0.3, 0.5, 0.7], 5, (128, 128, 128), 20


def make_data(n_rows, kind="pairs", seed=0, noise=0.5):
    """Normal columns; a target of unit variance, and noise."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, COLUMNS)).astype(np.float32)
    signal = {
        "additive": np.sin(2 * X[:, 0]) + X[:, 1] + np.abs(X[:, 2]),
        "pairs": X[:, 0] * X[:, 1] + X[:, 2] + np.sin(X[:, 3] * X[:, 4]),
        "three-way": X[:, 0] * X[:, 1] * X[:, 2],
    }[kind]
    y = (signal - signal.mean()) / signal.std() + noise * rng.normal(size=n_rows)
    return X, y.astype(np.float32)


class Network(nn.Module):
    def __init__(self, rate=0.0):
        super().__init__()
        layers, width = [], COLUMNS
        for size in HIDDEN:
            layers += [nn.Linear(width, size), nn.ReLU(), nn.Dropout(rate)]
            width = size
        self.layers = nn.Sequential(*layers, nn.Linear(width, 1))

    def forward(self, x):
        return self.layers(x)


class Slices:
    """An iterator for skorch that slices whole tensors, in place of a DataLoader."""

    def __init__(self, dataset, batch_size, shuffle=False):
        self.X = torch.as_tensor(dataset.X)
        # skorch predicts without a target, and still wants pairs
        self.y = self.X[:, :1] if dataset.y is None else torch.as_tensor(dataset.y)
        self.batch_size, self.shuffle = batch_size, shuffle

    def __iter__(self):
        order = torch.randperm(len(self.X)) if self.shuffle else torch.arange(len(self.X))
        for rows in order.split(self.batch_size):
            yield self.X[rows], self.y[rows]


def skorch_search(X, y, epochs, batch, device, *, tuned):
    torch.manual_seed(0)
    options = {"iterator_train__shuffle": True}
    if tuned:
        options |= {"iterator_train": Slices, "iterator_valid": Slices, "optimizer__fused": True}
        options["callbacks"] = "disable"
    net = NeuralNetRegressor(
        Network,
        max_epochs=epochs,
        lr=1e-3,
        batch_size=batch,
        optimizer=torch.optim.AdamW,
        train_split=None,
        verbose=0,
        device=device,
        **options,
    )
    return GridSearchCV(net, {"module__rate": RATES}, cv=KFold(FOLDS)).fit(X, y[:, None])


def bare_loop(X, y, epochs, batch, device):
    X, y = torch.from_numpy(X).to(device), torch.from_numpy(y).to(device)[:, None]
    folds = list(KFold(FOLDS).split(X))
    scores = np.zeros((len(RATES), FOLDS))
    for i, rate in enumerate(RATES):
        for k, (train, test) in enumerate(folds):
            network = fit_bare(X[train], y[train], rate, epochs, batch)
            with torch.inference_mode():
                scores[i, k] = nn.functional.mse_loss(network.eval()(X[test]), y[test])
    return fit_bare(X, y, RATES[int(scores.mean(1).argmin())], epochs, batch)


def fit_bare(X, y, rate, epochs, batch):
    torch.manual_seed(0)
    network = Network(rate).to(X.device)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, fused=True)
    for _ in range(epochs):
        for rows in torch.randperm(len(X)).to(X.device).split(batch):
            optimizer.zero_grad()
            nn.functional.mse_loss(network(X[rows]), y[rows]).backward()
            optimizer.step()
    return network


def ours(X, y, epochs, batch=64, device="cpu", *, racing=False, stops=False, **parameters):
    """All epochs are run, whether rows are set aside to race by or not."""
    return DropoutMLPRegressorCV(
        HIDDEN,
        n_members=1,
        numeric_encoding="standard",
        screening=None,
        input_scaling=0,
        dropouts=RATES,
        cv=KFold(FOLDS),
        batch_size=batch,
        max_iter=epochs,
        early_stopping=racing or stops,
        n_iter_no_change=epochs,
        racing=racing,
        random_state=0,
        device=device,
        **parameters,
    ).fit(X, y)


def contenders(X, y, epochs, batch, device):
    common = (X, y, epochs, batch, device)
    return {
        "GridSearchCV, default skorch": lambda: skorch_search(*common, tuned=False),
        "GridSearchCV, tuned skorch": lambda: skorch_search(*common, tuned=True),
        "serial bare loop": lambda: bare_loop(*common),
        "skdropout": lambda: ours(*common),
        "skdropout, rows to stop by": lambda: ours(*common, stops=True),
        "skdropout, racing": lambda: ours(*common, racing=True),
    }


def compare(functions, rounds, baseline):
    """Print a table of times and ratios; return its rows for the CSV, by contender."""
    times = {name: [] for name in functions}
    for _ in range(rounds):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            times[name].append(time.perf_counter() - start)
    table, rows = [], []
    for name, seconds in times.items():
        value, spread = median_and_spread(seconds)
        ratio, ratio_spread = median_and_spread(np.divide(times[baseline], seconds))
        table.append((name, f"{value:.3g}", f"{spread:.2g}", f"{ratio:.2f}", f"{ratio_spread:.2f}"))
        rows.append((name, "s", value, spread))
        rows.append((name, f"times faster than {baseline}", ratio, ratio_spread))
    show(("", "s", "+-", "times faster", "+-"), table)
    return rows


def choices(epochs):
    """Whether racing chooses the rate that the whole grid does, or one within its error."""
    bikes, rented = load_bike_sharing(return_X_y=True)
    rows = np.random.default_rng(0).permutation(len(rented))[:2000]
    data = {f"{kind}, 2,000 rows": make_data(2000, kind) for kind in ("additive", "pairs")}
    data["three-way, 2,000 rows"] = make_data(2000, "three-way", noise=0.3)
    data["bike sharing, 2,000 rows"] = bikes.iloc[rows], np.asarray(rented)[rows]
    saved, table = [], []
    for name, (X, y) in data.items():
        whole, raced = (
            ours(X, y, epochs, racing=r, stops=True, refit=False) for r in (False, True)
        )
        best = whole.scores_[whole.best_index_]
        lag = best.mean() - whole.scores_[raced.best_index_].mean()
        errors = lag / (best.std(ddof=1) / FOLDS**0.5)
        table.append((name, whole.dropout_, raced.dropout_, f"{errors:.2f}"))
        saved += [
            (name, "rate chosen by the whole grid", whole.dropout_, 0.0),
            (name, "rate chosen by racing", raced.dropout_, 0.0),
            (name, "standard errors between them", errors, 0.0),
        ]
    show(("", "whole grid", "racing", "standard errors apart"), table)
    return saved


def theory(n_seeds=10, n_rows=600, n_columns=5):
    """The rates chosen for additive targets and for pure three-way interactions.

    Three columns matter, signal and noise have equal variance, and nothing but dropout holds the
    networks back: all 60 epochs are run.
    """
    rates, rows, table = np.arange(8) / 10, [], []
    grids = {
        "hidden units": {"dropouts": rates},
        "columns": {"dropouts": [0.0], "input_dropouts": rates},
    }
    for of, grid in grids.items():
        chosen = {"additive": [], "three-way": []}
        for seed in range(n_seeds):
            for kind, found in chosen.items():
                search = DropoutMLPRegressorCV(
                    (128, 128),
                    numeric_encoding="standard",
                    screening=None,
                    input_scaling=0,
                    cv=3,
                    max_iter=60,
                    early_stopping=False,
                    learning_rate_init=3e-3,
                    random_state=seed,
                    refit=False,
                    **grid,
                ).fit(*make_known(kind, n_rows, n_columns, seed))
                found.append(search.dropout_ + search.input_dropout_)
        difference = np.subtract(*chosen.values())
        for name, values in {**chosen, "difference": difference}.items():
            mean, error = float(np.mean(values)), float(np.std(values, ddof=1) / n_seeds**0.5)
            table.append((f"{of}, {name}", f"{mean:.3f}", f"{error:.3f}"))
            rows.append((f"theory, rate of {of}, {n_seeds} seeds", f"mean, {name}", mean, error))
    show(("rate of", "mean", "standard error"), table)
    return rows


def make_known(kind, n_rows, n_columns, seed):
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, size=(n_rows, n_columns))
    signal = np.sin(3 * X[:, :3]).sum(1) if kind == "additive" else X[:, :3].prod(1)
    return X, signal / signal.std() + rng.normal(size=n_rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="*", default=[2000])
    parser.add_argument("--batches", type=int, nargs="*", default=[64, 256, 1024])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--choice", action="store_true")
    parser.add_argument("--theory", action="store_true")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--no-save", action="store_true", help="print only")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", category=UserWarning)
    device, rows = arguments.device, []
    if arguments.choice:
        rows += choices(arguments.epochs)
    elif arguments.theory:
        rows += theory()
    else:
        for n_rows in arguments.rows:
            X, y = make_data(n_rows)
            ours(X, y, 1, 256, device)  # warm up
            for batch in arguments.batches:
                title = f"{n_rows:,} rows, batch {batch}, {arguments.epochs} epochs"
                print(f"{len(RATES)} rates x {FOLDS} folds, {title}\n")
                functions = contenders(X, y, arguments.epochs, batch, device)
                found = compare(functions, arguments.rounds, "GridSearchCV, default skorch")
                rows += [(f"{title}: {name}", *rest) for name, *rest in found]
    if not arguments.no_save:
        append_rows("dropout_search", rows, device=device)


if __name__ == "__main__":
    main()

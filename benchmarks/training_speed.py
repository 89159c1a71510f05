"""Fit and predict times: this library, bare torch, skorch and scikit-learn.

Every round times all contenders one after another, so that a ratio compares neighbours in time;
the table gives medians over the rounds and half the distance between the extremes. `--steps` times
steps of stacks of 1, 4 and 30 networks instead, and prints for each the share that its own matrix
products take alone in the same run: the rest could be saved. Others train one network at a time.
`--paces` times steps of networks that each learn at a rate and a decay of their own.

    python benchmarks/training_speed.py [--rounds 5] [--epochs 20] [--device cpu] [--no-save]
    python benchmarks/training_speed.py --steps [--rounds 3] [--no-save]
    python benchmarks/training_speed.py --paces [--rounds 3] [--no-save]
"""

import argparse
import time
import warnings

import numpy as np
import torch
from _results import append_rows, median_and_spread, show
from _steps import seconds_of_epoch, seconds_of_products
from dropout_search import Slices
from sklearn.neural_network import MLPRegressor
from skorch import NeuralNetRegressor
from torch import nn

from skdropout import DropoutMLPRegressor

ROWS, COLUMNS, HIDDEN, BATCH, RATE = 20_000, 50, (256, 256), 256, 0.2


def make_data(n_rows=ROWS):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, COLUMNS)).astype(np.float32)
    y = X[:, 0] * X[:, 1] + X[:, 2] + 0.1 * rng.normal(size=n_rows)
    return X, y.astype(np.float32)


def make_network(rate):
    layers, width = [], COLUMNS
    for size in HIDDEN:
        layers += [nn.Linear(width, size), nn.ReLU(), nn.Dropout(rate)]
        width = size
    return nn.Sequential(*layers, nn.Linear(width, 1))


def wait(device):
    if device == "cuda":
        torch.cuda.synchronize()


def fit_bare(X, y, epochs, device, rate=RATE, batch=BATCH):
    """The loop one writes by hand: tensors on the device, fused AdamW, slices of a permutation."""
    torch.manual_seed(0)
    X, y = torch.from_numpy(X).to(device), torch.from_numpy(y).to(device)[:, None]
    network = make_network(rate).to(device)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, fused=True)
    for _ in range(epochs):
        order = torch.randperm(len(X)).to(device)
        for rows in order.split(batch):
            optimizer.zero_grad()
            nn.functional.mse_loss(network(X[rows]), y[rows]).backward()
            optimizer.step()
    wait(device)
    return network


def skorch_net(epochs, device, *, tuned=False, batch=BATCH):
    torch.manual_seed(0)
    options = {"iterator_train__shuffle": True}
    if tuned:
        options |= {
            "iterator_train": Slices,
            "iterator_valid": Slices,
            "optimizer__fused": True,
            "callbacks": "disable",
        }
    return NeuralNetRegressor(
        make_network(RATE),
        max_epochs=epochs,
        lr=1e-3,
        batch_size=batch,
        optimizer=torch.optim.AdamW,
        train_split=None,
        verbose=0,
        device=device,
        **options,
    )


def ours(epochs, device, **parameters):
    """One network at the settings of the others; all columns enter, as theirs do."""
    settings = {
        "n_members": 1,
        "numeric_encoding": "standard",
        "input_scaling": 0,
        "dropout": RATE,
        "batch_size": BATCH,
        "screening": None,
        "learning_rate": "constant",
        **parameters,
    }
    return DropoutMLPRegressor(
        HIDDEN,
        max_iter=epochs,
        early_stopping=False,
        random_state=0,
        device=device,
        **settings,
    )


def sklearn_mlp(epochs, batch=BATCH):
    return MLPRegressor(
        hidden_layer_sizes=HIDDEN,
        batch_size=batch,
        max_iter=epochs,
        n_iter_no_change=epochs,
        tol=0,
        random_state=0,
    )


def fit_contenders(X, y, epochs, device):
    contenders = {
        "bare torch, no dropout": lambda: fit_bare(X, y, epochs, device, rate=0.0),
        "bare torch, dropout .2": lambda: fit_bare(X, y, epochs, device),
        "skdropout, dropout .2": lambda: ours(epochs, device).fit(X, y),
        "skorch default loop, dropout .2": lambda: skorch_net(epochs, device).fit(X, y[:, None]),
        "skorch tuned, dropout .2": lambda: skorch_net(epochs, device, tuned=True).fit(
            X, y[:, None]
        ),
    }
    if device == "cpu":
        contenders["sklearn MLPRegressor, no dropout"] = lambda: sklearn_mlp(epochs).fit(X, y)
    return contenders


def predict_contenders(X, y, n_rows, device):
    model = ours(1, device).fit(X, y)
    skorch = skorch_net(1, device).fit(X, y[:, None])
    tuned = skorch_net(1, device, tuned=True).fit(X, y[:, None])
    bare = fit_bare(X, y, 1, device).eval()
    rows = make_data(n_rows)[0]

    def torch_predict():
        with torch.inference_mode():
            return bare(torch.from_numpy(rows).to(device)).cpu().numpy()

    contenders = {
        "bare torch": torch_predict,
        "skdropout": lambda: model.predict(rows),
        "skorch": lambda: skorch.predict(rows),
        "skorch tuned": lambda: tuned.predict(rows),
    }
    if device == "cpu":
        mlp = sklearn_mlp(1).fit(X, y)
        contenders["sklearn MLPRegressor"] = lambda: mlp.predict(rows)
    return contenders


def seconds(function, repeats):
    start = time.perf_counter()
    for _ in range(repeats):
        function()
    return (time.perf_counter() - start) / repeats


def compare(contenders, rounds, repeats=1):
    """Return {name: list of seconds}, one number a round, the contenders in turn."""
    times = {name: [] for name in contenders}
    for turn in range(rounds + 1):
        for name, function in contenders.items():
            elapsed = seconds(function, repeats)
            if turn:  # the first turn warms up
                times[name].append(elapsed)
    return times


def report(title, times, baselines, unit):
    """Print a table, with ratios to the ``baselines``, and return its rows for the CSV."""
    factor = {"s": 1.0, "ms": 1e3}[unit]
    table, rows = [], []
    for name, values in times.items():
        value, spread = median_and_spread(np.array(values) * factor)
        cells = [name, f"{value:.3g} +- {spread:.2g}"]
        rows.append((f"{title}: {name}", unit, value, spread))
        for baseline in baselines:
            ratio, spread = median_and_spread(np.array(values) / np.array(times[baseline]))
            cells.append(f"{ratio:.2f} +- {spread:.2f}")
            rows.append((f"{title}: {name}", f"ratio to {baseline}", ratio, spread))
        table.append(cells)
    show((title, unit, *(f"/ {name.split(',')[0]}" for name in baselines)), table)
    return rows


STEP_ROWS = 5120
STACKS = [
    (members, batch, encoding, rate)
    for encoding in ("standard", "piecewise_linear")
    for members in (1, 4, 30)
    for batch in (64, 256, 1024)
    for rate in (0.0, RATE)
]


def time_steps(rounds):
    """Print milliseconds a step, and the share that the step's products take alone."""
    X, y = make_data(STEP_ROWS)
    table, rows = [], []

    def add(name, fit, batch, products):
        times, shares = [], []
        for _ in range(rounds):
            step = seconds_of_epoch(fit)[1] / -(-STEP_ROWS // batch)
            times.append(step * 1e3)
            shares.append(products() / step)
        found = [median_and_spread(values) for values in (times, shares)]
        table.append([name, *(f"{value:.2f} +- {spread:.2f}" for value, spread in found)])
        for metric, (value, spread) in zip(("ms a step", "share"), found, strict=True):
            rows.append((name, metric, value, spread))

    for members, batch, encoding, rate in STACKS:
        settings = {"n_members": members, "batch_size": batch, "dropout": rate}

        def fit(epochs, settings=settings, encoding=encoding):
            model = ours(epochs, "cpu", numeric_encoding=encoding, **settings)
            return model.fit(X, y)

        stack = fit(1).net_.module_
        name = f"skdropout, {members} networks, batch {batch}, {encoding}, dropout {rate}"
        add(name, fit, batch, lambda stack=stack, batch=batch: seconds_of_products(stack, batch))
        if members > 1 or encoding != "standard":
            continue
        others = {"bare torch": lambda e, b, r: fit_bare(X, y, e, "cpu", r, b)}
        if rate:
            others["skorch"] = lambda e, b, _: skorch_net(e, "cpu", batch=b).fit(X, y[:, None])
        else:
            others["sklearn MLPRegressor"] = lambda e, b, _: sklearn_mlp(e, b).fit(X, y)
        for other, train in others.items():
            add(
                f"{other}, 1 network, batch {batch}, dropout {rate}",
                lambda epochs, train=train, b=batch, r=rate: train(epochs, b, r),
                batch,
                lambda stack=stack, batch=batch: seconds_of_products(stack, batch),
            )
    show(("a step, " + f"{COLUMNS} columns, 256-256", "ms", "share"), table)
    return rows


def time_paces(rounds, batch=128):
    """Print how much longer a step takes where every network has a pace of its own."""
    X, y = make_data(STEP_ROWS)
    table, rows = [], []
    for members in (4, 12, 30):
        spread = np.linspace(1, 3, members)
        paces = {"learning_rate_init": 1e-3 * spread, "weight_decay": 1e-2 * spread}
        common = {"n_members": members, "batch_size": batch, "learning_rate": "cosine"}
        ratios = []
        for _ in range(rounds):
            own, same = (
                seconds_of_epoch(lambda epochs, s=s: ours(epochs, "cpu", **s).fit(X, y), 1, 5)[1]
                for s in (common | paces, common)
            )
            ratios.append(own / same)
        value, error = median_and_spread(ratios)
        table.append([members, f"{value:.3f} +- {error:.3f}"])
        rows.append(
            (f"paces of their own, {members} networks", "ratio to equal ones", value, error)
        )
    show((f"a step, batch {batch}, networks", "ratio to equal paces"), table)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--steps", action="store_true", help="time steps of stacks")
    parser.add_argument("--paces", action="store_true", help="time steps of unequal networks")
    parser.add_argument("--no-save", action="store_true", help="print only")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    warnings.filterwarnings("ignore", category=UserWarning)  # sklearn: epochs were not enough

    if arguments.steps or arguments.paces:
        rows = (time_steps if arguments.steps else time_paces)(arguments.rounds)
        if not arguments.no_save:
            append_rows("training_steps", rows)
        return
    X, y = make_data()
    device = arguments.device
    rows = []
    title = f"fit, {arguments.epochs} epochs, {ROWS:,} x {COLUMNS}, 256-256, batch {BATCH}"
    times = compare(fit_contenders(X, y, arguments.epochs, device), arguments.rounds)
    rows += report(title, times, ("bare torch, dropout .2", "skorch default loop, dropout .2"), "s")
    for n_rows, repeats in ((1, 200), (100_000, 1)):
        contenders = predict_contenders(X, y, n_rows, device)
        times = compare(contenders, arguments.rounds, repeats)
        rows += report(f"predict, {n_rows:,} rows", times, ("bare torch", "skorch"), "ms")
    if not arguments.no_save:
        append_rows("training_speed", rows, device=device)


if __name__ == "__main__":
    main()

"""Rates of columns by the gradient of the validation loss, which were tried and not taken.

One network of 64 units in plain torch, at most 1,000 rows, 20 columns of noise beside those of the
table, three splits. A relaxed mask blends each column with zero, its mean. The rates follow either
the training loss with the entropy of concrete dropout, as ``input_dropout="learnt"`` does, or the
validation loss, dropout off, after one step of gradient descent on the training loss, which depends
on the rates. Networks keep the weights of their best epoch by the same validation rows.

    python benchmarks/rates_by_validation.py [--data-dir DIR] [--report]
"""

import argparse
import math
import time
from itertools import product

import numpy as np
import torch
from _results import append_rows, done, rows_of, show
from _tables import load_table, split
from torch.nn import functional as F

TABLES = ("california_housing", "concrete", "wine_quality")
WAYS = ("no dropout", "constant .1", "training loss and entropy", "validation loss")
SPLITS, N_NOISE, WIDTH, EPOCHS, BATCH, TEMPERATURE = 3, 20, 64, 100, 64, 0.1


def data(name, seed, data_dir):
    """Return numeric columns, noise and target in standard units: training, validation, testing."""
    X, y, task = load_table(name, data_dir)
    parts = split(X, y, task, seed, 1000, 1000)
    rng = np.random.default_rng(seed)
    X_train, X_test = (
        np.hstack(
            [part.select_dtypes("number").to_numpy(float), rng.normal(size=(len(part), N_NOISE))]
        )
        for part in parts[:2]
    )
    X_train, X_test = map(np.nan_to_num, (X_train, X_test))
    mean, sd = X_train.mean(0), X_train.std(0)
    y_mean, y_sd = parts[2].mean(), parts[2].std()
    X_train, X_test = (torch.as_tensor((part - mean) / sd).float() for part in (X_train, X_test))
    y_train, y_test = (torch.as_tensor((part - y_mean) / y_sd).float() for part in parts[2:])
    n = len(X_train) * 4 // 5
    return (X_train[:n], y_train[:n]), (X_train[n:], y_train[n:]), (X_test, y_test)


def respond(weights, x):
    first, bias, second, last = weights
    return (x @ first + bias).relu() @ second + last


def train(way, training, validation, seed):
    """Return the weights of the best epoch, and the rates then."""
    generator = torch.Generator().manual_seed(seed)
    X, y = training
    n_columns = X.shape[1]
    weights = [
        torch.randn(n_columns, WIDTH, generator=generator) * (2 / n_columns) ** 0.5,
        torch.zeros(WIDTH),
        torch.randn(WIDTH, generator=generator) * WIDTH**-0.5,
        torch.zeros(()),
    ]
    logits = torch.full((n_columns,), math.log(1 / 9))
    for tensor in (*weights, logits):
        tensor.requires_grad_()
    steps = torch.optim.AdamW(weights, lr=3e-3)
    rates = torch.optim.Adam([logits], lr=3e-2)
    noise, best = torch.ones(()), (math.inf, None, None)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(X), generator=generator).split(BATCH):
            x, target = X[rows], y[rows]
            if way != "no dropout":
                u = torch.rand(x.shape, generator=generator).clamp(1e-6, 1 - 1e-6)
                x = x * ((logits + u.logit()) / -TEMPERATURE).sigmoid()
            loss = F.mse_loss(respond(weights, x), target)
            of_rates = None
            if way == "training loss and entropy":
                p = logits.sigmoid()
                entropy = -(p * p.log() + (1 - p) * (1 - p).log()).sum()
                of_rates = torch.autograd.grad(
                    loss - 2 * noise * entropy / len(X), logits, retain_graph=True
                )
            elif way == "validation loss":
                slopes = torch.autograd.grad(loss, weights, create_graph=True)
                ahead = [w - 0.1 * slope for w, slope in zip(weights, slopes, strict=True)]
                later = F.mse_loss(respond(ahead, validation[0]), validation[1])
                of_rates = torch.autograd.grad(later, logits, retain_graph=True)
            steps.zero_grad()
            loss.backward(inputs=weights)
            steps.step()
            if of_rates is not None:
                (logits.grad,) = of_rates
                rates.step()
                logits.data.clamp_(-7, 3)
        with torch.no_grad():
            error = F.mse_loss(respond(weights, validation[0]), validation[1])
            noise = error
            if error < best[0]:
                best = error, [w.clone() for w in weights], logits.sigmoid().clone()
    return best[1:]


def run(data_dir):
    known = done("rates_by_validation")
    for seed, name, way in product(range(SPLITS), TABLES, WAYS):
        setting = f"{name} | {way} | {seed}"
        if (setting, "R2") in known:
            continue
        training, validation, (X, y) = data(name, seed, data_dir)
        start = time.process_time()
        weights, rates = train(way, training, validation, seed)
        seconds = time.process_time() - start
        with torch.no_grad():
            error = F.mse_loss(respond(weights, X), y)
        own = X.shape[1] - N_NOISE
        rates = rates * (way != "no dropout")
        found = {
            "R2": 1 - error / y.var(correction=0),
            "rate of columns of the table": rates[:own].mean(),
            "rate of columns of noise": rates[own:].mean(),
            "fit, s": seconds,
        }
        rows = [(setting, metric, float(value), 0.0) for metric, value in found.items()]
        append_rows("rates_by_validation", rows)


def report():
    values = {}
    for row in rows_of("rates_by_validation"):
        table, way, _ = row["setting"].split(" | ")
        values.setdefault((table, way, row["metric"]), []).append(float(row["value"]))
    metrics = ("R2", "rate of columns of the table", "rate of columns of noise", "fit, s")
    rows = [
        (f"{table}: {way}", *(f"{np.mean(values[table, way, m]):.3f}" for m in metrics))
        for table, way in product(TABLES, WAYS)
        if (table, way, "R2") in values
    ]
    show(("mean of three splits", *metrics), rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data-dir", help="folder of the tables; without it, OpenML")
    parser.add_argument("--report", action="store_true", help="print what was measured")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if not arguments.report:
        run(arguments.data_dir)
    report()


if __name__ == "__main__":
    main()

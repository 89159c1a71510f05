"""Eleven experiments on what dropout does to interaction effects, after Lengerich et al. (2022).

    OMP_NUM_THREADS=1 python benchmarks/dropout_theory.py [pure_noise early_stopping ...]

Each experiment trains stacks of networks, repeats everything with other data and other initial
weights, and draws one figure into docs/images. The first six print medians and half the distance
between the extremes over three seeds and say in how many of these the paper's claim holds; the
others print means and half of their 95 % intervals over ten seeds.
Set-ups follow the paper in the number of rows, columns and units; ours is AdamW, and a fixed
number of epochs stands for "until the training loss first rises".
"""

import argparse
import time
from itertools import product

import numpy as np
import torch
from _results import append_rows, median_and_spread, show
from _theory_claims import CLAIMS
from _theory_figures import bars_by_rate, lines, save, small_multiples
from _theory_setup import MEASURED, ORDERS, PLAIN, SIMPLE, noise_data, totals, while_learning

from skdropout import DropoutMLPRegressor, DropoutMLPRegressorCV
from skdropout.datasets import load_bike_sharing
from skdropout.inspection import interaction_order_spectrum

SEEDS = range(3)
RATES = (0.0, 0.125, 0.25, 0.375, 0.5)


def pure_noise():
    """On noise, dropout lowers the total effect and raises the share of main effects (Fig. 5)."""
    kinds = {"hidden units": (1, 0), "inputs": (0, 1), "both": (1, 1)}
    found = {kind: {"total": [], "shares": []} for kind in kinds}
    switches = np.repeat(list(kinds.values()), len(RATES), axis=0)
    rates = switches * np.tile(RATES, len(kinds))[:, None]
    for seed in SEEDS:
        X, y = noise_data(seed)
        model = DropoutMLPRegressor(
            (32, 32, 32),
            n_members=len(rates),
            dropout=np.repeat(rates[:, :1], 3, axis=1),
            input_dropout=rates[:, 1],
            max_iter=60,
            random_state=seed,
            **PLAIN,
        ).fit(X, y)
        spectrum = interaction_order_spectrum(model, X, **MEASURED)
        for i, kind in enumerate(kinds):
            of_kind = slice(i * len(RATES), (i + 1) * len(RATES))
            found[kind]["total"].append(totals(spectrum)[of_kind])
            found[kind]["shares"].append(spectrum.normalized[of_kind])
    rows, panels = [], {}
    for kind, of_kind in found.items():
        total, shares = np.array(of_kind["total"]), np.array(of_kind["shares"])
        for j, p in enumerate(RATES):
            rows += summary(f"dropout of {kind}, p={p}", total[:, j], shares[:, j])
        half = RATES.index(0.5)
        rows += claim(f"dropout of {kind}: total at p=.5 below p=0", total[:, half] < total[:, 0])
        more_main = shares[:, half, 0] > shares[:, 0, 0]
        rows += claim(f"dropout of {kind}: share of order 1 at p=.5 above p=0", more_main)
        panels[f"dropout of {kind}"] = shares
    save(bars_by_rate(panels, RATES, "dropout rate"), "pure_noise")
    return rows


def weight_decay():
    """On noise, weight decay lowers the total effect and leaves the shares alone (Fig. 8).

    Whatever shrinks a network also leaves it fewer high orders, so weight decay is compared with
    dropout at the same total.
    """
    decays, rates = (0.0, 0.5, 2.0), (0.0, 0.05, 0.1, 0.2, 0.3)
    spectra = []
    for seed in SEEDS:
        X, y = noise_data(seed)
        settings = [(decay, 0.0, 2) for decay in decays] + [(0.0, rates, len(rates))]
        of_seed = []
        for decay, dropout, n_members in settings:
            model = DropoutMLPRegressor(
                (32, 32, 32),
                n_members=n_members,
                dropout=np.broadcast_to(np.reshape(dropout, (-1, 1)), (n_members, 3)),
                max_iter=60,
                random_state=seed,
                **{**PLAIN, "weight_decay": decay},
            ).fit(X, y)
            of_seed.append(interaction_order_spectrum(model, X, **MEASURED))
        spectra.append(of_seed)
    total = np.array([[totals(s).mean() for s in of_seed[:-1]] for of_seed in spectra])
    shares = np.array([[s.normalized.mean(0) for s in of_seed[:-1]] for of_seed in spectra])
    rows = []
    for j, decay in enumerate(decays):
        rows += summary(f"weight decay {decay}", total[:, j], shares[:, j])
    rows += claim("total falls with weight decay", (np.diff(total) < 0).all(1))
    moved = np.abs(shares[:, 1, 0] - shares[:, 0, 0])
    rows += claim("share of order 1 at decay .5 within .1 of that at 0", moved < 0.1)
    by_dropout = np.array(
        [share_at_total(of_seed[-1], t) for of_seed, t in zip(spectra, total, strict=True)]
    )
    for j, decay in enumerate(decays):
        found = median_and_spread(by_dropout[:, j])
        rows.append((f"dropout with the total of weight decay {decay}", "share of order 1", *found))
    rows += claim(
        "share of order 1: larger by dropout than by weight decay 2 at the same total",
        by_dropout[:, -1] > shares[:, -1, 0],
    )
    figure = bars_by_rate({"weight decay on noise": shares}, decays, "weight decay", total)
    save(figure, "weight_decay")
    return rows


def share_at_total(spectrum, total):
    """Share of order 1 where members' total variance is `total`, between members."""
    known = np.log(totals(spectrum))
    order = known.argsort()
    return np.interp(np.log(total), known[order], spectrum.normalized[order, 0])


def early_stopping():
    """Low orders are learnt first, and dropout slows the high ones (Fig. 7)."""
    rates, every, epochs = (0.0, 0.125, 0.25), 10, 60
    variances = while_learning(SEEDS, rates, every, epochs)
    rows = []
    for j, p in enumerate(rates):
        for k in range(4):
            final = median_and_spread(variances[:, -1, j, k])
            rows.append((f"p={p}, epoch {epochs}", f"variance of order {k + 1}", *final))
    shares = variances / variances.sum(-1, keepdims=True)
    above = shares[..., 2:].sum(-1)
    rows += claim(
        "p=0: share of orders 3 and 4 grows from first to last", above[:, -1, 0] > above[:, 0, 0]
    )
    reached = (variances >= 0.5 * variances[:, -1:]).argmax(1) * every + every
    for j, p in enumerate(rates):
        for k in range(3):
            half = median_and_spread(reached[:, j, k])
            rows.append((f"p={p}", f"epoch at half of its final variance, order {k + 1}", *half))
    rows += claim(
        "p=0: order 1 is half learnt no later than order 3", reached[:, 0, 0] <= reached[:, 0, 2]
    )
    rows += claim(
        "share of orders 3 and 4 at the end: p=.25 below p=0", above[:, -1, 2] < above[:, -1, 0]
    )
    panels = {f"p = {p}": variances[:, :, j, :] for j, p in enumerate(rates)}
    x = np.arange(every, epochs + 1, every)
    save(small_multiples(panels, x, ORDERS, "epoch", "variance"), "early_stopping")
    return rows


def rate_by_order():
    """The rate chosen by cross-validation falls with the order of the target (Table C.1)."""
    rates = np.array([0, 0.1, 0.2, 0.3, 0.5, 0.7])
    grids = {
        "hidden units": {"dropouts": rates},
        "inputs": {"dropouts": [0.0], "input_dropouts": rates},
    }
    chosen = {kind: np.zeros((len(SEEDS), 3)) for kind in grids}
    losses = {kind: np.zeros((len(SEEDS), 3, len(rates))) for kind in grids}
    for (kind, grid), seed, order in product(grids.items(), SEEDS, (1, 2, 3)):
        rng = np.random.default_rng(seed)
        X = rng.uniform(-1, 1, size=(600, 5))
        # three columns matter whatever the order, with products over all their subsets of it
        a, b, c = X[:, :3].T
        signal = {1: np.sin(3 * X[:, :3]).sum(1), 2: a * b + b * c + a * c, 3: a * b * c}[order]
        search = DropoutMLPRegressorCV(
            (64, 64),
            cv=3,
            batch_size=64,
            max_iter=60,
            early_stopping=False,
            learning_rate_init=3e-3,
            refit=False,
            random_state=seed,
            **SIMPLE,
            **grid,
        ).fit(X, signal / signal.std() + rng.normal(size=600))
        chosen[kind][seed, order - 1] = search.dropout_ + search.input_dropout_
        losses[kind][seed, order - 1] = -search.scores_.mean(1)
    rows = []
    for kind, of_kind in chosen.items():
        for order in (1, 2, 3):
            best = median_and_spread(of_kind[:, order - 1])
            rows.append((f"target of order {order}", f"best rate of {kind}", *best))
        falls = of_kind[:, 0] > of_kind[:, 2]
        rows += claim(f"best rate of {kind}: higher for order 1 than for order 3", falls)
    panels = {f"dropout of {kind}": np.moveaxis(loss, 1, 2) for kind, loss in losses.items()}
    figure = small_multiples(
        panels, rates, ORDERS[:3], "dropout rate", "squared error, cross-validated"
    )
    save(figure, "rate_by_order")
    return rows


def uncertainty():
    """Monte-Carlo dropout is less certain of high orders, without any noise (Fig. 9).

    The paper adds that an ensemble is not; there the networks with dropout were linear by a slip.
    """
    orders, n_members, n_draws = (1, 2, 3, 4, 5), 4, 25
    found = {"Monte-Carlo dropout": [], "ensemble without dropout": [], "error": []}
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        X, X_new = rng.uniform(size=(2, 1000, 8))
        of_seed = {name: [] for name in found}
        for k in orders:
            y, y_new = ((part[:, :k] < 0.5 ** (1 / k)).all(1) * 2.0 - 1 for part in (X, X_new))
            model = DropoutMLPRegressor(
                (64, 64),
                n_members=2 * n_members,
                dropout=np.repeat([[0.25], [0.0]], n_members, axis=0).repeat(2, axis=1),
                max_iter=60,
                random_state=seed,
                **PLAIN,
            ).fit(X, y)
            draws = model.sample_predictions(X_new, 2 * n_members * n_draws, random_state=seed)
            draws = draws.reshape(n_draws, 2 * n_members, -1)[:, :n_members]
            members = model._forward(X_new).numpy()[..., 0]
            alone, dropping = members[n_members:], members[:n_members]
            of_seed["Monte-Carlo dropout"].append(draws.std(0, ddof=1).mean())
            of_seed["ensemble without dropout"].append(alone.std(0, ddof=1).mean())
            of_seed["error"].append(np.abs(dropping.mean(0) - y_new).mean())
        for name, values in of_seed.items():
            found[name].append(values)
    rows = []
    for name, values in found.items():
        values = np.array(values)
        for k in orders:
            rows.append((f"AND of {k}", name, *median_and_spread(values[:, k - 1])))
        rows += claim(f"{name} grows from 1 to 5 features", values[:, -1] > values[:, 0])
    curves = np.stack([np.array(values) for values in found.values()], axis=-1)
    figure = lines(curves, orders, tuple(found), "features in the AND", "mean over new rows")
    save(figure, "uncertainty")
    return rows


def bike_sharing():
    """Bike sharing is full of interactions: the less dropout the better (Fig. 6)."""
    data = load_bike_sharing()
    y = data.target.to_numpy()
    y = (y - y.mean()) / y.std()
    kinds = {"hidden units": (1, 0), "inputs": (0, 1), "both": (1, 1)}
    rates = RATES
    pairs = np.unique(np.concatenate([np.outer(rates, s) for s in kinds.values()]), axis=0)
    errors = {kind: [] for kind in kinds}
    for seed in SEEDS:
        order = np.random.default_rng(seed).permutation(len(y))
        train, test = order[:4000], order[4000:8000]
        model = DropoutMLPRegressor(
            (128, 128),
            n_members=len(pairs),
            dropout=np.repeat(pairs[:, :1], 2, axis=1),
            input_dropout=pairs[:, 1],
            max_iter=20,
            random_state=seed,
            early_stopping=False,
            **SIMPLE,
        ).fit(data.data.iloc[train], y[train])
        members = model._decode(model._forward(data.data.iloc[test]))
        error = dict(zip(map(tuple, pairs), ((members - y[test]) ** 2).mean(1), strict=True))
        for kind, (hidden, inputs) in kinds.items():
            errors[kind].append([error[p * hidden, p * inputs] for p in rates])
    rows = []
    for kind, values in errors.items():
        values = np.array(values)
        for j, p in enumerate(rates):
            setting = f"dropout of {kind}, p={p}"
            rows.append((setting, "squared error on new rows", *median_and_spread(values[:, j])))
        rows += claim(f"dropout of {kind}: best at p=0", values.argmin(1) == 0)
        rows += claim(f"dropout of {kind}: p=.5 worse than p=0", values[:, -1] > values[:, 0])
    curves = np.stack([np.array(values) for values in errors.values()], axis=-1)
    names = tuple(f"dropout of {kind}" for kind in errors)
    save(lines(curves, rates, names, "dropout rate", "squared error / variance"), "bike_sharing")
    return rows


def summary(setting, total, shares):
    """Rows of the total variance and of the shares of the orders, over seeds."""
    rows = [(setting, "total variance", *median_and_spread(total))]
    for name, share in zip(ORDERS, shares.T, strict=True):
        rows.append((setting, f"share of {name}", *median_and_spread(share)))
    return rows


def claim(text, holds):
    """A row with the share of the seeds in which a claim holds."""
    return [(text, "share of seeds", float(np.mean(holds)), 0.0)]


EXPERIMENTS = (
    pure_noise,
    early_stopping,
    weight_decay,
    rate_by_order,
    uncertainty,
    bike_sharing,
    *CLAIMS,
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    experiments = {experiment.__name__: experiment for experiment in EXPERIMENTS}
    parser.add_argument("experiments", nargs="*", help=f"any of {', '.join(experiments)}")
    parser.add_argument("--no-save", action="store_true", help="print only")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for name in arguments.experiments or experiments:
        experiment = experiments[name]
        start = time.process_time()
        rows = [(f"{name}; {setting}", *row) for setting, *row in experiment()]
        seconds = time.process_time() - start
        rows.append((name, "seconds of processor time", seconds, 0.0))
        print(experiment.__doc__)
        show(
            ("setting", "metric", "median", "±"),
            [(*r[:2], *(f"{v:.3g}" for v in r[2:])) for r in rows],
        )
        if not arguments.no_save:
            append_rows("dropout_theory", rows)


if __name__ == "__main__":
    main()

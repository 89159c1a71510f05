"""Five more experiments for dropout_theory.py, which tell how large an effect is.

Means of ten seeds, half of a 95 % interval of Student's t beside them. Two of them take up again,
with two widths, what did not hold in three seeds.
"""

from itertools import product

import numpy as np
from _theory_figures import lines, save, small_multiples
from _theory_setup import MEASURED, ORDERS, PLAIN, SIMPLE, noise_data, totals, while_learning
from scipy.stats import t as student

from skdropout import DropoutMLPRegressor, DropoutMLPRegressorCV
from skdropout.inspection import interaction_order_spectrum

__all__ = ["CLAIMS"]

SEEDS = range(10)
WIDTHS = (16, 64)
RATES = np.array([0, 0.1, 0.2, 0.3, 0.5, 0.7])
SEARCH = {
    "cv": 3,
    "batch_size": 64,
    "max_iter": 60,
    "early_stopping": False,
    "learning_rate_init": 3e-3,
    "refit": False,
    **SIMPLE,
}


def effect(setting, metric, values):
    """Return a row of a mean over the seeds and half of its 95 % interval."""
    values = np.asarray(values, dtype=float)
    half = student.ppf(0.975, len(values) - 1) * values.std(ddof=1) / len(values) ** 0.5
    return [(setting, metric, values.mean(), half)]


def target_of_order(X, order):
    """Return a target of standard deviation 1 in which three columns matter, whatever the order."""
    a, b, c = X[:, :3].T
    signal = {1: np.sin(3 * X[:, :3]).sum(1), 2: a * b + b * c + a * c, 3: a * b * c}[order]
    return signal / signal.std()


def schedules_and_orders():
    """Early dropout keeps high orders back for a time, not for good."""
    schedules = {"none": 0.0, "constant": 0.25, "early": 0.25, "late": 0.25, "decay": 0.25}
    every, epochs = 10, 60
    of_networks = ["constant", *list(schedules)[1:]]
    variances = while_learning(SEEDS, list(schedules.values()), every, epochs, of_networks)
    above = variances[..., 2:].sum(-1) / variances.sum(-1)
    rows = []
    for j, name in enumerate(schedules):
        for k in (1, 3, 5):
            metric = f"share of orders 3 and 4, epoch {(k + 1) * every}"
            rows += effect(name, metric, above[:, k, j])
            for other, i in (("none", 0), ("constant", 1)):
                if j > i:
                    rows += effect(f"{name} - {other}", metric, above[:, k, j] - above[:, k, i])
    panels = {name: variances[:, :, j] for j, name in enumerate(schedules)}
    x = np.arange(every, epochs + 1, every)
    save(small_multiples(panels, x, ORDERS, "epoch", "variance"), "schedules")
    return rows


def rate_by_noise():
    """The best rate rises with the noise of the target (arXiv 2505.07792)."""
    noises = (0.25, 0.5, 1.0, 2.0)
    best = np.zeros((len(SEEDS), len(noises)))
    losses = np.zeros((len(SEEDS), len(RATES), len(noises)))
    for seed, (j, noise) in product(SEEDS, enumerate(noises)):
        rng = np.random.default_rng(seed)
        X = rng.uniform(-1, 1, size=(600, 5))
        signal = (target_of_order(X, 1) + target_of_order(X, 2)) / 2**0.5
        y = signal + noise * rng.normal(size=600)
        search = DropoutMLPRegressorCV((64, 64), dropouts=RATES, random_state=seed, **SEARCH)
        search.fit(X, y)
        best[seed, j] = search.dropout_
        losses[seed, :, j] = -search.scores_.mean(1) / (1 + noise**2)
    rows = []
    for j, noise in enumerate(noises):
        rows += effect(f"noise {noise} of the signal", "best rate of hidden units", best[:, j])
    rise = best[:, -1] - best[:, 0]
    rows += effect("noise 2.0 - noise 0.25", "best rate of hidden units", rise)
    names = tuple(f"noise {noise:g}" for noise in noises)
    figure = lines(losses, RATES, names, "dropout rate of hidden units", "squared error / variance")
    save(figure, "rate_by_noise")
    return rows


def learnt_by_order():
    """Rates that are learnt, of units and of columns, fall with the order of the target."""
    found = {"hidden units": [], "columns of the target": [], "other columns": []}
    for seed in SEEDS:
        of_seed = {name: [] for name in found}
        for order in (1, 2, 3):
            rng = np.random.default_rng(seed)
            X = rng.uniform(-1, 1, size=(600, 5))
            model = DropoutMLPRegressor(
                (64, 64),
                n_members=4,
                dropout="learnt",
                input_dropout="learnt",
                batch_size=64,
                max_iter=100,
                learning_rate_init=3e-3,
                random_state=seed,
                **SIMPLE,
            ).fit(X, target_of_order(X, order) + rng.normal(size=600))
            of_seed["hidden units"].append(np.mean(model.dropout_))
            of_seed["columns of the target"].append(model.input_dropout_[:3].mean())
            of_seed["other columns"].append(model.input_dropout_[3:].mean())
        for name, values in of_seed.items():
            found[name].append(values)
    rows = []
    for name, values in found.items():
        values = np.array(values)
        for order in (1, 2, 3):
            rows += effect(f"target of order {order}", f"rate of {name}", values[:, order - 1])
        rows += effect("order 3 - order 1", f"rate of {name}", values[:, 2] - values[:, 0])
    curves = np.stack([np.array(values) for values in found.values()], axis=-1)
    save(lines(curves, (1, 2, 3), tuple(found), "order of the target", "rate learnt"), "learnt")
    return rows


def units_by_order():
    """The best rate of hidden units falls with the order of the target, once more."""
    rows, panels = [], {}
    for width in WIDTHS:
        best = np.zeros((len(SEEDS), 3))
        losses = np.zeros((len(SEEDS), len(RATES), 3))
        for seed, order in product(SEEDS, (1, 2, 3)):
            rng = np.random.default_rng(seed)
            X = rng.uniform(-1, 1, size=(600, 5))
            y = target_of_order(X, order) + rng.normal(size=600)
            search = DropoutMLPRegressorCV(
                (width, width), dropouts=RATES, random_state=seed, **SEARCH
            ).fit(X, y)
            best[seed, order - 1] = search.dropout_
            losses[seed, :, order - 1] = -search.scores_.mean(1)
        for order in (1, 2, 3):
            setting = f"width {width}, target of order {order}"
            rows += effect(setting, "best rate of hidden units", best[:, order - 1])
        fall = best[:, 2] - best[:, 0]
        rows += effect(f"width {width}, order 3 - order 1", "best rate of hidden units", fall)
        panels[f"width {width}"] = losses
    figure = small_multiples(
        panels, RATES, ORDERS[:3], "dropout rate", "squared error, cross-validated"
    )
    save(figure, "units_by_order")
    return rows


def same_total():
    """At the same total on noise, dropout leaves more to order 1 than weight decay, once more."""
    decays, rates = (0.5, 2.0), (0.05, 0.1, 0.2, 0.3)
    rows, panels = [], {}
    for width in WIDTHS:
        by_decay, by_dropout = [], []
        for seed in SEEDS:
            X, y = noise_data(seed)
            per_member = np.array([*[0.0] * len(decays), 0.0, *rates])
            model = DropoutMLPRegressor(
                (width, width, width),
                n_members=len(per_member),
                dropout=np.repeat(per_member[:, None], 3, axis=1),
                max_iter=60,
                random_state=seed,
                **{**PLAIN, "weight_decay": [*decays, *[0.0] * (1 + len(rates))]},
            ).fit(X, y)
            spectrum = interaction_order_spectrum(model, X, **MEASURED)
            total, share = np.log(totals(spectrum)), spectrum.normalized[:, 0]
            n = len(decays)
            order = n + total[n:].argsort()
            by_decay.append(share[:n])
            by_dropout.append(np.interp(total[:n], total[order], share[order]))
        by_decay, by_dropout = np.array(by_decay), np.array(by_dropout)
        for j, decay in enumerate(decays):
            setting = f"width {width}, weight decay {decay}"
            rows += effect(setting, "share of order 1", by_decay[:, j])
            rows += effect(f"{setting}, dropout instead", "share of order 1", by_dropout[:, j])
            more = by_dropout[:, j] - by_decay[:, j]
            rows += effect(f"{setting}: dropout - decay", "share of order 1", more)
        panels[f"width {width}"] = np.stack([by_decay, by_dropout], -1)
    names = "weight decay", "dropout, same total"
    save(small_multiples(panels, decays, names, "weight decay", "share of order 1"), "same_total")
    return rows


CLAIMS = (schedules_and_orders, rate_by_noise, learnt_by_order, units_by_order, same_total)

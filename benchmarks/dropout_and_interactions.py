"""How well networks of each dropout rate show interactions, the noise being none to much.

    python benchmarks/dropout_and_interactions.py [--names F1 ... F10] [--seeds 0 1]
        [--rates 0 0.05 0.1 0.2 0.4] [--noises 0 0.1 0.3 0.6] [--minutes 20] [--figure]

Four networks of each rate, all else as `SmoothHessInteractions` has it for 2,000 rows by default.
AUC over the pairs; the figure shows means over functions and seeds with their standard errors, the
differences between functions taken off, which all rates share.

Every result is written as it is found, and what is there already is not run again. The figure,
docs/images/dropout_and_interactions.png, is drawn of what is there; `--figure` draws it alone.
"""

import argparse
import time
from collections import defaultdict
from itertools import product
from pathlib import Path

import numpy as np
import torch
from _results import append_rows, done, drop, is_stale, rows_of, show
from _suites import make, scores

from skdropout import DropoutMLPRegressor
from skdropout.inspection import interaction_strengths

RATES = (0.0, 0.05, 0.1, 0.2, 0.4)
NOISES = (0.0, 0.1, 0.3, 0.6)
ROWS = 2000
NETWORKS = {
    "hidden_layer_sizes": (128, 128),
    "activation": "silu",
    "n_members": 4,
    "numeric_encoding": "standard",
    "input_scaling": 0.0,
    "screening": None,
    "learning_rate_init": 2e-2,
    "max_iter": 200,
    "n_iter_no_change": 200,
}
RESULTS = "dropout_and_interactions"
FIGURE = Path(__file__).parents[1] / "docs" / "images" / f"{RESULTS}.png"


def measure(name, noise, rate, seed):
    """AUC of the networks of a rate."""
    X, y, pairs = make(name, f"{ROWS}/{noise}", seed)
    networks = DropoutMLPRegressor(dropout=rate, device="cpu", random_state=seed, **NETWORKS)
    networks.fit(X, y)
    strengths = interaction_strengths(networks, X, method="auto", random_state=seed).strengths
    found = {
        pair: strengths[pair] for pair in zip(*np.triu_indices(len(strengths), 1), strict=True)
    }
    return scores(found, name, pairs, X.shape[1])["AUC"]


def run(arguments):
    """Run what is not there yet, such that all rates of a function have the same seeds."""
    if not arguments.keep_old:
        drop(RESULTS, lambda row: is_stale(row, ("skdropout", "torch")))
    there = {setting for setting, _ in done(RESULTS)}
    stop = time.monotonic() + 60 * arguments.minutes
    every = product(arguments.seeds, arguments.names, arguments.noises, arguments.rates)
    for seed, name, noise, rate in every:
        key = f"noise {noise} | rate {rate} | {name} | seed {seed}"
        if key in there:
            continue
        if time.monotonic() > stop:
            return
        auc = measure(name, noise, rate, seed)
        append_rows(RESULTS, [(key, "AUC", auc, 0.0)])
        print(f"{key}: {auc:.3f}", flush=True)


def curves():
    """Return {noise: {rate: (mean AUC, its standard error, how many)}}."""
    found = defaultdict(dict)
    for row in rows_of(RESULTS):
        noise, rate, *target = row["setting"].split(" | ")
        noise, rate = (float(part.split()[1]) for part in (noise, rate))
        found[noise].setdefault(tuple(target), {})[rate] = float(row["value"])
    of_noise = {}
    for noise, of_target in sorted(found.items()):
        rates = sorted({rate for of_rate in of_target.values() for rate in of_rate})
        whole = [[of[r] for r in rates] for of in of_target.values() if set(of) == set(rates)]
        if whole:
            values = np.array(whole)
            apart = values - values.mean(1, keepdims=True)
            errors = apart.std(0) / max(len(values) - 1, 1) ** 0.5
            means = values.mean(0)
            of_noise[noise] = {
                rate: (mean, error, len(values))
                for rate, mean, error in zip(rates, means, errors, strict=True)
            }
    return of_noise


def report():
    """Print the means, and draw them."""
    import matplotlib.pyplot as plt

    of_noise = curves()
    if not of_noise:
        return
    rates = sorted({rate for of in of_noise.values() for rate in of})
    show(
        ("AUC at rate", "runs", *rates),
        [
            (
                f"noise {noise:.0%}",
                max(n for *_, n in of.values()),
                *(f"{of[r][0]:.3f} ± {of[r][1]:.3f}" if r in of else "" for r in rates),
            )
            for noise, of in of_noise.items()
        ],
    )
    colors = plt.get_cmap("viridis")(np.linspace(0.1, 0.85, len(of_noise)))
    figure, axes = plt.subplots(figsize=(5.6, 3.6), layout="constrained")
    for color, (noise, of) in zip(colors, of_noise.items(), strict=True):
        means, errors, _ = np.transpose([*of.values()])
        label = f"{noise:.0%}" if noise else "none"
        axes.errorbar([*of], means, errors, marker="o", capsize=3, color=color, label=label)
        best = int(means.argmax())
        axes.plot([*of][best], means[best], marker="o", markersize=12, color=color, mfc="none")
    axes.set(xlabel="dropout rate of hidden units", ylabel="AUC of the true pairs, mean")
    axes.legend(title="noise, of the\ntarget's deviation", frameon=False, fontsize="small")
    axes.grid(color="0.92")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(FIGURE, dpi=150)
    print(f"{FIGURE.name} is drawn; the best rate of each noise is ringed")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--names", nargs="*", default=[f"F{i}" for i in range(1, 11)])
    parser.add_argument("--seeds", nargs="*", type=int, default=[0])
    parser.add_argument("--rates", nargs="*", type=float, default=RATES)
    parser.add_argument("--noises", nargs="*", type=float, default=NOISES)
    parser.add_argument("--minutes", type=float, default=np.inf)
    parser.add_argument("--keep-old", action="store_true", help="keep rows of other versions")
    parser.add_argument("--figure", action="store_true", help="only draw what is there")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if not arguments.figure:
        run(arguments)
    report()


if __name__ == "__main__":
    main()

"""How well networks of each dropout rate show interactions, the noise being none to much.

    python benchmarks/dropout_and_interactions.py [--functions F2 F4 F6 F9 G3 G5] [--seeds 0 1]

The networks of all rates, four for each, are trained as one stack; then the pairs are ranked in
those of each rate. AUC over the pairs, mean over functions and seeds, with the standard error over
them; draws docs/images/dropout_and_interactions.png.
"""

import argparse
import copy
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from _results import append_rows, show
from interactions import area, make

from skdropout import DropoutMLPRegressor
from skdropout._stack.layers import select_members
from skdropout._transformers.interactions.networks import NETWORKS, for_table
from skdropout.inspection import interaction_strengths

RATES = (0.0, 0.05, 0.1, 0.2, 0.4)
NOISES = (0.0, 0.1, 0.3, 0.6)
MEMBERS = 4
FIGURE = Path(__file__).parents[1] / "docs" / "images" / "dropout_and_interactions.png"


def areas(X, y, pairs, seed):
    """AUC of each rate's networks."""
    rates = np.repeat(RATES, MEMBERS)
    options = {**NETWORKS, **for_table(*X.shape), "n_members": len(rates), "random_state": seed}
    layers = len(options["hidden_layer_sizes"])
    ensemble = DropoutMLPRegressor(
        dropout=np.tile(rates[:, None], layers), device="cpu", **options
    ).fit(X, y)
    found = []
    for first in range(0, len(rates), MEMBERS):
        some = copy.deepcopy(ensemble)
        select_members(some.net_.module_, torch.arange(first, first + MEMBERS))
        found.append(
            area(interaction_strengths(some, X, method="auto", random_state=seed).strengths, pairs)
        )
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--functions", nargs="*", default=["F2", "F4", "F6", "F9", "G3", "G5"])
    parser.add_argument("--seeds", nargs="*", type=int, default=[0])
    parser.add_argument("--rows", type=int, default=2000)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows, table = [], []
    _, axes = plt.subplots(figsize=(5, 3.5), layout="constrained")
    for noise in NOISES:
        found = np.array(
            [
                areas(*make(name, f"{arguments.rows}/{noise}", seed), seed)
                for name in arguments.functions
                for seed in arguments.seeds
            ]
        )
        mean, error = found.mean(0), found.std(0, ddof=1) / len(found) ** 0.5
        label = f"noise {noise:.0%} of the target's deviation"
        axes.plot(RATES, mean, marker="o", label=label)
        table.append((label, *(f"{value:.3f}" for value in mean)))
        print(*table[-1], flush=True)
        rows += [
            (f"{label}, rate {rate}", "AUC", m, e)
            for rate, m, e in zip(RATES, mean, error, strict=True)
        ]
    show(("AUC at rate", *RATES), table)
    axes.set(xlabel="dropout rate of hidden units", ylabel="AUC of the true pairs")
    axes.legend(frameon=False, fontsize="small")
    plt.savefig(FIGURE, dpi=150)
    append_rows("dropout_and_interactions", rows)


if __name__ == "__main__":
    main()

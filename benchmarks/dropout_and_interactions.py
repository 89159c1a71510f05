"""How well networks of each dropout rate show interactions, the noise being none to much.

    python benchmarks/dropout_and_interactions.py [--functions F2 F4 F6 F9 G3 G5] [--seeds 0 1]

Four networks of each rate, all else as `SmoothHessInteractions` has it for 2,000 rows by default.
AUC over the pairs, mean over functions and seeds, with the standard error over
them; draws docs/images/dropout_and_interactions.png.
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from _results import append_rows, show
from interactions import area, make

from skdropout import DropoutMLPRegressor
from skdropout.inspection import interaction_strengths

RATES = (0.0, 0.05, 0.1, 0.2, 0.4)
NOISES = (0.0, 0.1, 0.3, 0.6)
NETWORKS = {
    "hidden_layer_sizes": (256, 256),
    "activation": "silu",
    "n_members": 4,
    "numeric_encoding": "standard",
    "input_scaling": 0.0,
    "screening": None,
    "learning_rate_init": 2e-2,
    "max_iter": 200,
    "n_iter_no_change": 200,
}
FIGURE = Path(__file__).parents[1] / "docs" / "images" / "dropout_and_interactions.png"


def areas(X, y, pairs, seed):
    """AUC of each rate's networks."""
    found = []
    for rate in RATES:
        networks = DropoutMLPRegressor(dropout=rate, device="cpu", random_state=seed, **NETWORKS)
        networks.fit(X, y)
        measured = interaction_strengths(networks, X, method="auto", random_state=seed)
        found.append(area(measured.strengths, pairs))
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

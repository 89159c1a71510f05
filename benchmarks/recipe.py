"""How the defaults were chosen: one change at a time, on five tables.

Each step starts from what the steps before it chose. Choices were made on the first five tables
CHOOSING of ``_tables.py`` alone; others confirm them in ``tabular.py``. Rows already in
``results/recipe.csv`` are not computed again.

    python benchmarks/recipe.py --data-dir FOLDER [--steps NAME ...] [--seeds 1]
"""

import argparse
import warnings

import numpy as np
import torch
from _results import append_rows, done, show
from _tables import CHOOSING, load_table, split
from _variants import Clipped, HeWeights, SharedWeights, SmoothedLabels
from tabular import measure, ours, read

warnings.filterwarnings("ignore", category=UserWarning)

FIVE = CHOOSING[:5]
START = {
    "hidden_layer_sizes": (256, 256),
    "activation": "relu",
    "n_members": 1,
    "numeric_encoding": "standard",
    "dropout": 0.1,
    "learning_rate_init": 1e-3,
    "input_scaling": 0.0,
}
# step: ({name of a choice: what it changes}, the name of the one chosen, or None for as before)
STEPS = {
    "start": ({"start": {}}, "start"),
    "networks": ({"4": {"n_members": 4}}, "4"),
    "numeric_encoding": (
        {
            "piecewise_linear": {"numeric_encoding": "piecewise_linear"},
            "quantile": {"numeric_encoding": "quantile"},
            "periodic": {"numeric_encoding": "periodic"},
        },
        "piecewise_linear",
    ),
    "input_scaling": ({"6": {"input_scaling": 6.0}, "20": {"input_scaling": 20.0}}, "20"),
    "width": ({"128-128": {"hidden_layer_sizes": (128, 128)}}, "128-128"),
    "activation": ({"silu": {"activation": "silu"}}, None),
    "dropout": ({"0.3": {"dropout": 0.3}, "0": {"dropout": 0.0}}, None),
    "learning_rate_init": ({"0.003": {"learning_rate_init": 3e-3}}, None),
    "schedule": ({"constant": {"learning_rate": "constant"}}, None),
    "weight_decay": ({"0": {"weight_decay": 0.0}, "0.1": {"weight_decay": 0.1}}, None),
    "batch_size": ({"64": {"batch_size": 64}, "256": {"batch_size": 256}}, None),
    "stopping": (
        {
            "patience 10": {"n_iter_no_change": 10},
            "200 epochs, patience 40": {"max_iter": 200, "n_iter_no_change": 40},
            "none": {"early_stopping": False},
        },
        None,
    ),
    "initialisation": ({"He": {"callbacks": [HeWeights()]}}, None),
    "labels": (
        {"clipped, smoothed": {"variant": Clipped, "callbacks": [SmoothedLabels()]}},
        None,
    ),
    "members": (
        {"shared weights": {"variant": SharedWeights}, "8": {"n_members": 8}},
        None,
    ),
}


def candidates():
    """Yield (step, name, parameters), each with what was chosen before it."""
    base = START
    for step, (choices, chosen) in STEPS.items():
        for name, changes in choices.items():
            yield step, name, {**base, **changes}
        if chosen is not None:
            base = {**base, **choices[chosen]}


def fit(parameters, X, y, task, seed):
    return measure(ours(**parameters), *split(X, y, task, seed), task, seed)


def run(steps, seeds, data_dir):
    known = done("recipe")
    # what was chosen comes first, then what was not
    order = sorted(candidates(), key=lambda found: STEPS[found[0]][1] != found[1])
    for step, name, parameters in order:
        if step not in steps:
            continue
        for seed in range(seeds):
            for table in FIVE:
                setting = f"{table} | {step}: {name} | {seed}"
                if (setting, "fit, s") in known:
                    continue
                X, y, task = load_table(table, data_dir)
                found = fit(parameters, X, y, task, seed)
                append_rows("recipe", [(setting, m, v, 0.0) for m, v in found.items()])


def report():
    """Print, for each choice, the quality on each table and the time of all fits."""
    values = read("recipe", 10)
    quality = {**values["R2"], **values["log-loss"]}
    rows = []
    for step, name, _ in candidates():
        cells = [quality.get((table, f"{step}: {name}")) for table in FIVE]
        if any(cell is None for cell in cells):
            continue
        times = [values["fit, s"][table, f"{step}: {name}"].mean() for table in FIVE]
        mark = " *" if STEPS[step][1] == name else ""
        rows.append(
            [f"{step}: {name}{mark}", *(f"{c.mean():.4f}" for c in cells), f"{np.sum(times):.1f}"]
        )
    show(("choice (R2 or log-loss)", *FIVE, "fit of the five, s"), rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data-dir")
    parser.add_argument("--steps", nargs="*", choices=list(STEPS), default=list(STEPS))
    parser.add_argument("--seeds", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    run(arguments.steps, arguments.seeds, arguments.data_dir)
    report()


if __name__ == "__main__":
    main()

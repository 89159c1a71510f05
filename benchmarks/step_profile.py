"""Where a step of training spends its time: the default networks on one table.

Its parts in milliseconds, in one thread, and the step's own matrix products timed alone in the same
run: what is beside them could be saved, they could not.

    python benchmarks/step_profile.py [--data-dir DIR] [--tables NAME ...] [--members 4]
        [--batch 128] [--dropout 0.1] [--epochs 10] [--no-save]
"""

import argparse

import torch
from _results import append_rows, show
from _steps import seconds_of_products, taken_apart
from _tables import load_table, split

from skdropout import DropoutMLPClassifier, DropoutMLPRegressor

PARTS = ("products", "layers", "masks", "vectors", "loss", "rows", "optimiser", "Python")


def measure(table, data_dir, members, batch, dropout, epochs):
    """Return milliseconds of each part of a step, and of the products alone."""
    X, y, task = load_table(table, data_dir)
    X, _, y, _ = split(X, y, task, 0)
    kind = DropoutMLPRegressor if task == "regression" else DropoutMLPClassifier
    model = kind(
        n_members=members,
        batch_size=batch,
        dropout=dropout,
        max_iter=epochs,
        early_stopping=False,
        random_state=0,
        device="cpu",
    )
    model.fit(X, y)  # the first fit warms up
    with taken_apart() as seconds:
        model.fit(X, y)
    n_steps = epochs * -(-len(X) // batch)
    found = {part: seconds[part] / n_steps * 1e3 for part in PARTS}
    stack = model.net_.module_
    return found, seconds_of_products(stack, -(-len(X) * epochs // n_steps)) * 1e3


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data-dir")
    parser.add_argument("--tables", nargs="+", default=["bike_hour", "california_housing", "adult"])
    parser.add_argument("--members", type=int, default=4)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--no-save", action="store_true", help="print only")
    arguments = parser.parse_args()
    torch.set_num_threads(1)

    settings = (arguments.members, arguments.batch, arguments.dropout)
    cells, rows = {part: [part] for part in (*PARTS, "all", "products alone", "share")}, []
    for table in arguments.tables:
        parts, alone = measure(table, arguments.data_dir, *settings, arguments.epochs)
        whole = sum(parts.values())
        of_table = {**parts, "all": whole, "products alone": alone, "share": alone / whole}
        for part, value in of_table.items():
            cells[part].append(f"{value:.2f}")
        title = f"{table} | {settings[0]} networks, batch {settings[1]}, dropout {settings[2]}"
        rows += [
            (title, f"{part}, ms" if part != "share" else part, of_table[part], 0.0)
            for part in of_table
        ]
    show(("ms a step", *arguments.tables), cells.values())
    if not arguments.no_save:
        append_rows("step_profile", rows)


if __name__ == "__main__":
    main()

"""Whether a temperature of class probabilities, learnt from unseen rows, lowers log-loss.

Three random splits of seven tables, at most 1,000 rows to train on and 2,000 to test. The
temperature that is best for `oof_predictions_` of a search (two rates, `refit="ensemble"`)
divides the logarithms of the probabilities that the search predicts, or of those that eight
networks of all rows at dropout .1 predict.

    python benchmarks/temperature.py [--data-dir FOLDER] [--seeds 3]
"""

import argparse

import numpy as np
import torch
from _results import append_rows, show
from _tables import load_table, split
from scipy.optimize import minimize_scalar
from scipy.special import softmax
from sklearn.metrics import log_loss

from skdropout import DropoutMLPClassifier, DropoutMLPClassifierCV

CLASSES = ("german_credit", "breast_cancer", "mlc_churn", "lending_club", "digits", "adult")
CLASSES += ("bank_marketing",)


def tempered(p, temperature):
    return softmax(np.log(p.clip(1e-300)) / temperature, axis=1)


def best_temperature(p, y):
    def loss(logarithm):
        return log_loss(y, tempered(p, np.exp(logarithm)), labels=range(p.shape[1]))

    return float(np.exp(minimize_scalar(loss, bounds=(-2, 2), method="bounded").x))


def measure(table, seed, data_dir):
    X, y, task = load_table(table, data_dir)
    X, X_test, y, y_test = split(X, y, task, seed, 1000, 2000)
    common = {"device": "cpu", "random_state": seed}
    search = DropoutMLPClassifierCV(dropouts=[0.05, 0.2], refit="ensemble", **common).fit(X, y)
    temperature = best_temperature(search.oof_predictions_, y)
    found = {"temperature": temperature}
    models = {"search": search, "all rows": DropoutMLPClassifier(dropout=0.1, **common).fit(X, y)}
    for name, model in models.items():
        p = model.predict_proba(X_test)
        losses = [
            log_loss(y_test, q, labels=range(p.shape[1])) for q in (p, tempered(p, temperature))
        ]
        found |= {f"{name}, as it is": losses[0], f"{name}, tempered": losses[1]}
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data-dir")
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    table = []
    for name in CLASSES:
        runs = [measure(name, seed, arguments.data_dir) for seed in range(arguments.seeds)]
        for seed, found in enumerate(runs):
            append_rows(
                "temperature", [(f"{name} | seed {seed}", m, v, 0.0) for m, v in found.items()]
            )
        table.append([name, *(f"{np.mean([run[m] for run in runs]):.4f}" for m in runs[0])])
        print(table[-1], flush=True)
    show(("means of splits", *runs[0]), table)


if __name__ == "__main__":
    main()

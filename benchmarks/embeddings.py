"""Learnt vectors of categories in front of other models, against other encodings of them.

Three random splits of each table, at most 5,000 rows to train on and 3,000 to test. Numbers are
imputed and standardised, categories are encoded, and a linear model, nearest neighbours and
LightGBM follow. Rows already in ``results/embeddings.csv`` are not computed again.

    python benchmarks/embeddings.py --data-dir FOLDER [--tables NAME ...] [--seeds 3] [--summary]
    python benchmarks/embeddings.py --data-dir FOLDER --figure
"""

import argparse
import csv
import time
import warnings
from collections import defaultdict
from itertools import product
from pathlib import Path

import numpy as np
import torch
from _results import RESULTS, append_rows, done, show
from _tables import load_table, split
from lightgbm import LGBMClassifier, LGBMRegressor
from scipy.stats import rankdata
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.model_selection import KFold
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler, TargetEncoder

from skdropout import DropoutMLPClassifierCV, EmbeddingEncoder
from skdropout.inspection import DropoutPathDisplay

TABLES = (
    "german_credit",
    "lending_club",
    "bike_hour",
    "bank_marketing",
    "adult",
    "california_housing",
    "wine_quality",
)
RATES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.98)
FIGURE = Path(__file__).parents[1] / "docs" / "images" / "embeddings_dropout.png"


def numbers():
    return make_pipeline(SimpleImputer(strategy="median"), StandardScaler())


def of_categories(encoder):
    """Encode categories by ``encoder``, and leave numbers in standard units beside them."""
    are_categories = make_column_selector(dtype_include="category")
    return make_column_transformer((encoder, are_categories), remainder=numbers())


def embeddings(task, seed):
    """The encoder sees all columns; what it passes on is then treated as in the other rows."""
    kind = "continuous" if task == "regression" else "classes"
    return EmbeddingEncoder(target_type=kind, random_state=seed, device="cpu")


def embeddings_and_numbers(task, seed):
    encoder = embeddings(task, seed).set_output(transform="pandas")
    are_numbers = make_column_selector(pattern=r"^(?!.*_\d+$)")
    scaled = make_column_transformer((numbers(), are_numbers), remainder="passthrough")
    return make_pipeline(encoder, scaled)


ENCODINGS = {
    "one-hot": lambda task, seed: of_categories(
        OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    ),
    "ordinal": lambda task, seed: of_categories(
        make_pipeline(
            OrdinalEncoder(
                handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2
            ),
            StandardScaler(),
        )
    ),
    "target": lambda task, seed: of_categories(
        make_pipeline(
            TargetEncoder(
                target_type="continuous" if task == "regression" else "binary",
                cv=KFold(5, shuffle=True, random_state=seed),
            ),
            StandardScaler(),
        )
    ),
    "embeddings of categories alone": lambda task, seed: of_categories(embeddings(task, seed)),
    "embeddings": embeddings_and_numbers,
}
MODELS = {
    "linear": (RidgeCV(np.logspace(-2, 4, 7)), LogisticRegression(max_iter=2000)),
    "neighbours": (KNeighborsRegressor(20), KNeighborsClassifier(20)),
    "LightGBM": (
        LGBMRegressor(verbose=-1, num_threads=1),
        LGBMClassifier(verbose=-1, num_threads=1),
    ),
}


def rows_of(table, X, y, task, encoding, seed):
    """Return rows of one encoding on one split: a score by model, and seconds of encoding."""
    X_train, X_test, y_train, y_test = split(X, y, task, seed)
    start = time.process_time()
    encoder = ENCODINGS[encoding](task, seed)
    train = np.asarray(encoder.fit_transform(X_train, y_train), dtype=float)
    seconds = time.process_time() - start
    test = np.asarray(encoder.transform(X_test), dtype=float)
    key = f"{table} | {encoding} | seed {seed}"
    rows = [(f"{key} | encoding", "seconds", seconds, 0.0)]
    for name, (regressor, classifier) in MODELS.items():
        if task == "regression":
            predicted = regressor.fit(train, y_train).predict(test)
            rows.append((f"{key} | {name}", "R2", r2_score(y_test, predicted), 0.0))
        else:
            predicted = classifier.fit(train, y_train).predict_proba(test)[:, 1]
            rows.append((f"{key} | {name}", "AUC", roc_auc_score(y_test, predicted), 0.0))
    return rows


def run(arguments):
    """Run what is not there yet."""
    there = {setting.rsplit(" | ", 1)[0] for setting, _ in done("embeddings")}
    for table, seed in product(arguments.tables, range(arguments.seeds)):
        missing = [e for e in ENCODINGS if f"{table} | {e} | seed {seed}" not in there]
        if not missing:
            continue
        X, y, task = load_table(table, arguments.data_dir)
        for encoding in missing:
            rows = rows_of(table, X, y, task, encoding, seed)
            append_rows("embeddings", rows)
            scores = "  ".join(f"{row[0].rsplit('| ')[-1]} {row[2]:.3f}" for row in rows)
            print(f"{table}, {encoding}, seed {seed}: {scores}", flush=True)


def summary():
    """Show means over the seeds, with half the distance between the extremes, and mean ranks."""
    values = defaultdict(list)
    with (RESULTS / "embeddings.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            table, encoding, _, model = row["setting"].split(" | ")
            values[model, table, encoding].append(float(row["value"]))
    n_seeds = {t: {len(values["encoding", t, e]) for e in ENCODINGS} for t in TABLES}
    tables = [t for t in TABLES if len(n_seeds[t]) == 1 and n_seeds[t] != {0}]
    for model in MODELS:
        rows, ranks = [], []
        for table in tables:
            found = [values[model, table, encoding] for encoding in ENCODINGS]
            ranks.append(rankdata([-np.mean(v) for v in found]))
            rows.append([table, *(f"{np.mean(v):.3f} ± {np.ptp(v) / 2:.3f}" for v in found)])
        rows.append(["mean rank", *(f"{rank:.2f}" for rank in np.mean(ranks, axis=0))])
        show((model, *ENCODINGS), rows)
    rows = []
    for table in tables:
        seconds = [np.median(values["encoding", table, encoding]) for encoding in ENCODINGS]
        rows.append([table, *(f"{value:.1f}" for value in seconds)])
    show(("seconds of encoding", *ENCODINGS), rows)


def figure(data_dir):
    """Draw too little, enough and too much dropout on a table of symbols."""
    X, y, _ = load_table("german_credit", data_dir)
    options = {"early_stopping": False, "max_iter": 60, "refit": False, "random_state": 0}
    search = DropoutMLPClassifierCV((128, 128), dropouts=RATES, **options).fit(X, y)
    display = DropoutPathDisplay.from_estimator(search)
    ax = display.ax_
    ax.set_title("german credit: 1000 rows, 13 columns of symbols as embeddings", pad=18)
    for rate, text in ((0.1, "too little"), (search.dropout_, "enough"), (0.97, "too much")):
        ax.text(rate, 1.01, text, transform=ax.get_xaxis_transform(), ha="center", va="bottom")
    display.figure_.savefig(FIGURE, dpi=150)
    results = search.cv_results_
    append_rows(
        "embeddings_dropout",
        [
            (f"german_credit | dropout {rate:.2f}", f"log-loss, {part}", -mean, deviation)
            for part, label in (("train", "train"), ("test", "test"))
            for rate, mean, deviation in zip(
                search.dropouts_,
                results[f"mean_{label}_score"],
                results[f"std_{label}_score"],
                strict=True,
            )
        ],
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", default=None)
    parser.add_argument("--tables", nargs="*", default=list(TABLES), choices=TABLES)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--summary", action="store_true", help="only show what is there")
    parser.add_argument("--figure", action="store_true", help="only draw the figure")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", message="X does not have valid feature names")
    if arguments.figure:
        return figure(arguments.data_dir)
    if not arguments.summary:
        run(arguments)
    summary()


if __name__ == "__main__":
    main()

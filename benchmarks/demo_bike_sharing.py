"""The main job on real data: which dropout rate for bike sharing, and is the network worth it?

Searches six dropout rates by cross-validation, scores the chosen network on rows it has not seen
beside the models one would otherwise use, and draws error against rate.

    python benchmarks/demo_bike_sharing.py [--out demo] [--save]
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from _results import append_rows, show
from interpret.glassbox import ExplainableBoostingRegressor
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.metrics import r2_score, root_mean_squared_error
from sklearn.model_selection import GridSearchCV, KFold, train_test_split
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skdropout import DropoutMLPRegressor
from skdropout.datasets import load_bike_sharing

RATES = [0.0, 0.05, 0.1, 0.2, 0.4, 0.7]
N_TRAIN, N_TEST, N_FOLDS = 5_000, 5_000, 3

numbers = make_column_selector(dtype_exclude="category")
categories = make_column_selector(dtype_include="category")


def rate_search():
    """Return the search for the dropout rate, over a pipeline that keeps categories as they are."""
    scale = make_column_transformer((StandardScaler(), numbers), remainder="passthrough")
    network = DropoutMLPRegressor(
        (256, 256),
        n_members=1,
        numeric_encoding="standard",
        input_scaling=0,
        max_iter=60,
        random_state=0,
    )
    return GridSearchCV(
        make_pipeline(scale.set_output(transform="pandas"), network),
        {"dropoutmlpregressor__dropout": RATES},
        cv=KFold(N_FOLDS, shuffle=True, random_state=0),
        scoring="neg_root_mean_squared_error",
        return_train_score=True,
        n_jobs=2,
    )


def others():
    """Return the models that one would otherwise use, by name."""
    one_hot = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), categories), remainder=StandardScaler()
    )
    return {
        "sklearn MLPRegressor, early stopping": make_pipeline(
            one_hot,
            MLPRegressor(hidden_layer_sizes=(256, 256), early_stopping=True, random_state=0),
        ),
        "HistGradientBoostingRegressor": HistGradientBoostingRegressor(random_state=0),
        "ExplainableBoostingRegressor": ExplainableBoostingRegressor(random_state=0),
    }


def timed_fit(model, X, y):
    start = time.perf_counter()
    model.fit(X, y)
    return time.perf_counter() - start


def print_rates(results):
    """Print rate against score, mean and spread over the folds."""
    rows = []
    for k, rate in enumerate(RATES):
        cells = [
            f"{-results[f'mean_{part}_score'][k]:.1f} +- {results[f'std_{part}_score'][k]:.1f}"
            for part in ("train", "test")
        ]
        chosen = "  <- chosen" if results["rank_test_score"][k] == 1 else ""
        rows.append((f"{rate:g}", *cells, f"{results['mean_fit_time'][k]:.1f}{chosen}"))
    show(("dropout", "train RMSE", "validation RMSE", "fit, s"), rows)


def draw(results, path):
    """Draw training and validation error against the rate: too little, enough, too much."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(7, 4.2), layout="constrained")
    position = np.arange(len(RATES))
    for part, label, color in (("train", "training", "#0072B2"), ("test", "validation", "#D55E00")):
        mean, std = -results[f"mean_{part}_score"], results[f"std_{part}_score"]
        ax.plot(position, mean, "o-", color=color)
        ax.fill_between(position, mean - std, mean + std, color=color, alpha=0.15, linewidth=0)
        place = {"xytext": (0, 10), "textcoords": "offset points", "color": color}
        ax.annotate(f"{label} rows", (0, mean[0]), **place)

    # enough: the rates whose validation error is within one standard error of the best
    error = -results["mean_test_score"]
    best = int(np.argmin(error))
    standard_error = results["std_test_score"][best] / np.sqrt(N_FOLDS - 1)
    enough = position[error <= error[best] + standard_error]
    first, last = enough.min() - 0.5, enough.max() + 0.5
    ax.axvspan(first, last, color="0.93", zorder=0)
    ax.set_xlim(-0.5, len(RATES) - 0.5)
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + 0.12 * (high - low))
    for words, left, right in (
        ("too little", -0.5, first),
        ("enough", first, last),
        ("too much", last, len(RATES) - 0.5),
    ):
        if right > left:
            ax.text(
                (left + right) / 2,
                0.95,
                words,
                transform=ax.get_xaxis_transform(),
                ha="center",
                va="center",
            )
    ax.set_xticks(position, [f"{rate:g}" for rate in RATES])
    ax.set(xlabel="dropout rate of hidden units", ylabel="RMSE (bikes an hour)")
    ax.set_title("Bike sharing, 5,000 rows: error against dropout, three folds", fontsize=11)
    ax.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("demo"), help="folder for the picture")
    parser.add_argument("--save", action="store_true", help="append to benchmarks/results")
    arguments = parser.parse_args()
    begin = time.perf_counter()
    # products this small are no faster on two threads, and far slower on a busy machine
    torch.set_num_threads(1)

    X, y = load_bike_sharing(return_X_y=True)
    X, X_test, y, y_test = train_test_split(
        X, y, train_size=N_TRAIN, test_size=N_TEST, random_state=0
    )
    print(f"Bike sharing: {N_TRAIN:,} rows to train on, {N_TEST:,} to test, {X.shape[1]} columns.")
    print(f"Searching {len(RATES)} dropout rates with {N_FOLDS} folds ...\n", flush=True)
    search = rate_search()
    search_time = timed_fit(search, X, y)
    print_rates(search.cv_results_)

    models, times = {}, {}
    models["skdropout, rate chosen"] = search.best_estimator_
    times["skdropout, rate chosen"] = search.refit_time_
    print("Fitting the models one would otherwise use ...\n", flush=True)
    for name, model in others().items():
        models[name], times[name] = model, timed_fit(model, X, y)

    table, saved = [], []
    for name, model in models.items():
        predicted = model.predict(X_test)
        rmse, r2 = root_mean_squared_error(y_test, predicted), r2_score(y_test, predicted)
        table.append((name, f"{rmse:.1f}", f"{r2:.4f}", f"{times[name]:.1f}"))
        saved += [(name, "test RMSE", rmse, 0.0), (name, "test R2", r2, 0.0)]
        saved.append((name, "fit seconds", times[name], 0.0))
    show(("model", "test RMSE", "test R2", "fit, s"), table)

    arguments.out.mkdir(exist_ok=True)
    picture = arguments.out / "dropout_rate.png"
    draw(search.cv_results_, picture)
    n_networks = N_FOLDS * len(RATES)
    print(f"The search itself took {search_time:.0f} s: {n_networks} networks and the refit.")
    print(f"Picture: {picture}. In all {time.perf_counter() - begin:.0f} s.")
    if arguments.save:
        append_rows("demo_bike_sharing", saved)


if __name__ == "__main__":
    main()

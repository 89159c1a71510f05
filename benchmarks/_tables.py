"""The fourteen tables that the defaults are measured on.

The files of ``data_dir`` are gzipped CSVs beside a ``meta.json`` that names each one's task, target
and categorical columns. Without a folder the public ones come from OpenML, the others from
scikit-learn and from this library.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.model_selection import train_test_split

from skdropout.datasets import load_bike_sharing

__all__ = ["CHOOSING", "CONFIRMING", "TABLES", "load_table", "split"]

# Defaults are chosen on the first eight alone, and confirmed on the others.
CHOOSING = ("california_housing", "bike_hour", "adult", "german_credit", "digits")
CHOOSING += ("mlc_churn", "grants", "concrete")
CONFIRMING = ("diabetes", "wine_quality", "breast_cancer", "bank_marketing", "lending_club")
CONFIRMING += ("chicago",)
TABLES = CHOOSING + CONFIRMING

_SKLEARN = {
    "diabetes": (datasets.load_diabetes, "regression"),
    "breast_cancer": (datasets.load_breast_cancer, "classification"),
    "digits": (datasets.load_digits, "classification"),
}
_OPENML = {
    "california_housing": (43939, "regression"),
    "wine_quality": (287, "regression"),
    "adult": (1590, "classification"),
    "german_credit": (31, "classification"),
    "bank_marketing": (1461, "classification"),
    "mlc_churn": (40701, "classification"),
    "concrete": (44959, "regression"),
}


def load_table(name, data_dir=None):
    """Return a frame, a target and "regression" or "classification".

    Categorical columns are of dtype category; classes are numbered.

    Raises
    ------
    FileNotFoundError
        If the table is to be had from ``data_dir`` alone.
    """
    if name in _SKLEARN:
        load, task = _SKLEARN[name]
        X, y = load(return_X_y=True, as_frame=True)
    elif data_dir is not None:
        X, y, task = _read(name, Path(data_dir))
    elif name == "bike_hour":
        (X, y), task = load_bike_sharing(return_X_y=True), "regression"
    elif name in _OPENML:
        number, task = _OPENML[name]
        X, y = datasets.fetch_openml(data_id=number, return_X_y=True, as_frame=True)
        text = X.select_dtypes(exclude=["number", "bool"]).columns
        X = X.astype(dict.fromkeys(text, "category"))
        if name == "mlc_churn":  # there states are numbers, calls are levels, and rows have names
            X = X.drop(columns="phone_number")
            X = X.astype({"state": "category", "number_customer_service_calls": float})
    else:
        raise FileNotFoundError(f"{name} is on no public server in this form; give --data-dir.")
    if task == "classification":
        y = np.unique(np.asarray(y), return_inverse=True)[1]
    return X, np.asarray(y, dtype=float if task == "regression" else int), task


def _read(name, folder):
    meta = json.loads((folder / "meta.json").read_text())[name]
    # "None" is a level of its own in some of the tables
    frame = pd.read_csv(folder / meta["file"], keep_default_na=False, na_values=[""])
    frame = frame.astype(dict.fromkeys(meta["categorical"], "category"))
    task = "regression" if meta["task"] == "regression" else "classification"
    return frame.drop(columns=meta["target"]), frame[meta["target"]], task


def split(X, y, task, seed, most_train=5000, most_test=3000):
    """Split rows at random: at most so many to train on, and a quarter or at most so many to test.

    Returns
    -------
    X_train, X_test, y_train, y_test
    """
    n_test = min(most_test, len(y) // 4)
    return train_test_split(
        X,
        y,
        test_size=n_test,
        train_size=min(most_train, len(y) - n_test),
        stratify=y if task == "classification" else None,
        random_state=seed,
    )

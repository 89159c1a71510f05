"""Suites of targets whose interactions are known, and how well strengths tell these from others."""

from itertools import combinations
from typing import NamedTuple

import numpy as np
from _functions import CARRYING, TRIPLES, make_function
from scipy.special import expit
from sklearn.metrics import average_precision_score, roc_auc_score

from skdropout.datasets import make_interactions

__all__ = ["SUITES", "make", "order_of", "scores"]

CORRELATION = 0.6
LOG_ODDS = 2.0  # their standard deviation


class Suite(NamedTuple):
    """Names of targets, of rows/noise, and what they are."""

    names: list
    settings: tuple
    about: str


def _ten(letter):
    return [f"{letter}{i}" for i in range(1, 11)]


SUITES = {
    "independent": Suite(_ten("F"), ("2000/0", "2000/0.3", "10000/0"), "F1 to F10"),
    "further": Suite(_ten("G"), ("2000/0",), "ten further functions"),
    "easy": Suite(_ten("E"), ("3000/0.1",), "main effects and three pairs"),
    "correlated": Suite(
        [*_ten("C"), "N1"],
        ("2000/0.1", "2000/0.3"),
        "F1 to F10 on columns of correlation .6, and a function of twelve normal columns of .7",
    ),
    "classes": Suite(
        _ten("L"), ("2000/0", "10000/0"), "two classes whose log-odds are F1 to F10, deviation 2"
    ),
    "triples": Suite(_ten("T"), ("2000/0", "10000/0"), "the true triples of F1 to F10 among 120"),
}


def order_of(name):
    """Return how many columns the groups have that are looked for."""
    return 3 if name[0] == "T" else 2


def make(name, setting, seed):
    """Return ``X``, ``y`` and the true groups (from 0, sorted)."""
    n_samples, noise = setting.split("/")
    n_samples, noise = int(n_samples), float(noise)
    if name[0] in "GEN":
        return make_function(name, n_samples, noise, seed)
    X, y, pairs = make_interactions(
        "F" + name[1:],
        n_samples=n_samples,
        noise=noise,
        correlation=CORRELATION if name[0] == "C" else 0.0,
        random_state=seed,
    )
    if name[0] == "L":
        log_odds = LOG_ODDS * (y - y.mean()) / y.std()
        y = np.random.RandomState(seed).binomial(1, expit(log_odds))
    return X, y, TRIPLES["F" + name[1:]] if name[0] == "T" else pairs


def scores(strengths, name, true, n_columns):
    """Return {metric: value} of strengths {group: value}; groups without one are the last.

    "AUC, carrying" is that of true triples that carry a thousandth of the variance or more.
    """
    every = list(combinations(range(n_columns), order_of(name)))
    of_every = np.array([strengths.get(group, -np.inf) for group in every])
    least = of_every[np.isfinite(of_every)].min(initial=0.0)
    of_every = np.where(np.isfinite(of_every), of_every, least - 1)
    is_true = np.array([group in set(true) for group in every])
    found = {"AUC": roc_auc_score(is_true, of_every)}
    if name[0] == "T":
        found["average precision"] = average_precision_score(is_true, of_every)
        carrying = np.array([group in CARRYING["F" + name[1:]] for group in every])
        if carrying.any():
            judged = carrying | ~is_true
            found["AUC, carrying"] = roc_auc_score(carrying[judged], of_every[judged])
        found["first is true"] = float(is_true[of_every.argmax()])
    return found

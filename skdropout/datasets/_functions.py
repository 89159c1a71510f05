"""Ten functions of ten features with known interactions: the benchmark of interaction detectors."""

import numpy as np


def _f1(x1, x2, x3, x4, x5, x6, x7, x8, x9, x10):
    return (
        np.pi ** (x1 * x2) * np.sqrt(2 * x3)
        - np.arcsin(x4)
        + np.log(x3 + x5)
        - x9 / x10 * np.sqrt(x7 / x8)
        - x2 * x7
    )


def _f2(x1, x2, x3, x4, x5, x6, x7, x8, x9, x10):
    return (
        np.pi ** (x1 * x2) * np.sqrt(2 * abs(x3))
        - np.arcsin(0.5 * x4)
        + np.log(abs(x3 + x5) + 1)
        - x9 / (1 + abs(x10)) * np.sqrt(abs(x7) / (1 + abs(x8)))
        - x2 * x7
    )


def _f3(x1, x2, x3, x4, x5, x6, x7, x8, x9, x10):
    return (
        np.exp(abs(x1 - x2))
        + abs(x2 * x3)
        - (x3**2) ** abs(x4)
        + np.log(x4**2 + x5**2 + x7**2 + x8**2)
        + x9
        + 1 / (1 + x10**2)
    )


def _f4(x1, x2, x3, x4, x5, x6, x7, x8, x9, x10):
    return _f3(x1, x2, x3, x4, x5, x6, x7, x8, x9, x10) + (x1 * x4) ** 2


def _f5(x1, x2, x3, x4, x5, x6, x7, x8, x9, x10):
    return 1 / (1 + x1**2 + x2**2 + x3**2) + np.sqrt(np.exp(x4 + x5)) + abs(x6 + x7) + x8 * x9 * x10


def _f6(x1, x2, x3, x4, x5, x6, x7, x8, x9, x10):
    return (
        np.exp(abs(x1 * x2) + 1)
        - np.exp(abs(x3 + x4) + 1)
        + np.cos(x5 + x6 - x8)
        + np.sqrt(x8**2 + x9**2 + x10**2)
    )


def _f7(x1, x2, x3, x4, x5, x6, x7, x8, x9, x10):
    return (
        (np.arctan(x1) + np.arctan(x2)) ** 2
        + np.maximum(x3 * x4 + x6, 0)
        - 1 / (1 + (x4 * x5 * x6 * x7 * x8) ** 2)
        + (abs(x7) / (1 + abs(x9))) ** 5
        + (x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9 + x10)
    )


def _f8(x1, x2, x3, x4, x5, x6, x7, x8, x9, x10):
    return (
        x1 * x2
        + 2 ** (x3 + x5 + x6)
        + 2 ** (x3 + x4 + x5 + x7)
        + np.sin(x7 * np.sin(x8 + x9))
        + np.arccos(0.9 * x10)
    )


def _f9(x1, x2, x3, x4, x5, x6, x7, x8, x9, x10):
    return (
        np.tanh(x1 * x2 + x3 * x4) * np.sqrt(abs(x5))
        + np.exp(x5 + x6)
        + np.log((x6 * x7 * x8) ** 2 + 1)
        + x9 * x10
        + 1 / (1 + abs(x10))
    )


def _f10(x1, x2, x3, x4, x5, x6, x7, x8, x9, x10):
    return (
        np.sinh(x1 + x2) + np.arccos(np.tanh(x3 + x5 + x7)) + np.cos(x4 + x5) + 1 / np.cos(x7 * x9)
    )


FUNCTIONS = {
    f"F{i}": f for i, f in enumerate((_f1, _f2, _f3, _f4, _f5, _f6, _f7, _f8, _f9, _f10), start=1)
}

# Features that interact, counted from 1 as in the formulas.
INTERACTIONS = {
    "F1": [(1, 2, 3), (3, 5), (7, 8, 9, 10), (2, 7)],
    "F2": [(1, 2, 3), (3, 5), (7, 8, 9, 10), (2, 7)],
    "F3": [(1, 2), (2, 3), (3, 4), (4, 5, 7, 8)],
    "F4": [(1, 2), (2, 3), (3, 4), (4, 5, 7, 8), (1, 4)],
    "F5": [(1, 2, 3), (4, 5), (6, 7), (8, 9, 10)],
    "F6": [(1, 2), (3, 4), (5, 6, 8), (8, 9, 10)],
    "F7": [(1, 2), (3, 4, 6), (4, 5, 6, 7, 8), (7, 9)],
    "F8": [(1, 2), (3, 5, 6), (3, 4, 5, 7), (7, 8, 9)],
    "F9": [(1, 2, 3, 4, 5), (5, 6), (6, 7, 8), (9, 10)],
    "F10": [(1, 2), (3, 5, 7), (4, 5), (7, 9)],
}

"""Ten million rows are predicted, and tables of many columns or rows fitted, in bounded memory."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skdropout import DropoutMLPClassifier, DropoutMLPRegressor
from tests.harness.load.memory import MIB, Peak

_N_ROWS, _N_COLUMNS = 10_000_000, 20
_N_WIDE = 5_000
_N_HIGH, _HIGH_COLUMNS = 5_000_000, 10


def _table(n_rows, n_columns, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_rows, n_columns))
    return X, X[:, 0] * X[:, 1]


def _fit(model, X, y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(X, y)


def _many_rows(cls, size, n_answers):
    """Predict with default networks; beside the answers a bounded working space is allowed."""
    X, y = _table(max(1_000, round(_N_ROWS * size)), _N_COLUMNS)
    small = slice(2_000)
    target = y[small] > 0 if cls is DropoutMLPClassifier else y[small]
    model = _fit(cls(max_iter=3, random_state=0), X[small], target)
    predict = getattr(model, "predict_proba", model.predict)
    predict(X[small])
    with Peak() as peak:
        predicted = predict(X)
    # the answers: in parts, joined, in their units, within range; and what is at work at once
    allowed = 4 * 8 * len(X) * n_answers + 96 * MIB
    ends = [slice(0, 50), slice(len(X) - 50, len(X))]
    agree = all(np.allclose(predict(X[part]), predicted[part], rtol=1e-6) for part in ends)
    measured = (
        f"{len(X):,} rows x {_N_COLUMNS}: {peak.growth / MIB:,.0f} MiB above the input "
        f"({allowed / MIB:,.0f} allowed), {len(X) / peak.seconds:,.0f} rows a second"
    )
    wrong = [] if agree else ["rows alone are predicted otherwise"]
    wrong += ["memory"] if peak.growth > allowed else []
    return wrong + ([] if np.isfinite(predicted).all() else ["not finite"]), measured


def regression(size):
    """Ten million rows, one value each."""
    return _many_rows(DropoutMLPRegressor, size, 1)


def classification(size):
    """A million rows, two probabilities each."""
    return _many_rows(DropoutMLPClassifier, size / 10, 2)


def wide(size):
    """A table of 5,000 columns, default networks."""
    X, y = _table(500, max(50, round(_N_WIDE * size)))
    model = DropoutMLPRegressor(max_iter=1, random_state=0)
    # weights of 8 inputs a column (bins of 500 rows), 128 units, in single precision, of twelve
    # networks, which are four for each recipe: six times, for gradients, moments and the best
    # epoch, and twice more while these are copied
    weights = 12 * 4 * 128 * 8 * X.shape[1]
    return _fitted(model, X, y, 8 * weights + 512 * MIB)


def high(size):
    """A table of 5 million rows, one epoch."""
    X, y = _table(max(2_000, round(_N_HIGH * size)), _HIGH_COLUMNS)
    model = DropoutMLPRegressor((32,), max_iter=1, random_state=0)
    # numbers in units (double), on their way and in single precision; the order of four networks
    allowed = X.nbytes * 2.5 + len(X) * 8 * 4 * 2 + 256 * MIB
    return _fitted(model, X, y, allowed)


def _fitted(model, X, y, allowed):
    with Peak() as peak:
        _fit(model, X, y)
    measured = (
        f"{X.shape[0]:,} rows x {X.shape[1]:,}: {peak.growth / MIB:,.0f} MiB above the input of "
        f"{X.nbytes / MIB:,.0f} ({allowed / MIB:,.0f} allowed), {peak.seconds:.1f} seconds"
    )
    return ["memory"] if peak.growth > allowed else [], measured


KINDS = {
    "10 million rows, regression": regression,
    "1 million rows, classification": classification,
    "5,000 columns": wide,
    "5 million rows in training": high,
}

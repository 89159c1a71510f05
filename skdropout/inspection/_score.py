"""Tests in generalised linear regressions, with errors that no law of noise is for."""

import numpy as np
from scipy.special import expit

_ROUNDS, _TOLERANCE = 30, 1e-6
_RIDGE = 1.0  # where the link is curved: classes may be separable
_LARGEST = 30.0  # linear predictor
_LEAST_FREEDOM = 0.05  # of a row, one less its leverage
_SAME = 1e-9  # what is left of less than this share of a function's square is rounding


class Regression:
    """A target told by functions, by the canonical link, to which more may be added.

    Parameters
    ----------
    y : ndarray of shape (n_rows,)
        Numbers; 0 and 1 with "logit", 0 or more with "log".
    functions : ndarray of shape (n_rows, n_functions)
        A constant need not be among them.
    link : {"identity", "logit", "log"}
        Of the mean of y.

    References
    ----------
    .. [1] J. MacKinnon, H. White, "Some heteroskedasticity-consistent covariance matrix estimators
       with improved finite sample properties", Journal of Econometrics 29, 1985 (HC3).
    """

    def __init__(self, y, functions, link="identity"):
        self._y = y - y.mean() if link == "identity" else y
        self._link, self._eta = link, np.zeros(len(y))
        self._functions, self._beta = np.empty((len(y), 0)), np.empty(0)
        self.add(np.column_stack([np.ones(len(y)), functions]))

    def add(self, functions):
        """Tell the target by these functions too."""
        rest = functions - self._of_known(functions)
        rest -= self._of_known(rest)
        is_new = ~_is_rounding(rest, functions)
        new = _directions(rest[:, is_new])
        self._functions = np.hstack([self._functions, new])
        self._beta = np.concatenate([self._beta, np.zeros(new.shape[1])])
        self._fit()

    def scores(self, features, besides=None):
        """Test one by one whether features matter too.

        Parameters
        ----------
        features : ndarray of shape (n_rows, n_features)
        besides : ndarray of shape (n_rows, n_others), default=None
            More functions that may tell the target.

        Returns
        -------
        z : ndarray of shape (n_features,)
            Coefficients over their standard errors, zero where nothing is left to tell or to tell
            it by. With a curved link that of one step of Newton's. Errors are White's with
            MacKinnon's and White's third correction: they take neither equal variances nor a law
            of the noise for granted.
        """
        if self._is_told:
            return np.zeros(features.shape[1])
        weight, new = self._weight[:, None], self._without(features)
        rest, leverage = self._rest, self._leverage
        if besides is not None and besides.shape[1]:
            others = _directions(self._without(besides), self._weight)
            new = new - others @ (others.T @ (weight * new)) / len(new)
            rest = rest - self._weight * (others @ (others.T @ rest)) / len(new)
            leverage = leverage + self._weight * (others**2).sum(1) / len(new)
        is_there = ~_is_rounding(new, features)
        new = np.where(is_there, new, 1.0)
        size = (weight * new**2).sum(0)
        slopes = new.T @ rest
        rest = rest[:, None] - weight * new * (slopes / size)
        freedom = 1 - leverage[:, None] - weight * new**2 / size
        errors = ((new * rest / freedom.clip(min=_LEAST_FREEDOM)) ** 2).sum(0) ** 0.5
        z = np.divide(slopes, errors, out=np.zeros_like(slopes), where=errors > 0)
        return np.where(is_there, z, 0.0)

    def _fit(self):
        """Newton's method, from where it ended last time."""
        mean, curvature = _LINKS[self._link]
        is_curved = self._link != "identity"
        ridge = _RIDGE if is_curved else 0.0
        for _ in range(_ROUNDS if is_curved else 1):
            eta = self._predictor()
            weight = curvature(eta)
            self._bread = _inverse(self._functions, weight, ridge)
            slope = self._functions.T @ (self._y - mean(eta)) - ridge * self._beta
            step = self._bread @ slope
            self._beta = self._beta + step
            if np.abs(self._functions @ step).max(initial=0.0) < _TOLERANCE:
                break
        eta = self._predictor()
        self._weight, self._rest = curvature(eta), self._y - mean(eta)
        self._bread = _inverse(self._functions, self._weight, ridge)
        self._leverage = self._weight * ((self._functions @ self._bread) * self._functions).sum(1)
        self._is_told = not is_curved and _is_rounding(self._rest, self._y)

    def _predictor(self):
        return np.clip(self._functions @ self._beta, -_LARGEST, _LARGEST)

    def _of_known(self, functions):
        """Return what the functions of the regression, which are orthonormal, say of others."""
        return self._functions @ (self._functions.T @ functions) / len(functions)

    def _without(self, features):
        """Return what is left of features by weighted regression on the functions."""
        known = self._bread @ (self._functions.T @ (self._weight[:, None] * features))
        return features - self._functions @ known


def _is_rounding(rest, whole):
    return (rest**2).sum(0) <= _SAME * np.maximum((whole**2).sum(0), np.finfo(float).tiny)


def _directions(functions, weight=None):
    """Return an orthonormal basis of what functions span, in units of the root of the rows."""
    size = (functions**2).mean(0) ** 0.5
    functions = functions[:, size > 0] / size[size > 0]
    root = np.ones(len(functions)) if weight is None else np.maximum(weight, _SAME) ** 0.5
    u, size, _ = np.linalg.svd(root[:, None] * functions, full_matrices=False)
    is_one = size > _SAME**0.5 * size.max(initial=0.0)
    return u[:, is_one] / root[:, None] * len(functions) ** 0.5


def _inverse(functions, weight, ridge):
    bread = (functions.T * weight) @ functions + ridge * np.eye(functions.shape[1])
    return np.linalg.pinv(bread, rcond=_SAME, hermitian=True)


# mean and its derivative, of the linear predictor
_LINKS = {
    "identity": (lambda eta: eta, np.ones_like),
    "logit": (expit, lambda eta: expit(eta) * expit(-eta)),
    "log": (np.exp, np.exp),
}

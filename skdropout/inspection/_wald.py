"""Generalised linear regression by the canonical link, with errors that no law of noise is for."""

import numpy as np
from scipy.special import expit

_ROUNDS, _TOLERANCE = 30, 1e-8
_RIDGE = 1.0  # where the link is curved: classes may be separable
_LARGEST = 30.0  # linear predictor
_LEAST_FREEDOM = 0.05  # of a row, one less its leverage
_SAME = 1e-9  # directions of less than this share of the largest are none


def wald(features, nuisance, y, link="identity"):
    """Test one by one whether features matter, others and nuisance being in the model too.

    Parameters
    ----------
    features : ndarray of shape (n_rows, n_features)
    nuisance : ndarray of shape (n_rows, n_functions)
        A constant need not be among them.
    y : ndarray of shape (n_rows,)
        Numbers; 0 and 1 with "logit", 0 or more with "log".
    link : {"identity", "logit", "log"}
        Of the mean of y.

    Returns
    -------
    z : ndarray of shape (n_features,)
        Coefficients over their standard errors, zero where y is made of nuisance, or a feature is,
        or is constant. Errors are White's with MacKinnon's and White's third correction: they
        take neither equal variances nor a law of the noise for granted.

    References
    ----------
    .. [1] J. MacKinnon, H. White, "Some heteroskedasticity-consistent covariance matrix estimators
       with improved finite sample properties", Journal of Econometrics 29, 1985 (HC3).
    """
    if link == "identity":
        y = y - y.mean()
    nuisance = _directions(np.column_stack([np.ones(len(y)), nuisance]))
    if link == "identity" and _explained(y[:, None], nuisance):  # the rest is rounding
        return np.zeros(features.shape[1])
    design = np.column_stack([nuisance, _in_units(features)])
    mean, curvature = _LINKS[link]
    ridge = 0.0 if link == "identity" else _RIDGE
    beta = np.zeros(design.shape[1])
    for _ in range(1 if link == "identity" else _ROUNDS):
        eta = np.clip(design @ beta, -_LARGEST, _LARGEST)
        weight = curvature(eta)
        bread = _inverse((design.T * weight) @ design + ridge * np.eye(len(beta)))
        step = bread @ (design.T @ (y - mean(eta)) - ridge * beta)
        beta = beta + step
        if np.abs(design @ step).max(initial=0.0) < _TOLERANCE:
            break
    eta = np.clip(design @ beta, -_LARGEST, _LARGEST)
    influence = design @ bread
    leverage = curvature(eta) * (influence * design).sum(1)
    rest = (y - mean(eta)) / (1 - leverage).clip(min=_LEAST_FREEDOM)
    variance = ((influence * rest[:, None]) ** 2).sum(0)
    is_there = variance > 0
    z = np.divide(beta, np.sqrt(variance), out=np.zeros_like(beta), where=is_there)
    known = _explained(features, nuisance)
    return np.where(known, 0.0, z[nuisance.shape[1] :])


def _in_units(values):
    """Columns of equal size, so that rounding is shared fairly."""
    size = np.sqrt((values**2).mean(0))
    return values / np.where(size > 0, size, 1.0)


def _directions(values):
    """Return an orthonormal basis of what columns span, in units of the root of the rows."""
    u, size, _ = np.linalg.svd(_in_units(values), full_matrices=False)
    return u[:, size > _SAME * size[0]] * len(values) ** 0.5


def _explained(features, nuisance):
    """Whether nothing is left of a feature beside the nuisance."""
    rest = features - nuisance @ (nuisance.T @ features) / len(features)
    return (rest**2).sum(0) <= _SAME * np.maximum((features**2).sum(0), np.finfo(float).tiny)


def _inverse(matrix):
    return np.linalg.pinv(matrix, rcond=_SAME, hermitian=True)


# mean and its derivative, of the linear predictor
_LINKS = {
    "identity": (lambda eta: eta, np.ones_like),
    "logit": (expit, lambda eta: expit(eta) * expit(-eta)),
    "log": (np.exp, np.exp),
}

"""What each of several candidates counts in their mean: greedy selection."""

import numpy as np
import torch

# How many steps a selection takes, on how many resamples of the rows.
_STEPS, _RESAMPLES = 4, 20


def weights_of_predictions(predictions, table, rows, criterion, units=(0.0, 1.0), flattery=None):
    """Weigh candidates by what they predict of rows that they did not see.

    Parameters
    ----------
    predictions : Tensor of shape (n_candidates, n_rows, n_outputs)
        In the units of the table.
    table : TableTensors
    rows : array-like of int
        Which rows of the table these are.
    criterion : loss of a stack
    units : (location, scale), default=(0.0, 1.0)
        What the loss is of: predictions and targets in these units.
    flattery : ndarray of shape (n_candidates, n_networks), default=None
        By how much the loss of each of a candidate's networks is too small on these rows. A mean
        of candidates has their mean, by their shares: of squared error it is twice the covariance
        of predictions and targets [1]_.

    References
    ----------
    .. [1] B. Efron, "How Biased Is the Apparent Error Rate of a Prediction Rule?", JASA 81, 1986.
    """
    target, weight = table.target[rows], table.weight
    predictions = (predictions - units[0]) / units[1]
    if target.is_floating_point():
        target = ((target - units[0]) / units[1]).to(predictions.dtype)
    weight = np.ones(len(target)) if weight is None else weight[rows].double().numpy()

    def losses_of(counts):
        shares = torch.as_tensor(counts / counts.sum(), dtype=predictions.dtype)
        raw = criterion.link(torch.tensordot(shares, predictions, 1))
        return criterion(raw[None], target[None])[0].double().numpy()

    return greedy_weights(losses_of, len(predictions), weight, flattery)


def greedy_weights(losses_of, n_candidates, rows_weight, flattery=None, seed=0):
    """Weigh candidates by greedy selection with replacement [1]_, on average over resampled rows.

    Each resample starts from nothing and adds, step by step, the candidate whose addition makes the
    mean of those added best. Where rows tell candidates apart resamples agree; where they do not
    the weights tend to equal ones.

    Parameters
    ----------
    losses_of : callable
        ``losses_of(counts)`` returns the loss of each row, (n_rows,), of the mean of candidates
        that are counted so many times.
    n_candidates : int
    rows_weight : ndarray of shape (n_rows,)
    flattery : ndarray of shape (n_candidates, n_networks), default=None
        What is added to a candidate's loss: the mean over its networks, which are resampled too.
    seed : int

    Returns
    -------
    weights : ndarray of shape (n_candidates,)
        They sum to one.

    References
    ----------
    .. [1] R. Caruana, A. Niculescu-Mizil, G. Crew, A. Ksikes, "Ensemble Selection from Libraries of
       Models", ICML 2004.
    """
    rng, known = np.random.default_rng(seed), {}
    n_rows, weights = len(rows_weight), np.zeros(n_candidates)

    flattery = np.zeros((n_candidates, 1)) if flattery is None else flattery

    def loss(counts, times, corrections):
        if counts not in known:
            losses = losses_of(np.array(counts))
            known[counts] = np.where(np.isfinite(losses), losses, np.inf)
        drawn = times > 0
        own = times[drawn] @ known[counts][drawn]
        return own + times.sum() * (counts @ corrections) / sum(counts)

    def added(counts, k):
        return (*counts[:k], counts[k] + 1, *counts[k + 1 :])

    for _ in range(_RESAMPLES):
        times = np.bincount(rng.integers(n_rows, size=n_rows), minlength=n_rows) * rows_weight
        networks = rng.integers(flattery.shape[1], size=flattery.shape)
        corrections = np.take_along_axis(flattery, networks, 1).mean(1)
        counts = (0,) * n_candidates
        for _ in range(_STEPS):
            nexts = [added(counts, k) for k in range(n_candidates)]
            counts = min(nexts, key=lambda new: loss(new, times, corrections))
        weights += counts
    return weights / weights.sum()

"""What a stack is trained on: one value per member and row, and the way back to predictions."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from skdropout.functional._inner import size_share


class _Loss(nn.Module):
    """A loss of raw network outputs.

    ``forward(raw, target)`` maps (n_members, n_rows, n_outputs) to (n_members, n_rows), and
    ``gradient(raw, target)`` is its gradient by ``raw``: autograd takes longer for it than for all
    that comes before.
    """

    def standardisation(self, y, weight):
        """Return location and scale per column of ``y`` (n_rows, n_outputs) to train on."""
        return np.zeros(y.shape[1]), np.ones(y.shape[1])

    def inverse_link(self, raw):
        """Map raw outputs to predictions in standardised units."""
        return raw

    def link(self, predictions):
        """Map predictions in standardised units to raw outputs: the inverse of ``inverse_link``."""
        return predictions

    def share(self, raw, target):
        """Return the share of each output, 1, 0 or -1, in what relevance explains.

        Of classes that is the logit of the true one (``target`` None: of the one predicted), of
        values their size.
        """
        return size_share(raw)

    def temperature(self, loss):
        """Return how much of the loss is one unit of log-likelihood, given the loss itself."""
        return torch.ones_like(loss)


def _log(predictions):
    """The logarithm, finite also of what is too small to be told from zero."""
    return predictions.clamp_min(torch.finfo(predictions.dtype).tiny).log()


def _over_outputs(losses):
    """The mean over outputs; of one output nothing is computed, forwards or back."""
    return losses.squeeze(-1) if losses.shape[-1] == 1 else losses.mean(-1)


def _mean(y, weight):
    return _unit(y) * np.average(y / _unit(y), axis=0, weights=weight)


def _mean_and_deviation(y, weight):
    if weight is not None and weight.any():  # rows without weight are not to decide on the unit
        y, weight = y[weight > 0], weight[weight > 0]
    unit = _unit(y)  # squares of very large or small targets would leave the range of floats
    y = y / unit
    mean = np.average(y, axis=0, weights=weight)
    deviation = np.sqrt(np.average((y - mean) ** 2, axis=0, weights=weight))
    # a constant target: rounding leaves a deviation that is not quite zero
    deviation = np.where(deviation > 1e-12 * np.maximum(np.abs(mean), 1e-300), deviation, 1 / unit)
    # the least number there is, where the product is less
    return unit * mean, np.maximum(unit * deviation, np.finfo(float).smallest_subnormal)


def _unit(y):
    """Return for each output a power of two near its largest target: to divide by it is exact."""
    return 2.0 ** np.clip(np.frexp(np.abs(y).max(axis=0, initial=0.0))[1] - 1, -1000, 1000)


class SquaredError(_Loss):
    """Squared error, averaged over outputs."""

    def temperature(self, loss):
        return 2 * loss

    def standardisation(self, y, weight):
        return _mean_and_deviation(y, weight)

    def forward(self, raw, target):
        return _over_outputs(F.mse_loss(raw, target, reduction="none"))

    def gradient(self, raw, target):
        return (raw - target).mul_(2 / raw.shape[-1])


class AbsoluteError(_Loss):
    """Absolute error, averaged over outputs."""

    def temperature(self, loss):
        return loss

    def standardisation(self, y, weight):
        return _mean_and_deviation(y, weight)

    def forward(self, raw, target):
        return _over_outputs((raw - target).abs())

    def gradient(self, raw, target):
        return (raw - target).sign_().div_(raw.shape[-1])


class Pinball(_Loss):
    """Pinball loss of one quantile, averaged over outputs."""

    def __init__(self, quantile):
        super().__init__()
        self.quantile = quantile

    def temperature(self, loss):
        return loss

    def standardisation(self, y, weight):
        return _mean_and_deviation(y, weight)

    def forward(self, raw, target):
        error = target - raw
        return _over_outputs(torch.maximum(self.quantile * error, (self.quantile - 1) * error))

    def gradient(self, raw, target):
        # a sign of one where too low, minus one where too high
        sign = (target - raw).sign_()
        return sign.add_(sign.abs().mul_(2 * self.quantile - 1)).div_(-2 * raw.shape[-1])


class Quantiles(_Loss):
    """Pinball losses of several quantiles of one target, summed.

    Outputs are sorted, so that quantiles never cross; that never makes the loss worse [1]_.

    References
    ----------
    .. [1] V. Chernozhukov, I. Fernandez-Val, A. Galichon, "Quantile and Probability Curves without
       Crossing", Econometrica 78, 2010.
    """

    def __init__(self, quantiles):
        super().__init__()
        self.quantiles = quantiles

    def temperature(self, loss):
        return loss

    def standardisation(self, y, weight):
        return _mean_and_deviation(y, weight)

    def forward(self, raw, target):
        error = target - self.inverse_link(raw)
        quantiles = error.new_tensor(self.quantiles)
        return torch.maximum(quantiles * error, (quantiles - 1) * error).sum(-1)

    def gradient(self, raw, target):
        predictions, places = raw.sort(-1)
        sign = (target - predictions).sign_()
        quantiles = sign.new_tensor(self.quantiles)
        gradient = sign.add_(sign.abs() * (2 * quantiles - 1)).div_(-2)
        return torch.empty_like(raw).scatter_(-1, places, gradient)

    def inverse_link(self, raw):
        return raw.sort(-1).values


class Poisson(_Loss):
    """Half the Poisson deviance of a log-linear mean, without the part that y alone decides."""

    def standardisation(self, y, weight):
        mean = _mean(y, weight)
        return np.zeros(y.shape[1]), np.where(mean > 0, mean, 1.0)

    def forward(self, raw, target):
        return _over_outputs(raw.exp() - target * raw)

    def gradient(self, raw, target):
        return (raw.exp() - target).div_(raw.shape[-1])

    def inverse_link(self, raw):
        return raw.exp()

    def link(self, predictions):
        return _log(predictions)


class LogLoss(_Loss):
    """Log-loss of one class out of several; targets are class codes of shape (members, rows).

    Two classes share one logit, more have one each.
    """

    def forward(self, raw, target):
        if raw.shape[-1] == 1:
            return F.binary_cross_entropy_with_logits(
                raw.squeeze(-1), target.to(raw.dtype), reduction="none"
            )
        return F.cross_entropy(raw.flatten(0, 1), target.flatten(), reduction="none").view(
            target.shape
        )

    def gradient(self, raw, target):
        if raw.shape[-1] == 1:
            return raw.sigmoid().sub_(target.unsqueeze(-1))
        return raw.softmax(-1).sub_(F.one_hot(target, raw.shape[-1]))

    def inverse_link(self, raw):
        return self.log_probabilities(raw).exp()

    def link(self, predictions):
        logs = _log(predictions)
        return logs[..., 1:] - logs[..., :1] if logs.shape[-1] == 2 else logs

    def share(self, raw, target):
        if raw.shape[-1] == 1:
            is_second = raw > 0 if target is None else target.unsqueeze(-1) == 1
            return 2 * is_second.to(raw.dtype) - 1
        target = raw.argmax(-1) if target is None else target
        return F.one_hot(target, raw.shape[-1]).to(raw.dtype)

    def log_probabilities(self, raw):
        """Return log probabilities of shape (n_members, n_rows, n_classes)."""
        if raw.shape[-1] == 1:
            return F.logsigmoid(torch.cat([-raw, raw], -1))
        return F.log_softmax(raw, -1)


class MultilabelLogLoss(_Loss):
    """Log-loss of labels that may hold together, averaged over the labels."""

    def forward(self, raw, target):
        return _over_outputs(F.binary_cross_entropy_with_logits(raw, target, reduction="none"))

    def gradient(self, raw, target):
        return raw.sigmoid().sub_(target).div_(raw.shape[-1])

    def inverse_link(self, raw):
        return raw.sigmoid()

    def link(self, predictions):
        return _log(predictions) - _log(1 - predictions)

    def share(self, raw, target):
        holds = raw > 0 if target is None else target > 0.5
        return 2 * holds.to(raw.dtype) - 1

    def log_probabilities(self, raw):
        """Return the log probability of each label."""
        return F.logsigmoid(raw)

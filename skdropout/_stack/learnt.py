"""Rates of dropout that networks learn, by masks that are not quite zero or one."""

import math

import torch
from torch import nn

from skdropout._stack.by_hand import gradient_of
from skdropout._stack.layers import KeepLaw

_TEMPERATURE = 0.1
# Rates begin at the first of these and stay between the others.
_FIRST, _LEAST, _MOST = 0.1, 0.001, 0.95
# Rates are learnt in one of so many steps.
LEARN_EVERY = 6
# Logits move so many times as fast as weights do.
_SPEED = 10.0


def _logit(rate):
    return math.log(rate / (1 - rate))


class LearntRates(nn.Module):
    """Rates that are parameters: concrete dropout [1]_.

    A mask is relaxed: with p the rate, t the temperature and u uniform in [0, 1) it is
    ``(1 - d) / (1 - p)`` where ``d = sigmoid((logit(p) + logit(u)) / t)``, so that its derivative
    by ``logit(p)`` is itself times ``p - d / t``.

    Parameters
    ----------
    n_members, n_rates : int

    References
    ----------
    .. [1] Y. Gal, J. Hron, A. Kendall, "Concrete Dropout", NeurIPS 2017, arXiv 1705.07832.
    """

    def __init__(self, n_members, n_rates):
        super().__init__()
        first = torch.full((n_members, n_rates), _logit(_FIRST) / _SPEED)
        self.value = nn.Parameter(first)

    def logits(self):
        """Return the logits of the rates, (n_members, n_rates), within their bounds."""
        with torch.no_grad():
            return self.value.clamp_(_logit(_LEAST) / _SPEED, _logit(_MOST) / _SPEED) * _SPEED

    def rates(self):
        """Return the rates, (n_members, n_rates)."""
        return self.logits().sigmoid()

    def laws(self, is_relaxed):
        """Return the laws of masks at the present rates, one for each of these."""
        if is_relaxed:
            return [RelaxedLaw(self, k) for k in range(self.value.shape[1])]
        rates = self.rates()
        device, dtype = rates.device, rates.dtype
        return [KeepLaw.from_rates(own, device, dtype) for own in rates.cpu().unbind(1)]

    def learn(self, of_logits, k=...):
        """Write the gradient of some of the logits."""
        gradient_of(self.value)[:, k] = of_logits * _SPEED

    def add_prior(self, strength, times=1):
        """Add the gradient of minus ``strength * times`` the rates' entropy.

        Parameters
        ----------
        strength : Tensor of shape (n_members,)
        times : Tensor of shape (n_rates,) or int
            What a rate is of so many of.
        """
        logits, rates = self.logits(), self.rates()
        slope = logits * rates * (1 - rates) * times
        self.value.grad.add_(slope * strength.unsqueeze(1), alpha=_SPEED)


class RelaxedLaw:
    """The law of masks at a rate that is learnt.

    Parameters
    ----------
    learnt : LearntRates
    k : int
        Which of the rates.
    """

    is_relaxed = True

    def __init__(self, learnt, k):
        self._learnt, self._k = learnt, k

    def draw(self, masks, shape):
        """Draw a mask of ``shape`` (n_members, n_rows, n_units)."""
        logits = self._learnt.logits()[:, self._k].view(-1, 1, 1)
        self._rate = logits.sigmoid()
        mask = relaxed(masks, shape, logits)
        return mask.div_(1 - self._rate)

    def learn(self, products, mask):
        """Write the gradient of the rate, given units times their gradients, and the mask."""
        rate = self._rate.flatten()
        sums = products.sum((1, 2))
        with_mask = torch.linalg.vecdot(products.flatten(1), mask.flatten(1))
        of_logit = (rate - 1 / _TEMPERATURE) * sums + (1 - rate) / _TEMPERATURE * with_mask
        self._learnt.learn(of_logit, self._k)


def relaxed(masks, shape, logits):
    """Draw what is kept of each unit, ``1 - d``, between zero and one."""
    kept = masks.logits(shape, logits.dtype)
    return kept.add_(logits).mul_(-1 / _TEMPERATURE).sigmoid_()


class LearntColumns(nn.Module):
    """Drop columns, each at a rate that is learnt; others stay as they are.

    Parameters
    ----------
    n_members, n_columns : int

    Attributes
    ----------
    input_dropout : Tensor of shape (n_members, n_columns)
        The rates learnt, once training is over.
    """

    learns = True
    marks = False

    def __init__(self, n_members, n_columns):
        super().__init__()
        self.learnt = LearntRates(n_members, n_columns)
        self.register_buffer("input_dropout", torch.zeros(n_members, n_columns))
        self.stop()

    @property
    def drops(self):
        """Whether any network drops anything."""
        return bool(self.input_dropout.any())

    def go_on_from(self, former):
        """Begin with the rates that ``former`` columns have learnt."""
        self.learnt.value.data.copy_(former.learnt.value)

    def set_rates(self, members):
        """Rates are learnt."""

    def prepare(self, factors=None, learns=False):
        """Get ready to drop."""
        self.is_relaxed, self._law = False, None
        if not learns and self.drops:
            self._law = self._hard(self.input_dropout)

    def go_to(self, place):
        """Rates follow no schedule."""

    def stop(self):
        """Forget at which rates to drop."""
        self.is_relaxed, self._law, self._kept = False, None, None

    def relax(self, is_relaxed):
        """Let masks be relaxed, or be zero or one by the present rates."""
        self.is_relaxed = is_relaxed
        self._law = None if is_relaxed else self._hard(self.learnt.rates())

    def _hard(self, rates):
        law = KeepLaw.from_rates(rates.cpu().ravel(), rates.device, rates.dtype)
        shape = len(rates), 1, -1
        return KeepLaw(law.threshold.reshape(shape), torch.ones_like(law.scale).view(shape))

    @property
    def is_idle(self):
        """Whether nothing is dropped now."""
        return not self.is_relaxed and self._law is None

    def forward(self, encoded, stack, target, masks):
        """Return the encoded batch, each column blended with its typical value."""
        shape = (*encoded.shape[:2], stack.encoding.n_columns)
        if self.is_idle:
            return encoded
        if not self.is_relaxed:
            return stack.encoding.keep(encoded, masks.draw(self._law, shape))
        self._kept = relaxed(masks, shape, self.learnt.logits().unsqueeze(1)).requires_grad_()
        return stack.encoding.keep(encoded, self._kept)

    @torch.no_grad()
    def learn(self):
        """Write the gradients of the rates, once those of what was kept are there."""
        kept = self._kept
        self.learnt.learn((kept.grad * kept * (kept - 1)).sum(1) / _TEMPERATURE)

    def settle(self):
        """Let the rates be those that were learnt."""
        self.input_dropout = self.learnt.rates()

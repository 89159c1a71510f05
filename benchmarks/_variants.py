"""Ways to train the networks that were tried and not taken: mixins for the estimators.

`recipe.py` measures them beside the defaults.
"""

import torch
from sklearn.base import is_classifier
from torch import nn

__all__ = ["ClippedOrSmoothed", "HeWeights", "SharedWeights"]

_SMOOTHING = 0.1


class HeWeights:
    """Hidden weights of variance 2 / inputs, in place of 1 / (3 inputs)."""

    def _build(self, *args):
        module = super()._build(*args)
        for layer in module.hidden:
            _weights(layer).data.mul_(6**0.5)
        return module


class ClippedOrSmoothed:
    """Predictions kept within the targets seen; of classes, targets smoothed in training."""

    def _read(self, *args, **kwargs):
        part = super()._read(*args, **kwargs)
        self._range = part["target"].min(), part["target"].max()
        return part

    def _criterion(self):
        criterion = super()._criterion()
        if is_classifier(self):
            criterion.register_forward_hook(_smoothed)
        return criterion

    def predict(self, X):
        predictions = super().predict(X)
        return predictions if is_classifier(self) else predictions.clip(*self._range)


def _smoothed(criterion, given, of_target):
    """Spread a tenth of the target over all classes, but not where training stops by the loss."""
    if not criterion.training:
        return of_target
    raw, _ = given
    uniform = -criterion.log_probabilities(raw).mean(-1)
    return (1 - _SMOOTHING) * of_target + _SMOOTHING * uniform


class SharedWeights:
    """Members share the hidden weights, between factors of inputs and of outputs of their own.

    The first factors are signs drawn by chance, the others start at one (Gorishniy, Kotelnikov,
    Babenko, "TabM", arXiv 2410.24210, section 3).
    """

    def _build(self, table, members, criterion):
        module = super()._build(table, members, criterion)
        generator = torch.Generator().manual_seed(members[0].seed)
        module.hidden = nn.ModuleList(
            SharedLinear(layer, generator if i == 0 else None)
            for i, layer in enumerate(module.hidden)
        )
        return module


class SharedLinear(nn.Module):
    """Every member keeps a copy of the shared weights; all copies get the mean gradient."""

    def __init__(self, layer, generator):
        super().__init__()
        shared = _weights(layer)
        shared.data = shared.data[:1].expand_as(shared).clone()
        shared.register_hook(lambda gradient: gradient.mean(0, keepdim=True).expand_as(gradient))
        ones = torch.ones_like(layer.weight[..., :1])
        signs = ones if generator is None else ones * _signs(ones.shape, generator)
        self.layer, self.of_inputs = layer, nn.Parameter(signs)
        self.of_outputs = nn.Parameter(torch.ones_like(layer.bias))

    @property
    def weight(self):
        return self.layer.weight * self.of_inputs * self.of_outputs

    def forward(self, x):
        return torch.baddbmm(self.layer.bias, x, self.weight)


def _weights(layer):
    return layer.unscaled if hasattr(layer, "unscaled") else layer.weight


def _signs(shape, generator):
    return torch.randint(2, shape, generator=generator) * 2.0 - 1.0

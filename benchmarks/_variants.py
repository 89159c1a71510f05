"""Ways to train the networks that were tried and not taken: callbacks, and mixins.

`recipe.py` measures them beside the defaults.
"""

import torch
from skorch.callbacks import Callback
from torch import nn

__all__ = ["Clipped", "HeWeights", "SharedWeights", "SmoothedLabels"]

_SMOOTHING = 0.1


class HeWeights(Callback):
    """Start from hidden weights of variance 2 / inputs, in place of 1 / (3 inputs)."""

    def on_train_begin(self, net, **_):
        for layer in net.module_.hidden:
            _weights(layer).data.mul_(6**0.5)


class SmoothedLabels(Callback):
    """Spread a tenth of each class over all, but not where training stops by the loss."""

    def on_train_begin(self, net, **_):
        if hasattr(net.criterion_, "log_probabilities"):
            net.criterion_.register_forward_hook(_smoothed)


def _smoothed(criterion, given, of_target):
    if not criterion.training:
        return of_target
    uniform = -criterion.log_probabilities(given[0]).mean(-1)
    return (1 - _SMOOTHING) * of_target + _SMOOTHING * uniform


class Clipped:
    """Predictions of a regression kept within the targets seen."""

    def fit(self, X, y):
        self._seen = y
        return super().fit(X, y)

    def predict(self, X):
        predictions = super().predict(X)
        if hasattr(self, "classes_"):
            return predictions
        return predictions.clip(self._seen.min(), self._seen.max())


class SharedWeights:
    """Members share the hidden weights, between factors of inputs and of outputs of their own.

    The first factors are signs drawn by chance, the others start at one (Gorishniy, Kotelnikov,
    Babenko, "TabM", arXiv 2410.24210, section 3).
    """

    def _build(self, plan, table, members):
        module = super()._build(plan, table, members)
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

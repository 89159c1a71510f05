"""How two columns act together by second derivatives, row by row and network by network."""

import math

import torch
from torch import nn

from skdropout._device import prediction_dtype
from skdropout.functional import smooth_gradient, smooth_hessian

_ELEMENTS_AT_ONCE = 2**22
# Own effects are means over many rows, without bias however few the draws, and strengths change
# with their fourth roots alone.
_DRAWS_PER_GRADIENT = 4
_SMOOTH_ACTIVATIONS = (nn.GELU, nn.Mish, nn.Sigmoid, nn.SiLU, nn.Tanh)


class Moments:
    """Mean squares of effects without bias, and their standard errors.

    Effects come as independent estimates of the same quantity, from several networks or from
    several samples: the product of two different ones has no bias where a square has, and what
    only one network believes cancels.

    Parameters
    ----------
    mixing : Tensor of shape (n_effects, n_effects), default=None
        Takes squares of effects, in a row, to the sums of them that are wanted.
    """

    def __init__(self, mixing=None):
        self._mixing = mixing
        self.n = 0
        self._sum = self._sum_of_squares = 0.0

    def add(self, effects):
        """Take effects (n_estimates, n_rows, n_effects, n_outputs)."""
        products = _mean_product(effects.to(prediction_dtype(effects.device))).sum(-1)
        if self._mixing is not None:
            products = products @ self._mixing.to(products)
        self.n += len(products)
        self._sum = self._sum + products.sum(0)
        self._sum_of_squares = self._sum_of_squares + products.square().sum(0)

    @property
    def mean(self):
        """Mean square of each effect, (n_effects,); by chance it may be below zero."""
        return self._sum / self.n

    @property
    def error(self):
        """Standard error of the mean, over rows."""
        variance = (self._sum_of_squares / self.n - self.mean**2).clamp_min(0)
        return (variance / max(self.n - 1, 1)).sqrt()


def _mean_product(effects):
    """Return the mean over pairs of different estimates of their product."""
    n_estimates = len(effects)
    if n_estimates == 1:
        return effects[0].square()
    squares = effects.square().sum(0)
    return (effects.sum(0).square() - squares) / (n_estimates * (n_estimates - 1))


def hessian_effects(model, rows, partners, pairs, *, sigma, n_perturbations, generator):
    """Mean squares of smoothed second derivatives, in units of the inputs' spread.

    A column that enters as several inputs (a category, a number that may be missing) is followed
    along the line to another row's inputs.

    Parameters
    ----------
    model : Model
    rows, partners : Tensor of shape (n_rows,)
    pairs : list of tuple of int
    sigma : float
        Noise, in standard deviations of each input.
    n_perturbations : int or "auto"
        Gradients a row and network for second derivatives; there are a quarter more for the first.
    generator : torch.Generator

    Returns
    -------
    own, joint : Moments
        Of the columns (smoothed gradient), and of the pairs.
    """
    own, joint = Moments(), Moments()
    networks = [Directions(network, rows, partners, model.n_columns) for network in model.networks]
    if len(networks) == 1:
        networks *= 2  # two samples of the same network's noise
    width = max(network.x.shape[1] for network in networks)
    if n_perturbations == "auto":
        n_perturbations = min(2 * width, 64)
    first, second = torch.tensor(pairs).T
    step = max(_ELEMENTS_AT_ONCE // width**2, 1)
    for block in torch.arange(len(rows)).split(step):
        effects = [net.effects(block, sigma, n_perturbations, generator) for net in networks]
        gradients, hessians = (torch.stack(parts) for parts in zip(*effects, strict=True))
        own.add(gradients)
        joint.add(hessians[:, :, first, second])
    return own, joint


class Directions:
    """One network and, around each row, one direction a column to follow it along."""

    def __init__(self, network, rows, partners, n_columns):
        inputs = network.inputs
        columns = network.column_of_input.to(inputs.device)
        self.f, self.x = _hide_smooth_layers(network.f), inputs[rows]
        spread = inputs.std(0, correction=0)
        # noise needs one input that moves; what is followed along nothing has no effect
        self.scale = spread if spread.any() else torch.ones_like(spread)
        moving = torch.bincount(columns[spread > 0], minlength=n_columns)
        is_alone = (moving == 1)[columns]
        line = (inputs[partners] - self.x) / math.sqrt(2)
        self.along = torch.where(is_alone, spread, line)
        self.membership = nn.functional.one_hot(columns, n_columns).to(inputs)
        self.is_one_to_one = columns.tolist() == list(range(n_columns))

    def effects(self, block, sigma, n_perturbations, generator):
        """Return gradients (n, d, n_outputs) and Hessians (n, d, d, n_outputs) of the columns."""
        x, along = self.x[block], self.along[block]
        gradients, hessians = [], []
        options = {"sigma": sigma * self.scale, "generator": generator}
        n_gradients = max(n_perturbations // _DRAWS_PER_GRADIENT // 2 * 2, 2)
        for target in range(self.f(x[:1]).numel()):
            options["target"] = target
            hessian = smooth_hessian(self.f, x, n_perturbations=n_perturbations, **options)
            # plain draws: a closed form beside so few costs more than it saves
            gradient = smooth_gradient(
                self.f, x, n_perturbations=n_gradients, method="stein", **options
            )
            hessian = along[:, :, None] * hessian * along[:, None]
            gradient = gradient * along
            if not self.is_one_to_one:
                gradient = gradient @ self.membership
                hessian = self.membership.T @ hessian @ self.membership
            gradients.append(gradient)
            hessians.append(hessian)
        return torch.stack(gradients, -1), torch.stack(hessians, -1)


def _hide_smooth_layers(f):
    """Return ``f`` as a mere function if its closed form costs more than the draws it saves."""
    is_smooth = any(isinstance(m, _SMOOTH_ACTIVATIONS) for m in f.modules())
    return f.forward if is_smooth else f

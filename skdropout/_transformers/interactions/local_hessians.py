"""What pairs of columns do together at each row: SmoothHess of a fitted model, row by row."""

import torch
from sklearn.base import is_classifier
from torch import nn

from skdropout.functional._inner import GaussianNoise, mirrored_draws, output_gradient
from skdropout.inspection._inner import look_into

__all__ = ["LocalHessians"]

_GRADIENTS_AT_ONCE = 2**13


class LocalHessians:
    """Smoothed mixed second derivatives at any row, averaged over the networks of a model.

    Every row gets the same perturbations, so what is found at a row does not depend on the rows
    around it.

    Parameters
    ----------
    estimator : estimator
        Fitted, with gradients; of a classifier the logit of the predicted class is explained.
    X : array-like or data frame of shape (n_samples, n_columns)
        Rows that tell the columns' spread, the unit of what is returned.
    sigma : float
        Noise, in standard deviations of each input.
    n_perturbations : int or "auto"
        Gradients a row and network; "auto" is one orthogonal block, twice the number of inputs.
    random_state : RandomState
    """

    def __init__(self, estimator, X, *, sigma, n_perturbations, random_state):
        self._estimator = estimator
        model = look_into(estimator, X)
        model.require_networks("use output='product', which needs none")
        self._views = []
        for network in model.networks:
            generator = torch.Generator(network.inputs.device)
            generator.manual_seed(random_state.randint(2**31))
            view = _View(network, model.n_columns, sigma, n_perturbations, generator)
            self._views.append(view)

    def __call__(self, X, pairs):
        """Return the derivatives (n_samples, n_pairs) along the two columns of each pair."""
        networks = look_into(self._estimator, X).networks
        target = None
        with torch.no_grad():
            outputs = torch.stack([network.f(network.inputs) for network in networks]).mean(0)
        if is_classifier(self._estimator) and outputs[0].numel() > 1:
            target = outputs.argmax(-1)
        values = [
            view.derivatives(network, target, pairs)
            for view, network in zip(self._views, networks, strict=True)
        ]
        return torch.stack(values).mean(0).cpu().double().numpy()


class _View:
    """The perturbations of one network, and the directions in which columns are followed."""

    def __init__(self, network, n_columns, sigma, n_perturbations, generator):
        inputs, columns = network.inputs, network.column_of_input.to(network.inputs.device)
        self.center, self.spread = inputs.mean(0), inputs.std(0, correction=0)
        self.is_alone = (torch.bincount(columns, minlength=n_columns) == 1)[columns]
        self.membership = nn.functional.one_hot(columns, n_columns).to(inputs)
        # noise needs one input that moves
        spread = self.spread if self.spread.any() else torch.ones_like(self.spread)
        noise = GaussianNoise(sigma * spread, inputs)
        n_pairs = noise.n_directions if n_perturbations == "auto" else n_perturbations // 2
        z, weight = mirrored_draws(noise, inputs[:1], n_pairs, "hessian", generator)
        self.delta = noise.delta(z)[0]
        # Stein's S^-1 delta, weighted
        self.back = (weight * z / noise.factor)[0]

    def derivatives(self, network, target, pairs):
        first, second = torch.tensor(pairs, dtype=torch.long).reshape(-1, 2).T
        rows_at_once = max(_GRADIENTS_AT_ONCE // (2 * len(self.delta)), 1)
        found = [network.inputs.new_empty(0, len(first))]
        for rows in torch.arange(len(network.inputs)).split(rows_at_once):
            x = network.inputs[rows]
            # several inputs of one column are followed along their distance from the mean
            along = torch.where(self.is_alone, self.spread, x - self.center)[:, None]
            there, back = self._gradients(network.f, x, None if target is None else target[rows])
            change = ((there - back) / 2 * along) @ self.membership
            moved = (self.back * along) @ self.membership
            hessian = change.mT @ moved / len(self.delta)
            found.append((hessian[:, first, second] + hessian[:, second, first]) / 2)
        return torch.cat(found)

    def _gradients(self, f, x, target):
        points = torch.stack([x[:, None] + self.delta, x[:, None] - self.delta], 2)
        if target is not None:
            target = target.repeat_interleave(2 * len(self.delta))
        gradient = output_gradient(f, points.flatten(0, 2), target)
        return gradient.view_as(points).unbind(2)

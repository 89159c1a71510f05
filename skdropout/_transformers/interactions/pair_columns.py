"""What is made of a pair of columns: products of their values, or a row's second derivatives."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.base import is_classifier
from sklearn.utils import Bunch
from torch import nn

from skdropout._table import TableEncoder, is_frame, readable
from skdropout.functional._inner import GaussianNoise, Target, mirrored_draws, output_gradient
from skdropout.inspection._inner import look_into

# A category's mean target is that of its rows and of so many more at the mean of all.
_PRIOR_ROWS = 10
_FARTHEST = 10.0
_GRADIENTS_AT_ONCE = 2**13
# "auto" asks at so many rows what the error is, and takes no more gradients than this.
_ROWS_ASKED = 200
_MOST_GRADIENTS = 2**13
_FIRST_BLOCKS = 4
# Errors, as shares of a column's spread, and of the output's own: where there is no interaction.
_SMALL = 0.2
_NEXT_TO_NOTHING = 1e-3


class ColumnValues:
    """Numbers by their distance from the mean, categories by their mean target.

    Parameters
    ----------
    encoder : TableEncoder
        Whose ``transform`` gives the numbers, in robust units, and the codes.
    """

    def __init__(self, encoder):
        self._positions = encoder.numeric_, encoder.categorical_
        self._n_codes = [n_levels + 2 for n_levels in encoder.n_levels]

    def fit(self, numeric, codes, target):
        """Learn means; ``target`` is (n_rows,) and centred."""
        self._mean = np.zeros(numeric.shape[1])
        self._effects = []
        for column, n_codes in zip(codes.T, self._n_codes, strict=True):
            count = np.bincount(column, minlength=n_codes)
            total = np.bincount(column, target, minlength=n_codes)
            self._effects.append(total / (count + _PRIOR_ROWS))
        self._mean = self(numeric, codes).mean(0)[self._positions[0]]
        return self

    def __call__(self, numeric, codes):
        """Return centred numbers (n_rows, n_columns); a missing one is zero."""
        values = np.zeros((len(numeric), numeric.shape[1] + codes.shape[1]))
        centred = np.clip(numeric, -_FARTHEST, _FARTHEST) - self._mean
        values[:, self._positions[0]] = np.nan_to_num(centred)
        for j, column, effects in zip(self._positions[1], codes.T, self._effects, strict=True):
            values[:, j] = effects[column]
        return values

    def products(self, numeric, codes, pairs):
        """Return the product of the values of each pair or larger group, (n_rows, n_pairs)."""
        values = self(numeric, codes)
        products = [values[:, list(group)].prod(1) for group in pairs]
        return np.array(products).reshape(-1, len(values)).T


def main_direction(y, are_classes):
    """Return the centred target or, of several outputs, their first principal component."""
    y = np.asarray(y)
    if are_classes and y.ndim == 1:
        y = y[:, None] == np.unique(y)
    y = y.reshape(len(y), -1).astype(float)
    y = y - y.mean(0)
    if y.shape[1] == 1:
        return y[:, 0]
    _, _, directions = np.linalg.svd(y.T @ y)
    return y @ directions[0]


def pair_names(names, pairs):
    """Name pairs of columns, and larger groups, as ``PolynomialFeatures`` does."""
    return [" ".join(str(names[j]) for j in group) for group in pairs]


def append(X, names, values):
    """Return the columns of ``X`` and new ones, as a frame if ``X`` is one."""
    if not is_frame(X):
        return np.hstack([np.asarray(readable(X)), values])
    columns = dict(zip(names, values.T, strict=True))
    return X.assign(**columns) if hasattr(X, "assign") else X.with_columns(**columns)


class LocalHessians:
    """Smoothed mixed second derivatives at any row, averaged over the networks of a model.

    Every row gets the same perturbations, so what is found at a row does not depend on the rows
    around it.

    Parameters
    ----------
    estimator : estimator
        Fitted, with gradients; of a classifier the logit of the predicted class is explained.
    X : array-like or data frame of shape (n_samples, n_columns)
        Rows that tell the columns' spread, the unit of what is returned, and the errors.
    pairs : dict of str to (int, int)
        The pairs of columns, by name.
    sigma : float
        Noise, in standard deviations of each input.
    n_perturbations : int or "auto"
        Gradients a row and network; "auto" see :meth:`_settle`.
    random_state : RandomState
    """

    def __init__(self, estimator, X, pairs, *, sigma, n_perturbations, random_state):
        self._estimator = estimator
        model = look_into(estimator, X)
        model.require_networks("use output='product', which needs none")
        is_auto = n_perturbations == "auto"
        most = _MOST_GRADIENTS if is_auto else n_perturbations
        self._views = []
        for network in model.networks:
            seed = random_state.randint(2**31)
            view = _View(network, model.n_columns, sigma, most, is_auto, seed)
            self._views.append(view)
        if is_auto:
            rows = random_state.permutation(len(X))[:_ROWS_ASKED]
            self._settle(model.networks, torch.as_tensor(rows), pairs)

    def __call__(self, X, pairs):
        """Return the derivatives (n_samples, n_pairs) along the two columns of each pair."""
        networks = look_into(self._estimator, X).networks
        outputs, target = self._explained(networks)
        rows = torch.arange(len(outputs))
        found = [
            view.blocks(network, target, rows, pairs, 0, view.n_pairs, view.n_pairs)[0]
            for view, network in zip(self._views, networks, strict=True)
        ]
        return torch.stack(found).mean(0).numpy()

    def _explained(self, networks):
        """Return the outputs, averaged over networks, and which of them each row is about."""
        with torch.no_grad():
            outputs = torch.stack([network.f(network.inputs) for network in networks]).mean(0)
        if is_classifier(self._estimator) and outputs[0].numel() > 1:
            return outputs, Target(outputs.argmax(-1), outputs.shape[-1] - 1)
        return outputs, None

    def _settle(self, networks, rows, pairs):
        """Double the perturbations until each column's error is small beside its spread.

        Orthogonal blocks of them are independent estimates, so their scatter at the ``rows`` tells
        the error of their mean, here averaged over rows as its square.
        """
        outputs, target = self._explained(networks)
        negligible = _NEXT_TO_NOTHING * float(outputs.std(0, correction=0).max())
        places = list(pairs.values())
        n_blocks, done = _FIRST_BLOCKS, 0
        most = min(len(view.delta) // view.block for view in self._views)
        totals, squares = torch.zeros(2, len(networks), len(rows), len(pairs), dtype=torch.float64)
        while True:
            for k, (view, network) in enumerate(zip(self._views, networks, strict=True)):
                part = done * view.block, n_blocks * view.block
                found = view.blocks(network, target, rows, places, *part, view.block)
                totals[k] += found.sum(0)
                squares[k] += found.square().sum(0)
            means = totals / n_blocks
            scatter = (squares / n_blocks - means.square()).clamp(min=0)
            of_mean = scatter.mean(0) / ((n_blocks - 1) * len(networks))
            error, spread = of_mean.mean(0).sqrt(), means.mean(0).std(0, correction=0)
            is_large = (error > _SMALL * spread) & (error > negligible)
            if not is_large.any() or 2 * n_blocks > most:
                break
            done, n_blocks = n_blocks, 2 * n_blocks
        for view in self._views:
            view.keep(n_blocks * view.block)
        if is_large.any():
            shares = [
                f"{name!r} {share:.2g}"
                for name, share, large in zip(pairs, error / spread, is_large, strict=True)
                if large
            ]
            warnings.warn(
                f"n_perturbations='auto' stopped at {2 * self._views[0].n_pairs} gradients a row "
                "and network, where the errors of second derivatives, as shares of their column's "
                f"spread, are: {', '.join(shares)}; {_SMALL} was asked for. Keep fewer pairs "
                "(n_interactions), raise sigma, or give a larger n_perturbations.",
                RuntimeWarning,
                stacklevel=4,
            )


class _View:
    """The perturbations of one network, and the directions in which columns are followed."""

    def __init__(self, network, n_columns, sigma, n_perturbations, has_blocks, seed):
        inputs, columns = network.inputs, network.column_of_input.to(network.inputs.device)
        self.center, self.spread = inputs.mean(0), inputs.std(0, correction=0)
        self.is_alone = (torch.bincount(columns, minlength=n_columns) == 1)[columns]
        self.membership = nn.functional.one_hot(columns, n_columns).to(inputs)
        # noise needs one input that moves
        spread = self.spread if self.spread.any() else torch.ones_like(self.spread)
        noise = GaussianNoise(sigma * spread, inputs)
        self.block = noise.n_directions
        n_pairs = n_perturbations // 2
        if has_blocks:
            n_pairs = self.block * max(n_pairs // self.block, _FIRST_BLOCKS)
        generator = torch.Generator(inputs.device).manual_seed(seed)
        z, weight = mirrored_draws(noise, inputs[:1], n_pairs, "hessian", generator)
        self.delta = noise.delta(z)[0]
        # Stein's S^-1 delta, weighted
        self.back = (weight * z / noise.factor)[0]

    @property
    def n_pairs(self):
        """How many mirrored pairs of perturbations there are."""
        return len(self.delta)

    def keep(self, n_pairs):
        """Forget all but the first perturbations."""
        self.delta, self.back = self.delta[:n_pairs].clone(), self.back[:n_pairs].clone()

    def blocks(self, network, target, rows, pairs, start, stop, block):
        """Return what each block of perturbations says, (n_blocks, n_rows, n_pairs) on the CPU."""
        places = torch.tensor(pairs, dtype=torch.long).reshape(-1, 2).T
        first, second = places.to(self.delta.device)
        delta, back = self.delta[start:stop], self.back[start:stop]
        rows_at_once = max(_GRADIENTS_AT_ONCE // (2 * len(delta)), 1)
        found = [torch.empty(len(delta) // block, 0, len(first), dtype=torch.float64)]
        for part in rows.to(network.inputs.device).split(rows_at_once):
            x = network.inputs[part]
            # several inputs of one column are followed along their distance from the mean
            along = torch.where(self.is_alone, self.spread, x - self.center)[:, None]
            of_part = None if target is None else target[part]
            change = (self._change(network.f, x, of_part, delta) * along) @ self.membership
            moved = (back * along) @ self.membership
            change, moved = (side.unflatten(1, (-1, block)) for side in (change, moved))
            hessian = (change.mT @ moved / block).transpose(0, 1)
            both = (hessian[..., first, second] + hessian[..., second, first]) / 2
            found.append(both.cpu().double())
        return torch.cat(found, 1)

    def _change(self, f, x, target, delta):
        """Return half the difference between the gradients there and back."""
        points = torch.stack([x[:, None] + delta, x[:, None] - delta], 2)
        if target is not None:
            target = target.repeat_interleave(2 * len(delta))
        there, back = output_gradient(f, points.flatten(0, 2), target).view_as(points).unbind(2)
        return (there - back) / 2


@dataclass(frozen=True, eq=False)
class FinderPlan:
    """What ``transform`` needs: an encoder, and what pairs of columns become."""

    encoder: TableEncoder
    columns: ColumnValues | LocalHessians


class Found:
    """What ``fit`` leaves: no parameters, so not of the dataclass."""

    _plan: FinderPlan
    estimator_: Any
    interactions_: list[tuple[int, ...]]
    interaction_strengths_: np.ndarray
    interaction_errors_: np.ndarray
    interaction_shares_: np.ndarray
    q_values_: np.ndarray | None
    tests_: Bunch | None
    strengths_: np.ndarray
    dependence_: np.ndarray | None

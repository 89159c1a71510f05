"""How well the curvature of a network tells what it does around rows."""

from numbers import Integral
from typing import Literal

import numpy as np
import torch
from sklearn.utils import Bunch

from skdropout import functional
from skdropout._device import draw_seeds
from skdropout._table import TableLike
from skdropout.functional import smooth_hessian
from skdropout.functional._inner import as_count, as_positive
from skdropout.inspection._cells import as_table
from skdropout.inspection._look_into import look_into
from skdropout.inspection._model import FittedModel


def perturbation_mse(
    estimator: FittedModel,
    X: TableLike,
    *,
    radius: float = 0.5,
    law: Literal["radius", "ball"] = "radius",
    sigma: float = 0.25,
    n_perturbations: int = 1000,
    n_points: int = 100,
    output: int = 0,
    random_state: int | np.random.RandomState | None = None,
) -> Bunch:
    """Measure how far a network is from its SmoothHess model around rows of ``X`` (P-MSE).

    Around each row, and for each network of an ensemble, the output is compared with a linear and
    with a quadratic function made of the smoothed gradient and Hessian.

    Parameters
    ----------
    estimator : estimator, skorch net or torch.nn.Module
        Fitted, with gradients; see ``interaction_strengths``.
    X : array-like or data frame of shape (n_samples, n_columns)
        Rows the model knows the like of.
    radius : float
        Largest length of the perturbations, every input in units of its standard deviation.
    law : {"radius", "ball"}
        Length uniform up to ``radius``, or points uniform in the ball.
    sigma : float
        Noise that smooths, in standard deviations of each input.
    n_perturbations : int
        Perturbations of each row, and gradients to estimate its Hessian from; even.
    n_points : int
        Number of rows of ``X``, drawn at random.
    output : int
        Which output, in the units of ``interaction_strengths``.
    random_state : int, RandomState instance or None
        Source of randomness.

    Returns
    -------
    result : Bunch
        ``linear`` and ``quadratic``, ndarrays (n_networks, n_points): mean squared errors, in
        squared units of the output; ``rows``, the rows of ``X`` that were looked at.

    Raises
    ------
    ValueError
        If the estimator gives no gradients or a parameter cannot be used.

    References
    ----------
    .. [1] Torop et al., "SmoothHess: ReLU Network Feature Interactions via Stein's Lemma",
       NeurIPS 2023, arXiv 2311.00858, section 5.

    Examples
    --------
    >>> import torch
    >>> from skdropout.inspection import perturbation_mse
    >>> class Product(torch.nn.Module):
    ...     def forward(self, x):
    ...         return x[:, 0] * x[:, 1]
    >>> X = torch.randn(50, 2, generator=torch.Generator().manual_seed(0)).numpy()
    >>> result = perturbation_mse(Product(), X, n_perturbations=100, random_state=0)
    >>> bool(result.quadratic.mean() < 1e-6 * result.linear.mean())
    True
    """
    seeds = draw_seeds(random_state, 2)
    sigma, radius = as_positive("sigma", sigma), as_positive("radius", radius)
    n_points = as_count("n_points", n_points)
    X = as_table(X)
    model = look_into(estimator, X)
    model.require_networks("use a network")
    networks = model.networks
    output = checked_output(output, networks[0].f(networks[0].inputs[:1]).numel())
    rows = np.random.RandomState(seeds[0]).permutation(len(X))[:n_points]
    linear, quadratic = [], []
    for network in networks:
        generator = torch.Generator(network.inputs.device).manual_seed(seeds[1])
        f, x = _in_standard_units(network)
        x = x[torch.as_tensor(rows, device=x.device)]
        target = torch.tensor(output)
        hessian, gradient = smooth_hessian(
            f,
            x,
            sigma=sigma,
            n_perturbations=n_perturbations,
            target=target,
            return_gradient=True,
            generator=generator,
        )
        for errors, model in ((linear, torch.zeros_like(hessian)), (quadratic, hessian)):
            error = functional.perturbation_mse(
                f,
                x,
                gradient,
                model,
                radius=radius,
                n_perturbations=n_perturbations,
                law=law,
                target=target,
                generator=generator,
            )
            errors.append(error.cpu().numpy())
    return Bunch(linear=np.stack(linear), quadratic=np.stack(quadratic), rows=rows)


def checked_output(output, n_outputs):
    """Return the index of an output."""
    if not isinstance(output, Integral) or not 0 <= output < n_outputs:
        raise ValueError(f"output={output!r} must be the index of one of the {n_outputs} outputs.")
    return int(output)


def _in_standard_units(network):
    """Return the network as a function of inputs divided by their spread, and these inputs."""
    spread = network.inputs.std(0, correction=0)
    scale = torch.where(spread > 0, spread, 1.0)
    return (lambda x: network.f(x * scale)), network.inputs / scale

"""Relevance by gradients, for any differentiable callable."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from skdropout.functional._explained import explained, is_single


def gradient_x_input(
    f: Callable[[Tensor], Tensor], x: Tensor, target: Tensor | None = None
) -> Tensor:
    """Gradient of the explained output times the input.

    Parameters
    ----------
    f, x, target
        As in :func:`relevance`; `f` is any differentiable callable, rows independent.

    Returns
    -------
    Tensor of the shape of x
        For a ReLU network this is the "epsilon" rule's limit for epsilon to 0.

    References
    ----------
    Shrikumar et al. (2016), *Not just a black box*, arXiv 1605.01713.

    Examples
    --------
    >>> import torch
    >>> from skdropout.functional import gradient_x_input
    >>> gradient_x_input(lambda x: x.square().sum(1), torch.tensor([[1.0, 2.0]]))
    tensor([[2., 8.]])
    """
    with _undisturbed(f, x.device):
        return x.detach() * _gradient(f, x, target)


def integrated_gradients(
    f: Callable[[Tensor], Tensor],
    x: Tensor,
    target: Tensor | None = None,
    *,
    baseline: float | Tensor = 0.0,
    n_steps: int = 32,
) -> Tensor:
    """Gradients averaged on the way from a baseline to the input, times that way.

    Parameters
    ----------
    f, x, target
        As in :func:`relevance`; `f` is any differentiable callable, rows independent.
    baseline : float or Tensor that broadcasts to x, default=0.0
        Where the way starts; 0 is the mean of standardised inputs.
    n_steps : int, default=32
        Points of the midpoint rule, evenly spaced on the way.

    Returns
    -------
    Tensor of the shape of x
        Sums to ``f(x) - f(baseline)``, up to the error of the midpoint rule.

    References
    ----------
    Sundararajan, Taly, Yan (2017), *Axiomatic attribution for deep networks*, ICML.

    Examples
    --------
    >>> import torch
    >>> from skdropout.functional import integrated_gradients
    >>> integrated_gradients(lambda x: x.square().sum(1), torch.tensor([[1.0, 2.0]]))
    tensor([[1., 4.]])
    """
    if n_steps < 1:
        raise ValueError(f"n_steps={n_steps} must be 1 or more, for example 32.")
    way = x.detach() - baseline
    with _undisturbed(f, x.device):
        if target is None:
            target = _largest(f, x)
        total = torch.zeros_like(way)
        for step in range(n_steps):
            total += _gradient(f, baseline + way * (step + 0.5) / n_steps, target)
    return way * total / n_steps


@contextmanager
def _undisturbed(f: Callable, device: torch.device) -> Iterator[None]:
    """Evaluation mode inside; the module's modes and the random state as before outside."""
    modules = list(f.modules()) if isinstance(f, nn.Module) else []
    modes = [module.training for module in modules]
    try:
        with torch.random.fork_rng([device] if device.type == "cuda" else []):
            for module in modules:
                module.training = False
            yield
    finally:
        for module, mode in zip(modules, modes, strict=True):
            module.training = mode


def _gradient(f: Callable[[Tensor], Tensor], x: Tensor, target: Tensor | None) -> Tensor:
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        # a copy, for networks that begin with an operation in place
        return torch.autograd.grad(explained(f(x.clone()), target).sum(), x)[0]


def _largest(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor | None:
    with torch.no_grad():
        output = f(x.clone())
    return None if is_single(output) else output.argmax(-1)

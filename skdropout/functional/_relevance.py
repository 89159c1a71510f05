"""Which inputs an output rests on: what is explained, by gradients or from layer to layer."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from numbers import Integral

import torch
from torch import Tensor, nn

from skdropout.functional._asked import call, memory_errors
from skdropout.functional._checks import (
    as_count,
    as_tensor,
    brief,
    check_finite,
    check_fits,
    check_tensor,
)
from skdropout.functional._relevance_rules import RelevanceRule
from skdropout.functional._relevance_sweep import relevance_sweep


@memory_errors()
def relevance(
    f: Callable[[Tensor], Tensor],
    x: Tensor,
    *,
    target: int | Tensor | None = None,
    rule: RelevanceRule = "epsilon_plus",
) -> Tensor:
    """Relevance of every input for the network's output, signed.

    Layer-wise relevance propagation (LRP) hands the explained output back from layer to layer: a
    linear or convolution layer by its rule, an activation unchanged, max pooling to the winner,
    mean pooling and a batch norm that stands alone by "epsilon" (1e-6). Dropout is off; a batch
    norm directly after a linear or convolution layer is folded into it, with its running
    statistics. It is one sweep forward and one back, without an autograd graph and without
    touching the module.

    Parameters
    ----------
    f : nn.Sequential or callable
        For LRP an ``nn.Sequential`` (nested ones too) of Linear, Conv1d, Conv2d, max and mean
        pooling, Flatten, Dropout, BatchNorm and activations that are 0 at 0 (ReLU, GELU, Tanh,
        ...), ending at the value or the logits. For the gradient rules any differentiable
        callable; a module is evaluated in evaluation mode.
    x : Tensor of shape (n_samples, ...)
        Inputs.
    target : int or Tensor of shape (n_samples,), optional
        What to explain. An int: the output of that index, for all samples. A tensor with several
        outputs: the index of each sample's logit (None: the largest one). A tensor with one
        output: labels 0 and 1, the logit of that class, so the value or minus the value (None: the
        value itself). Relevance always starts at the explained *value*, not at 1: from 1 a
        negative logit would turn the order of the features around.
    rule : str, Rule or a sequence of them, default="epsilon_plus"
        - "epsilon", "zplus", "gamma", "flat", "wsquare" or a :class:`Rule`: this rule in every
          layer. See :func:`linear_relevance` for the equations. "flat" in a fully connected first
          layer would make all features equal and is refused.
        - a sequence: one rule per linear or convolution layer, first layer first.
        - "epsilon_plus": "zplus" in convolutions, "epsilon" in linear layers.
          "epsilon_plus_flat": the same with "flat" in the first layer if that is a convolution.
        - "gradient_x_input" or "integrated_gradients": see the functions of these names.

    Returns
    -------
    Tensor of the shape of x

    Raises
    ------
    ValueError
        If a rule is unknown, if `f` holds a layer that LRP does not support here, or if `target`
        does not fit the output.

    References
    ----------
    Bach et al. (2015), *On pixel-wise explanations for non-linear classifier decisions by
    layer-wise relevance propagation*, PLOS ONE 10(7). Montavon et al. (2019), *Layer-wise
    relevance propagation: an overview*.

    Examples
    --------
    >>> import torch
    >>> from skdropout.functional import relevance
    >>> f = torch.nn.Sequential(torch.nn.Linear(3, 1, bias=False))
    >>> f[0].weight.data = torch.tensor([[1.0, -2.0, 0.0]])
    >>> relevance(f, torch.tensor([[3.0, 1.0, 5.0]]))
    tensor([[ 3.0000, -2.0000,  0.0000]])
    """
    check_tensor("x", x, "(n_samples, ...)")
    return relevance_from(f, x, _share_of(target), rule)


@memory_errors()
def gradient_x_input(
    f: Callable[[Tensor], Tensor], x: Tensor, *, target: int | Tensor | None = None
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
    check_tensor("x", x, "(n_samples, ...)")
    return _gradient_x_input(f, x, _share_of(target))


@memory_errors()
def integrated_gradients(
    f: Callable[[Tensor], Tensor],
    x: Tensor,
    *,
    target: int | Tensor | None = None,
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
    check_tensor("x", x, "(n_samples, ...)")
    baseline = as_tensor("baseline", baseline, x)
    check_fits("baseline", baseline, x.shape, "x")
    check_finite("baseline", baseline)
    n_steps = as_count("n_steps", n_steps)
    return _integrated_gradients(f, x, _share_of(target), baseline, n_steps)


def relevance_from(
    f: Callable[[Tensor], Tensor],
    x: Tensor,
    share: Callable[[Tensor], Tensor],
    rule: RelevanceRule,
) -> Tensor:
    """`relevance` of the sum of ``share(output) * output``, the share as it is at `x`."""
    if x.ndim < 2:
        raise ValueError(
            f"x of shape {tuple(x.shape)} is no batch; pass (n_samples, ...), "
            "so x[None] for one sample."
        )
    name = rule if isinstance(rule, str) else None
    if name == "gradient_x_input":
        return _gradient_x_input(f, x, share)
    if name == "integrated_gradients":
        return _integrated_gradients(f, x, share)
    if not isinstance(f, nn.Module):
        raise ValueError(
            f"rule={brief(rule)} works layer by layer and f is no torch module; "
            "use rule='gradient_x_input' or rule='integrated_gradients'."
        )
    return relevance_sweep(f, x.detach(), lambda output: share(output) * output, rule)


def output_share(output: Tensor, target: int | Tensor | None, name: str = "target") -> Tensor:
    """The share of each output, 1, 0 or -1, in what is explained; a class 0 of two turns signs."""
    if target is None and _is_single(output):
        return torch.ones_like(output)
    if target is None:
        target = output.argmax(-1)
    elif not isinstance(target, Tensor) or target.ndim == 0:
        return _share_of_index(output, int(target))
    elif _is_single(output):
        _check_labels(name, target, output.numel(), 2, "labels 0 and 1, or none for a regression")
        return torch.where(target.reshape(output.shape) == 1, 1.0, -1.0).to(output.dtype)
    n_outputs = output.shape[-1]
    _check_labels(name, target, output.numel() // n_outputs, n_outputs, "class indices")
    return torch.zeros_like(output).scatter(-1, target.long().reshape(*output.shape[:-1], 1), 1.0)


def occlusion_share(output: Tensor, target: Tensor | None) -> Tensor:
    """The share of each output in what decides which inputs to occlude.

    Of classes that is the logit of the true one (`target` None: of the one predicted), of a single
    value its size.
    """
    if target is None and _is_single(output):
        return size_share(output)
    return output_share(output, target, "y")


def size_share(output: Tensor) -> Tensor:
    """The sign of each output, so that its size is explained: its distance from the mean.

    From signed values on, inputs would be occluded more often where they raise the output, and an
    occluded input come to mean a high one.
    """
    return torch.where(output < 0, -1.0, 1.0).to(output.dtype)


def _gradient_x_input(f: Callable, x: Tensor, share: Callable) -> Tensor:
    with _undisturbed(f, x.device):
        return x.detach() * _gradient(f, x, share)


def _integrated_gradients(
    f: Callable, x: Tensor, share: Callable, baseline: float | Tensor = 0.0, n_steps: int = 32
) -> Tensor:
    way = x.detach() - baseline
    with _undisturbed(f, x.device):
        with torch.no_grad():
            # once: on the way the largest class, or the sign of the output, may be another
            at_x = share(call(f, x.clone()))
        total = torch.zeros_like(way)
        for step in range(n_steps):
            total += _gradient(f, baseline + way * (step + 0.5) / n_steps, lambda _: at_x)
    return way * total / n_steps


def _gradient(f: Callable, x: Tensor, share: Callable) -> Tensor:
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        # a copy, for networks that begin with an operation in place
        output = call(f, x.clone())
        explained = (share(output.detach()) * output).sum()
        if not explained.requires_grad:
            raise ValueError(
                "f gives no gradient with respect to x (is it detached, or computed outside "
                "torch?); return what was computed from x."
            )
        return torch.autograd.grad(explained, x, materialize_grads=True)[0]


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


def _share_of(target: int | Tensor | None) -> Callable[[Tensor], Tensor]:
    if isinstance(target, Tensor):
        is_number = target.layout == torch.strided and not target.is_complex()
        is_number = is_number and (target.ndim > 0 or not target.is_floating_point())
    else:
        is_number = isinstance(target, Integral | None)
    if not is_number:
        raise ValueError(
            f"target={brief(target)} must be the index of an output, a tensor with one label for "
            "each sample, or None."
        )
    return partial(output_share, target=target)


def _is_single(output: Tensor) -> bool:
    return output.ndim == 1 or output.shape[-1] == 1


def _share_of_index(output: Tensor, index: int) -> Tensor:
    n_outputs = 1 if _is_single(output) else output.shape[-1]
    if not 0 <= index < n_outputs:
        raise ValueError(f"target={index} does not exist: f has {n_outputs} outputs, from 0 on.")
    share = torch.zeros_like(output)
    share.reshape(-1, n_outputs)[:, index] = 1.0
    return share


def _check_labels(name: str, target: Tensor, n_labels: int, n_classes: int, remedy: str) -> None:
    if target.is_complex() or target.numel() != n_labels:
        raise ValueError(
            f"{name} of shape {tuple(target.shape)} does not fit an output for {n_labels} samples; "
            "pass one label per sample."
        )
    # elsewhere the look at the values would wait for the device at every training step
    if target.device.type == "cpu" and n_labels:
        outside = (target < 0) | (target >= n_classes) | (target != target.long())
        if outside.any():
            raise ValueError(
                f"{name} holds {target[outside][0].item()!r}, and the network has "
                f"{n_classes} classes; pass {remedy}."
            )

"""Which inputs an output rests on: one entry to all rules, and sums over groups of inputs."""

from collections.abc import Callable, Sequence

from torch import Tensor, nn

from skdropout.functional._explained import explained
from skdropout.functional._relevance_gradients import gradient_x_input, integrated_gradients
from skdropout.functional._relevance_rules import Rule
from skdropout.functional._relevance_sweep import relevance_sweep


def relevance(
    f: Callable[[Tensor], Tensor],
    x: Tensor,
    target: Tensor | None = None,
    *,
    rule: str | Rule | Sequence[str | Rule] = "epsilon_plus",
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
    target : Tensor of shape (n_samples,), optional
        The classes to explain. With several outputs: the index of the logit (None: the largest
        one). With one output: None explains the value itself, labels 0 and 1 the logit of that
        class, so the value or minus the value. Relevance always starts at the explained *value*,
        not at 1: from 1 a negative logit would turn the order of the features around.
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
    if x.ndim < 2:
        raise ValueError(
            f"x of shape {tuple(x.shape)} is no batch; pass (n_samples, ...), "
            "so x[None] for one sample."
        )
    if isinstance(rule, str) and rule == "gradient_x_input":
        return gradient_x_input(f, x, target)
    if isinstance(rule, str) and rule == "integrated_gradients":
        return integrated_gradients(f, x, target)
    if not isinstance(f, nn.Module):
        raise ValueError(
            f"rule={rule!r} works layer by layer and f is no torch module; "
            "use rule='gradient_x_input' or rule='integrated_gradients'."
        )
    return relevance_sweep(f, x.detach(), lambda output: explained(output, target), rule)


def group_sum(relevance: Tensor, groups: Tensor, n_groups: int | None = None) -> Tensor:
    """Relevance of groups of inputs: the sum over the inputs of each group.

    A matrix product with the groups' indicator, so that the order of summation, and with it the
    result, is the same on every run on a device.

    Parameters
    ----------
    relevance : Tensor of the shape of groups after its leading dimensions
        Relevance of every input.
    groups : Tensor of int64, of the shape of one sample's inputs
        The group of every input, numbered from 0.
    n_groups : int, optional
        Found from `groups` if not given.

    Returns
    -------
    Tensor of shape (..., n_groups)

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> import torch
    >>> from skdropout.functional import group_sum
    >>> group_sum(torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([0, 1, 0]))
    tensor([[4., 2.]])
    """
    if relevance.shape[relevance.ndim - groups.ndim :] != groups.shape:
        raise ValueError(
            f"groups of shape {tuple(groups.shape)} does not fit relevance of shape "
            f"{tuple(relevance.shape)}; pass one group number for each input of a sample."
        )
    indicator = nn.functional.one_hot(groups.flatten(), n_groups or -1).to(relevance.dtype)
    return relevance.flatten(relevance.ndim - groups.ndim) @ indicator

"""Which inputs the outputs of a stack rest on: all networks in one pass forward and one back."""

import torch

from skdropout.functional import (
    Rule,
    gradient_x_input,
    integrated_gradients,
    linear_relevance,
)

__all__ = ["stack_relevance"]

_BY_GRADIENT = {
    "gradient_x_input": gradient_x_input,
    "integrated_gradients": integrated_gradients,
}


@torch.no_grad()
def stack_relevance(stack, encoded, share, rule):
    """Return the relevance of every encoded input, dropout off.

    It is the relevance of what the row's output has over that of the typical row, to which
    dropped columns go: inputs count by their deviation from typical.

    Parameters
    ----------
    stack : StackMLP
    encoded : Tensor of shape (n_members, n_rows, width)
    share : callable
        Maps raw outputs to the share of each, 1, 0 or -1, in what is explained.
    rule : str, Rule or sequence of them
        "gradient_x_input", "integrated_gradients", or rules of ``linear_relevance`` for all or
        for each of the layers.

    Returns
    -------
    relevance : Tensor of the shape of ``encoded``
    """
    typical = stack.encoding.typical()
    deviation = encoded - typical
    if not isinstance(rule, str) or rule not in _BY_GRADIENT:
        return _layer_by_layer(stack, deviation, typical, share, rule)
    if rule == "gradient_x_input" and stack.activation == "relu":
        return deviation.mul_(_relu_gradient(stack, encoded, share))

    def f(x):
        raw = stack.respond(typical + x)
        return (share(raw.detach()) * raw).sum(-1, keepdim=True)

    with torch.inference_mode(False):  # predictions are made within it
        return _BY_GRADIENT[rule](f, deviation.clone())


def _relu_gradient(stack, x, share):
    """Autograd's result by hand and in place; this is most of what RelDrop costs."""
    units = []
    for layer in stack.hidden:
        x = layer(x).relu_()
        units.append(x)
    gradient = share(stack.output(x)) @ stack.output.weight.mT
    for layer in reversed(stack.hidden):
        is_on = units.pop().sign_()
        gradient = gradient.mul_(is_on) @ layer.weight.mT
    return gradient


def _layer_by_layer(stack, deviation, typical, share, rule):
    layers = [*stack.hidden, stack.output]
    rules = [rule] * len(layers) if isinstance(rule, str | Rule) else rule
    # in terms of deviations the first layer's bias is its output for the typical row
    biases = [layers[0](typical), *(layer.bias for layer in layers[1:])]
    inputs, outputs, x = [], [], deviation
    for layer, bias in zip(layers, biases, strict=True):
        inputs.append(x)
        outputs.append(torch.baddbmm(bias, x, layer.weight))
        x = stack.activate(outputs[-1])
    raw = outputs[-1]
    relevance = share(raw) * raw
    for layer, bias, rule in zip(layers[::-1], biases[::-1], rules[::-1], strict=True):
        relevance = linear_relevance(
            inputs.pop(), layer.weight, bias.squeeze(1), relevance, rule, output=outputs.pop()
        )
    return relevance

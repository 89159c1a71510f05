"""The layers of a stack of perceptrons in training, forwards and back."""

import torch
from torch.nn import functional as F


class ByHand(torch.autograd.Function):
    """All layers with dropout between them, as one step of autograd's.

    It computes what autograd would, but a unit that is zero, dropped or not, is told by its value,
    gradients go straight to where the optimiser reads them, and none are computed of inputs that
    nothing learnt has made.

    Parameters
    ----------
    x : Tensor of shape (n_members, n_rows, width)
        The inputs. With ``learnt``, something that nothing learnt has made, to be written to.
    learnt : Tensor of shape (n_members, n_rows, width - n_constant), or None
        The inputs after the constant ones. To put them in their room takes half the time of
        joining both, and half the way back.
    stack : StackMLP
    laws : list of KeepLaw or None
        One for each hidden layer.
    masks : MaskSource
    anchor : nn.Parameter
        Any of the layers' parameters, so that autograd comes by. Gradients are added up in ``grad``
        of all of them, as autograd does, but by ``layer.learn``.
    """

    @staticmethod
    def forward(ctx, x, learnt, stack, laws, masks, anchor):
        ctx.n_constant, ctx.steps = stack.encoding.n_constant, []
        if learnt is not None:
            x[..., ctx.n_constant :] = learnt
        for layer, law in zip(stack.hidden, laws, strict=True):
            weight = layer.weight
            units, slope = _activated(torch.baddbmm(layer.bias, x, weight), stack)
            mask = None if law is None else masks.draw(law, units.shape)
            ctx.steps.append((layer, x, weight, slope, mask))
            x = units if mask is None else units.mul_(mask)
        weight = stack.output.weight
        ctx.steps.append((stack.output, x, weight, None, None))
        return torch.baddbmm(stack.output.bias, x, weight)

    @staticmethod
    def backward(ctx, gradient):
        of_learnt = of_inputs = None
        while ctx.steps:
            layer, x, weight, *_ = ctx.steps.pop()
            layer.learn(x, gradient)
            if ctx.steps:
                *_, slope, mask = ctx.steps[-1]
                gradient = torch.bmm(gradient, weight.mT)
                if mask is not None:
                    gradient.mul_(mask)
                gradient = slope(x, gradient)
            elif any(ctx.needs_input_grad[:2]):
                of_learnt = torch.bmm(gradient, weight[:, ctx.n_constant :].mT)
        if ctx.needs_input_grad[0]:
            of_inputs, of_learnt = F.pad(of_learnt, (ctx.n_constant, 0)), None
        return of_inputs, of_learnt, None, None, None, None


def _activated(z, stack):
    """Apply the units' function; return also how gradients go back through it.

    ``slope(units, gradient)`` may overwrite both: ``units`` is what became of them after dropout.
    """
    if stack.activation == "relu":
        return z.relu_(), lambda units, gradient: gradient.mul_(units.sign_())
    with torch.enable_grad():
        z = z.requires_grad_()
        units = stack.activate(z)
    return units.detach().clone(), lambda _, gradient: torch.autograd.grad(units, z, gradient)[0]

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
        of all of them, as autograd does, but by the layers' ``Way``.
    """

    @staticmethod
    def forward(ctx, x, learnt, stack, laws, masks, anchor):
        ctx.n_constant, ctx.steps = stack.encoding.n_constant, []
        if learnt is not None:
            x[..., ctx.n_constant :] = learnt
        for layer, law in zip(stack.hidden, laws, strict=True):
            way = layer.way()
            units, back = _activated(torch.baddbmm(way.bias, x, way.weight), stack, law, masks)
            ctx.steps.append((way, x, back))
            x = units
        way = stack.output.way()
        ctx.steps.append((way, x, None))
        return torch.baddbmm(way.bias, x, way.weight)

    @staticmethod
    def backward(ctx, gradient):
        of_learnt = of_inputs = None
        while ctx.steps:
            way, x, _ = ctx.steps.pop()
            way.learn(x, gradient)
            if ctx.steps:
                *_, back = ctx.steps[-1]
                gradient = back(torch.bmm(gradient, way.weight.mT))
            elif any(ctx.needs_input_grad[:2]):
                of_learnt = torch.bmm(gradient, way.weight[:, ctx.n_constant :].mT)
        if ctx.needs_input_grad[0]:
            of_inputs, of_learnt = F.pad(of_learnt, (ctx.n_constant, 0)), None
        return of_inputs, of_learnt, None, None, None, None


def _activated(z, stack, law, masks):
    """Return units after dropout, and a function that takes gradients of them to those of ``z``."""
    mask = None if law is None else masks.draw(law, z.shape)
    if stack.activation == "relu":
        units = z.relu_() if mask is None else z.relu_().mul_(mask)

        def back(gradient):
            # what is zero, dropped or not, has no slope
            gradient = torch.ops.aten.threshold_backward(gradient, units, 0)
            return gradient if law is None else gradient.mul_(law.scale)

        return units, back
    with torch.enable_grad():
        units = stack.activate(z.requires_grad_())
        units = units if mask is None else units * mask
    return units.detach(), lambda gradient: torch.autograd.grad(units, z, gradient)[0]

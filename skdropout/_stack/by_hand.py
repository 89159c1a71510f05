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
        dtype = stack.product_dtype
        for layer, law in zip(stack.hidden, laws, strict=True):
            way, x = layer.way(dtype), x.to(dtype)
            units, back = _activated(way.there(x), stack, law, masks)
            ctx.steps.append((way, x, back))
            x = units
        way, x = stack.output.way(dtype), x.to(dtype)
        ctx.steps.append((way, x, None))
        return way.there(x)

    @staticmethod
    def backward(ctx, gradient):
        of_learnt = of_inputs = None
        while ctx.steps:
            way, x, _ = ctx.steps.pop()
            way.learn(x, gradient)
            if ctx.steps:
                *_, back = ctx.steps[-1]
                gradient = back(way.back(gradient))
            elif any(ctx.needs_input_grad[:2]):
                of_learnt = way.back(gradient, ctx.n_constant)
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


class Way:
    """Through a layer and back, in one step of training.

    Parameters
    ----------
    parameter, bias : nn.Parameter
    dtype : torch.dtype
        Of the factors of matrix products; what they give is in the parameters' own.
    """

    def __init__(self, parameter, bias, dtype):
        self._parameter, self._bias = parameter, bias
        self._weight = parameter.to(dtype)

    def there(self, x):
        """Return the layer's outputs."""
        if x.dtype == self._bias.dtype:
            return torch.baddbmm(self._bias, x, self._weight)
        return torch.bmm(x, self._weight).to(self._bias.dtype).add_(self._bias)

    def learn(self, x, gradient):
        """Add to the parameters' gradients what inputs and the outputs' gradient make of them."""
        _add_product(_gradient(self._parameter), x, gradient)
        self._learn_bias(gradient)

    def back(self, gradient, start=0):
        """Return the gradient of the inputs from ``start`` on."""
        weight = self._weight[:, start:].mT
        return torch.bmm(gradient.to(weight.dtype), weight).to(gradient.dtype)

    def _learn_bias(self, gradient):
        _gradient(self._bias).add_(gradient.sum(1, keepdim=True))


class ScaledWay(Way):
    """As ``Way``, where the inputs' weights are multiplied by factors ``1 + speed * gain``."""

    def __init__(self, unscaled, gain, speed, bias, dtype):
        self._unscaled, self._gain, self._speed = unscaled, gain, speed
        self._factor = 1 + speed * gain
        super().__init__(unscaled * self._factor, bias, dtype)

    def learn(self, x, gradient):
        of_weight = torch.bmm(x.mT, gradient.to(x.dtype))
        _gradient(self._unscaled).addcmul_(of_weight, self._factor)
        of_factor = (of_weight * self._unscaled).sum(-1, keepdim=True)
        _gradient(self._gain).add_(of_factor, alpha=self._speed)
        self._learn_bias(gradient)


def _gradient(parameter):
    if parameter.grad is None:
        parameter.grad = torch.zeros_like(parameter)
    return parameter.grad


def _add_product(total, x, gradient):
    """Add ``x.mT @ gradient`` to ``total``, in the precision of ``x``."""
    if x.dtype == total.dtype:
        total.baddbmm_(x.mT, gradient)
    else:
        total.add_(torch.bmm(x.mT, gradient.to(x.dtype)))

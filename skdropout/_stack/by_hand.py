"""The layers of a stack of perceptrons in training, forwards and back."""

import torch

_NEARLY_ZERO = 1e-20


def rectify_(z, least):
    """Rectify hidden units in place, see ``StackMLP.least``."""
    return z.relu_() if least is None else z.clamp_(min=least)


class Pass:
    """Through all layers of a stack with dropout between them, and back.

    It computes what autograd would, in two thirds of the time: a unit that is zero, dropped or not,
    is told by its value, gradients are written straight to where the optimiser reads them, and none
    are computed of inputs that nothing learnt has made.

    Parameters
    ----------
    stack : StackMLP
    x : Tensor of shape (n_members, n_rows, width)
        The inputs.
    laws : list of KeepLaw or None
        One for each hidden layer.
    masks : MaskSource
    is_own : bool
        Whether ``x`` may be overwritten.

    Attributes
    ----------
    raw : Tensor of shape (n_members, n_rows, n_outputs)
        The raw outputs.
    """

    @torch.no_grad()
    def __init__(self, stack, x, laws, masks, is_own=False):
        self._steps, dtype = [], stack.product_dtype
        for layer, law in zip(stack.hidden, laws, strict=True):
            way = layer.way(dtype)
            x, is_own = way.enter(x, is_own), False
            units, back = _activated(way.there(x), stack, law, masks)
            self._steps.append((way, x, back))
            x = units
        way = stack.output.way(dtype)
        x = way.enter(x, is_own)
        self._steps.append((way, x, None))
        self.raw = way.there(x)

    @torch.no_grad()
    def back(self, gradient, start=None):
        """Write the gradients of the layers' parameters, in the place of those before.

        Parameters
        ----------
        gradient : Tensor of the shape of ``raw``
        start : int, default=None
            Return the gradient of the inputs from this one on; None is of none.
        """
        while self._steps:
            way, x, _ = self._steps.pop()
            way.learn(x, gradient)
            if self._steps:
                gradient = self._steps[-1][-1](way.back(gradient))
        return None if start is None else way.back(gradient, start)


def _activated(z, stack, law, masks):
    """Return units after dropout, and a function that takes gradients of them to those of ``z``."""
    if law is not None and law.is_relaxed:
        return _activated_relaxed(z, stack, law, masks)
    mask = None if law is None else masks.draw(law, z.shape)
    if stack.activation == "relu":
        units = rectify_(z, stack.least)
        units = units if mask is None else units.mul_(mask)

        def back(gradient):
            # what is zero, dropped or not, has no slope
            slopes = units if stack.least is None else units.abs_()
            torch.ops.aten.threshold_backward.grad_input(gradient, slopes, 0, grad_input=gradient)
            return gradient if law is None else gradient.mul_(law.scale)

        return units, back
    with torch.enable_grad():
        units = stack.activate(z.requires_grad_())
        units = units if mask is None else units * mask
    return units.detach(), lambda gradient: torch.autograd.grad(units, z, gradient)[0]


def _activated_relaxed(z, stack, law, masks):
    """As ``_activated``, and the way back writes the gradient of the rate."""
    mask = law.draw(masks, z.shape)
    is_relu = stack.activation == "relu" and stack.least is None
    if is_relu:
        units = z.relu_().mul_(mask)
    else:
        with torch.enable_grad():
            active = stack.activate(z.requires_grad_())
        units = active.detach() * mask

    def back(gradient):
        law.learn(gradient * units, mask)
        gradient.mul_(mask)
        if not is_relu:
            return torch.autograd.grad(active, z, gradient)[0]
        torch.ops.aten.threshold_backward.grad_input(gradient, units, 0, grad_input=gradient)
        return gradient

    return units, back


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

    def enter(self, x, is_own):
        """Return inputs as they are multiplied; ``x`` may be overwritten if it ``is_own``."""
        return x.to(self._weight.dtype)

    def there(self, x):
        """Return the layer's outputs."""
        if x.dtype == self._bias.dtype:
            return torch.baddbmm(self._bias, x, self._weight)
        return torch.bmm(x, self._weight).to(self._bias.dtype).add_(self._bias)

    def learn(self, x, gradient):
        """Write the parameters' gradients, of inputs and the gradient of outputs."""
        _write_product(gradient_of(self._parameter), x, gradient)
        torch.sum(gradient, 1, keepdim=True, out=gradient_of(self._bias))

    def back(self, gradient, start=0):
        """Return the gradient of the inputs from ``start`` on."""
        weight = self._weight[:, start:].mT
        return torch.bmm(gradient.to(weight.dtype), weight).to(gradient.dtype)


class ScaledWay(Way):
    """As ``Way``, where inputs are multiplied by factors ``1 + speed * gain`` first.

    So weights have no product of their own, nor their gradients: that of a factor is the sum of
    weight times gradient of weight, which is the factor times too large.
    """

    def __init__(self, unscaled, gain, speed, bias, dtype):
        super().__init__(unscaled, bias, dtype)
        self._gain, self._speed = gain, speed
        # nothing can be divided by zero: one that is becomes this, others are left as they are
        self._factor = 1 + speed * gain + _NEARLY_ZERO

    def enter(self, x, is_own):
        factor = self._factor.mT
        return super().enter(x.mul_(factor) if is_own else x * factor, True)

    def learn(self, x, gradient):
        super().learn(x, gradient)
        weight = self._parameter
        of_factor = (weight * weight.grad).sum(-1, keepdim=True)
        torch.mul(of_factor / self._factor, self._speed, out=gradient_of(self._gain))

    def back(self, gradient, start=0):
        return super().back(gradient, start).mul_(self._factor[:, start:].mT)


def gradient_of(parameter):
    """Return where the gradient of a parameter is to be written."""
    if parameter.grad is None:
        parameter.grad = torch.zeros_like(parameter)
    return parameter.grad


def _write_product(place, x, gradient):
    """Write ``x.mT @ gradient`` to ``place``, in the precision of ``x``."""
    if x.dtype == place.dtype:
        torch.baddbmm(place, x.mT, gradient, beta=0, out=place)
    else:
        place.copy_(torch.bmm(x.mT, gradient.to(x.dtype)))

"""Layers that go back by hand, against autograd through the same layers and masks."""

from itertools import pairwise
from types import SimpleNamespace

import pytest
import torch

from skdropout._stack.by_hand import ByHand
from skdropout._stack.layers import ACTIVATIONS, KeepLaw, MaskSource, ScaledLinear, StackLinear

CPU = torch.device("cpu")
MEMBERS, ROWS, CONSTANT, LEARNT = 3, 11, 5, 2
RATES = ([0.0, 0.3, 0.6], [0.0, 0.0, 0.0], [0.5, 0.5, 0.5])


def make_stack(activation="relu", speed=0.0, sizes=(7, 6, 4), precision=torch.float64):
    """Layers with weights that are not zero, and gains that are neither."""
    generators = [torch.Generator().manual_seed(k) for k in range(MEMBERS)]
    widths = [CONSTANT + LEARNT, *sizes, 2]
    layers = [StackLinear(a, b, generators) for a, b in pairwise(widths)]
    if speed:
        layers[0] = ScaledLinear(*widths[:2], generators, speed)
        torch.nn.init.normal_(layers[0].gain, std=0.1, generator=generators[0])
    return SimpleNamespace(
        hidden=layers[:-1],
        output=layers[-1],
        activation=activation,
        activate=ACTIVATIONS[activation],
        encoding=SimpleNamespace(n_constant=CONSTANT),
        product_dtype=precision,
    )


def make_laws(stack, dtype=torch.float64):
    laws = [KeepLaw.from_rates(rates, CPU, dtype) for rates in RATES]
    return [None if k == 1 else law for k, law in enumerate(laws)][: len(stack.hidden)]


def parameters_of(stack):
    return [p for layer in (*stack.hidden, stack.output) for p in layer.parameters()]


def by_autograd(x, stack, laws, masks):
    """The same, literally."""
    for layer, law in zip(stack.hidden, laws, strict=True):
        x = stack.activate(x @ layer.weight + layer.bias)
        if law is not None:
            x = x * masks.draw(law, x.shape)
    return x @ stack.output.weight + stack.output.bias


def gradients(forward, inputs, stack):
    """Return outputs, and gradients of a loss by inputs and parameters."""
    for parameter in parameters_of(stack):
        parameter.grad = None
    inputs = [t.clone().requires_grad_() for t in inputs]
    outputs = forward(*inputs)
    outputs.sin().sum().backward()
    return outputs.detach(), [t.grad for t in (*inputs, *parameters_of(stack))]


@pytest.mark.parametrize("speed", [0.0, 20.0])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("sizes", [(), (7,), (7, 6, 4)])
def test_gradients_are_autograds(activation, speed, sizes):
    """To 1e-12 in double precision, of parameters and of inputs that something learnt made."""
    stack = make_stack(activation, speed if sizes else 0.0, sizes)
    laws = make_laws(stack)
    generator = torch.Generator().manual_seed(9)
    options = {"generator": generator, "dtype": torch.float64}
    constant = torch.randn(MEMBERS, ROWS, CONSTANT, **options)
    learnt = torch.randn(MEMBERS, ROWS, LEARNT, **options)

    def literal(learnt):
        return by_autograd(torch.cat([constant, learnt], -1), stack, laws, MaskSource(1, CPU))

    def beside(learnt):
        room = torch.cat([constant, torch.zeros_like(learnt)], -1)
        return ByHand.apply(room, learnt, stack, laws, MaskSource(1, CPU), stack.output.bias)

    def joined(learnt):
        x = torch.cat([constant, learnt], -1)
        return ByHand.apply(x, None, stack, laws, MaskSource(1, CPU), stack.output.bias)

    expected = gradients(literal, [learnt], stack)
    for forward in (beside, joined):
        torch.testing.assert_close(
            gradients(forward, [learnt], stack), expected, rtol=0, atol=1e-12
        )


def test_gradients_add_up():
    """Two passes without forgetting give twice the gradients, as with autograd."""
    stack, x = make_stack(speed=20.0), torch.randn(MEMBERS, ROWS, CONSTANT + LEARNT).double()
    laws = [None] * 3
    for times in (1, 2):
        ByHand.apply(x, None, stack, laws, None, stack.output.bias).sum().backward()
        found = [p.grad.clone() for p in parameters_of(stack)]
        if times == 1:
            once = found
    torch.testing.assert_close(found, [2 * gradient for gradient in once])


def test_half_width():
    """Outputs and gradients differ by a few units of the last of bfloat16's eight bits."""
    x = torch.randn(MEMBERS, ROWS, CONSTANT + LEARNT, generator=torch.Generator().manual_seed(2))
    found = []
    for precision in (torch.float32, torch.bfloat16):
        stack = make_stack("tanh", speed=20.0, precision=precision)
        for parameter in parameters_of(stack):
            parameter.data = parameter.data.float()
        laws = make_laws(stack, torch.float32)

        def forward(x, stack=stack, laws=laws):
            return ByHand.apply(x, None, stack, laws, MaskSource(1, CPU), stack.output.bias)

        found.append(gradients(forward, [x], stack))
    (single, of_single), (half, of_half) = found
    assert half.dtype == torch.float32
    assert not torch.equal(half, single)
    for one, other in zip((half, *of_half), (single, *of_single), strict=True):
        assert one.dtype == torch.float32
        assert (one - other).norm() <= 0.03 * other.norm()

"""Layers that go back by hand, against autograd through the same layers and masks."""

from itertools import pairwise
from types import SimpleNamespace

import pytest
import torch

from skdropout._stack.by_hand import Pass
from skdropout._stack.layers import ACTIVATIONS, KeepLaw, MaskSource, ScaledLinear, StackLinear

CPU = torch.device("cpu")
MEMBERS, ROWS, CONSTANT, LEARNT = 3, 11, 5, 2
NOBODY, SOME = torch.zeros(MEMBERS, dtype=torch.bool), torch.tensor([True, False, True])
RATES = ([0.0, 0.3, 0.6], [0.0, 0.0, 0.0], [0.5, 0.5, 0.5])


def make_stack(
    activation="relu", speed=0.0, sizes=(7, 6, 4), precision=torch.float64, linear=NOBODY
):
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
        activate=lambda x: torch.where(linear.view(-1, 1, 1), x, ACTIVATIONS[activation](x)),
        least=torch.where(linear.view(-1, 1, 1), -torch.inf, 0.0) if linear.any() else None,
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


def draw(n_columns, seed=9):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(MEMBERS, ROWS, n_columns, generator=generator, dtype=torch.float64)


def gradients_of(stack):
    return [p.grad for p in parameters_of(stack)]


def by_hand(stack, x, laws, start=None, is_own=False):
    """Outputs, the gradient of inputs from ``start`` on, and those of the parameters."""
    for parameter in parameters_of(stack):
        parameter.grad = None
    through = Pass(stack, x, laws, MaskSource(1, CPU), is_own)
    of_inputs = through.back(through.raw.cos(), start)
    return through.raw, of_inputs, gradients_of(stack)


@pytest.mark.parametrize("speed", [0.0, 20.0])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("sizes", [(), (7,), (7, 6, 4)])
@pytest.mark.parametrize("linear", [NOBODY, SOME], ids=["nobody", "some"])
def test_gradients_are_autograds(activation, speed, sizes, linear):
    """To 1e-12 in double precision, of parameters and of inputs that something learnt made."""
    stack = make_stack(activation, speed if sizes else 0.0, sizes, linear=linear)
    laws, x = make_laws(stack), draw(CONSTANT + LEARNT)
    inputs = x.clone().requires_grad_()
    raw = by_autograd(inputs, stack, laws, MaskSource(1, CPU))
    raw.sin().sum().backward()
    expected = raw.detach(), inputs.grad[..., CONSTANT:], gradients_of(stack)
    for is_own in (False, True):
        found = by_hand(stack, x.clone(), laws, CONSTANT, is_own)
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


def test_inputs_are_left_alone():
    stack, x = make_stack(speed=20.0), draw(CONSTANT + LEARNT)
    before = x.clone()
    assert by_hand(stack, x, [None] * 3)[1] is None
    assert torch.equal(x, before)


def test_gradients_are_written_where_they_were():
    """A second pass leaves its own in the same place; of factors that are zero too."""
    stack, x = make_stack(speed=20.0), draw(CONSTANT + LEARNT)
    stack.hidden[0].gain.data[:, 0] = -1 / 20
    by_autograd(x, stack, [None] * 3, None).sin().sum().backward()
    expected = [gradient.clone() for gradient in gradients_of(stack)]
    places = gradients_of(stack)
    for place in places:
        place.fill_(7.0)
    through = Pass(stack, x, [None] * 3, None)
    through.back(through.raw.cos())
    assert all(map(lambda one, other: one is other, gradients_of(stack), places))
    torch.testing.assert_close(places, expected, rtol=0, atol=1e-9)


def test_half_width():
    """Outputs and gradients differ by a few units of the last of bfloat16's eight bits."""
    found = []
    for precision in (torch.float32, torch.bfloat16):
        stack = make_stack("tanh", speed=20.0, precision=precision)
        for parameter in parameters_of(stack):
            parameter.data = parameter.data.float()
        laws = make_laws(stack, torch.float32)
        raw, of_inputs, others = by_hand(stack, draw(CONSTANT + LEARNT).float(), laws, 0)
        found.append([raw, of_inputs, *others])
    single, half = found
    assert not torch.equal(half[0], single[0])
    for one, other in zip(half, single, strict=True):
        assert one.dtype == torch.float32
        assert (one - other).norm() <= 0.03 * other.norm()

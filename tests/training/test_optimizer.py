"""AdamW over one tensor, against torch's over many."""

import pytest
import torch
from torch import nn

from skdropout._training.optimizer import Pace, StackAdamW

SHAPES = ((3, 4), (1, 4), (4, 1), (5,), ())
PACES = [Pace(0.03, 0.1)] * 3


def make_parameters(n_members=3, dtype=torch.float64):
    generator = torch.Generator().manual_seed(0)
    shapes = [(n_members, *shape) for shape in SHAPES]
    return [nn.Parameter(torch.randn(s, generator=generator, dtype=dtype)) for s in shapes]


def one_each(parameters, paces):
    """Torch's own, and its parameters, for each member."""
    for k, pace in enumerate(paces):
        own = [nn.Parameter(p[k].detach().clone()) for p in parameters]
        yield torch.optim.AdamW(own, lr=pace.lr, weight_decay=pace.weight_decay), own


def step_both(stack, parameters, literal, step, generator, idle=()):
    """One step of ours and of torch's, which has an optimiser for each member."""
    stack.zero_grad()
    for parameter in parameters:
        gradient = torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype)
        parameter.grad.copy_(gradient) if parameter.grad is not None else setattr(
            parameter, "grad", gradient
        )
    stack.collect()
    stack.step_of_epoch(step)
    for k, (optimizer, own) in enumerate(literal):
        for mine, parameter in zip(own, parameters, strict=True):
            mine.grad = parameter.grad[k].clone()
        if k not in idle:
            optimizer.step()


@pytest.mark.parametrize("paces", [PACES, [Pace(0.03, 0.1), Pace(0.01, 0.1), Pace(0.03)]])
@pytest.mark.parametrize("by_hand", [True, False])
@pytest.mark.parametrize("fused", [True, False])
def test_equals_an_optimiser_for_each_member(fused, by_hand, paces):
    """Unequal steps, unequal paces, a member that leaves, and moments that are taken up again."""
    parameters, generator = make_parameters(), torch.Generator().manual_seed(1)
    literal = list(one_each(parameters, paces))
    options = {"fused": fused, "by_hand": parameters if by_hand else ()}
    stack = StackAdamW(parameters, [2, 2, 1], paces, **options)
    for _ in range(3):
        step_both(stack, parameters, literal, 0, generator)
        step_both(stack, parameters, literal, 1, generator, idle=(2,))
    for parameter in parameters:
        parameter.data = parameter.data[[0, 2]]
    stack.select(torch.tensor([0, 2]), [0, 2], [2, 1])
    literal = [literal[0], literal[2]]
    step_both(stack, parameters, literal, 0, generator)
    moments = stack.moments()
    stack = StackAdamW(parameters, [2, 1], [paces[0], paces[2]], **options)
    stack.take_up(*moments)
    step_both(stack, parameters, literal, 1, generator, idle=(1,))
    for k, (_, own) in enumerate(literal):
        found = [p.detach()[k] for p in parameters]
        expected = [p.detach() for p in own]
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


def test_moments_of_a_dead_unit_end_at_zero():
    """And are never denormal numbers, with which arithmetic is slow."""
    parameters = make_parameters(dtype=torch.float32)
    stack = StackAdamW(parameters, [1] * 3, PACES, fused=True, by_hand=parameters)
    tiny = torch.finfo(torch.float32).tiny
    for step in range(1500):
        stack.zero_grad()
        stack.gradients.fill_(1e-3 if step < 10 else 0.0)
        stack.step_of_epoch(0)
        first, *_ = stack.moments()
        assert ((first == 0) | (first.abs() >= tiny)).all()
    assert not first.any()


def test_parameters_are_views():
    parameters = make_parameters()
    before = [p.detach().clone() for p in parameters]
    stack = StackAdamW(parameters, [1] * 3, PACES, fused=False)
    assert all(map(torch.equal, parameters, before))
    stack.values.zero_()
    assert not any(p.any() for p in parameters)
    assert stack.values.shape == (3, sum(p[0].numel() for p in parameters))


def test_nothing_to_train():
    with pytest.raises(ValueError, match="empty parameter list"):
        StackAdamW([], [1], PACES[:1], fused=True)

"""Rates that networks learn: gradients are those of the relaxed objective."""

import numpy as np
import pytest
import torch

from skdropout._stack.build import Member, build_stack
from skdropout._stack.layers import MaskSource
from skdropout._stack.learnt import LEARN_EVERY, LearntColumns, LearntRates, relaxed
from skdropout._stack.losses import AbsoluteError, LogLoss, Pinball, SquaredError
from tests.conftest import make_table

CPU = torch.device("cpu")
N_MEMBERS, STRENGTH = 2, torch.tensor([0.01, 0.03], dtype=torch.float64)


def make_stack(encoder, table, activation="relu", sizes=(6, 5)):
    members = [Member(k, np.arange(300), np.arange(0), (0.1,) * len(sizes)) for k in range(2)]
    return build_stack(
        encoder,
        table,
        members,
        SquaredError(),
        hidden_layer_sizes=sizes,
        activation=activation,
        numeric_encoding="piecewise_linear",
        dims=[4, 4],
        n_outputs=1,
        columns=lambda n: LearntColumns(n, encoder_columns(encoder)),
        learns=True,
    )


def encoder_columns(encoder):
    return len(encoder.numeric_) + len(encoder.categorical_)


def inputs_of(stack, table):
    encoding = stack.encoding
    numbers = encoding.numbers(table.numeric[None].expand(N_MEMBERS, -1, -1)).detach()
    return numbers, encoding.places(table.codes[None].expand(N_MEMBERS, -1, -1))


def step(stack, table):
    """Loss and gradients of one step; the draws are the same each time."""
    stack.train().drop_with(MaskSource(5, CPU), learns=True)
    numbers, places = inputs_of(stack, table)
    target = stack.standardise(table.target[None])
    raw, back = stack.train_on(numbers, places, target)
    criterion = SquaredError()
    back(criterion.gradient(raw, target))
    stack.add_prior(STRENGTH)
    return criterion(raw, target).sum(1).detach()


def entropy(p):
    return -(p * p.log() + (1 - p) * (1 - p).log())


def objective(stack, table):
    """Literally: the loss under relaxed masks, minus strength times entropies."""
    loss = step(stack, table)
    widths = torch.tensor([6.0, 5.0], dtype=torch.float64)
    prior = (entropy(stack.learnt.rates()) * widths).sum(1)
    n_inputs = torch.tensor([(stack.encoding.groups == j).sum() for j in range(4)])
    prior = prior + (entropy(stack.columns.learnt.rates()) * n_inputs).sum(1)
    return loss - STRENGTH * prior


@pytest.mark.parametrize("activation", ["relu", "silu"])
def test_gradients_are_finite_differences_of_the_relaxed_objective(mixed_table, activation):
    """Of each layer's rate and each column's, of two networks, to 1e-5 of the gradient."""
    encoder, table = make_table(*mixed_table)
    stack = make_stack(encoder, table, activation)
    generator = torch.Generator().manual_seed(0)
    for part in (stack.learnt, stack.columns.learnt):
        part.value.data.uniform_(-0.3, 0.1, generator=generator)
    h = 1e-6
    step(stack, table)
    gradients = [p.value.grad.clone() for p in (stack.learnt, stack.columns.learnt)]
    for part, gradient in zip((stack.learnt, stack.columns.learnt), gradients, strict=True):
        for k in range(part.value.shape[1]):
            part.value.data[:, k] += h
            above = objective(stack, table)
            part.value.data[:, k] -= 2 * h
            below = objective(stack, table)
            part.value.data[:, k] += h
            expected = (above - below) / (2 * h)
            torch.testing.assert_close(gradient[:, k], expected, rtol=1e-5, atol=1e-4)


def test_masks_are_those_of_the_paper():
    """Literally; their mean is one within five standard errors where little is in between."""
    learnt = LearntRates(3, 1).double()
    rates = torch.tensor([0.02, 0.3, 0.7], dtype=torch.float64)
    learnt.value.data[:] = torch.logit(rates)[:, None] / 10
    shape = (3, 200_000, 1)
    mask = learnt.laws(True)[0].draw(MaskSource(0, CPU), shape)
    u = (MaskSource(0, CPU)._integers(shape).astype(float) + 0.5) / 65536
    p = rates.numpy()[:, None, None]
    drop = 1 / (1 + np.exp(-(np.log(p / (1 - p)) + np.log(u / (1 - u))) / 0.1))
    np.testing.assert_allclose(mask, (1 - drop) / (1 - p), atol=1e-5)
    np.testing.assert_allclose(
        relaxed(MaskSource(0, CPU), shape, torch.logit(rates)[:, None, None]).mean((1, 2)),
        1 - rates,
        atol=0.02,
    )


def test_entropy_alone_leads_to_a_half():
    """And gradients of no other kind are there."""
    learnt = LearntRates(2, 3).double()
    learnt.value.grad = torch.zeros_like(learnt.value)
    learnt.value.data[:, 0] = 0.2
    for _ in range(2000):
        learnt.value.grad.zero_()
        learnt.add_prior(torch.tensor([1.0, 2.0], dtype=torch.float64))
        learnt.value.data -= 0.01 * learnt.value.grad
    np.testing.assert_allclose(learnt.rates(), 0.5, atol=1e-6)


def test_rates_stay_within_bounds():
    learnt = LearntRates(1, 2)
    learnt.value.data[:] = torch.tensor([[-100.0, 100.0]])
    np.testing.assert_allclose(learnt.rates(), [[0.001, 0.95]], rtol=1e-4)


def test_other_steps_drop_at_the_rates_of_the_time(mixed_table):
    """Zeros and ones; the gradient of the step before stays for them."""
    encoder, table = make_table(*mixed_table)
    stack = make_stack(encoder, table)
    stack.learnt.value.data.fill_(0.0)
    step(stack, table)
    assert all(law.is_relaxed for law in stack._laws)
    first = stack.learnt.value.grad.clone()
    for _ in range(LEARN_EVERY - 1):
        raw, back = stack.train_on(*inputs_of(stack, table), None)
        back(torch.ones_like(raw))
        stack.add_prior(STRENGTH)
        assert not any(law.is_relaxed for law in stack._laws)
        np.testing.assert_allclose(stack._laws[0].scale, 2)
        assert torch.equal(stack.learnt.value.grad, first)
    stack.train_on(*inputs_of(stack, table), None)
    assert all(law.is_relaxed for law in stack._laws)


def test_columns_once_training_is_over():
    """Dropped at the rates learnt, each its own, within five standard errors; others stay."""
    columns = LearntColumns(2, 3).double()
    rates = torch.tensor([[0.1, 0.5, 0.9], [0.9, 0.2, 0.001]], dtype=torch.float64)
    columns.learnt.value.data = torch.logit(rates) / 10
    columns.settle()
    columns.prepare()

    class Stack:
        encoding = type("E", (), {"n_columns": 3, "keep": staticmethod(lambda x, kept: x * kept)})

    n = 100_000
    kept = columns(torch.ones(2, n, 3, dtype=torch.float64), Stack, None, MaskSource(0, CPU))
    assert set(kept.unique().tolist()) == {0.0, 1.0}
    error = 5 * (rates * (1 - rates) / n).sqrt() + 1e-4
    assert ((1 - kept.mean(1) - rates).abs() <= error).all()


@pytest.mark.parametrize(
    ("criterion", "expected"),
    [(SquaredError(), 0.5), (AbsoluteError(), 0.25), (Pinball(0.3), 0.25), (LogLoss(), 1.0)],
)
def test_one_unit_of_log_likelihood(criterion, expected):
    """Of errors with variance or mean 1/4; classes have it by themselves."""
    assert criterion.temperature(torch.tensor([0.25])).tolist() == [expected]

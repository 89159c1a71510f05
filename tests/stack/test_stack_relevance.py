"""Relevance in a stack is, network by network, that of the functions for one network."""

import pytest
import torch

from skdropout._stack.build import Member, build_stack
from skdropout._stack.columns import stack_relevance
from skdropout._stack.layers import ACTIVATIONS
from skdropout._stack.losses import LogLoss, MultilabelLogLoss, SquaredError
from skdropout.functional import Rule, integrated_gradients, relevance
from tests.conftest import make_table

N_MEMBERS = 3


def shares(raw):
    return torch.ones_like(raw)


def make_stack(mixed_table, activation="relu", n_outputs=1, hidden_layer_sizes=(16, 8)):
    """A stack with moved biases, so that none of its parts is symmetric, and its encoded rows."""
    encoder, table = make_table(*mixed_table)
    rows = torch.arange(300).numpy()
    members = [
        Member(seed, rows, rows[:0], (0.0,) * len(hidden_layer_sizes), linear=seed == 1)
        for seed in range(N_MEMBERS)
    ]
    stack = build_stack(
        encoder,
        table,
        members,
        SquaredError(),
        hidden_layer_sizes=hidden_layer_sizes,
        activation=activation,
        numeric_encoding="standard",
        dims=[4, 4],
        n_outputs=n_outputs,
    )
    with torch.no_grad():
        encoded = stack.encoding(table.numeric[None, :50], table.codes[None, :50])
    return stack, encoded


def from_typical(stack, k):
    """Network ``k`` as a function of what inputs differ from typical, and these inputs' origin."""
    network = stack.member(k)
    typical = stack.encoding.typical().detach()[k]
    network[0].bias.data = network[0](typical)[0]
    return network, typical


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_gradient_is_autograds(mixed_table, activation):
    stack, encoded = make_stack(mixed_table, activation)
    got = stack_relevance(stack, encoded, shares, "gradient_x_input")
    for k in range(N_MEMBERS):
        x = encoded[k].clone().requires_grad_()
        (gradient,) = torch.autograd.grad(stack.member(k)(x).sum(), x)
        expected = gradient * (encoded[k] - stack.encoding.typical()[k])
        torch.testing.assert_close(got[k], expected.detach(), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    "rule",
    ["epsilon", "zplus", "wsquare", Rule("gamma", gamma=0.5), ["wsquare", "zplus", "epsilon"]],
    ids=str,
)
def test_rules_are_those_of_one_network(mixed_table, rule):
    stack, encoded = make_stack(mixed_table)
    got = stack_relevance(stack, encoded, shares, rule)
    for k in range(N_MEMBERS):
        network, typical = from_typical(stack, k)
        expected = relevance(network, encoded[k] - typical, rule=rule)
        torch.testing.assert_close(got[k], expected, rtol=0, atol=1e-10)


def test_epsilon_is_gradient_x_input_with_relu(mixed_table):
    stack, encoded = make_stack(mixed_table)
    by_layer = stack_relevance(stack, encoded, shares, Rule("epsilon", epsilon=1e-12))
    by_gradient = stack_relevance(stack, encoded, shares, "gradient_x_input")
    torch.testing.assert_close(by_layer, by_gradient, rtol=0, atol=1e-8)


def test_integrated_gradients_sum_to_what_the_output_has_over_the_typical_one(mixed_table):
    stack, encoded = make_stack(mixed_table, "tanh")
    got = stack_relevance(stack, encoded, shares, "integrated_gradients")
    for k in range(N_MEMBERS):
        network, typical = from_typical(stack, k)
        deviation = encoded[k] - typical
        torch.testing.assert_close(got[k], integrated_gradients(network, deviation))
        gain = network(deviation) - network(torch.zeros_like(typical))
        torch.testing.assert_close(got[k].sum(1), gain[:, 0], rtol=0, atol=1e-4)


def test_integrated_gradients_of_a_regression_keep_the_sign_of_the_rows_own_output(mixed_table):
    """Where the output is zero on the way, its size would begin to rise again."""
    captum = pytest.importorskip("captum.attr")
    stack, encoded = make_stack(mixed_table, "tanh")
    with torch.no_grad():  # outputs of mean zero
        stack.output.bias -= stack.respond(encoded).mean(1, keepdim=True)
    share = SquaredError().share
    got = stack_relevance(stack, encoded, lambda raw: share(raw, None), "integrated_gradients")
    for k in range(N_MEMBERS):
        network, typical = from_typical(stack, k)
        deviation = encoded[k] - typical
        output, start = network(deviation).detach(), network(torch.zeros_like(typical)).detach()
        assert (output * start < 0).any()
        expected = captum.IntegratedGradients(network).attribute(
            deviation, target=0, n_steps=32, method="riemann_middle"
        )
        torch.testing.assert_close(got[k], output.sign() * expected)
        # midpoint rule: the error falls with the square of the number of steps
        gain = output.sign() * (output - start)
        torch.testing.assert_close(got[k].sum(1), gain[:, 0], rtol=0, atol=1e-4)


def test_no_hidden_layer(mixed_table):
    """Of a linear network every rule that looks at inputs finds w (x - typical)."""
    stack, encoded = make_stack(mixed_table, hidden_layer_sizes=())
    expected = stack.output.weight.mT * (encoded - stack.encoding.typical())
    for rule in ("gradient_x_input", Rule("epsilon", epsilon=1e-14)):
        torch.testing.assert_close(stack_relevance(stack, encoded, shares, rule), expected)


def test_of_several_classes_the_true_one_is_explained(mixed_table):
    stack, encoded = make_stack(mixed_table, n_outputs=3)
    target = (torch.arange(50) % 3).expand(N_MEMBERS, -1)
    for rule in ("gradient_x_input", "epsilon"):
        got = stack_relevance(stack, encoded, lambda raw: LogLoss().share(raw, target), rule)
        for k in range(N_MEMBERS):
            network, typical = from_typical(stack, k)
            expected = relevance(network, encoded[k] - typical, target=target[k], rule=rule)
            torch.testing.assert_close(got[k], expected, rtol=0, atol=1e-10)


def test_shares_of_the_outputs():
    raw = torch.tensor([[[-2.0], [3.0]]])
    assert SquaredError().share(raw, None).tolist() == [[[-1], [1]]]
    assert LogLoss().share(raw, torch.tensor([[1, 0]])).tolist() == [[[1], [-1]]]
    assert LogLoss().share(raw, None).tolist() == [[[-1], [1]]]
    logits = torch.tensor([[[-2.0, 3.0, 1.0]]])
    assert LogLoss().share(logits, torch.tensor([[2]])).tolist() == [[[0, 0, 1]]]
    assert LogLoss().share(logits, None).tolist() == [[[0, 1, 0]]]
    labels = torch.tensor([[[1.0, 1.0, 0.0]]])
    assert MultilabelLogLoss().share(logits, labels).tolist() == [[[1, 1, -1]]]
    assert MultilabelLogLoss().share(logits, None).tolist() == [[[-1, 1, 1]]]


def test_no_graph_and_no_gradients_are_left(mixed_table):
    stack, encoded = make_stack(mixed_table)
    for rule in ("gradient_x_input", "integrated_gradients", "epsilon"):
        assert not stack_relevance(stack, encoded, shares, rule).requires_grad
    assert all(parameter.grad is None for parameter in stack.parameters())

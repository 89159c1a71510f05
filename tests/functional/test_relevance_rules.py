import pytest
import torch

from skdropout.functional import Rule, linear_relevance
from tests.functional.literal_lrp import literal_rule

NAMES = ["epsilon", "zplus", "gamma", "flat", "wsquare"]


def layer(*lead, n=5, n_in=6, n_out=4, seed=0):
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return torch.randn(*lead, *shape, generator=generator, dtype=torch.float64)

    return draw(n, n_in), draw(n_in, n_out), draw(n_out), draw(n, n_out)


@pytest.mark.parametrize("with_bias", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_equals_loops_over_single_numbers(name, with_bias):
    x, w, b, relevance_out = layer()
    b = b if with_bias else torch.zeros_like(b)
    expected = [
        literal_rule(row, w.tolist(), b.tolist(), out, name, epsilon=1e-3, gamma=0.4)
        for row, out in zip(x.tolist(), relevance_out.tolist(), strict=True)
    ]
    rule = Rule(name, epsilon=1e-3, gamma=0.4)
    got = linear_relevance(x, w, b if with_bias else None, relevance_out, rule=rule)
    torch.testing.assert_close(got, torch.tensor(expected, dtype=x.dtype), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", NAMES)
def test_a_stack_equals_its_members(name):
    x, w, b, relevance_out = layer(3)
    got = linear_relevance(x, w, b, relevance_out, rule=name)
    for k in range(3):
        alone = linear_relevance(x[k], w[k], b[k], relevance_out[k], rule=name)
        torch.testing.assert_close(got[k], alone, rtol=1e-12, atol=1e-12)
    shared = linear_relevance(x[0], w, b, relevance_out, rule=name)
    alone = linear_relevance(x[0], w[2], b[2], relevance_out[2], rule=name)
    torch.testing.assert_close(shared[2], alone, rtol=1e-12, atol=1e-12)


def test_a_given_output_changes_nothing_and_is_kept():
    x, w, b, relevance_out = layer()
    output = x @ w + b
    kept = output.clone()
    got = linear_relevance(x, w, b, relevance_out, rule="gamma", output=output)
    torch.testing.assert_close(got, linear_relevance(x, w, b, relevance_out, rule="gamma"))
    assert torch.equal(output, kept)


@pytest.mark.parametrize("name", NAMES)
def test_relevance_is_conserved_without_a_bias(name):
    x, w, _, relevance_out = layer()
    rule = Rule(name, epsilon=1e-12)
    got = linear_relevance(x, w, None, relevance_out, rule=rule)
    torch.testing.assert_close(got.sum(-1), relevance_out.sum(-1), rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("name", ["epsilon", "zplus", "gamma"])
def test_explaining_minus_the_output_turns_the_relevance(name):
    x, w, b, relevance_out = layer()
    turned = linear_relevance(x, -w, -b, relevance_out, rule=name)
    torch.testing.assert_close(turned, linear_relevance(x, w, b, relevance_out, rule=name))


def test_zplus_is_the_limit_of_gamma():
    x, w, b, relevance_out = layer()
    limit = linear_relevance(x, w, b, relevance_out, rule=Rule("gamma", gamma=1e9))
    torch.testing.assert_close(
        limit, linear_relevance(x, w, b, relevance_out, rule="zplus"), rtol=1e-6, atol=1e-6
    )


def test_gamma_has_the_textbook_form_for_units_that_are_on():
    x, w, b, relevance_out = layer()
    x = x.abs()
    b = b + 20  # every unit on
    favoured, shift = w + 0.25 * w.clamp(min=0), b + 0.25 * b.clamp(min=0)
    expected = x * ((relevance_out / (x @ favoured + shift)) @ favoured.T)
    got = linear_relevance(x, w, b, relevance_out, rule="gamma")
    torch.testing.assert_close(got, expected, rtol=1e-6, atol=1e-8)


def test_sign_of_zero_is_positive():
    x, w = torch.tensor([[1.0, 1.0]]), torch.tensor([[1.0], [-1.0]])
    got = linear_relevance(x, w, None, torch.tensor([[2e-6]]), rule=Rule(epsilon=1e-6))
    torch.testing.assert_close(got, torch.tensor([[2.0, -2.0]]))


@pytest.mark.parametrize("name", NAMES)
def test_zeros_give_zeros_and_no_nan(name):
    zeros = torch.zeros(2, 3)
    got = linear_relevance(zeros, torch.zeros(3, 2), torch.zeros(2), torch.zeros(2, 2), rule=name)
    assert torch.equal(got, zeros)


def test_flat_makes_all_inputs_equal():
    x, w, b, relevance_out = layer()
    got = linear_relevance(x, w, b, relevance_out, rule="flat")
    torch.testing.assert_close(got, got[:, :1].expand_as(got))


def test_parameters_that_need_gradients_are_taken():
    x, w, b, relevance_out = layer()
    got = linear_relevance(x, w.requires_grad_(), b.requires_grad_(), relevance_out)
    assert not got.requires_grad


def test_bad_input():
    x, w, b, relevance_out = layer()
    with pytest.raises(ValueError, match=r"rule='lrp' is unknown; choose one of"):
        linear_relevance(x, w, b, relevance_out, rule="lrp")
    with pytest.raises(ValueError, match=r"x of shape \(5, 5\) does not fit weight"):
        linear_relevance(x[:, 1:], w, b, relevance_out)
    with pytest.raises(ValueError, match=r"epsilon=0 must be positive"):
        Rule("epsilon", epsilon=0)
    with pytest.raises(ValueError, match=r"gamma=-1 must be 0 or more"):
        Rule("gamma", gamma=-1)

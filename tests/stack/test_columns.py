"""Which columns a stack drops, and what dropped columns look like."""

import numpy as np
import pytest
import torch

from skdropout._stack.build import Member, build_stack
from skdropout._stack.columns import RandomColumns, RelevantColumns
from skdropout._stack.layers import MaskSource, StackLinear
from skdropout._stack.losses import SquaredError
from tests.conftest import make_table

CPU = torch.device("cpu")
NONE = np.arange(0)


def member(**rates):
    return Member(0, np.arange(300), NONE, (), **rates)


def relevant(members, factors=None, **options):
    """Columns dropped by relevance, ready to drop."""
    columns = RelevantColumns(
        len(members), SquaredError().share, **{"rule": "gradient_x_input", **options}
    )
    columns.set_rates(members)
    columns = columns.double()
    columns.prepare(factors)
    return columns


class Linear:
    """A stand-in for a stack: outputs are sums of columns, so relevance is the input itself."""

    activation = "relu"
    hidden = ()

    def __init__(self, n_members, n_columns):
        self.encoding = self
        self.n_columns = n_columns
        self.groups = torch.arange(n_columns)
        self.output = StackLinear(n_columns, 1, [torch.Generator()] * n_members)
        self.output.weight.data.fill_(1.0)
        self.n_members = n_members

    def typical(self):
        return torch.zeros(self.n_members, 1, self.n_columns, dtype=torch.float64)

    def keep(self, encoded, factor):
        return factor


def drop_rates(columns, relevance, n_members=1, n_rows=40_000):
    """How often each column is dropped from rows of the given relevance."""
    stack = Linear(n_members, relevance.shape[-1])
    encoded = relevance.expand(n_members, n_rows, -1).double()
    kept = columns(encoded, stack, None, MaskSource(0, CPU))
    return 1 - (kept > 0).double().mean(1)


def closed_form(r, alpha, beta):
    return np.clip((alpha + beta - 1 + (1 - alpha) * r) / alpha, 0, 1)


R = torch.linspace(0, 1, 6)


@pytest.mark.parametrize("alpha", [0.2, 0.5, 0.8, 1.0])
@pytest.mark.parametrize("beta", [0.1, 0.5, 0.9])
def test_probability_to_drop_is_the_closed_form(alpha, beta):
    """Within five standard errors of a binomial share (or 1e-4, where draws have 16 bits)."""
    got = drop_rates(relevant([member(alpha=alpha, beta=beta)]), 7 * R - 3)[0]
    expected = closed_form(R.numpy(), alpha, beta)
    error = 5 * np.sqrt(expected * (1 - expected) / 40_000) + 1e-4
    assert (np.abs(got.numpy() - expected) <= error).all()


def test_members_have_alpha_and_beta_of_their_own():
    rates = [(0.5, 0.5), (1.0, 0.2), (0.3, 0.8)]
    columns = relevant([member(alpha=alpha, beta=beta) for alpha, beta in rates])
    got = drop_rates(columns, R, n_members=3)
    for k, (alpha, beta) in enumerate(rates):
        np.testing.assert_allclose(got[k], closed_form(R.numpy(), alpha, beta), atol=0.0125)


def test_alpha_one_has_the_mask_law_of_plain_input_dropout():
    """Same rate for every column, and the number of columns dropped from a row is binomial.

    Chi-square over the numbers 0 to 4 of columns dropped: with 4 degrees of freedom beyond 23.5
    with probability 1e-4, for either kind.
    """
    n_rows, n_columns, rate = 40_000, 4, 0.3
    plain = RandomColumns(1)
    plain.set_rates([member(input_dropout=rate)])
    plain.prepare()
    encoded = torch.randn(
        1, n_rows, n_columns, generator=torch.Generator().manual_seed(0), dtype=torch.float64
    )
    binomial = torch.distributions.Binomial(n_columns, rate)
    expected = n_rows * binomial.log_prob(torch.arange(n_columns + 1.0)).exp().double()
    for columns in (plain, relevant([member(alpha=1.0, beta=rate)])):
        kept = columns(encoded, Linear(1, n_columns), None, MaskSource(3, CPU))[0] > 0
        counts = torch.bincount((~kept).sum(1), minlength=n_columns + 1)
        assert ((counts - expected).square() / expected).sum() < 23.5
        # five standard errors
        error = 5 * np.sqrt(rate * (1 - rate) / n_rows)
        np.testing.assert_allclose((~kept).double().mean(0), rate, atol=error)


def test_alpha_zero_leaves_nothing_to_chance():
    columns = relevant([member(alpha=0.0, beta=0.5)])
    rates = drop_rates(columns, torch.tensor([0.0, 0.4, 0.6, 1.0]))
    assert rates.tolist() == [[0, 0, 1, 1]]


def test_equal_relevance_is_none():
    """r = 0 for all: never dropped at alpha = beta = 1/2, and no NaN."""
    assert not drop_rates(relevant([member(alpha=0.5, beta=0.5)]), torch.full((4,), 2.0)).any()


@pytest.mark.parametrize("beta", [0.3, 0.9])
def test_only_a_share_of_the_rows_is_treated(beta):
    columns = relevant([member(alpha=1.0, beta=beta)], probability=0.4)
    got = drop_rates(columns, R)
    np.testing.assert_allclose(got, 0.4 * beta, atol=0.0125)


@pytest.mark.parametrize("by_chance", [True, False])
def test_strength_over_a_training(by_chance):
    """By chance alone the rate is beta times the factor of each network, at each place."""
    factors = np.array([[0.0, 0.0], [0.5, 0.0], [1.0, 0.25]])
    if by_chance:
        columns = RandomColumns(2).double()
        columns.set_rates([member(input_dropout=0.8)] * 2)
        columns.prepare(factors)
    else:
        columns = relevant([member(alpha=1.0, beta=0.8)] * 2, factors)
    assert columns.is_idle
    for place in (1, 2, np.array([2, 1]), np.array([1, 2])):
        columns.go_to(place)
        expected = 0.8 * factors[place, np.arange(2)]
        got = drop_rates(columns, R, n_members=2)
        np.testing.assert_allclose(got, np.repeat(expected[:, None], 6, 1), atol=0.0125)
    columns.go_to(np.array([0, 0]))
    assert columns.is_idle


@pytest.fixture
def stack_and_rows(mixed_table):
    encoder, table = make_table(*mixed_table)
    stack = build_stack(
        encoder,
        table,
        [member(alpha=0.5, beta=0.6)] * 2,
        SquaredError(),
        hidden_layer_sizes=(),
        activation="relu",
        numeric_encoding="standard",
        dims=[4, 4],
        n_outputs=1,
        columns=lambda n: RelevantColumns(n, SquaredError().share, rule="epsilon"),
    )
    return stack, table


def test_columns_go_as_a_whole_to_their_typical_value(stack_and_rows):
    """All inputs of a dropped column are those of the median or of the unknown level."""
    stack, table = stack_and_rows
    stack.columns.prepare()
    with torch.no_grad():
        encoded = stack.encoding(table.numeric[None], table.codes[None])
        dropped = stack.columns(encoded, stack, None, MaskSource(0, CPU))
        typical = stack.encoding.typical().expand_as(encoded)
    is_typical, is_same = dropped == typical, (dropped - encoded).abs() < 1e-12
    for column in range(stack.encoding.n_columns):
        inputs = stack.encoding.groups == column
        gone = is_typical[..., inputs].all(-1)
        assert (gone | is_same[..., inputs].all(-1)).all()
        assert gone.any()
        assert not gone.all()
    unknown = table.unknown.expand(len(table.codes), -1)
    with torch.no_grad():
        levels = stack.encoding(table.numeric[None], unknown[None])
    first = stack.encoding.n_constant
    torch.testing.assert_close(levels[..., first:], typical[..., first:])


def test_a_number_that_is_dropped_is_a_missing_one_and_no_median(stack_and_rows):
    """Of all numeric columns, though one alone had missing cells in training."""
    stack, table = stack_and_rows
    numeric, n_numbers = stack.encoding.numeric, stack.encoding.n_constant
    typical = stack.encoding.typical()[..., :n_numbers]
    nothing = torch.full_like(table.numeric[None, :1], torch.nan)
    with torch.no_grad():
        missing, median = numeric(nothing), numeric(numeric.center)
    torch.testing.assert_close(missing, typical)
    assert n_numbers == 2 * table.numeric.shape[1]
    differs = (missing != median)[0, 0]
    for column in range(table.numeric.shape[1]):
        assert differs[stack.encoding.groups[:n_numbers] == column].sum() == 1


def test_gradients_reach_the_weights_and_the_unknown_level(stack_and_rows):
    stack, table = stack_and_rows
    stack.train().drop_with(MaskSource(0, CPU))
    encoding = stack.encoding
    numbers, places = encoding.numbers(table.numeric[None]), encoding.places(table.codes[None])
    raw, back = stack.train_on(numbers.expand(stack.n_members, -1, -1), places, None)
    back(torch.ones_like(raw))
    weight = stack.encoding.embeddings[0].weight
    assert weight.grad[:, stack.encoding.embeddings[0].unknown_row].abs().sum() > 0
    assert stack.output.weight.grad.abs().sum() > 0


def test_nothing_is_dropped_but_in_training(stack_and_rows):
    stack, table = stack_and_rows
    stack.train().drop_with(MaskSource(0, CPU))
    with torch.no_grad():
        encoded = stack.encoding(table.numeric[None], table.codes[None])
        got = stack(table.numeric[None], table.codes[None])
        torch.testing.assert_close(got, stack.respond(encoded), rtol=0, atol=0)

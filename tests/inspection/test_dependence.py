"""Dependence of columns against its definition, and cells redrawn from rows that are alike."""

import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from skdropout.inspection import interaction_strengths
from skdropout.inspection._dependence import Likeness, _determined
from skdropout.inspection._look_into import look_into
from skdropout.inspection._superset import superset_effects

pytestmark = pytest.mark.usefixtures("untouched_random_state")


def likeness(X, n_rows=None):
    return Likeness(X, np.arange(n_rows or len(X)), np.random.RandomState(0))


def literal(values, alike):
    """The definition, one indicator after the other."""
    both = spread = 0.0
    for t in np.unique(values) if isinstance(values[0], str) else values:
        is_t = values == t if isinstance(values[0], str) else values >= t
        both += (is_t & is_t[alike]).mean() - is_t.mean() * is_t[alike].mean()
        spread += is_t.mean() - is_t.mean() ** 2
    return both / spread


@pytest.mark.parametrize("n_values", [5, 10**6])
def test_coefficient_is_its_definition(n_values):
    rng = np.random.default_rng(0)
    values, alike = rng.integers(n_values, size=60), rng.integers(60, size=60)
    assert _determined(values.astype(float), False, alike) == pytest.approx(literal(values, alike))
    levels = rng.choice(list("abc"), 60)
    codes = np.unique(levels, return_inverse=True)[1].astype(float)
    assert _determined(codes, True, alike) == pytest.approx(literal(levels, alike))


def test_independent_columns_have_none():
    X = np.random.default_rng(0).normal(size=(2000, 10))
    found = likeness(X)
    # 4.5 standard deviations of a coefficient, 0.4 / n its variance
    assert (np.abs(found.dependence) < 4.5 * (0.4 / 2000) ** 0.5).all()
    assert not found.is_dependent.any()
    partners = np.arange(2000)[::-1]
    assert (found.partners(partners) == partners[:, None]).all()


def test_no_kind_of_dependence_escapes():
    """A circle, a sign of a product, a level, a missing cell; and columns beside that have none."""
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, 2 * np.pi, 2000)
    X = pd.DataFrame({"cos": np.cos(angle), "sin": np.sin(angle)})
    X["a"], X["b"] = rng.normal(size=(2, 2000))
    X["sign"] = np.abs(rng.normal(size=2000)) * np.sign(X["a"] * X["b"])
    X["u"] = rng.normal(size=2000)
    X["level"] = pd.Categorical(np.where(X["u"] > 0, "high", "low"))
    X["v"], X["alone"] = rng.normal(size=(2, 2000))
    X["missing"] = np.where(X["v"] > 1, np.nan, rng.normal(size=2000))
    X["constant"] = 1.0
    found = likeness(X)
    independent = [j for j, name in enumerate(X.columns) if name in ("alone", "constant")]
    assert np.flatnonzero(~found.is_dependent).tolist() == independent
    assert found.dependence[X.columns.get_loc("level")] > 0.9


def test_cells_of_rows_alike_follow_the_conditional_law():
    """Of a normal column given another: mean r x, and variance 1 - r^2."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=2000)
    X = np.column_stack([x, 0.9 * x + 0.19**0.5 * rng.normal(size=2000)])
    found = likeness(X, n_rows=1000)
    source = found.partners(rng.permutation(2000)[:1000])
    assert (source != np.arange(1000)[:, None]).all()
    redrawn = X[source[:, 1], 1]
    left = redrawn - 0.9 * x[:1000]
    assert left.var() == pytest.approx(0.19, rel=4 * (2 / 1000) ** 0.5 + 0.02)
    # given the other column, the redrawn cell and the row's own are independent
    own = X[:1000, 1] - 0.9 * x[:1000]
    assert abs(np.corrcoef(left, own)[0, 1]) < 4 / 1000**0.5


class WildOffTheData(nn.Module):
    """A product, main effects, and a ridge where two columns contradict each other."""

    def forward(self, x):
        off = (x[:, 0] - x[:, 1]).abs().sub(1.5).clamp(min=0)
        return x[:, 0] * x[:, 2] + 2 * x[:, 1] ** 2 + 20 * off


@pytest.fixture(scope="module")
def correlated():
    rng = np.random.default_rng(0)
    x = rng.normal(size=1000)
    return np.column_stack([x, x + 0.3 * rng.normal(size=1000), rng.normal(size=(2, 1000)).T])


def test_rows_that_do_not_occur_are_not_asked_about(correlated):
    f = WildOffTheData()
    with pytest.warns(UserWarning, match=r"2 columns .* 'x[01]'.* method='conditional'"):
        anywhere = interaction_strengths(f, correlated, method="superset", random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # "auto" copes with columns that are free to change a little
        automatic = interaction_strengths(f, correlated, method="auto", random_state=0)
    found = interaction_strengths(f, correlated, method="conditional", random_state=0)
    assert anywhere.pairs[0] == (0, 1)
    assert found.pairs[0] == (0, 2)
    assert found.strengths[0, 1] < anywhere.strengths[0, 1] / 2
    np.testing.assert_array_equal(automatic.strengths, found.strengths)
    np.testing.assert_array_equal(found.dependence, anywhere.dependence)
    assert found.dependence[:2].min() > 0.5
    assert interaction_strengths(f, correlated, random_state=0).dependence is None


def test_columns_that_others_all_but_determine_are_named():
    X = np.random.default_rng(0).normal(size=(2000, 3))
    X = np.column_stack([X[:, 0] + X[:, 1], X])
    with pytest.warns(UserWarning, match=r"1 column .* 'x0'.* 1\); .* counts little"):
        found = interaction_strengths(lambda X: X[:, 0] * X[:, 3], X, method="auto", random_state=0)
    assert found.dependence.argmax() == 0
    assert found.duplicates == []


def test_main_effects_of_correlated_columns_make_no_pairs(correlated):
    f = lambda X: np.exp(X[:, 0] / 2) + X[:, 1] ** 2 + 3 * np.abs(X[:, 2])  # noqa: E731
    found = interaction_strengths(f, correlated, method="conditional", random_state=0)
    np.testing.assert_allclose(found.strengths, 0, atol=1e-6)


def test_of_independent_columns_conditional_is_superset():
    X = np.random.default_rng(0).normal(size=(500, 4))
    f = lambda X: X[:, 0] * X[:, 1] + X[:, 2]  # noqa: E731
    one, other = (
        interaction_strengths(f, X, method=method, random_state=0)
        for method in ("superset", "conditional")
    )
    np.testing.assert_array_equal(one.strengths, other.strengths)


@pytest.mark.parametrize("shape", [(1, 3), (2, 3), (40, 1), (60, 200)])
def test_any_shape_of_table(shape):
    X = np.random.default_rng(0).normal(size=shape)
    X[:, 1:2] = X[:, :1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        found = likeness(X)
    source = found.partners(np.zeros(len(X), dtype=int))
    assert source.shape == shape
    assert ((source >= 0) & (source < len(X))).all()


def test_many_rows_are_sampled_and_a_row_is_never_its_own_partner():
    X = np.random.default_rng(0).normal(size=(5000, 2))
    X[:, 1] += X[:, 0]
    rows = np.arange(4990, 5000)
    source = Likeness(X, rows, np.random.RandomState(0)).partners(np.zeros(10, dtype=int))
    assert (source != rows[:, None]).all()
    assert np.abs(X[source[:, 1], 0] - X[rows, 0]).mean() < 0.1


def test_strengths_of_torch_rows_do_not_depend_on_the_kind_of_partners(correlated):
    """One partner for a whole row is the same as that partner for each column."""
    model = look_into(WildOffTheData(), correlated)
    rows, partners = torch.arange(50), torch.arange(100, 150)
    one = superset_effects(model, rows, partners, [(0, 1), (1, 2)])
    each = superset_effects(model, rows, partners[:, None].repeat(1, 4), [(0, 1), (1, 2)])
    for a, b in zip(one, each, strict=True):
        torch.testing.assert_close(a.mean, b.mean)

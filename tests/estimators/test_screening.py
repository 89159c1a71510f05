"""Tests of columns alone, beside others and with others: what they find, and by chance."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import f_oneway, false_discovery_control, kstest, linregress
from scipy.stats import t as student_t
from sklearn.base import BaseEstimator

from skdropout._estimators.screening import TESTS, screen
from skdropout._table import (
    TableEncoder,
    adjusted,
    anova_p_values,
    groups_and_scores,
    trend_p_values,
)
from skdropout.datasets import make_pure_interaction
from tests.estimators.tables import with_noise

pytestmark = pytest.mark.usefixtures("untouched_random_state")


def screened(X, targets, weight=None, categorical_features=None):
    owner = BaseEstimator()
    encoder = TableEncoder(categorical_features).fit(X, owner)
    return screen(encoder, *encoder.transform(X, owner), targets.reshape(len(X), -1), weight)


@pytest.mark.parametrize("n_groups", [2, 5, 30])
def test_analysis_of_variance_is_that_of_scipy(n_groups):
    rng = np.random.default_rng(n_groups)
    group = rng.integers(n_groups, size=300)
    y = rng.normal(size=300) + 0.2 * group
    expected = f_oneway(*(y[group == g] for g in np.unique(group))).pvalue
    targets = (y - y.mean())[:, None]
    np.testing.assert_allclose(anova_p_values([group], targets, np.ones(300))[0], expected)


def test_several_targets_share_the_level():
    rng = np.random.default_rng(0)
    group, y = rng.integers(4, size=200), rng.normal(size=(200, 3))
    y -= y.mean(0)
    each = [anova_p_values([group], part[:, None], np.ones(200))[0] for part in y.T]
    together = anova_p_values([group], y, np.ones(200))[0]
    assert together == pytest.approx(min(1, 3 * min(each)))


def test_weights_are_those_of_least_squares():
    """F of two nested weighted regressions, written out; rows without weight are not there."""
    rng = np.random.default_rng(0)
    group, y, weight = rng.integers(3, size=90), rng.normal(size=90), rng.random(90)
    y -= np.average(y, weights=weight)
    means = [np.average(y[group == g], weights=weight[group == g]) for g in range(3)]
    total, within = weight @ y**2, weight @ (y - np.array(means)[group]) ** 2
    from scipy.stats import f

    expected = f.sf((total - within) / 2 / (within / 87), 2, 87)
    assert anova_p_values([group], y[:, None], weight)[0] == pytest.approx(expected)

    X, y = with_noise()
    weight = (np.arange(400) < 250).astype(float)
    for name, p_values in screened(X, y, weight, "from_dtype").tests.items():
        alone = screened(X[:250], y[:250], None, "from_dtype").tests[name]
        np.testing.assert_allclose(p_values, alone, err_msg=name)


def test_trends_are_those_of_least_squares():
    """Against scipy's, and with weights against the t-test of the slope, written out."""
    rng = np.random.default_rng(0)
    x, y, times = rng.normal(size=90), rng.normal(size=(90, 2)), np.ones(90)
    y[:, 0] += 0.2 * x
    y -= y.mean(0)
    each = [linregress(x, part).pvalue for part in y.T]
    found = trend_p_values([x, None], y, times)
    np.testing.assert_allclose(found, [min(1, 2 * min(each)), 1])

    times[:30] = 3
    y -= np.average(y, axis=0, weights=times)
    centred = x - np.average(x, weights=times)
    slope = (times * centred) @ y[:, 0] / (times @ centred**2)
    left = times @ (y[:, 0] - slope * centred) ** 2 / 88
    t = slope / np.sqrt(left / (times @ centred**2))
    assert trend_p_values([x], y[:, :1], times)[0] == pytest.approx(2 * student_t.sf(abs(t), 88))


def test_of_more_columns_than_rows_a_trend_counts():
    """60 rows, correlation .45: eight groups have a p-value that is seldom small enough."""
    found = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(60, 70))
        y = 0.5 * X[:, 0] + rng.normal(size=60)
        wide, narrow = screened(X, y).tests, screened(X[:, :50], y).tests
        np.testing.assert_allclose(narrow["alone"], adjusted(narrow["p_value"]))
        found.append((narrow["alone"][0] <= 0.1, wide["alone"][0] <= 0.1))
    by_groups, by_either = np.sum(found, axis=0)
    assert by_either >= 2 * max(by_groups, 1)


def test_adjusted_p_values_are_those_of_scipy():
    p = np.random.default_rng(0).random(50) ** 3
    np.testing.assert_allclose(adjusted(p), false_discovery_control(p))


def test_groups_have_equally_many_rows_heavy_values_and_missing_apart():
    x = np.random.default_rng(0).normal(size=800)
    assert np.bincount(groups_and_scores(x)[0])[1:].tolist() == [100] * 8
    x[:300] = 0.1234
    x[300:320] = np.nan
    groups, scores = groups_and_scores(x)
    assert len(set(groups[:300])) == len(set(groups[300:320])) == 1
    assert not set(groups[300:320]) & set(groups[320:])
    assert not set(groups[:300]) & set(groups[320:])
    assert not scores[300:320].any()
    np.testing.assert_allclose(scores.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose((scores**2).mean(0), 1)


@pytest.mark.parametrize("column", [np.full(9, np.nan), np.full(9, 3.0)], ids=["missing", "same"])
def test_columns_of_one_value_are_no_discovery(column):
    assert groups_and_scores(column)[1].shape == (9, 0)
    assert len(set(groups_and_scores(column)[0])) == 1


def test_p_values_are_uniform_where_there_is_nothing():
    """1,000 columns of noise; by Kolmogorov and Smirnov at one in a thousand."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 1000)), rng.normal(size=300)
    X[:, ::2] = rng.integers(5, size=(300, 500))
    found = screened(X, y)
    assert kstest(found.tests["p_value"], "uniform").pvalue > 0.001


def test_false_discoveries_are_few():
    """Of 40 tables of noise alone each test finds something in about one of ten.

    More than 11 of 40 has a probability below .001 if it is a tenth.
    """
    for name in TESTS[1:]:
        found = 0
        for seed in range(40):
            rng = np.random.default_rng(seed)
            tests = screened(rng.normal(size=(300, 15)), rng.normal(size=300)).tests
            found += (tests[name] <= 0.1).any()
        assert found <= 11, name


def test_what_matters_beside_others_alone_is_kept():
    """A suppressor: by itself it has nothing to do with the target."""
    rng = np.random.default_rng(0)
    hidden, disturbance = rng.normal(size=(2, 600))
    X = np.column_stack([hidden + disturbance, disturbance, rng.normal(size=(600, 8))])
    found = screened(X, hidden + 0.3 * rng.normal(size=600))
    assert found.tests["alone"][1] > 0.1 >= found.tests["beside_others"][1]
    assert found.kept[:2].all()


@pytest.mark.parametrize("order", [2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_pure_interactions_are_kept(order, seed):
    X, y = make_pure_interaction(600, n_features=order + 20, order=order, noise=0.3,
                                 random_state=seed)  # fmt: skip
    found = screened(X, y)
    assert found.kept[:order].all()
    assert found.kept[order:].sum() <= 6
    assert (found.tests["with_others"][:order] <= 0.1).any()


def test_an_exclusive_or_of_categories_is_kept():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.integers(3, size=(800, 10))).astype("category")
    X.columns = [f"c{j}" for j in range(10)]
    y = ((X["c2"].astype(int) == X["c7"].astype(int)) + 0.3 * rng.normal(size=800)).to_numpy()
    found = screened(X, y - y.mean(), categorical_features="from_dtype")
    assert found.kept[[2, 7]].all()
    assert found.kept.sum() <= 5


def test_if_nothing_is_found_all_are_kept():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(100, 5)), rng.normal(size=100)
    found = screened(X, y)
    assert all(not (found.tests[name] <= 0.1).any() for name in TESTS[1:])
    assert found.kept.all()


@pytest.mark.parametrize("y", [np.ones(50), np.arange(50.0)], ids=["constant", "rows"])
def test_odd_targets_and_columns_are_no_matter(y):
    X = np.column_stack([np.arange(50), np.full(50, np.nan), [np.inf, -np.inf] * 25])
    assert screened(X.astype(float), y).kept.any()

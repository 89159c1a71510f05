"""Order spectra of tables of dependent columns, against closed forms."""

import numpy as np
import pandas as pd
import pytest

from skdropout import DropoutMLPRegressor
from skdropout.inspection import interaction_order_spectrum
from skdropout.inspection._dependence import Likeness

pytestmark = pytest.mark.usefixtures("untouched_random_state")


def normal(n_columns, correlation, n_samples=2000, seed=0):
    rng = np.random.default_rng(seed)
    common, own = rng.normal(size=(n_samples, 1)), rng.normal(size=(n_samples, n_columns))
    return correlation**0.5 * common + (1 - correlation) ** 0.5 * own


def spectrum(f, X, n_evaluations=40_000, **options):
    options = {"method": "conditional", "random_state": 0, **options}
    return interaction_order_spectrum(f, X, n_evaluations=n_evaluations, **options)


def product(X):
    return X[:, 0] * X[:, 1]


def test_of_independent_columns_it_is_noise_stability():
    X = np.random.default_rng(0).uniform(-1, 1, (500, 5))
    found, other = (
        spectrum(product, X, n_evaluations=4000, method=method)
        for method in ("conditional", "noise_stability")
    )
    np.testing.assert_array_equal(found.variances, other.variances)
    np.testing.assert_array_equal(found.standard_errors, other.standard_errors)
    assert found.shared == other.shared == 0
    assert found.method == "conditional"


@pytest.mark.parametrize("n_columns", [2, 12])
def test_functions_of_single_columns_have_order_one_however_these_depend(n_columns):
    X = normal(n_columns, 0.7)
    found = spectrum(lambda X: np.exp(X[:, 0] / 2) + X[:, 1] ** 2 + np.abs(X).sum(1), X)
    assert found.normalized[0] > 0.999
    assert found.shared > 0.1


@pytest.mark.parametrize("correlation", [0.5, 0.9])
def test_product_of_two_normal_columns(correlation):
    """Given the other, a column has mean ``r x`` and variance ``1 - r^2``."""
    found = spectrum(product, normal(2, correlation, 20_000))
    left, mean_square = 1 - correlation**2, correlation**2
    expected = np.array([2 * left * mean_square, left**2, 0, 0])
    # mean squares over 2000 rows have errors of 2^.5 / 2000^.5, three per cent
    np.testing.assert_allclose(found.variances, expected, rtol=0.13, atol=1e-3)
    shared = mean_square**2 * (1 + correlation**2)
    assert found.shared == pytest.approx(shared, rel=4 * (15 / 2000) ** 0.5)


def exact(X):
    """The variances of orders 1 and 2 of ``product``, row by row, cells being of rows alike."""
    likeness = Likeness(X, np.arange(len(X)), np.random.RandomState(0))
    n_columns, n_alike = X.shape[1], likeness._alike[0].shape[1]
    cells = [X[likeness._alike[j], j] for j in range(n_columns)]
    spread = [of.var(1, ddof=1) for of in cells]
    # of two different rows
    squared_mean = [(of.sum(1) ** 2 - (of**2).sum(1)) / (n_alike * (n_alike - 1)) for of in cells]
    alone = spread[0] * squared_mean[1] + spread[1] * squared_mean[0]
    return np.array([alone.mean(), (spread[0] * spread[1]).mean(), 0, 0])


def test_it_is_the_mean_over_rows():
    X = normal(2, 0.7, 300)
    found = spectrum(product, X)
    assert (np.abs(found.variances - exact(X)) <= 3 * found.standard_errors + 1e-9).all()


@pytest.mark.slow
def test_two_standard_errors_cover_the_truth_at_95_percent():
    X = normal(2, 0.7, 300)
    found = [spectrum(product, X, n_evaluations=4000, random_state=seed) for seed in range(200)]
    errors = np.abs([s.variances[:2] - exact(X)[:2] for s in found])
    coverage = (errors <= 2 * np.array([s.standard_errors[:2] for s in found])).mean(0)
    # 200 repetitions of .95: three standard deviations are .046
    assert (coverage > 0.95 - 0.046).all(), coverage


def test_rows_that_do_not_occur_are_not_asked_about():
    """Where two columns contradict each other the function has a ridge that no row is near."""
    X = normal(3, 0.98)
    f = lambda X: X[:, 2] + 20 * (np.abs(X[:, 0] - X[:, 1]) - 1).clip(min=0)  # noqa: E731
    with pytest.warns(UserWarning, match="method='conditional'"):
        anywhere = spectrum(f, X, method="noise_stability", n_evaluations=4000)
    assert anywhere.normalized[0] < 0.5
    assert spectrum(f, X, n_evaluations=4000).normalized[0] > 0.99


def test_copies_carry_nothing_alone():
    X = np.random.default_rng(0).normal(size=(2000, 3))
    X[:, 1] = X[:, 0]
    found = spectrum(product, X)
    assert found.variances.sum() < 0.02 * found.shared
    assert found.shared == pytest.approx((X[:, 0] ** 2).var(), rel=0.2)


def test_tables_of_levels_and_gaps_and_networks_by_themselves():
    rng = np.random.default_rng(0)
    city = rng.choice(["Bern", "Oslo", "Rome"], 300)
    X = pd.DataFrame({"city": city, "land": pd.Series(city).str[0], "x": rng.normal(size=300)})
    X.loc[3, "x"] = np.nan
    y = (X["city"] == "Oslo") * X["x"].fillna(0)
    net = DropoutMLPRegressor((8,), dropout=0.1, n_members=2, max_iter=2, random_state=0)
    net.set_params(early_stopping=False).fit(X, y)
    found = spectrum(net, X, n_evaluations=2000, per_member=True, max_order=2)
    assert found.variances.shape == found.standard_errors.shape == (2, 2)
    assert found.shared.shape == found.remainder.shape == (2,)
    assert (found.shared > 0).all()

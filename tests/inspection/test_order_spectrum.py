"""Order spectra of functions that are known, of models, and of odd tables."""

import warnings
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.svm import LinearSVC

from skdropout.inspection import interaction_order_spectrum


def uniform(n_samples=2000, n_features=8, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, size=(n_samples, n_features))


def exact_variances(f, X, used):
    """Functional ANOVA over all combinations of rows of the columns in `used`."""
    n, k = len(X), len(used)
    points = np.zeros((n**k, X.shape[1]))
    points[:, used] = X[np.indices((n,) * k).reshape(k, -1).T, used]
    table = f(points).reshape((n,) * k)
    effects = {(): table.mean()}
    variances = np.zeros(4)
    for order in range(1, k + 1):
        for u in combinations(range(k), order):
            others = tuple(axis for axis in range(k) if axis not in u)
            effect = table.mean(others, keepdims=True)
            effect = effect - sum(e for v, e in effects.items() if set(v) < set(u))
            effects[u] = effect
            variances[order - 1] += (effect**2).mean()
    return variances


# name: function, columns used by each of its summands; scaled to equal variance 1
PRODUCTS = {
    "main effect": [(lambda X: 3**0.5 * X[:, 0], [0])],
    "pair": [(lambda X: 3 * X[:, 0] * X[:, 1], [0, 1])],
    "triple": [(lambda X: 27**0.5 * X[:, 0] * X[:, 1] * X[:, 2], [0, 1, 2])],
    "mixture": [
        (lambda X: 3**0.5 * X[:, 0], [0]),
        (lambda X: 3 * X[:, 1] * X[:, 2], [1, 2]),
        (lambda X: 27**0.5 * X[:, 3] * X[:, 4] * X[:, 5], [3, 4, 5]),
    ],
}
ROUGH = {
    "and": [(lambda X: (X[:, :3] > 0).all(1).astype(float), [0, 1, 2])],
    "waves": [
        (lambda X: np.sin(12 * X[:, 0] * X[:, 1]), [0, 1]),
        (lambda X: np.sin(9 * (X[:, 2] + X[:, 3] + X[:, 4])), [2, 3, 4]),
    ],
    "kinks": [
        (lambda X: np.abs(X[:, 0] + X[:, 1] * X[:, 2]), [0, 1, 2]),
        (lambda X: (X[:, 3] > X[:, 4]).astype(float), [3, 4]),
    ],
}


def total(summands):
    return lambda X: sum(f(X) for f, _ in summands)


def truth(summands, X):
    return sum(exact_variances(f, X, used) for f, used in summands)


@pytest.mark.parametrize("name", PRODUCTS)
def test_products_with_defaults(name):
    shares = {"main effect": [1, 0, 0, 0], "pair": [0, 1, 0, 0], "triple": [0, 0, 1, 0]}
    spectrum = interaction_order_spectrum(total(PRODUCTS[name]), uniform(), random_state=0)
    expected = shares.get(name, [1 / 3, 1 / 3, 1 / 3, 0])
    assert np.abs(spectrum.normalized - expected).max() < 0.03


@pytest.mark.parametrize("name", PRODUCTS)
def test_products_are_exact_for_the_columns_of_X(name):
    X = uniform(40)
    spectrum = interaction_order_spectrum(
        total(PRODUCTS[name]), X, n_evaluations=20_000, random_state=0
    )
    np.testing.assert_allclose(spectrum.variances, truth(PRODUCTS[name], X), atol=1e-4)


@pytest.mark.parametrize("name", ROUGH)
def test_rough_functions_within_their_standard_errors(name):
    X = uniform(40)
    spectrum = interaction_order_spectrum(
        total(ROUGH[name]), X, n_evaluations=50_000, random_state=0
    )
    error = np.abs(spectrum.variances - truth(ROUGH[name], X))
    assert (error <= 3 * spectrum.standard_errors).all()
    assert (error / spectrum.variances.sum() < 0.1).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", ROUGH)
def test_two_standard_errors_cover_the_truth_at_95_percent(name):
    X = uniform(40)
    f, expected = total(ROUGH[name]), truth(ROUGH[name], X)
    spectra = [
        interaction_order_spectrum(f, X, n_evaluations=20_000, random_state=seed)
        for seed in range(200)
    ]
    errors = np.abs([s.variances - expected for s in spectra])
    coverage = (errors <= 2 * np.array([s.standard_errors for s in spectra])).mean(0)
    # 200 repetitions of .95: three standard deviations are .046
    assert (coverage > 0.95 - 0.046).all(), coverage


def test_the_parts_make_up_the_total():
    X = uniform(500, 6)
    spectrum = interaction_order_spectrum(
        lambda X: 10 + 27 * X.prod(1) + X[:, 0], X, max_order=2, random_state=0
    )
    assert spectrum.variances.shape == spectrum.standard_errors.shape == (2,)
    assert spectrum.remainder > 0
    whole = spectrum.variances.sum() + spectrum.remainder
    np.testing.assert_allclose(spectrum.normalized, spectrum.variances / whole)
    rows = np.random.default_rng(0).integers(500, size=(200_000, 6))
    resampled = X[rows, np.arange(6)]
    expected = (27 * resampled.prod(1) + resampled[:, 0]).var()
    assert whole == pytest.approx(expected, rel=0.05)


def test_order_five_is_not_taken_for_a_low_one():
    spectrum = interaction_order_spectrum(
        lambda X: np.sign(X[:, :5]).prod(1), uniform(n_features=7), random_state=0
    )
    assert spectrum.normalized.sum() < 0.05
    assert spectrum.remainder == pytest.approx(1, abs=0.05)


def test_more_orders_than_features_and_one_feature():
    spectrum = interaction_order_spectrum(
        lambda X: X[:, 0], uniform(100, 1), max_order=3, n_evaluations=2000, random_state=0
    )
    np.testing.assert_allclose(spectrum.normalized, [1, 0, 0], atol=1e-9)
    assert spectrum.remainder == 0


def test_a_constant_has_no_variance():
    for X in (uniform(50, 3), np.ones((50, 3))):
        spectrum = interaction_order_spectrum(
            lambda X: np.full(len(X), 0.1), X, n_evaluations=2000, random_state=0
        )
        assert spectrum.normalized.tolist() == [0] * 4
        assert spectrum.variances.tolist() == [0] * 4


@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_units_of_the_score(factor):
    X, f = uniform(200, 4), total(ROUGH["and"])
    options = {"n_evaluations": 5000, "random_state": 0}
    spectrum = interaction_order_spectrum(f, X, **options)
    scaled = interaction_order_spectrum(lambda X: factor * (3 + f(X)), X, **options)
    np.testing.assert_allclose(scaled.variances, factor**2 * spectrum.variances, rtol=1e-3)
    np.testing.assert_allclose(
        scaled.standard_errors, factor**2 * spectrum.standard_errors, rtol=1e-2
    )


def test_outputs_are_added():
    X = uniform(1000, 4)
    options = {"n_evaluations": 20_000, "random_state": 0}
    spectrum = interaction_order_spectrum(
        lambda X: np.column_stack([X[:, 0], X[:, 1], 3 * X[:, 2] * X[:, 3]]), X, **options
    )
    np.testing.assert_allclose(spectrum.variances, [2 / 3, 1, 0, 0], atol=0.05)


def test_random_state_fixes_the_result_and_leaves_numpy_alone():
    X, f = uniform(200, 4), total(ROUGH["and"])
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    runs = [
        interaction_order_spectrum(f, X, n_evaluations=4000, random_state=seed).variances
        for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert (runs[0] != runs[2]).any()
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


def test_number_of_evaluations_is_kept():
    counts = []
    interaction_order_spectrum(
        lambda X: counts.append(len(X)) or X[:, 0],
        uniform(100, 3),
        n_evaluations=5000,
        random_state=0,
    )
    assert 4900 <= sum(counts) <= 5000


def mixed_frame(n_samples=600):
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "amount": rng.normal(size=n_samples),
            "city": pd.Categorical(rng.choice(["Bern", "Oslo", "Rome"], n_samples)),
            "plan": rng.choice(["a", "b"], n_samples),
            "active": rng.integers(2, size=n_samples).astype(bool),
            "age": pd.array(rng.integers(20, 60, size=n_samples), dtype="Int64"),
            "since": pd.Timestamp("2020-01-01")
            + pd.to_timedelta(rng.integers(900, size=n_samples), "D"),
        }
    )


def test_mixed_data_frame_columns_are_resampled_whole():
    X = mixed_frame()
    X.loc[3, "age"] = pd.NA

    def f(table):
        assert list(table.columns) == list(X.columns)
        assert (table.dtypes == X.dtypes).all()
        city = table["city"].map({"Bern": -1.0, "Oslo": 0.0, "Rome": 1.0}).astype(float)
        return city * np.where(table["plan"] == "a", 1.0, -1.0) + 0 * table["amount"]

    spectrum = interaction_order_spectrum(f, X, n_evaluations=10_000, random_state=0)
    assert spectrum.normalized[1] > 0.98
    assert spectrum.dependence < 0.3


def test_estimators_on_a_data_frame():
    X = mixed_frame()[["amount", "city", "plan"]]
    y = X["amount"] + (X["city"] == "Oslo") + (X["plan"] == "a")
    encode = make_column_transformer((OneHotEncoder(), ["city", "plan"]), remainder="passthrough")
    model = make_pipeline(encode, LinearRegression()).fit(X, y)
    spectrum = interaction_order_spectrum(model, X, n_evaluations=10_000, random_state=0)
    np.testing.assert_allclose(spectrum.normalized, [1, 0, 0, 0], atol=1e-6)

    classifier = make_pipeline(encode, LogisticRegression()).fit(X, y > y.mean())
    logit = interaction_order_spectrum(classifier, X, n_evaluations=10_000, random_state=0)
    np.testing.assert_allclose(logit.normalized, [1, 0, 0, 0], atol=1e-6)
    probability = interaction_order_spectrum(
        classifier, X, n_evaluations=10_000, class_score="probability", random_state=0
    )
    assert probability.normalized[1] > 0.01
    assert probability.variances.sum() < 0.25


def test_class_scores():
    X = uniform(300, 3)
    three = LogisticRegression().fit(X, np.digitize(X[:, 0] + X[:, 1], [-0.5, 0.5]))
    spectrum = interaction_order_spectrum(three, X, n_evaluations=5000, random_state=0)
    linear = three.decision_function(X)
    expected = (linear - linear.mean(1, keepdims=True)).var(0).sum()
    assert spectrum.normalized[0] == pytest.approx(1, abs=1e-4)
    assert spectrum.variances[0] == pytest.approx(expected, rel=0.2)
    margin = LinearSVC().fit(X, X[:, 0] > 0)
    spectrum = interaction_order_spectrum(margin, X, n_evaluations=5000, random_state=0)
    assert spectrum.normalized[0] == pytest.approx(1, abs=1e-6)


def test_depth_of_trees_bounds_the_order():
    X = uniform(800, 5)
    y = X[:, 0] + 2 * X[:, 1] * X[:, 2] + X[:, 3]
    for depth in (1, 2):
        trees = HistGradientBoostingRegressor(max_depth=depth, max_iter=40).fit(X, y)
        spectrum = interaction_order_spectrum(trees, X, n_evaluations=20_000, random_state=0)
        assert spectrum.normalized[depth:].max() < 0.02


def test_strong_dependence_is_reported_and_warned_of():
    X = uniform(1000, 3)
    X[:, 2] = X[:, 0] ** 2 + 0.01 * X[:, 2]
    table = pd.DataFrame(X, columns=["a", "b", "c"])
    with pytest.warns(UserWarning, match=r"'a' and 'c' .* (1.00|0.9\d).* method='conditional'"):
        spectrum = interaction_order_spectrum(
            lambda X: X["a"], table, n_evaluations=2000, random_state=0
        )
    assert spectrum.dependence > 0.9
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        interaction_order_spectrum(
            lambda X: X["a"], table, max_order=1, method="distillation", random_state=0
        )


def test_few_rows_are_not_taken_for_dependence():
    interaction_order_spectrum(
        lambda X: X[:, 0], uniform(20, 10), n_evaluations=2000, random_state=0
    )


def test_distillation_keeps_to_the_joint_distribution():
    """Off the data the function has a pair effect; on them it is a main effect."""
    X = uniform(2000, 3)
    X[:, 1] = X[:, 0]
    spectrum = interaction_order_spectrum(
        lambda X: X[:, 0] * X[:, 1] + (X[:, 0] - X[:, 1]) * X[:, 2],
        X,
        max_order=2,
        method="distillation",
        random_state=0,
    )
    assert spectrum.normalized[0] > 0.97
    assert spectrum.method == "distillation"


def test_distillation_of_a_mixed_frame():
    X = mixed_frame(1500)
    X.loc[3, "age"] = pd.NA
    spectrum = interaction_order_spectrum(
        lambda X: (X["city"] == "Oslo") * 1.0 + (X["plan"] == "a") * X["active"],
        X,
        max_order=2,
        method="distillation",
        random_state=0,
    )
    a, b = 1 / 4, 1 / 16  # in units of the variance of a product of two fair coins, as signs
    main, pair = 2 / 9 + 2 * a / 4, b
    expected = np.array([main, pair]) / (main + pair)
    np.testing.assert_allclose(spectrum.normalized, expected, atol=0.06)
    assert (spectrum.standard_errors > 0).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_order": 0}, "max_order=0"),
        ({"max_order": 1.5}, "max_order=1.5"),
        ({"method": "shap"}, "method='shap' is unknown"),
        ({"class_score": "odds"}, "class_score='odds' is unknown"),
        ({"n_evaluations": 10}, "n_evaluations=10 must be an integer of at least 2000"),
        ({"method": "distillation"}, "X has 50 rows"),
        ({"method": "conditional"}, "X has 50 rows, too few for method='conditional'"),
        ({"X": np.zeros(5)}, "X must have shape"),
        ({"X": np.zeros((1, 5))}, "X must have shape"),
        ({"estimator": "model"}, "estimator must have predict"),
        ({"estimator": lambda X: np.full(len(X), np.nan)}, "finite"),
        ({"estimator": lambda X: np.zeros(3)}, "for each of 30000 samples"),
    ],
)
def test_bad_input(options, message):
    options = {"estimator": lambda X: X[:, 0], "X": uniform(50, 2), **options}
    with pytest.raises(ValueError, match=message):
        interaction_order_spectrum(options.pop("estimator"), options.pop("X"), **options)


def test_sparse_matrix_is_refused():
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(ValueError, match="sparse"):
        interaction_order_spectrum(lambda X: X, sparse.eye(5).tocsr())

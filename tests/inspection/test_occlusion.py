import matplotlib

matplotlib.use("agg")

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import r2_score

from skdropout import DropoutMLPClassifier, DropoutMLPRegressor
from skdropout.inspection import OcclusionDisplay, effective_number_of_features, occlusion_curve

SMALL = {"hidden_layer_sizes": (16,), "max_iter": 5, "random_state": 0}


@pytest.fixture(scope="module")
def linear():
    """Centred columns of medians zero, and a linear model of known weights."""
    half = np.random.default_rng(0).normal(size=(100, 4))
    X = np.concatenate([half, -half])
    y = X @ np.array([4.0, 0.0, -2.0, 1.0])
    return X, y, LinearRegression().fit(X, y)


def test_curve_is_its_definition(linear):
    """Slowly, row by row: the columns of largest |w x| become zero, the median."""
    X, y, model = linear
    got = occlusion_curve(model, X, y, fractions=[0, 0.25, 0.5, 0.75, 1])
    expected = []
    for count in range(5):
        occluded = X.copy()
        for row in occluded:
            row[np.argsort(-np.abs(row * model.coef_))[:count]] = 0
        expected.append(r2_score(y, model.predict(occluded)))
    np.testing.assert_allclose(got.scores, expected)
    np.testing.assert_allclose(got.area, np.trapezoid(expected, dx=0.25))
    np.testing.assert_allclose(got.relevance, np.abs(X * model.coef_), atol=1e-12)
    assert got.method == "replacement"


def test_orders(linear):
    X, y, model = linear
    areas = [
        occlusion_curve(model, X, y, order=order, random_state=0).area
        for order in ("relevant", "random", "irrelevant")
    ]
    assert areas[0] < areas[1] < areas[2]
    same = [occlusion_curve(model, X, y, order="random", random_state=k).area for k in (0, 0, 1)]
    assert same[0] == same[1] != same[2]


def test_of_equal_columns_chance_decides(linear):
    """A model that ignores all columns has no order of its own."""
    X, y, _ = linear
    curve = occlusion_curve(DummyRegressor().fit(X, y), X, y, fractions=3, random_state=0)
    assert not curve.relevance.any()
    assert curve.n_effective == 0


def test_fractions_are_whole_columns(linear):
    X, y, model = linear
    curve = occlusion_curve(model, X, y, fractions=[0.3, 0.2, 1, 0.26])
    np.testing.assert_array_equal(curve.fractions, [0.25, 1])
    assert len(occlusion_curve(model, X, y, fractions=3).scores) == 3


def test_number_of_features():
    """Relevance 8, 1, 1 of ten: one column for 80 per cent, two for 90, three for 91."""
    X = np.array([[8.0, 1.0, 1.0], [-8.0, -1.0, -1.0]])
    model = LinearRegression().fit(np.eye(3), np.ones(3))
    model.coef_, model.intercept_ = np.ones(3), 0.0
    for share, expected in ((0.8, 1), (0.9, 2), (0.91, 3), (1.0, 3)):
        assert effective_number_of_features(model, X, [0, 0], share=share) == expected
    assert occlusion_curve(model, X, [0.0, 1.0]).n_effective == 2


def test_relevance_of_a_linear_network_is_that_of_replacement(linear):
    """Gradient x input and replacement by typical agree where the function is linear."""
    X, y, _ = linear
    model = DropoutMLPRegressor(**{**SMALL, "hidden_layer_sizes": ()}, n_members=2).fit(X, y)
    own = occlusion_curve(model, X, y)
    other = occlusion_curve(Wrapped(model), X, y, fill=np.median(X, 0))
    assert own.method == "gradient_x_input"
    # both networks have units of their own within the table's
    assert np.corrcoef(own.relevance.ravel(), other.relevance.ravel())[0, 1] > 0.99
    np.testing.assert_allclose(own.scores, other.scores, rtol=0.02, atol=0.02)


class Wrapped(RegressorMixin, BaseEstimator):
    """Hide what an estimator is."""

    def __init__(self, inner=None):
        self.inner = inner

    def fit(self, X, y):
        return self

    def __sklearn_is_fitted__(self):
        return True

    def predict(self, X):
        return self.inner.predict(X)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("labels", ["abc", [3, 5, 9]])
def test_true_class_is_explained(n_classes, labels):
    """One column per class: it speaks for this class, and its loss is what costs most."""
    rng = np.random.default_rng(1)
    codes = np.arange(300) % n_classes
    X = np.eye(n_classes)[codes] * 4 + rng.normal(size=(300, n_classes))
    y = np.array(list(labels))[codes]
    options = {**SMALL, "max_iter": 20, "learning_rate_init": 0.01}
    for model in (LogisticRegression(), DropoutMLPClassifier(**options)):
        curve = occlusion_curve(model.fit(X, y), X, y, fractions=[0, 1 / n_classes])
        assert curve.scores[0] > curve.scores[1]
        if n_classes == 3:
            assert np.mean(curve.relevance.argmax(1) == codes) > 0.8


@pytest.mark.parametrize("fill", ["typical", "missing"])
def test_mixed_tables(mixed_table, fill):
    """Filled cells are the most frequent level and the median, or missing."""
    X, y = mixed_table
    X = X.assign(count=np.arange(300) % 5, flag=np.arange(300) % 2 == 0)
    model = DropoutMLPRegressor(**SMALL).fit(X, y)
    curve = occlusion_curve(model, X, y, fill=fill, fractions=[0, 1])
    cells = {
        name: column.mode()[0] if column.dtype == "category" else column.median()
        for name, column in X.astype({"flag": int}).items()
    }
    row = pd.DataFrame([cells if fill == "typical" else dict.fromkeys(X, np.nan)])
    row = row.astype({name: X[name].dtype for name in ("city", "grade")})
    constant = np.full(300, model.predict(row)[0])
    np.testing.assert_allclose(curve.scores, [model.score(X, y), r2_score(y, constant)], rtol=1e-5)


def test_relevance_in_mixed_tables_is_what_a_linear_network_loses(mixed_table):
    """Cell by cell: the size of the change of the prediction with the column made typical."""
    X, y = mixed_table
    options = {**SMALL, "hidden_layer_sizes": (), "numeric_encoding": "standard"}
    # rows to stop by would have no part in the median; the level not seen is the typical one
    model = DropoutMLPRegressor(**options, n_members=1, early_stopping=False).fit(X, y)
    curve = occlusion_curve(model, X, y, fractions=[0])
    typical = {"a": X["a"].median(), "b": X["b"].median(), "city": "new", "grade": "new"}
    for j, (name, cell) in enumerate(typical.items()):
        changed = X.astype({"city": object, "grade": object}).assign(**{name: cell})
        lost = np.abs(model.predict(X) - model.predict(changed)) / y.std()
        np.testing.assert_allclose(curve.relevance[:, j], lost, rtol=1e-4, atol=1e-6)


def test_missing_cells_of_a_network_are_dropped_columns(mixed_table):
    """Where training had no missing categories, they are read as unknown: typical."""
    X, y = mixed_table
    model = DropoutMLPRegressor(**SMALL).fit(X[["a", "city", "grade"]], y)
    module = model.net_.module_
    blank = X[["a", "city", "grade"]].iloc[:1].copy()
    blank.loc[:] = np.nan
    raw = module.respond(module.encoding.typical()).detach()
    typical = module.natural(raw, model.net_.criterion_).numpy().mean(0)[0, 0]
    expected = typical * y.std() + y.mean()
    np.testing.assert_allclose(model.predict(blank), expected, rtol=1e-5)


def test_other_models_and_scores(mixed_table):
    X, y = mixed_table
    X, y = X[["a", "b"]].fillna(0.0), y > np.median(y)
    forest = RandomForestClassifier(10, random_state=0).fit(X, y)
    curve = occlusion_curve(forest, X, y, scoring="neg_log_loss", fractions=[0, 1])
    assert curve.scores[0] > curve.scores[1]
    frozen = FrozenEstimator(DropoutMLPClassifier(**SMALL).fit(X, y))
    assert occlusion_curve(frozen, X, y, fractions=2).method == "gradient_x_input"


def test_nothing_global_moves(linear, untouched_random_state):
    X, y, model = linear
    occlusion_curve(model, X, y, order="random", fractions=2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"order": "best"}, "order='best'"),
        ({"fractions": [0, 1.2]}, r"fractions=\[0, 1.2\]"),
        ({"fractions": 0}, "fractions=0"),
        ({"fill": "zero"}, "fill='zero'"),
        ({"fill": [0, 0]}, "fill has 2 values for 4 columns"),
    ],
)
def test_bad_parameters(linear, options, message):
    X, y, model = linear
    with pytest.raises(ValueError, match=message):
        occlusion_curve(model, X, y, **options)


def test_bad_share(linear):
    X, y, model = linear
    with pytest.raises(ValueError, match="share=0"):
        effective_number_of_features(model, X, y, share=0)


def test_display(linear):
    import matplotlib.pyplot as plt

    X, y, model = linear
    networks = DropoutMLPRegressor(**SMALL).fit(X, y)
    display = OcclusionDisplay.from_estimators(
        {"linear": model, "network": networks}, X, y, scoring="neg_mean_squared_error", fractions=3
    )
    assert set(display.lines_) == {"linear", "network"}
    np.testing.assert_array_equal(
        display.lines_["linear"].get_ydata(), display.curves["linear"].scores
    )
    assert display.ax_.get_ylabel() == "neg mean squared error"
    assert "most relevant first" in display.ax_.get_xlabel()
    _, ax = plt.subplots()
    again = OcclusionDisplay.from_estimators(model, X, y, order="random", random_state=0, ax=ax)
    assert again.ax_ is ax
    assert list(again.lines_) == ["LinearRegression"]
    plt.close("all")

"""p-values of interactions on rows that no model was trained on."""

from itertools import combinations

import numpy as np
import pytest
from scipy import stats
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

from skdropout import DropoutMLPClassifier, DropoutMLPRegressor
from skdropout.inspection import interaction_tests

QUADRATIC = make_pipeline(PolynomialFeatures(2, include_bias=False), LinearRegression())


def correlated(rng, n, d=4, correlation=0.7):
    law = np.full((d, d), correlation) + (1 - correlation) * np.eye(d)
    return rng.multivariate_normal(np.zeros(d), law, size=n)


def found_by(model, X, y, **options):
    cv = cross_validate(model, X, y, cv=4, return_estimator=True, return_indices=True)
    return interaction_tests(
        cv["estimator"], X, y, cv["indices"]["test"], random_state=0, **options
    )


def beliefs(rng, d):
    """A model that believes in interactions of all pairs, whatever the data."""
    weights = rng.normal(size=(d, d))
    return lambda X: np.einsum("ni,ij,nj->n", X, weights, X) + np.sin(X).sum(1)


@pytest.mark.parametrize("correlation", [0.0, 0.7])
def test_chance_is_uniform_whatever_models_believe(correlation):
    rng = np.random.default_rng(0)
    z = []
    for _ in range(40):
        X = correlated(rng, 300, correlation=correlation)
        noise = rng.normal(size=300) * (0.2 + np.abs(X[:, 3]))
        y = np.sin(2 * X[:, 0]) + X[:, 1] ** 2 + np.exp(X[:, 2] / 2) + noise
        halves = np.arange(150), np.arange(150, 300)
        z.append(interaction_tests([beliefs(rng, 4)] * 2, X, y, halves, random_state=0).z_scores)
    # one of the six of each table, as these depend on each other
    z = np.array(z)[np.arange(40), np.arange(40) % 6]
    assert stats.kstest(z, "norm").pvalue > 0.001


def test_a_step_of_one_column_is_no_interaction():
    """Splines do not follow it, and a model that believes in a step of a product shows it too."""
    rng = np.random.default_rng(0)
    z = []
    for _ in range(40):
        X = rng.normal(size=(1000, 3))
        y = 4 * (X[:, 0] > 0.3) + 0.2 * rng.normal(size=1000)
        halves = np.arange(500), np.arange(500, 1000)
        believes = [lambda X: (X[:, 0] > 0.3) * (X[:, 1] + 2)] * 2
        found = interaction_tests(believes, X, y, halves, interactions=[(0, 1)], random_state=0)
        z += [*found.z_scores]
    assert np.square(z).sum() < stats.chi2.ppf(0.999, len(z))


@pytest.mark.parametrize("correlation", [0.0, 0.7])
def test_a_product_passes_and_others_no_more_often_than_by_chance(correlation):
    rng = np.random.default_rng(1)
    others = []
    for _ in range(12):
        X = correlated(rng, 600, correlation=correlation)
        y = X[:, 0] * X[:, 2] + X[:, 1] + 0.3 * rng.normal(size=600)
        found = found_by(QUADRATIC, X, y)
        assert found.interactions == [*combinations(range(4), 2)]
        assert found.n_rows == 600
        assert found.q_values[1] < 1e-6
        others += [*np.delete(found.p_values, 1)]
    n_false = sum(p < 0.05 for p in others)
    assert n_false <= stats.binom.ppf(0.999, len(others), 0.05)


def test_a_pair_within_a_triple_passes_for_what_it_does_itself():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(800, 3))
    y = X.prod(1) + 0.3 * rng.normal(size=800)
    cubic = make_pipeline(PolynomialFeatures(3), LinearRegression())
    groups = [(0, 1, 2), (0, 1), (0, 2), (1, 2)]
    p_values = found_by(cubic, X, y, interactions=groups).p_values
    assert p_values[0] < 1e-6
    assert (p_values[1:] > 0.001).all()


@pytest.mark.parametrize("n_classes", [2, 3])
def test_classes(n_classes):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(1500, 3))
    score = 3 * X[:, 0] * X[:, 1] + X[:, 2] + rng.logistic(size=1500)
    y = np.array(["a", "b", "c"])[np.digitize(score, [0.0, 2.0][: n_classes - 1])]
    found = found_by(RandomForestClassifier(50, min_samples_leaf=10, random_state=0), X, y)
    assert found.p_values[0] < 1e-6
    assert (found.p_values[1:] > 0.001).all()


def test_additive_log_odds_are_no_interaction():
    rng = np.random.default_rng(4)
    z = []
    for _ in range(40):
        X = rng.normal(size=(300, 2))
        y = 2 * X[:, 0] + 2 * X[:, 1] + rng.logistic(size=300) > 0

        class Wrong:
            classes_ = np.array([False, True])

            def predict_proba(self, X):
                p = 1 / (1 + np.exp(-X[:, 0] * X[:, 1]))
                return np.column_stack([1 - p, p])

        z.append(interaction_tests([Wrong()], X, y, [np.arange(300)], random_state=0).z_scores[0])
    assert stats.kstest(z, "norm").pvalue > 0.001


def test_own_networks_with_a_log_link():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(500, 3))
    y = rng.poisson(np.exp(0.5 * X[:, 0] + 0.5 * X[:, 1]))  # products, no interaction of logarithms
    net = DropoutMLPRegressor((16,), loss="poisson", dropout=0.1, n_members=1, max_iter=15)
    found = found_by(net.set_params(random_state=0, learning_rate_init=0.01), X, y)
    assert (found.q_values > 0.05).all()


def test_several_quantiles_and_labels_are_tested_output_by_output():
    rng = np.random.default_rng(6)
    X = rng.normal(size=(300, 3))
    y = X[:, 0] + rng.normal(size=300)
    options = {"dropout": 0.1, "n_members": 1, "max_iter": 5, "random_state": 0}
    net = DropoutMLPRegressor((8,), loss="quantile", quantile=[0.1, 0.9], **options)
    assert found_by(net, X, y).p_values.shape == (3,)
    labels = np.column_stack([y > 0, y < 1]).astype(int)
    assert found_by(DropoutMLPClassifier((8,), **options), X, labels).p_values.shape == (3,)


def test_those_chosen_from_more_pass_less_easily():
    rng = np.random.default_rng(7)
    X = rng.normal(size=(200, 3))
    y = X[:, 0] * X[:, 1] + rng.normal(size=200)
    few, many = (
        found_by(QUADRATIC, X, y, interactions=[(0, 1)], n_hypotheses=n) for n in (None, 50)
    )
    np.testing.assert_allclose(many.q_values, np.minimum(50 * few.q_values, 1))


def test_of_columns_that_say_the_same_one_pair_passes():
    rng = np.random.default_rng(8)
    X = rng.normal(size=(400, 4))
    X[:, 3] = X[:, 1] + 0.1 * rng.normal(size=400)
    found = found_by(QUADRATIC, X, X[:, 0] * X[:, 1] + rng.normal(size=400))
    passed = [u for u, q in zip(found.interactions, found.q_values, strict=True) if q <= 0.05]
    assert passed in ([(0, 1)], [(0, 3)])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"rows": [np.arange(10)]}, "rows has 1 entries for 2 estimators"),
        ({"rows": [np.arange(5), [99]]}, "rows has numbers that X has not"),
        ({"rows": [[0.5], [1]]}, "arrays of row numbers"),
        ({"rows": [[], []]}, "rows are empty"),
        ({"interactions": [(0, 0)]}, "interactions holds"),
        ({"interactions": [(0, 7)]}, "interactions holds"),
        ({"interactions": 5}, "interactions=5 must be a list of groups"),
        ({"interactions": "ab"}, "interactions='ab' must be a list of groups"),
        ({"interactions": [5]}, "interactions holds 5"),
        ({"rows": None}, "rows=None must be a list of arrays"),
        ({"estimators": None}, "estimators=None must be a list of fitted models"),
        ({"n_hypotheses": 0}, "n_hypotheses"),
    ],
)
def test_bad_input(changed, message):
    X = np.random.default_rng(9).normal(size=(10, 2))
    models = [lambda X: X[:, 0]] * 2
    given = {"estimators": models, "rows": [np.arange(5), np.arange(5, 10)], **changed}
    with pytest.raises(ValueError, match=message):
        interaction_tests(X=X, y=X[:, 0], **given)

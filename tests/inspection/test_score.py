"""Score tests whose errors hold whatever the law of the noise, and what enters by them."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit
from sklearn.linear_model import LogisticRegression, PoissonRegressor

from skdropout.inspection._forward import Output, forward
from skdropout.inspection._score import Regression

NONE = np.empty((5000, 0))


def test_is_least_squares_with_whites_errors():
    rng = np.random.default_rng(0)
    functions, features = rng.normal(size=(60, 2)), rng.normal(size=(60, 3))
    y = features @ [0.5, 0, -1] + functions[:, 0] + rng.normal(size=60) * np.abs(functions[:, 1])
    regression, expected = Regression(y, functions), []
    for feature in features.T:
        design = np.column_stack([np.ones(60), functions, feature])
        bread = np.linalg.inv(design.T @ design)
        beta = bread @ design.T @ y
        scaled = (y - design @ beta) / (1 - np.einsum("ij,jk,ik->i", design, bread, design))
        error = np.sqrt(np.diag(bread @ (design.T * scaled**2) @ design @ bread))
        expected.append(beta[-1] / error[-1])
    np.testing.assert_allclose(regression.scores(features), expected, rtol=1e-9)
    # the same whether functions are there from the beginning, added, or named besides
    regression.add(features[:, :1])
    both = Regression(y, np.column_stack([functions, features[:, :1]]))
    expected = both.scores(features)
    np.testing.assert_allclose(regression.scores(features), expected, rtol=1e-9)
    assert expected[0] == 0
    besides = Regression(y, functions).scores(features[:, 1:], features[:, :1])
    np.testing.assert_allclose(besides, expected[1:], rtol=1e-9)


@pytest.mark.parametrize("link", ["logit", "log"])
def test_a_step_of_newton_tells_what_scikit_learn_s_likelihood_does(link):
    rng = np.random.default_rng(1)
    features = rng.normal(size=(5000, 2))
    eta = 0.7 * features[:, 0] - 0.2
    y = rng.binomial(1, expit(eta)) if link == "logit" else rng.poisson(np.exp(eta))
    peer = LogisticRegression(C=np.inf) if link == "logit" else PoissonRegressor(alpha=0)
    peer.fit(features[:, :1], y)
    x = features[:, :1]
    mean = peer.predict_proba(x)[:, 1] if link == "logit" else peer.predict(x)
    weight = mean * (1 - mean) if link == "logit" else mean
    design = np.column_stack([np.ones(5000), features])
    # slope and information of the second, the first being in the model
    information = np.linalg.inv((design.T * weight) @ design)[2, 2] ** -1
    expected = features[:, 1] @ (y - mean) / information**0.5
    (z,) = Regression(y.astype(float), x, link).scores(features[:, 1:])
    # by the model's own errors, which hold here: they differ by chance, about one part in a hundred
    np.testing.assert_allclose(z, expected, rtol=0.1, atol=0.1)


def test_chance_is_as_often_as_it_should_be_where_noise_differs_between_rows():
    rng = np.random.default_rng(2)
    z = []
    for _ in range(300):
        x = rng.normal(size=(200, 1))
        y = rng.normal(size=200) * (0.1 + x[:, 0] ** 2)
        z.append(Regression(y, x).scores(x**2)[0])
    assert stats.kstest(z, "norm").pvalue > 0.001


def test_what_is_constant_or_said_already_tells_nothing():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(50, 2))
    features = np.column_stack([np.ones(50), x[:, 0] - 2 * x[:, 1], rng.normal(size=50)])
    z = Regression(x[:, 0] + rng.normal(size=50), x).scores(features)
    assert (z[:2] == 0).all()
    assert z[2] != 0


def test_targets_that_are_made_of_functions_leave_nothing_to_tell():
    rng = np.random.default_rng(3)
    functions, features = rng.normal(size=(200, 2)), rng.normal(size=(200, 3))
    regression = Regression(functions @ [1.0, 2.0] + 3, functions)
    np.testing.assert_array_equal(regression.scores(features), 0)


def test_separable_classes_do_no_harm():
    x = np.linspace(-1, 1, 100)[:, None]
    regression = Regression((x[:, 0] > 0).astype(float), NONE[:100], "logit")
    assert regression.scores(x)[0] > 2
    regression.add(x)
    assert np.isfinite(regression.scores(x**2)).all()


def entered(y, features, functions, n_hypotheses=None, link="identity"):
    def nothing(_):
        return NONE[: len(y)]

    models, sizes = np.zeros(len(y), dtype=int), np.full(features.shape[1], 2)
    output = Output(Regression(y, functions, link), features, models, lambda _: None, nothing)
    return forward([output], sizes, n_hypotheses or features.shape[1])


def test_candidates_that_say_the_same_enter_once():
    """Side by side neither would be told from the other; one after the other one enters."""
    rng = np.random.default_rng(4)
    cause = rng.normal(size=500)
    features = cause[:, None] + 0.1 * rng.normal(size=(500, 3))
    _, _, q = entered(cause + rng.normal(size=500), features, NONE[:500])
    assert sorted(q <= 0.05) == [False, False, True]


def test_rates_are_those_of_benjamini_and_gavrilov():
    """What enters i-th of m has a p-value of at most q i / (m + 1 - i (1 - q))."""
    rng = np.random.default_rng(5)
    features = np.linalg.qr(rng.normal(size=(400, 8)))[0] * 20
    y = features @ [0.5, 0.4, 0.3, 0.2, 0, 0, 0, 0] + rng.normal(size=400)
    _, p, q = entered(y, features, NONE[:400], n_hypotheses=20)
    order = np.argsort(p)
    worst = 0.0
    for i, k in enumerate(order[q[order] <= 0.2], start=1):
        worst = max(worst, q[k])
        assert q[k] == worst
        assert p[k] <= q[k] * i / (20 + 1 - i * (1 - q[k])) * (1 + 1e-9)
    assert (q <= 0.05).sum() >= 3


def test_rarely_does_one_of_many_false_candidates_enter():
    rng = np.random.default_rng(6)
    n_false = 0
    for _ in range(200):
        features, functions = rng.normal(size=(300, 20)), rng.normal(size=(300, 3))
        _, _, q = entered(functions @ [1.0, 1, 1] + rng.normal(size=300), features, functions)
        n_false += (q <= 0.05).any()
    # binomial of 200 and .05: 4 standard deviations above its mean
    assert n_false <= 10 + 4 * (200 * 0.05 * 0.95) ** 0.5

"""Regressions whose errors hold whatever the law of the noise."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit
from sklearn.linear_model import LogisticRegression, PoissonRegressor

from skdropout.inspection._wald import wald


def test_is_least_squares_with_whites_errors():
    rng = np.random.default_rng(0)
    nuisance, features = rng.normal(size=(60, 2)), rng.normal(size=(60, 3))
    y = features @ [0.5, 0, -1] + nuisance[:, 0] + rng.normal(size=60) * np.abs(nuisance[:, 1])
    design = np.column_stack([np.ones(60), nuisance, features])
    bread = np.linalg.inv(design.T @ design)
    beta = bread @ design.T @ y
    leverage = np.einsum("ij,jk,ik->i", design, bread, design)
    scaled = (y - design @ beta) / (1 - leverage)
    error = np.sqrt(np.diag(bread @ (design.T * scaled**2) @ design @ bread))
    np.testing.assert_allclose(wald(features, nuisance, y), (beta / error)[3:], rtol=1e-9)


@pytest.mark.parametrize("link", ["logit", "log"])
def test_fits_as_scikit_learn_does(link):
    rng = np.random.default_rng(1)
    features = rng.normal(size=(5000, 2))
    eta = features @ [0.7, 0.0] - 0.2
    y = rng.binomial(1, expit(eta)) if link == "logit" else rng.poisson(np.exp(eta))
    peer = LogisticRegression(C=np.inf) if link == "logit" else PoissonRegressor(alpha=0)
    slope = np.ravel(peer.fit(features, y).coef_)
    mean = peer.predict_proba(features)[:, 1] if link == "logit" else peer.predict(features)
    weight = mean * (1 - mean) if link == "logit" else mean
    design = np.column_stack([np.ones(5000), features])
    error = np.sqrt(np.diag(np.linalg.inv((design.T * weight) @ design)))[1:]
    z = wald(features, np.empty((5000, 0)), y.astype(float), link)
    # by the model's own errors, which hold here: they differ by chance, about one part in a hundred
    np.testing.assert_allclose(z, slope / error, rtol=0.1, atol=0.1)


def test_chance_is_as_often_as_it_should_be_where_noise_differs_between_rows():
    rng = np.random.default_rng(2)
    z = []
    for _ in range(300):
        x = rng.normal(size=(200, 1))
        z.append(wald(x**2, x, rng.normal(size=200) * (0.1 + x[:, 0] ** 2))[0])
    assert stats.kstest(z, "norm").pvalue > 0.001


def test_what_is_constant_or_said_already_tells_nothing():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(50, 2))
    features = np.column_stack([np.ones(50), x[:, 0] - 2 * x[:, 1], rng.normal(size=50)])
    z = wald(features, x, x[:, 0] + rng.normal(size=50))
    assert (z[:2] == 0).all()
    assert z[2] != 0


def test_targets_that_are_made_of_nuisance_leave_nothing_to_tell():
    rng = np.random.default_rng(3)
    nuisance, features = rng.normal(size=(200, 2)), rng.normal(size=(200, 3))
    np.testing.assert_array_equal(wald(features, nuisance, nuisance @ [1.0, 2.0] + 3), 0)


def test_separable_classes_do_no_harm():
    x = np.linspace(-1, 1, 100)[:, None]
    z = wald(x, np.empty((100, 0)), (x[:, 0] > 0).astype(float), "logit")
    assert np.isfinite(z).all()
    assert z[0] > 2

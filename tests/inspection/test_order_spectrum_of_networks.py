"""Order spectra of the library's own networks, all of a stack at once."""

import numpy as np
import pytest
import torch
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression

from skdropout import DropoutMLPClassifier, DropoutMLPRegressor
from skdropout.inspection import interaction_order_spectrum
from tests.inspection.test_order_spectrum import mixed_frame, uniform


def networks(**parameters):
    X = mixed_frame()[["amount", "city", "plan"]]
    y = X["amount"] * (X["city"] == "Oslo") + (X["plan"] == "a")
    options = {"max_iter": 5, "random_state": 0, **parameters}
    return X, DropoutMLPRegressor((16,), **options).fit(X, y)


@pytest.mark.parametrize("method", ["noise_stability", "distillation"])
def test_own_networks_as_any_function(method):
    X, model = networks(n_members=2)
    options = {"n_evaluations": 4000, "max_order": 2, "random_state": 0, "method": method}
    own = interaction_order_spectrum(model, X, **options)
    function = interaction_order_spectrum(lambda table: model.predict(table), X, **options)
    np.testing.assert_allclose(own.variances, function.variances)
    np.testing.assert_allclose(own.standard_errors, function.standard_errors)


@pytest.mark.parametrize("class_score", ["logit", "probability"])
@pytest.mark.parametrize("edges", [[0], [-0.5, 0.5]])
def test_own_classifiers_as_any_function(class_score, edges):
    X = uniform(300, 3)
    model = DropoutMLPClassifier((8,), n_members=2, max_iter=3, random_state=0)
    model.fit(X, np.digitize(X[:, 0] + X[:, 1], edges))
    options = {"n_evaluations": 2000, "class_score": class_score, "random_state": 0}
    other = FrozenEstimator(model)  # known by its predict_proba alone
    np.testing.assert_allclose(
        interaction_order_spectrum(model, X, **options).variances,
        interaction_order_spectrum(other, X, **options).variances,
    )


def test_each_network_by_itself():
    X, model = networks(n_members=3, dropout=[[0.0], [0.3], [0.6]])
    options = {"n_evaluations": 4000, "max_order": 2, "random_state": 0}
    spectrum = interaction_order_spectrum(model, X, per_member=True, **options)
    assert spectrum.variances.shape == spectrum.standard_errors.shape == (3, 2)
    assert spectrum.remainder.shape == (3,)
    for k in range(3):
        one = interaction_order_spectrum(
            lambda table, k=k: model._decode(model._forward(table))[k], X, **options
        )
        for name in ("variances", "normalized", "remainder", "standard_errors"):
            np.testing.assert_allclose(spectrum[name][k], one[name], atol=1e-12)


def test_members_of_a_strange_estimator():
    X = uniform(50, 2)
    model = LinearRegression().fit(X, X[:, 0])
    with pytest.raises(ValueError, match="per_member=True needs"):
        interaction_order_spectrum(model, X, per_member=True)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_networks_on_a_gpu():
    X, model = networks(device="cuda")
    options = {"n_evaluations": 4000, "random_state": 0}
    own = interaction_order_spectrum(model, X, **options)
    function = interaction_order_spectrum(lambda table: model.predict(table), X, **options)
    np.testing.assert_allclose(own.variances, function.variances, rtol=1e-6)

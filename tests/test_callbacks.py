"""SpectrumCallback: what it records, and that nothing else changes."""

import copy
import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone

from skdropout import DropoutMLPClassifier, DropoutMLPRegressor, DropoutMLPRegressorCV
from skdropout.callbacks import SpectrumCallback
from skdropout.datasets import make_pure_interaction
from skdropout.inspection import interaction_order_spectrum

X, y = make_pure_interaction(300, n_features=4, order=2, noise=0.1, random_state=0)
MEASURED = {"max_order": 2, "n_evaluations": 2000}
SMALL = {"hidden_layer_sizes": (16,), "max_iter": 6, "early_stopping": False, "random_state": 0}


def fitted(callback, cls=DropoutMLPRegressor, target=y, **parameters):
    return cls(**{**SMALL, **parameters}, callbacks=[callback]).fit(X, target)


def test_every_other_epoch():
    callback = SpectrumCallback(X, every=2, **MEASURED)
    fitted(callback)
    assert list(callback.spectra_) == [2, 4, 6]
    assert callback.spectra_[4].variances.shape == (2,)


def test_last_record_is_the_spectrum_of_the_fitted_estimator():
    callback = SpectrumCallback(X, random_state=3, **MEASURED)
    model = fitted(callback, n_members=2)
    expected = interaction_order_spectrum(model, X, random_state=3, **MEASURED)
    np.testing.assert_allclose(callback.spectra_[6].variances, expected.variances)


def test_training_is_the_same_without():
    plain = DropoutMLPRegressor(dropout=0.3, **SMALL).fit(X, y)
    watched = fitted(SpectrumCallback(X, **MEASURED), dropout=0.3)
    np.testing.assert_array_equal(plain.predict(X), watched.predict(X))


@pytest.mark.usefixtures("untouched_random_state")
def test_global_random_state_is_left_alone():
    fitted(SpectrumCallback(X, every=3, **MEASURED))


def test_per_member_and_members_that_have_stopped():
    callback = SpectrumCallback(X, per_member=True, **MEASURED)
    rates = [[0.0], [0.9], [0.0], [0.9]]
    options = {"early_stopping": True, "n_iter_no_change": 2, "max_iter": 60}
    model = fitted(callback, n_members=4, dropout=rates, learning_rate_init=0.05, **options)
    shapes = {spectrum.variances.shape for spectrum in callback.spectra_.values()}
    assert shapes == {(4, 2)}
    assert np.isfinite(callback.spectra_[1].variances).all()
    last = callback.spectra_[model.n_iter_]
    stopped = np.isnan(last.variances).all(1)
    assert stopped.any()
    assert not stopped.all()
    assert np.isnan(last.remainder[stopped]).all()


def test_pickle_clone_and_copy():
    callback = SpectrumCallback(X, every=3, **MEASURED)
    model = fitted(callback)
    loaded = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    (copied,) = loaded.callbacks
    assert list(copied.spectra_) == [3, 6]
    copy.deepcopy(model)
    fresh = clone(model)
    assert not hasattr(fresh.callbacks[0], "spectra_")
    assert fresh.fit(X, y).callbacks[0].spectra_.keys() == callback.spectra_.keys()


def test_a_second_fit_starts_anew():
    callback = SpectrumCallback(X, **MEASURED)
    fitted(callback)
    fitted(callback, max_iter=2)
    assert list(callback.spectra_) == [1, 2]


def test_partial_fit_goes_on():
    callback = SpectrumCallback(X, **MEASURED)
    model = DropoutMLPRegressor(**SMALL, callbacks=[callback])
    for _ in range(3):
        model.partial_fit(X, y)
    assert list(callback.spectra_) == [1, 2, 3]
    expected = interaction_order_spectrum(model, X, random_state=0, **MEASURED)
    np.testing.assert_allclose(callback.spectra_[3].variances, expected.variances)


def test_classifier_and_search():
    callback = SpectrumCallback(X, every=6, class_score="probability", **MEASURED)
    fitted(callback, DropoutMLPClassifier, np.digitize(y, [-0.5, 0.5]))
    assert 0 < callback.spectra_[6].variances.sum() < 1
    callback = SpectrumCallback(X, every=6, **MEASURED)
    fitted(callback, DropoutMLPRegressorCV, dropouts=[0, 0.2], cv=2)
    assert list(callback.spectra_) == [6]


def test_nothing_of_the_training_is_kept():
    model = fitted(SpectrumCallback(X, every=6, **MEASURED))
    assert model.net_.estimator_so_far is None


@pytest.mark.parametrize("every", [0, 1.5])
def test_bad_every(every):
    with pytest.raises(ValueError, match=r"every=.* must be a positive integer"):
        fitted(SpectrumCallback(X, every=every))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_on_a_gpu():
    callback = SpectrumCallback(X, every=6, **MEASURED)
    fitted(callback, device="cuda")
    assert callback.spectra_[6].variances.sum() > 0

"""The life of a search: memory, divergence, interruption, callbacks, bad input."""

import numpy as np
import pytest
import torch
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GroupKFold

from skdropout import DropoutMLPRegressorCV
from skdropout._estimators.template import BaseDropoutMLP
from tests.estimators.search.test_search import data as data
from tests.training.test_training import Counter, Recorder

SMALL = {
    "hidden_layer_sizes": (16, 8),
    "n_members": 1,
    "max_iter": 3,
    "random_state": 0,
}

pytestmark = pytest.mark.usefixtures("untouched_random_state")


def test_slices_and_out_of_memory_change_nothing_at_rate_zero(data, monkeypatch):
    X, y = data
    common = {**SMALL, "dropouts": [0.0] * 5, "cv": 3, "refit": False}
    whole = DropoutMLPRegressorCV(**common).fit(X, y)
    sizes, original = [], BaseDropoutMLP._train

    def small_memory(self, plan, table, members, *args):
        sizes.append(len(members))
        if len(members) > 4:
            raise torch.cuda.OutOfMemoryError("no more")
        return original(self, plan, table, members, *args)

    monkeypatch.setattr(BaseDropoutMLP, "_train", small_memory)
    halved = DropoutMLPRegressorCV(**common).fit(X, y)
    assert sizes == [15, 9, 6, 3, 3, 3, 6, 3, 3]
    np.testing.assert_allclose(halved.scores_, whole.scores_, rtol=1e-5)
    monkeypatch.setattr("skdropout._stack.batches._CPU_BYTES", 2**19)
    sizes.clear()
    DropoutMLPRegressorCV(**common).fit(X, y)
    assert 1 < sizes[0] < 5


def test_divergence_leaves_a_rate_out_of_the_choice(data, monkeypatch):
    X, y = data

    def score(estimator, X_test, y_test):
        return np.nan if next(calls) % 2 else -1.0

    calls = iter(range(100))
    search = DropoutMLPRegressorCV(**SMALL, dropouts=[0.0, 0.2], cv=2, scoring=score)
    with pytest.warns(ConvergenceWarning, match="1 of 2 dropout rates"):
        search.fit(X, y)
    assert search.dropout_ == 0.0
    with pytest.raises(ValueError, match="No dropout rate"):
        search.set_params(scoring=lambda *_: np.nan).fit(X, y)
    assert search.dropout_ == 0.0, "a failed fit changes nothing"


def test_without_refit_there_is_nothing_to_predict_with(data):
    search = DropoutMLPRegressorCV(**SMALL, dropouts=2, cv=2, refit=False).fit(*data)
    assert search.dropout_ in (0.0, 0.9)
    with pytest.raises(NotFittedError):
        search.predict(data[0])


def test_warm_start_goes_on_from_the_last_networks(data):
    X, y = data
    search = DropoutMLPRegressorCV(**SMALL, dropouts=[0.0], cv=2, warm_start=True).fit(X, y)
    assert search.fit(X, y).n_iter_ == 6
    assert len(search.loss_curve_) == 6


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"dropouts": [0.1, 1.0]}, "dropouts"),
        ({"dropouts": [-0.1]}, "dropouts"),
        ({"dropouts": []}, "dropouts"),
        ({"dropouts": [[0.1]]}, "dropouts"),
        ({"dropouts": 0}, "dropouts"),
        ({"dropouts": ["much"]}, "dropouts"),
        ({"input_dropouts": [np.nan]}, "input_dropouts"),
        ({"input_dropouts": [0.1, 0.2, 0.3], "grid": "paired"}, "paired"),
        ({"cv": 151}, "n_splits=151"),
        ({"cv": []}, "0 folds"),
        ({"cv": [(np.arange(150), np.arange(0))]}, "each of which needs"),
        ({"cv": [([3], [4])]}, "each of which needs"),
        ({"scoring": "beauty"}, "scoring"),
        ({"grid": "random"}, "grid"),
        ({"racing": True, "early_stopping": False}, "early_stopping"),
        ({"racing": True, "cv": [([0, 1, 2], [4])]}, "two folds"),
        ({"one_standard_error": True, "cv": [([0, 1, 2], [4])]}, "two folds"),
    ],
)
def test_bad_input(data, parameters, message, monkeypatch):
    monkeypatch.setattr(BaseDropoutMLP, "_train", None)
    search = DropoutMLPRegressorCV(**{**SMALL, "dropouts": [0.0, 0.2], **parameters})
    with pytest.raises(ValueError, match=message):
        search.fit(*data)
    assert not hasattr(search, "n_features_in_")


def test_groups_too_few_to_set_any_aside(data):
    search = DropoutMLPRegressorCV(**SMALL, dropouts=[0.0], cv=GroupKFold(2))
    with pytest.raises(ValueError, match="all of one group"):
        search.fit(*data, groups=np.arange(150) % 2)


def test_verbose_shows_search_and_final_training(data, capsys):
    DropoutMLPRegressorCV(**SMALL, dropouts=[0.0], cv=2, verbose=1).fit(*data)
    shown = capsys.readouterr().err
    assert shown.count("3/3") >= 2  # a slow machine shows the end twice
    assert "DropoutMLPRegressorCV: search, 2 networks" in shown
    assert "DropoutMLPRegressorCV: chosen rate, " in shown


def test_verbose_counts_the_parts_of_a_search(data, capsys, monkeypatch):
    monkeypatch.setattr(DropoutMLPRegressorCV, "_members_that_fit", lambda *_: 2)
    DropoutMLPRegressorCV(**SMALL, dropouts=[0.0, 0.2], cv=2, verbose=1).fit(*data)
    shown = capsys.readouterr().err
    assert "search, part 1 of 2, 2 networks" in shown
    assert "search, part 2 of 2, 2 networks" in shown


def test_callbacks_see_the_final_training(data):
    """skorch's are called in the refit; scikit-learn's see its epochs as tasks of the fit."""
    counter, recorder = Counter(), Recorder()
    search = DropoutMLPRegressorCV(**SMALL, dropouts=[0.0, 0.2], cv=2, callbacks=[recorder])
    search.set_callbacks(counter).fit(*data)
    assert counter.tasks == ["setup", *["epoch"] * 3, "fit", "teardown"]
    assert [losses[0] for losses in recorder.seen[1:-1]] == search.loss_curve_

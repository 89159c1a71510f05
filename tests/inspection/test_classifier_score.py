"""One score of a classifier, wherever it is asked for: see ``given_models.score``."""

import copy

import numpy as np
import pytest
import torch
from sklearn.neural_network import MLPClassifier
from skorch import NeuralNetClassifier
from torch import nn

from skdropout import DropoutMLPClassifier
from skdropout.inspection import (
    explain_global,
    explain_local,
    interaction_order_spectrum,
    interaction_strengths,
    occlusion_curve,
    perturbation_mse,
)
from tests.inspection.given_models import KINDS, GivenClassifier, GivenScore, score

pytestmark = pytest.mark.usefixtures("untouched_random_state")

X = np.random.default_rng(0).normal(size=(100, 3))


every_kind = pytest.mark.parametrize("kind", KINDS)


@every_kind
def test_strengths_are_those_of_the_score(kind):
    options = {"method": "superset", "random_state": 0}
    found = interaction_strengths(GivenClassifier(kind), X, **options)
    expected = interaction_strengths(GivenScore(kind), X, **options)
    np.testing.assert_allclose(found.strengths, expected.strengths, rtol=1e-6, atol=1e-9)


@every_kind
def test_spectrum_is_that_of_the_score(kind):
    options = {"n_evaluations": 2000, "random_state": 0}
    found = interaction_order_spectrum(GivenClassifier(kind), X, **options)
    expected = interaction_order_spectrum(GivenScore(kind), X, **options)
    np.testing.assert_allclose(found.variances, expected.variances, rtol=1e-6, atol=1e-9)


@every_kind
def test_relevance_is_the_change_of_the_true_ones_score(kind):
    """Of two classes or of labels it counts with the sign of the true one, of more it is its."""
    model = GivenClassifier(kind)
    y = model.predict(X[::-1])
    found = occlusion_curve(model, X, y, fractions=2, fill=[0.0, 0.0, 0.0]).relevance
    for column in range(3):
        filled = X.copy()
        filled[:, column] = 0
        change = score(kind, X) - score(kind, filled)
        if kind == "three classes":
            expected = change[np.arange(100), y]
        else:
            holds = (y == "yes")[:, None] if kind == "two classes" else y == 1
            expected = np.where(holds, change, -change).sum(1)
        np.testing.assert_allclose(found[:, column], expected, rtol=1e-6, atol=1e-9)


EXPLAINED = [
    (kind, output, column)
    for kind in KINDS
    for column, output in enumerate(["no", "yes"] if kind == "two classes" else [0, 1, 2])
]


every_output = pytest.mark.parametrize(("kind", "output", "column"), EXPLAINED)


@every_output
def test_global_effects_are_those_of_the_score(kind, output, column):
    options = {"interactions": [(0, 1)], "n_grid": 4, "random_state": 0}
    found = explain_global(GivenClassifier(kind), X, output=output, **options)
    expected = explain_global(GivenScore(kind, column), X, **options)
    # of two classes the score is the second's
    sign = -1 if output == "no" else 1
    for term in range(4):
        np.testing.assert_allclose(
            found.data(term)["scores"], sign * expected.data(term)["scores"], rtol=1e-6, atol=1e-9
        )


@every_output
def test_local_terms_sum_to_the_score(kind, output, column):
    options = {"background": X, "interactions": [(0, 1)], "random_state": 0}
    row = explain_local(GivenClassifier(kind), X[:1], output=output, **options).data(0)
    known = score(kind, X[:1])[0]
    known = known[0] * (-1 if output == "no" else 1) if len(known) == 1 else known[column]
    np.testing.assert_allclose(sum(row["scores"], row["extra"]["scores"][0]), known, rtol=1e-6)


@pytest.mark.parametrize("n_labels", [2, 3])
def test_variance_of_labels_is_the_sum_of_the_labels_own(n_labels):
    """Of independent columns: both sides are estimates of the same sum, within 5 %."""
    table = np.random.default_rng(1).normal(size=(300, 3))
    targets = np.column_stack([table[:, 0] * table[:, 1] > 0, table[:, 2] > 0, table[:, 0] > 1])
    model = DropoutMLPClassifier((16,), n_members=1, max_iter=10, random_state=0)
    model.fit(table, targets[:, :n_labels].astype(int))

    def total(f):
        found = interaction_order_spectrum(f, table, n_evaluations=10_000, random_state=0)
        return found.variances.sum() + found.remainder

    def log_odds(label):
        def of_rows(rows):
            p = model.predict_proba(rows)[:, label]
            return np.log(p) - np.log1p(-p)

        return of_rows

    own = sum(total(log_odds(label)) for label in range(n_labels))
    np.testing.assert_allclose(total(model), own, rtol=0.05)


@pytest.fixture(scope="module")
def three_classes():
    """Rows of three classes, and scikit-learn's network, which has a logit for each."""
    table = np.random.default_rng(0).normal(size=(200, 3))
    y = np.digitize(table[:, 0] * table[:, 1], [-0.3, 0.3])
    model = MLPClassifier((8,), activation="tanh", max_iter=20, tol=1e9, random_state=0)
    return table, y, model.fit(table, y)


def shifted(model):
    """The same classifier: what is added to all its logits alike changes no probability."""
    twin = copy.deepcopy(model)
    twin.coefs_[-1] = twin.coefs_[-1] + np.linspace(-1, 1, 8)[:, None]
    return twin


@pytest.mark.parametrize("method", ["smooth_hessian", "superset"])
def test_strengths_depend_on_probabilities_alone(three_classes, method):
    table, _, model = three_classes
    options = {"method": method, "random_state": 0}
    found = interaction_strengths(shifted(model), table, **options)
    expected = interaction_strengths(model, table, **options)
    np.testing.assert_allclose(found.strengths, expected.strengths, rtol=1e-6, atol=1e-9)


def test_perturbation_mse_depends_on_probabilities_alone(three_classes):
    table, _, model = three_classes
    options = {"n_perturbations": 50, "n_points": 20, "random_state": 0}
    found = perturbation_mse(shifted(model), table, **options)
    expected = perturbation_mse(model, table, **options)
    np.testing.assert_allclose(found.linear, expected.linear, rtol=1e-6)


def test_relevance_depends_on_probabilities_alone(three_classes):
    table, y, _ = three_classes
    model = DropoutMLPClassifier((8,), n_members=2, max_iter=2, random_state=0)
    twin = copy.deepcopy(model.fit(table, y))
    with torch.no_grad():
        twin.net_.module_.output.weight.add_(torch.linspace(-1, 1, 8)[:, None])
    np.testing.assert_allclose(twin.predict_proba(table), model.predict_proba(table), atol=1e-5)
    found, expected = (occlusion_curve(m, table, y, fractions=2).relevance for m in (twin, model))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("method", ["smooth_hessian", "superset"])
def test_two_logits_are_one_log_odds(three_classes, method):
    table = three_classes[0].astype(np.float32)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 2))
        net = NeuralNetClassifier(
            module, criterion=nn.CrossEntropyLoss, max_epochs=1, train_split=None, verbose=0
        ).fit(table, (table[:, 0] > 0).astype(int))
        difference = nn.Linear(2, 1, bias=False)
    difference.weight.data = torch.tensor([[-1.0, 1.0]])
    options = {"method": method, "random_state": 0}
    found = interaction_strengths(net, table, **options)
    expected = interaction_strengths(nn.Sequential(net.module_, difference), table, **options)
    np.testing.assert_allclose(found.strengths, expected.strengths, rtol=1e-3, atol=1e-5)

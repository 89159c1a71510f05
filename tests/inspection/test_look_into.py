"""Whatever the model: its answers are those of predict, its score is one, its columns are known."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.special import logit
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from skorch import NeuralNetBinaryClassifier, NeuralNetClassifier, NeuralNetRegressor
from torch import nn

from skdropout import DropoutMLPClassifier, DropoutMLPRegressor
from skdropout.inspection import (
    InteractionDisplay,
    explain_local,
    interaction_order_spectrum,
    interaction_strengths,
)
from skdropout.inspection._anova import grid_of
from skdropout.inspection._look_into import Preprocessed, look_into
from skdropout.inspection._model import Predictions

RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 3))
SOURCE = RNG.integers(80, size=(50, 3))
ROWS = X[SOURCE, np.arange(3)]
CLASSES = np.digitize(X[:, 0] * X[:, 1], [-0.3, 0.3])
LABELS = (X[:, :2] > 0).astype(int)
SMALL = {"hidden_layer_sizes": (8,), "max_iter": 2, "random_state": 0}
OF_SKLEARN = {**SMALL, "tol": 1e9, "max_iter": 20}


def log_odds(p):
    logs = np.log(p)
    return logs[:, 1:] - logs[:, :1] if p.shape[1] == 2 else logs - logs.mean(1, keepdims=True)


def ours(y, cls=DropoutMLPClassifier):
    return cls(**SMALL, n_members=2).fit(X, y)


def skorch_net(cls, layers, y, **options):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = cls(layers(), max_epochs=1, train_split=None, verbose=0, **options)
        return net.fit(X.astype(np.float32), y)


CLASSIFIERS = {
    "ours, two": lambda: ours(CLASSES > 0),
    "ours, three": lambda: ours(CLASSES),
    "frozen": lambda: FrozenEstimator(ours(CLASSES)),
    "pipeline": lambda: make_pipeline(StandardScaler(), ours(CLASSES)).fit(X, CLASSES),
    "MLP, two": lambda: MLPClassifier(**OF_SKLEARN).fit(X, CLASSES > 0),
    "MLP, three": lambda: MLPClassifier(**OF_SKLEARN).fit(X, CLASSES),
    "trees": lambda: HistGradientBoostingClassifier(max_iter=5).fit(X, CLASSES),
    "logits": lambda: skorch_net(
        NeuralNetClassifier, lambda: nn.Linear(3, 3), CLASSES, criterion=nn.CrossEntropyLoss
    ),
    "probabilities": lambda: skorch_net(
        NeuralNetClassifier, lambda: nn.Sequential(nn.Linear(3, 3), nn.Softmax(1)), CLASSES
    ),
    "one logit": lambda: skorch_net(
        NeuralNetBinaryClassifier, lambda: nn.Linear(3, 1), (CLASSES > 0).astype(np.float32)
    ),
}


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_answers_of_classifiers_are_those_of_their_probabilities(name):
    model = CLASSIFIERS[name]()
    is_skorch = hasattr(model, "module_")
    p = model.predict_proba(ROWS.astype(np.float32) if is_skorch else ROWS)
    looked, tolerance = look_into(model, X), 1e-5 if is_skorch else 1e-9
    np.testing.assert_allclose(looked.answers(SOURCE)[0], log_odds(p), atol=tolerance)
    found = looked.answers(SOURCE, "probability")[0]
    np.testing.assert_allclose(found, p[:, 1:] if p.shape[1] == 2 else p, atol=tolerance)


@pytest.mark.parametrize("model", [ours, lambda y: MLPClassifier(**OF_SKLEARN).fit(X, y)])
def test_answers_of_two_labels_are_not_those_of_two_classes(model):
    model = model(LABELS)
    p, looked = model.predict_proba(ROWS), look_into(model, X)
    np.testing.assert_allclose(looked.answers(SOURCE)[0], logit(p), atol=1e-9)
    np.testing.assert_allclose(looked.answers(SOURCE, "probability")[0], p)
    assert looked.classes == [0, 1]
    assert looked.are_labels


REGRESSORS = {
    "ours": lambda y: ours(y, DropoutMLPRegressor),
    "two outputs": lambda y: ours(np.column_stack([y, -y]), DropoutMLPRegressor),
    "MLP": lambda y: MLPRegressor(**OF_SKLEARN).fit(X, y),
    "MLP with a log link": lambda y: MLPRegressor(**OF_SKLEARN, loss="poisson").fit(X, y),
    "search": lambda y: GridSearchCV(LinearRegression(), {}, cv=2).fit(X, y),
    "skorch": lambda y: skorch_net(
        NeuralNetRegressor, lambda: nn.Linear(3, 1), y[:, None].astype(np.float32)
    ),
}


@pytest.mark.parametrize("name", REGRESSORS)
def test_answers_of_regressors_are_their_predictions(name):
    model = REGRESSORS[name](np.exp(X[:, 0]))
    is_skorch = hasattr(model, "module_")
    expected = model.predict(ROWS.astype(np.float32) if is_skorch else ROWS).reshape(50, -1)
    np.testing.assert_allclose(look_into(model, X).answers(SOURCE)[0], expected, rtol=1e-5)


def test_functions_are_models_of_tables_like_the_one_given():
    frame = pd.DataFrame(X, columns=list("abc"))
    looked = look_into(lambda table: table["a"] * table["b"], frame)
    np.testing.assert_allclose(looked.answers(SOURCE)[0, :, 0], ROWS[:, 0] * ROWS[:, 1])
    found = interaction_strengths(lambda t: t["a"] * t["b"], frame, method="superset")
    assert found.names[0] == ("a", "b")


@pytest.fixture(scope="module")
def mixed():
    """A frame, and columns made of it that move rarely or never."""
    frame = pd.DataFrame(
        {"size": X[:, 0], "city": RNG.choice(["Rome", "Oslo"], 80), "age": X[:, 1]}
    )
    frame.loc[7, "city"] = "Lima"
    frame.loc[[3, 30], "age"] = np.nan
    columns = make_column_transformer(
        (OneHotEncoder(categories=[["Bonn", "Lima", "Oslo", "Rome"]]), ["city"]),
        (SimpleImputer(add_indicator=True), ["age", "size"]),
    )
    return frame, columns.fit(frame)


def test_preprocessing_is_looked_through(mixed):
    frame, columns = mixed
    members = DropoutMLPRegressor(**SMALL, n_members=2)
    model = make_pipeline(columns, members).fit(frame, X[:, 2])
    looked = look_into(model, frame)
    assert isinstance(looked, Preprocessed)
    redrawn = pd.DataFrame(
        {name: frame[name].to_numpy()[SOURCE[:, j]] for j, name in enumerate(frame)}
    )
    np.testing.assert_allclose(looked.answers(SOURCE)[0, :, 0], model.predict(redrawn), rtol=1e-9)
    assert looked.answers(SOURCE, per_member=True).shape == (2, 50, 1)
    # Bonn, of which there is no row, moves nothing; then the other cities, age, size, age's gaps
    assert looked.networks[0].column_of_input.tolist()[1:] == [1, 1, 1, 2, 0, 2]
    spectrum = interaction_order_spectrum(
        model, frame, n_evaluations=2000, max_order=2, random_state=0
    )
    expected = interaction_order_spectrum(
        lambda table: model.predict(table), frame, n_evaluations=2000, max_order=2, random_state=0
    )
    np.testing.assert_allclose(spectrum.variances, expected.variances, rtol=1e-6)


def test_only_columns_that_move_make_up_a_line(mixed):
    """A level no row has changes nothing, whichever column it is put down to."""
    frame, columns = mixed
    y = frame["size"] * (frame["city"] == "Rome")
    network = MLPRegressor(**OF_SKLEARN).fit(columns.transform(frame)[:, 1:], y)
    seen = interaction_strengths(
        make_pipeline(_Dropping().fit(columns), network), frame, random_state=0, n_perturbations=14
    )
    network.coefs_[0] = np.vstack([np.ones((1, 8)), network.coefs_[0]])
    unseen = interaction_strengths(
        make_pipeline(columns, network), frame, random_state=0, n_perturbations=14
    )
    np.testing.assert_allclose(unseen.own_effects, seen.own_effects, rtol=0.02)


class _Dropping(TransformerMixin, BaseEstimator):
    """Other columns without their first."""

    def fit(self, columns, y=None):
        self.columns_ = columns
        return self

    def transform(self, X):
        return self.columns_.transform(X)[:, 1:]


class _Makes(TransformerMixin, BaseEstimator):
    """Columns by a formula."""

    def __init__(self, formula):
        self.formula = formula

    def fit(self, X, y=None):
        self.is_fitted_ = True
        return self

    def transform(self, X):
        return np.column_stack(self.formula(X))


def test_what_depends_on_a_second_column_in_one_row_is_not_taken_for_the_first():
    frame = pd.DataFrame({"size": RNG.normal(size=1000), "city": "Rome"})
    frame.loc[900, "city"] = "Lima"
    products = _Makes(lambda X: [X["size"], X["size"] * (X["city"] == "Lima")])
    model = make_pipeline(products, MLPRegressor(**OF_SKLEARN)).fit(frame, frame["size"])
    assert isinstance(look_into(model, frame), Predictions)
    with pytest.raises(ValueError, match=r"makes 'column 1' of 'size' and 'city'; use method="):
        interaction_strengths(model, frame)


def test_what_no_column_moves_alone_is_not_taken_for_a_constant():
    table = np.repeat(RNG.integers(2, size=(300, 1)), 3, axis=1).astype(float)
    majority = _Makes(lambda X: [X.sum(1) > 1.5])
    model = make_pipeline(majority, LinearRegression()).fit(table, table[:, 0])
    assert isinstance(look_into(model, table), Predictions)
    with pytest.raises(ValueError, match="of several columns together"):
        interaction_strengths(model, table)


def test_what_cannot_be_traced_is_named():
    frame = pd.DataFrame(X, columns=["width", "height", "age"])
    model = make_pipeline(PCA(3), MLPRegressor(**OF_SKLEARN)).fit(frame, X[:, 0])
    with pytest.raises(ValueError, match=r"'pca0' and 'pca1' and 'pca2' of 'width' and 'height'"):
        interaction_strengths(model, frame)


def test_two_labels_of_several_classes_have_a_column_for_each():
    class TwoTargets(BaseEstimator):
        classes_ = [np.arange(3), np.arange(2)]  # noqa: RUF012

        def predict(self, X):
            return np.zeros((len(X), 2), dtype=int)

        def predict_proba(self, X):
            return [np.full((len(X), 3), 1 / 3), np.tile([0.2, 0.8], (len(X), 1))]

    looked = look_into(TwoTargets(), X)
    expected = np.tile([0, 0, 0, np.log(4)], (50, 1))
    np.testing.assert_allclose(looked.answers(SOURCE)[0], expected, atol=1e-12)
    assert looked.column_of_answer(3, 4) == (3, 1)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_no_measure_of_what_is_not_finite(bad):
    with pytest.raises(ValueError, match="50 values not finite"):
        look_into(lambda X: np.full(len(X), bad), X).scores(SOURCE)
    with pytest.raises(ValueError, match="finite score"):
        interaction_strengths(lambda X: np.full(len(X), bad), X, method="superset")


def test_what_does_not_predict():
    search = GridSearchCV(LinearRegression(), {}, cv=2, refit=False).fit(X, X[:, 0])
    with pytest.raises(ValueError, match="estimator must have predict"):
        interaction_strengths(search, X, method="superset")


def test_joint_effect_of_a_pair_is_of_the_score():
    model = HistGradientBoostingClassifier(max_iter=5).fit(X, CLASSES > 0)
    found = InteractionDisplay.from_pair(model, X, (0, 1), n_grid=4, random_state=0)
    expected = InteractionDisplay.from_pair(
        lambda X: log_odds(model.predict_proba(X)), X, (0, 1), n_grid=4, random_state=0
    )
    np.testing.assert_allclose(found.values, expected.values, atol=1e-12)
    with pytest.raises(ValueError, match="output=1 must be the index of one of the 1 outputs"):
        InteractionDisplay.from_pair(model, X, (0, 1), output=1)


def test_a_label_is_explained_as_held_or_not():
    model = ours(LABELS)
    options = {"background": X, "interactions": 0, "n_points": 10, "random_state": 0}
    row = explain_local(model, X[:1], LABELS[:1], output=1, **options).data(0)
    p = model.predict_proba(X[:1])[0, 1]
    assert row["meta"]["label_names"] == [0, 1]
    assert row["perf"]["actual"] == LABELS[0, 1]
    assert row["perf"]["predicted"] == int(p > 0.5)
    assert row["perf"]["predicted_score"] == pytest.approx(max(p, 1 - p))
    score = sum(row["scores"]) + row["extra"]["scores"][0]
    assert score == pytest.approx(logit(p))
    with pytest.raises(ValueError, match=r"output=None must be one of the labels \[0, 1\]"):
        explain_local(model, X[:1], **options)


def test_grids_are_of_finite_cells():
    table = np.array([[-np.inf], [1.0], [np.nan], [2.0], [np.inf], [3.0]])
    rows, values = grid_of(table, 0, 3)
    assert rows.tolist() == [1, 3, 5]
    assert values.tolist() == [1, 2, 3]


def test_infinite_cells_of_the_table_have_a_spectrum():
    table = X.copy()
    table[0, 2], table[1, 2] = np.inf, -np.inf
    spectrum = interaction_order_spectrum(
        lambda X: X[:, 0] + np.sign(X[:, 2]), table, n_evaluations=2000, random_state=0
    )
    np.testing.assert_allclose(spectrum.normalized, [1, 0, 0, 0], atol=1e-3)

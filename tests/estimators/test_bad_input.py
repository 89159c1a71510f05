"""Bad input: an error that names the parameter or column, the value and the remedy."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.model_selection import GridSearchCV

from skdropout import DropoutMLPClassifier, DropoutMLPRegressor

pytestmark = pytest.mark.usefixtures("untouched_random_state")
RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))
Y = X[:, 0]
LABELS = (Y > 0).astype(int)
SMALL = {"hidden_layer_sizes": (4,), "max_iter": 2, "random_state": 0}


def frame(**columns):
    return pd.DataFrame({"a": X[:, 0], **columns})


BAD_PARAMETERS = [
    ({"dropout": 1.0}, "dropout"),
    ({"dropout": -0.1}, "dropout"),
    ({"dropout": [0.1, 0.2]}, r"dropout=\[0.1, 0.2\] has 2 rates for 1 hidden layers"),
    ({"dropout": [1.5]}, r"dropout=\[1.5\] must hold rates in \[0, 1\)"),
    ({"dropout": [[0.1], [0.2]]}, r"rates for 2 networks, but n_members=8"),
    ({"dropout": ["much"]}, r"dropout=\['much'\] must hold rates"),
    ({"dropout": "half"}, "dropout"),
    ({"input_dropout": 1.0}, "input_dropout"),
    ({"input_dropout": [1.0]}, r"input_dropout=\[1.0\] must hold rates in \[0, 1\)"),
    ({"input_dropout": ["much"]}, "must hold rates"),
    ({"input_dropout": [0.1, 0.2]}, r"shape \(2,\), but n_members=8"),
    ({"hidden_layer_sizes": (4, 0)}, "hidden_layer_sizes"),
    ({"hidden_layer_sizes": (4.5,)}, "hidden_layer_sizes"),
    ({"activation": "sigmoid"}, "activation"),
    ({"n_members": 0}, "n_members"),
    ({"loss": "huber"}, "loss"),
    ({"loss": "quantile"}, "quantile="),
    ({"quantile": 1.2}, "quantile"),
    ({"learning_rate_init": 0.0}, "learning_rate_init"),
    ({"learning_rate": "fast"}, "learning_rate"),
    ({"batch_size": 0}, "batch_size"),
    ({"max_iter": 0}, "max_iter"),
    ({"validation_fraction": 1.0}, "validation_fraction"),
    ({"numeric_encoding": "fourier"}, "numeric_encoding"),
    ({"embedding_dim": 0}, "embedding_dim"),
    ({"embedding_dim": {"a": 3}}, "embedding_dim names 'a'"),
    ({"device": "abacus"}, "device='abacus'"),
    ({"device": "cuda:63"}, "device='cuda:63' is not available"),
    ({"callbacks": ["EarlyStopping"]}, "callbacks"),
    ({"callbacks": [print]}, "callbacks"),
    ({"categorical_features": [7]}, r"categorical_features=\[7\]"),
    ({"categorical_features": [-1]}, "column indices from 0 to 2"),
    ({"categorical_features": [True]}, "mask"),
    ({"categorical_features": ["a"]}, "no names"),
    ({"categorical_features": [0.5]}, "categorical_features"),
    ({"random_state": "seed"}, "random_state"),
]


@pytest.mark.parametrize(("parameters", "message"), BAD_PARAMETERS, ids=lambda v: str(v)[:40])
def test_bad_parameters(parameters, message):
    model = DropoutMLPRegressor(**{**SMALL, **parameters})
    with pytest.raises(ValueError, match=message):
        model.fit(X, Y)
    assert not [name for name in vars(model) if name.endswith("_") or name.startswith("_")]


BAD_TABLES = [
    (X[:, 0], "Expected 2D array, got 1D"),
    (X[:0], "0 sample"),
    (X[:, :0], r"0 feature"),
    (X + 1j, "Complex"),
    (np.full((40, 1), "x"), "could not convert string to float"),
    (frame(b=["x", 1] * 20), "Column 'b' mixes number and str"),
    (frame(b=pd.date_range("2020", periods=40)), "Column 'b' has dtype datetime64"),
    (frame(b=X[:, 1] + 1j), "Column 'b' has dtype complex128"),
    (frame(b=[[1]] * 20 + [(1,)] * 20), "Column 'b' mixes list and tuple"),
    (pd.DataFrame(X, columns=["a", "a", "b"]), r"duplicate column names: \['a'\]"),
    (frame()[:0], "0 sample"),
    (frame()[[]], "0 feature"),
    (pl.DataFrame({"a": X[:, 0], "t": [None] * 40}).with_columns(pl.col("t").cast(pl.Date)), "'t'"),
    (frame(b=pd.Categorical([1, "x"] * 20)), "Categorical column 'b' mixes int and str"),
]


@pytest.mark.parametrize(("table", "message"), BAD_TABLES, ids=lambda v: str(v)[:30])
@pytest.mark.parametrize("cls", [DropoutMLPRegressor, DropoutMLPClassifier])
def test_bad_tables(cls, table, message):
    n_rows = table.shape[0]
    with pytest.raises(ValueError, match=message):
        cls(**SMALL).fit(table, LABELS[:n_rows])


BAD_TARGETS = [
    (DropoutMLPRegressor, None, "requires y to be passed"),
    (DropoutMLPRegressor, Y[:-1], "inconsistent numbers of samples"),
    (DropoutMLPRegressor, np.where(Y > 1, np.nan, Y), "Input y contains NaN"),
    (DropoutMLPRegressor, np.where(Y > 1, np.inf, Y), "Input y contains infinity"),
    (DropoutMLPRegressor, ["x"] * 40, "could not convert string to float"),
    (DropoutMLPRegressor, np.zeros((40, 1, 1)), "dim 3"),
    (DropoutMLPClassifier, None, "requires y to be passed"),
    (DropoutMLPClassifier, np.zeros(40), "only one class"),
    (DropoutMLPClassifier, Y, "Unknown label type"),
    (DropoutMLPClassifier, np.where(Y > 1, np.nan, LABELS), "Input y contains NaN"),
    (DropoutMLPClassifier, np.column_stack([LABELS, LABELS + 1]), "1d array"),
]


@pytest.mark.parametrize(("cls", "y", "message"), BAD_TARGETS, ids=lambda v: str(v)[:20])
def test_bad_targets(cls, y, message):
    with pytest.raises(ValueError, match=message):
        cls(**SMALL).fit(X, y)


@pytest.mark.parametrize("y", [Y, np.zeros(40)])
def test_poisson_needs_counts(y):
    with pytest.raises(ValueError, match="loss='poisson' needs y >= 0"):
        DropoutMLPRegressor(**SMALL, loss="poisson").fit(X, y)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.zeros(40), "at least one non-zero"),
        (-np.ones(40), "(?i)negative"),
        (np.ones(39), "inconsistent"),
        (np.full(40, np.nan), "NaN"),
    ],
)
def test_bad_weights(weight, message):
    with pytest.raises(ValueError, match=message):
        DropoutMLPRegressor(**SMALL).fit(X, Y, sample_weight=weight)


@pytest.mark.parametrize(
    ("class_weight", "y", "message"),
    [
        ({7: 1.0}, LABELS, r"class_weight names \[7\]"),
        ("balanced", np.column_stack([LABELS, 1 - LABELS]), "not for multilabel"),
    ],
)
def test_bad_class_weights(class_weight, y, message):
    with pytest.raises(ValueError, match=message):
        DropoutMLPClassifier(**SMALL, class_weight=class_weight).fit(X, y)


def test_bad_validation_data():
    model = DropoutMLPRegressor(**SMALL)
    with pytest.raises(ValueError, match="X_val is given but y_val is not"):
        model.fit(X, Y, X_val=X)
    with pytest.raises(ValueError, match="y_val is given but X_val is not"):
        model.fit(X, Y, y_val=Y)
    with pytest.raises(ValueError, match="early_stopping=False"):
        DropoutMLPRegressor(**SMALL, early_stopping=False).fit(X, Y, X_val=X, y_val=Y)
    with pytest.raises(ValueError, match="has 2 features"):
        model.fit(X, Y, X_val=X[:, :2], y_val=Y)
    with pytest.raises(ValueError, match="not among those known"):
        DropoutMLPClassifier(**SMALL).fit(X, LABELS, X_val=X, y_val=LABELS + 1)


def test_a_failed_fit_leaves_the_last_one_alone():
    model = DropoutMLPRegressor(**SMALL).fit(X, Y)
    expected = model.predict(X)
    with pytest.raises(ValueError, match="NaN"):
        model.fit(X[:, :2], np.full(40, np.nan))
    np.testing.assert_array_equal(model.predict(X), expected)
    assert model.n_features_in_ == 3


def test_diverging_training_says_so():
    model = DropoutMLPRegressor(**{**SMALL, "max_iter": 30}, learning_rate_init=1e30)
    with pytest.raises(ValueError, match="Training diverged"):
        model.fit(X, Y)
    assert not hasattr(model, "net_")


def test_fewer_rows_than_folds():
    search = GridSearchCV(DropoutMLPRegressor(**SMALL), {"dropout": [0.1]}, cv=5)
    with pytest.raises(ValueError, match="greater than the number of samples"):
        search.fit(X[:3], Y[:3])


def test_one_row_cannot_be_split():
    with pytest.raises(ValueError, match="n_samples=1 cannot be split"):
        DropoutMLPRegressor(**SMALL).fit(X[:1], Y[:1])
    model = DropoutMLPRegressor(**SMALL, early_stopping=False).fit(X[:1], Y[:1])
    assert np.isfinite(model.predict(X)).all()


def test_two_rows_and_rare_classes_are_enough():
    assert DropoutMLPRegressor(**SMALL).fit(X[:2], Y[:2]).predict(X).shape == (40,)
    y = np.array(["common"] * 39 + ["rare"])
    model = DropoutMLPClassifier(**SMALL).fit(X, y)
    assert model.predict_proba(X).shape == (40, 2)


def test_draws_need_something_random():
    model = DropoutMLPRegressor(**SMALL, n_members=1, dropout=0.0).fit(X, Y)
    with pytest.raises(ValueError, match="draws do not differ"):
        model.sample_predictions(X)
    with pytest.raises(ValueError, match="n_samples=0"):
        model.sample_predictions(X, 0)
    with pytest.raises(ValueError, match="n_members > 1"):
        model.predict(X, return_std=True)

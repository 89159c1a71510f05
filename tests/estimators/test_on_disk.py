"""Networks fitted to tables on disk: those of the same table in memory, or as good."""

import gc

import numpy as np
import pandas as pd
import pytest

from skdropout import (
    DropoutMLPClassifier,
    DropoutMLPRegressor,
    DropoutMLPRegressorCV,
    EmbeddingEncoder,
    RelDropRegressor,
)
from skdropout.datasets import open_table

RNG = np.random.default_rng(0)
N = 400
FRAME = pd.DataFrame(
    {"a": RNG.normal(size=N), "city": RNG.choice(["Rome", "Oslo"], N), "b": RNG.normal(size=N)}
)
FRAME.loc[7, "a"] = np.nan
Y = np.where(FRAME["city"] == "Rome", 1, -1) * FRAME["a"].fillna(0) + FRAME["b"]
SMALL = {"hidden_layer_sizes": (16,), "max_iter": 4, "random_state": 0, "n_members": 2}

pytestmark = pytest.mark.usefixtures("untouched_random_state")


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("table") / "a.parquet"
    FRAME.assign(y=Y).to_parquet(path)
    return open_table(path, target="y")


@pytest.fixture
def by_blocks(monkeypatch):
    monkeypatch.setattr("skdropout._table.stored._ROWS", 32)
    monkeypatch.setattr("skdropout._table.stored._CELLS_TOGETHER", 32 * 3 * 4)


@pytest.mark.parametrize("options", [{}, {"dropout": 0.1}, {"screening": None, "dropout": 0.0}])
def test_read_at_once_it_gives_the_same_networks(table, options):
    one = DropoutMLPRegressor(**SMALL, **options).fit(FRAME, Y)
    other = DropoutMLPRegressor(**SMALL, **options).fit(*table)
    np.testing.assert_array_equal(other.predict(FRAME), one.predict(FRAME))
    np.testing.assert_array_equal(other.predict(table[0]), one.predict(FRAME))
    assert other.loss_curve_ == one.loss_curve_
    assert other.feature_names_in_.tolist() == list(FRAME)


def test_weights_and_rows_to_stop_by(tmp_path):
    numbers, weight = RNG.normal(size=(N, 3)), RNG.exponential(size=N)
    options = {**SMALL, "dropout": 0.1, "screening": None}
    known = {"sample_weight": weight, "y_val": Y[:50]}
    both = [
        DropoutMLPRegressor(**options).fit(kind(numbers), Y, X_val=kind(numbers[:50]), **known)
        for kind in (np.asarray, lambda rows: open_table(rows)[0])
    ]
    np.testing.assert_array_equal(*(model.predict(numbers) for model in both))


def test_rows_to_stop_by_may_be_in_memory(table):
    model = DropoutMLPRegressor(**SMALL, dropout=0.1)
    predictions = [
        model.fit(table[0], Y, X_val=X_val, y_val=Y).predict(FRAME) for X_val in (FRAME, table[0])
    ]
    np.testing.assert_array_equal(*predictions)
    with pytest.raises(ValueError, match="X_val is an array but X is a data frame"):
        model.fit(table[0], Y, X_val=np.zeros((2, 3)), y_val=[0, 1])


def test_by_blocks_it_learns_as_well(table, by_blocks):
    options = {**SMALL, "max_iter": 20, "learning_rate_init": 0.03, "dropout": 0.0}
    model = DropoutMLPRegressor(**options).fit(*table)
    assert model.score(FRAME, Y) > 0.95
    again = DropoutMLPRegressor(**options).fit(*table)
    np.testing.assert_array_equal(again.predict(FRAME), model.predict(FRAME))


def test_recipes_are_weighed_by_blocks(table, by_blocks):
    model = DropoutMLPRegressor(**{**SMALL, "n_members": 4}).fit(*table)
    assert model.member_weights_.sum() == pytest.approx(1)


def test_classes(table, by_blocks):
    classes = np.where(Y > 0, "more", "less")
    model = DropoutMLPClassifier(**{**SMALL, "max_iter": 10, "learning_rate_init": 0.03})
    assert model.fit(table[0], classes).score(FRAME, classes) > 0.9


def test_a_pass_at_a_time(table, by_blocks):
    model = DropoutMLPRegressor(**SMALL, dropout=0.1)
    for _ in range(2):
        model.partial_fit(*table)
    assert model.n_iter_ == 2


def test_relevant_columns(table, by_blocks):
    assert RelDropRegressor(**SMALL).fit(*table).predict(table[0]).shape == (N,)


def test_files_go_when_fit_is_done(table, by_blocks, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    model = DropoutMLPRegressor(**SMALL, dropout=0.1).fit(*table)
    gc.collect()
    assert not list(tmp_path.iterdir())
    assert model.predict(table[0]).shape == (N,)
    with pytest.raises(ValueError, match="sample_weight"):
        model.fit(*table, sample_weight=-np.ones(N))
    gc.collect()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("model", [DropoutMLPRegressorCV(), EmbeddingEncoder()])
def test_what_looks_at_a_table_as_a_whole_refuses(table, model):
    with pytest.raises(ValueError, match="not loaded as a whole"):
        model.fit(*table)


def test_rows_and_targets_must_match(table):
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        DropoutMLPRegressor(**SMALL).fit(table[0], Y[:-1])

"""What is done to a table, and that it is said."""

import numpy as np
import pandas as pd
import pytest

from skdropout._report.preparing import ReportError, apply_recipe, choose_recipe

N = 120


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "key": np.arange(N) + 7,
            "code": [f"row {k}" for k in range(N)],
            "day": pd.date_range("2020-01-01", periods=N),
            "same": 1.0,
            "gone": np.full(N, np.nan),
            "count": np.arange(N) % 30,
            "size": np.where(np.arange(N) == 3, np.inf, rng.normal(size=N)),
            "town": np.where(np.arange(N) % 7, rng.choice(["NA", "Rome"], N), None),
            "weight": np.where(np.arange(N) % 5, rng.normal(size=N).round(3).astype(str), "N/A"),
            "on": rng.random(N) < 0.5,
            "y": rng.normal(size=N),
        }
    )


def prepare(table, target="y", task="auto", max_rows=10_000):
    recipe = choose_recipe(table, target, task, max_rows)
    return recipe, apply_recipe(table, recipe)


def said(recipe, *words):
    return any(all(word in note for word in words) for note in recipe.notes)


def test_columns_are_told_apart(table):
    recipe, prepared = prepare(table)
    assert recipe.left_out == ["key", "code", "day", "same", "gone"]
    assert recipe.categories == ["town"]
    assert recipe.numbers == ["count", "size", "weight", "on"]
    assert prepared.X_train["town"].cat.categories.tolist() == ["NA", "Rome"]
    X = pd.concat([prepared.X_train, prepared.X_test])
    assert X["weight"].isna().sum() == N / 5
    assert np.isnan(X.loc[3, "size"])


def test_all_that_is_done_is_said(table):
    recipe, _ = prepare(table.drop(index=range(110, 120)), max_rows=80)
    for name in recipe.left_out:
        assert said(recipe, name, "is left out")
    assert said(recipe, "key", "all different")
    assert said(recipe, "size", "infinite")
    assert said(recipe, "weight", "words for missing")
    assert said(recipe, "sample of 80 of the 110 rows")


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (np.arange(N) / 7, "regression"),
        (np.arange(N) % 50, "regression"),
        (np.arange(N) % 3, "classification"),
        (np.arange(N) % 3 / 2, "regression"),
        (np.arange(N) % 2 == 0, "classification"),
        (np.array(["no", "yes"])[np.arange(N) % 2], "classification"),
    ],
)
def test_the_task_is_told(table, values, task):
    recipe, prepared = prepare(table.assign(y=values))
    assert recipe.task == task
    assert said(recipe, "--task")
    assert (prepared.y_train.dtype == float) == (task == "regression")


def test_rows_without_target_and_of_rare_classes_are_left_out(table):
    y = np.array(["a", "b", None], dtype=object)[np.arange(N) % 3]
    y[0] = "rare"
    recipe, prepared = prepare(table.assign(y=y))
    assert said(recipe, "40 rows without a value of y")
    assert said(recipe, "'rare'")
    assert len(prepared.y_train) + len(prepared.y_test) == 79
    assert set(prepared.y_test) == {"a", "b"}


def test_millions_of_rows_are_sampled():
    n = 1_000_000
    table = pd.DataFrame({"a": np.arange(n) % 97, "y": np.arange(n) / 3})
    recipe, prepared = prepare(table, max_rows=2_000)
    assert said(recipe, "2,000 of the 1,000,000 rows")
    assert len(prepared.X_train) == 1_500


@pytest.mark.parametrize(
    ("values", "task", "words"),
    [
        (np.full(N, np.nan), "auto", "is empty"),
        (pd.date_range("2020-01-01", periods=N), "auto", "neither numbers nor words"),
        (np.full(N, 3.5), "auto", "single value, '3.5'"),
        (np.full(N, "yes"), "auto", "single value, 'yes'"),
        (np.array(["no", "yes"])[np.arange(N) % 2], "regression", "--task classification"),
        (np.arange(N) / 7, "classification", "--task regression"),
        (np.where(np.arange(N), np.arange(N) / 7, np.inf), "auto", "infinite"),
        (np.where(np.arange(N) < 3, "no", "yes"), "auto", "fewer than two classes"),
        (np.where(np.arange(N) < 40, np.arange(N) / 7, np.nan), "auto", "40 rows are left"),
    ],
)
def test_targets_that_cannot_be_learnt(table, values, task, words):
    with pytest.raises(ReportError, match=words):
        prepare(table.assign(y=values), task=task)


def test_unknown_target_and_nothing_to_learn_from(table):
    with pytest.raises(ReportError, match=r"no column 'z'; the columns are 'key', .*'y'\."):
        prepare(table, target="z")
    with pytest.raises(ReportError, match="no column is left"):
        prepare(table[["key", "same", "y"]])

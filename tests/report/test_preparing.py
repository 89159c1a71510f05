"""What is done to a table, and that it is said."""

import numpy as np
import pandas as pd
import pytest

from skdropout._report.preparing import apply_recipe, choose_recipe
from skdropout._report.words import ReportError

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
    notes = [note.translate(dict.fromkeys(map(ord, "\u2068\u2069"))) for note in recipe.sentences()]
    return any(all(word in note for word in words) for note in notes)


def test_columns_are_told_apart(table):
    recipe, prepared = prepare(table)
    assert recipe.left_out == ["key", "code", "same", "gone"]
    assert recipe.categories == ["town", "day: weekday"]
    dates = ["day: month", "day: days since the first"]
    assert recipe.numbers == ["count", "size", "weight", "on", *dates]
    assert prepared.X_train["town"].cat.categories.tolist() == ["NA", "Rome"]
    X = pd.concat([prepared.X_train, prepared.X_test])
    assert X["weight"].isna().sum() == N / 5
    assert np.isnan(X.loc[3, "size"])


def test_all_that_is_done_is_said(table):
    recipe, _ = prepare(table.drop(index=range(110, 120)), max_rows=80)
    for name in recipe.left_out:
        assert said(recipe, name, "is left out")
    assert said(recipe, "key", "count the rows")
    assert said(recipe, "day", "dates, of which is kept: month, weekday and days since")
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
        (["3,14", "2.5"] * (N // 2), "auto", "numbers with commas, such as '3,14'.*decimal points"),
        (["1,5", "1,234,567"] * (N // 2), "regression", "numbers with commas"),
        (np.arange(N) * 1e129 + 0.5, "auto", r"numbers as large as 1.19e\+131"),
        ([["a"]] * N, "auto", "cells of type list, which is neither"),
        (np.where(np.arange(N) < 40, np.arange(N) / 7, np.nan), "auto", "40 rows are left"),
    ],
)
def test_targets_that_cannot_be_learnt(table, values, task, words):
    with pytest.raises(ReportError, match=words):
        prepare(table.assign(y=values), task=task)


def test_columns_of_numbers_with_commas_are_read(table):
    recipe, prepared = prepare(table.assign(a=[f"{k % 9},5" for k in range(N)]))
    assert "a" in recipe.numbers
    assert said(recipe, "a: commas are decimal, so 0,5 is 0.5")
    assert prepared.X_train["a"].max() == 8.5


def test_numbers_that_are_named_like_ids_are_categories(table):
    recipe, _ = prepare(table.assign(station_id=np.arange(N) % 9))
    assert "station_id" in recipe.categories
    assert said(recipe, "station_id", "its numbers are names")


def test_targets_with_commas_are_read(table):
    recipe, prepared = prepare(table.assign(y=[f"{k}.250,5" for k in range(N)]))
    assert recipe.task == "regression"
    assert prepared.y_train.max() > 100_000


def test_commas_of_classes_may_be_asked_for(table):
    recipe, _ = prepare(table.assign(y=["1,5", "2,0"] * (N // 2)), task="classification")
    assert recipe.task == "classification"


def test_numbers_too_large_to_square_are_missing(table):
    recipe, prepared = prepare(table.assign(size=[1e160, -1e130, 0.5, 1] * (N // 4)))
    sizes = pd.concat([prepared.X_train, prepared.X_test])["size"]
    assert sizes.isna().sum() == N // 4
    assert sizes.min() == -1e130
    assert said(recipe, "size", "beyond 1e+130, are taken as missing")


def test_columns_that_hold_nothing_else_are_left_out(table):
    recipe, _ = prepare(table.assign(a=np.inf, b=[[1]] * N))
    assert said(recipe, "a is left out: all its cells are missing")
    assert said(recipe, "b is left out: it holds cells of type list")


@pytest.mark.parametrize("dtype", ["string", "category", object])
def test_missing_words_are_alike_whatever_holds_them(table, dtype):
    cells = pd.Series(["Rome", None, "Oslo"] * (N // 3), dtype=dtype)
    recipe, prepared = prepare(table.assign(town=cells))
    towns = pd.concat([prepared.X_train, prepared.X_test])["town"]
    assert recipe.categories[0] == "town"
    assert towns.sort_index().to_numpy()[:3].tolist() == [
        "Rome",
        pytest.approx(np.nan, nan_ok=True),
        "Oslo",
    ]


def test_columns_may_be_named_like_arguments(table):
    table["self"] = table["weight"]
    recipe, prepared = prepare(table)
    assert "self" in recipe.gaps
    assert prepared.X_train["self"].dtype == float


def test_classes_that_do_not_occur_do_not_count(table):
    y = pd.Categorical(["a", "b"] * (N // 2), categories=["a", *map(str, range(200)), "b"])
    recipe, _ = prepare(table.assign(y=y))
    assert recipe.rare_classes == []


def test_too_many_columns_are_refused_at_once(table):
    wide = pd.DataFrame(np.zeros((3, 5_001))).rename(columns=str).assign(y=[1.5, 2.5, 3.5])
    with pytest.raises(ReportError, match=r"5,001 columns beside 'y', .* 5,000 at most; leave out"):
        prepare(wide)


def test_unknown_target_and_nothing_to_learn_from(table):
    with pytest.raises(ReportError, match=r"no column 'z'; the columns are 'key', .*'y'\."):
        prepare(table, target="z")
    with pytest.raises(ReportError, match="no column is left"):
        prepare(table[["key", "same", "y"]])

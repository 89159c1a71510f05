"""What the benchmark of tables concludes from its rows, and which rows it may use again."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def load(name):
    spec = importlib.util.spec_from_file_location(f"benchmark{name}", BENCHMARKS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def ranking():
    return load("_ranking")


@pytest.fixture
def results(tmp_path, monkeypatch):
    module = load("_results")
    monkeypatch.setattr(module, "RESULTS", tmp_path)
    return module


def losses_of(**tables):
    return {
        table: {model: np.array(splits, dtype=float) for model, splits in of.items()}
        for table, of in tables.items()
    }


def test_models_share_a_rank_where_they_tie(ranking):
    losses = losses_of(
        t1={"a": [1, 3], "b": [3, 3], "c": [4, 5]},
        t2={"a": [1, 1], "b": [0, 2], "c": [0, 1]},
        t3={"a": [0, 0], "b": [2, 2], "c": [1, 1]},
    )
    found = ranking.rank(losses, ["c", "b", "a"])
    assert list(found.mean) == ["a", "c", "b"]
    assert found.mean == pytest.approx(
        {"a": (1 + 2.5 + 1) / 3, "c": (3 + 1 + 2) / 3, "b": (2 + 2.5 + 3) / 3}
    )
    assert found.n_tables == 3


def test_the_critical_difference_is_that_of_demsar(ranking):
    """His example of four models on fourteen tables, at five per cent: 1.25."""
    rng = np.random.default_rng(0)
    losses = {t: {m: rng.random(1) for m in "abcd"} for t in range(14)}
    assert ranking.rank(losses, list("abcd")).critical == pytest.approx(1.25, abs=0.005)


def test_no_ranks_of_fewer_than_three(ranking):
    losses = losses_of(**{t: {"a": [1], "b": [2], "c": [3]} for t in ("t1", "t2", "t3")})
    assert ranking.rank(losses, ["a", "b"]) is None
    del losses["t1"]
    assert ranking.rank(losses, ["a", "b", "c"]) is None


def test_models_are_ranked_that_have_all_splits(ranking):
    losses = losses_of(t1={"a": [1, 1], "b": [1, 1], "c": [1]}, t2={"a": [1, 1], "c": [1]})
    assert ranking.complete(losses, ["a", "b", "c"]) == ["a"]
    assert ranking.complete(ranking.first_splits(losses, 1), ["a", "b", "c"]) == ["a", "c"]


def test_a_duel_is_over_the_splits_that_both_have(ranking):
    losses = losses_of(
        t1={"a": [1, 1, 9], "b": [2, 2]},
        t2={"a": [5, 6, 7], "b": [4, 4, 4]},
        t3={"a": [1], "b": [1]},
        t4={"a": [1]},
    )
    found = ranking.duel(losses, "a", "b")
    assert (found.wins, found.losses, found.worst) == (1, 1, "t2")
    assert found.gap == pytest.approx((2, 1 / np.sqrt(3), 3))
    assert ranking.duel(losses, "a", "c") is None


def test_a_fit_given_up_is_last_in_rank_and_neither_won_nor_lost(ranking):
    losses = {t: {m: np.array([float(i)]) for i, m in enumerate("abc")} for t in range(3)}
    losses[0]["a"] = np.array([np.inf])
    assert ranking.rank(losses, list("abc")).mean == pytest.approx(
        {"a": 5 / 3, "b": 5 / 3, "c": 8 / 3}
    )
    found = ranking.duel(losses, "b", "a")
    assert (found.wins, found.losses) == (0, 2)


def test_the_error_of_one_split_is_not_known(ranking):
    found = ranking.gap(losses_of(t={"a": [3], "b": [1, 2]})["t"], "a", "b")
    assert found == pytest.approx((2, np.nan, 1), nan_ok=True)


def test_the_largest_losses_come_first(ranking):
    losses = losses_of(
        won={"a": [1, 1], "b": [2, 2], "c": [3, 3]},
        lost={"a": [3, 3], "b": [2, 2], "c": [1, 1], "d": [0]},
        alone={"a": [1, 1]},
    )
    found = ranking.largest_losses(losses, "a", ["b", "c", "d"])
    assert [(table, peer, lost.loss) for table, peer, lost in found] == [
        ("lost", "c", 2),
        ("won", "b", -1),
    ]


ROW = {"versions": "python 3.11; torch 2.13.0+cpu; skdropout 0.2+aa"}


@pytest.mark.parametrize(
    ("packages", "today", "stale"),
    [
        (("torch",), "torch 2.13.0+cpu; skdropout 0.2+bb", False),
        (("skdropout",), "torch 2.13.0+cpu; skdropout 0.2+bb", True),
        (("catboost",), "catboost 1.2", True),
        (("pytabkit",), "torch 2.13.0+cpu", False),
    ],
    ids=["the same", "another source", "not known then", "not here to measure with"],
)
def test_rows_of_another_version_are_stale(results, packages, today, stale):
    assert results.is_stale(ROW, packages, today) is stale


def test_dropped_rows_leave_the_others_as_they_were(results):
    results.append_rows("some", [(f"t | {m} | 0", "R2", 0.5, 0.0) for m in "abc"])
    path = results.RESULTS / "some.csv"
    before = path.read_text().splitlines()
    assert results.drop("some", lambda row: " b " in row["setting"]) == 1
    assert path.read_text().splitlines() == [*before[:2], before[3]]
    assert results.drop("none", lambda row: True) == 0


def test_a_row_is_current_when_it_is_written(results):
    results.append_rows("some", [("t | a | 0", "R2", 0.5, 0.0)])
    (row,) = results.rows_of("some")
    assert not results.is_stale(row, ("skdropout", "torch"))
    assert "skdropout" in row["versions"]

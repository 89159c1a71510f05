"""Time that is shared out, and reports that are ended early."""

import json
import threading
import time
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.utils import Bunch

from skdropout import DropoutMLPRegressor
from skdropout.__main__ import main
from skdropout._report import affording
from skdropout._report.budget import Budget, Progress
from skdropout._report.models import Models, extended
from skdropout._report.preparing import apply_recipe, choose_recipe
from skdropout._report.sections import dropout
from skdropout._report.sections.words import Terms
from skdropout._report.stages import STAGES, measure
from tests.report.small import TINY

WEIGHTS = {"a": 1.0, "b": 2.0, "c": 1.0}


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(160, 3)), columns=["p", "q", "r"])
    return X.assign(y=X["p"] + X["q"] * X["r"])


def measured(table, budget, was_asked=None):
    recipe = choose_recipe(table, "y", "auto", 1_000)
    models = Models(recipe, TINY, "cpu")
    with Progress(budget) as progress:
        return measure(
            apply_recipe(table, recipe), models, budget, progress, was_asked or threading.Event()
        )


def weights():
    return {name: weight for name, (_, weight, _) in STAGES.items()}


def test_a_time_is_shared_out_by_weight(monkeypatch):
    clock = iter([0.0, 0.0, 30.0, 60.0])
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    budget = Budget(WEIGHTS, minutes=1)
    assert budget.share("a") == 15
    assert budget.share("b") == 20  # what a took beyond its share is missing
    assert budget.share("c") == 0


def test_without_a_bound_all_is_allowed():
    assert Budget(WEIGHTS, None).share("b") == np.inf


def test_stages_without_time_are_named(table):
    budget = Budget(weights(), minutes=1e-9)
    findings = measured(table, budget)
    assert findings.done == ["network", "rivals"]
    assert findings.skipped[0] == "asking which columns matter"
    assert findings.interrupted is None


def test_networks_get_as_many_epochs_as_there_is_time_for(table):
    recipe = choose_recipe(table, "y", "auto", 1_000)
    models = Models(recipe, affording.replace(TINY, max_iter=5_000), "cpu")
    X, y = table[["p", "q", "r"]], table["y"]
    sizes, words = affording.networks(models, X, y, np.inf)
    assert (sizes.max_iter, words) == (5_000, None)
    sizes, words = affording.networks(models, X, y, 0.5)
    assert sizes.max_iter < 5_000
    assert sizes.search_iter < 5_000
    assert f"at most {sizes.max_iter} epochs" in words


@pytest.mark.parametrize(
    ("n_outputs", "seconds", "n"),
    [(1, 60.0, 40), (2, 60.0, 40), (10, 60.0, 13), (30, 60.0, 8), (30, np.inf, 40)],
)
def test_of_many_classes_fewer_columns_are_paired(n_outputs, seconds, n):
    assert affording.n_paired(TINY, n_outputs, seconds) == n


def test_ctrl_c_keeps_the_stages_that_are_done(table, monkeypatch, tmp_path, capsys, tiny):
    whole = DropoutMLPRegressor.fit

    def interrupted(model, X, y, **options):
        if model.activation == "silu":  # networks that look for pairs
            raise KeyboardInterrupt
        return whole(model, X, y, **options)

    monkeypatch.setattr(DropoutMLPRegressor, "fit", interrupted)
    table.to_csv(tmp_path / "table.csv", index=False)
    page, numbers = tmp_path / "page.html", tmp_path / "numbers.json"
    options = ["--target", "y", "--quick", "-o", str(page), "--json", str(numbers)]
    assert main(["report", str(tmp_path / "table.csv"), *options]) == 130
    text = page.read_text()
    assert "Interrupted. Not done: looking for columns that act together" in text
    assert 'id="columns"' in text
    assert 'id="together"' not in text
    assert json.loads(numbers.read_text())["done"] == ["network", "rivals", "columns"]
    assert "Report: " in capsys.readouterr().out


def test_progress_moves_within_a_stage(monkeypatch):
    budget = Budget(WEIGHTS, minutes=0.01)
    monkeypatch.setattr("skdropout._report.budget._TICK", 0.01)
    shown = []
    bar = SimpleNamespace(
        n=0,
        refresh=lambda: shown.append(bar.n),
        set_description=lambda words: shown.append(words),
        close=lambda: None,
    )
    monkeypatch.setattr("skdropout._report.budget.tqdm", lambda **options: bar)
    with Progress(budget) as progress, progress.stage("a", "waiting"):
        time.sleep(0.15)
    assert shown[0] == "waiting"
    steps = [step for step in shown if not isinstance(step, str)]
    assert len(set(steps)) > 3
    assert steps == sorted(steps)
    assert steps[-1] == 25


@pytest.mark.parametrize(
    ("rates", "best", "grid"),
    [
        ([0.0, 0.2, 0.5], 0.5, [0.2, 0.5, 0.65, 0.8]),
        ([0.0, 0.2, 0.5], 0.2, None),
        ([0.0, 0.2, 0.5], 0.0, None),
        ([0.5, 0.8], 0.8, None),
    ],
)
def test_a_grid_whose_edge_is_best_is_extended(rates, best, grid):
    found = extended(rates, best)
    assert found is None if grid is None else found == pytest.approx(grid)


def test_the_page_says_that_the_grid_was_extended(table, monkeypatch):
    monkeypatch.setattr("skdropout._report.stages.extended", lambda rates, best: [0.3, 0.6, 0.8])
    recipe = choose_recipe(table, "y", "auto", 1_000)
    findings = Bunch(scores=[], notes=[])
    network = STAGES["network"][2]
    network(findings, apply_recipe(table, recipe), Models(recipe, TINY, "cpu"), np.inf)
    assert findings.path.rates.tolist() == [0, 0.3, 0.6, 0.8]
    assert findings.path.chosen in (0.3, 0.6, 0.8)
    assert findings.ours.model.dropout == findings.path.chosen
    assert "the grid was extended once" in dropout.dropout(findings, Terms(recipe))


@pytest.mark.parametrize("minutes", ["0", "-3", "nan"])
def test_minutes_that_are_none_are_refused(minutes, capsys):
    given = ["report", "bike_sharing", "--target", "cnt", "--minutes", minutes]
    assert main(given) == 2
    assert "is too short; use --minutes" in capsys.readouterr().err

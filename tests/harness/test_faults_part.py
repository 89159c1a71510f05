"""A share of the faults, seeded; and that the harness would see what it looks for."""

import random
import warnings

import numpy as np
import pytest
import torch

import skdropout
from skdropout import DropoutMLPRegressor, EmbeddingEncoder
from tests.harness import faults
from tests.harness.faults.cases import called, disturb
from tests.harness.faults.scenarios import NUMBERS, SMALL, Scenario, Y
from tests.harness.faults.steps import Fault, Trigger, reach

# quick ones, one of each kind
NAMES = [
    "DropoutMLPRegressor.fit",
    "DropoutMLPRegressor(callbacks).warm_start",
    "DropoutMLPClassifier.second partial_fit",
    "DropoutMLPClassifier.predict_log_proba",
    "RelDropRegressor(module).fit",
    "EmbeddingEncoder.fit_transform again",
    "SmoothHessInteractions(hessian).fit_transform",
    "interaction_strengths of pipeline",
    "smooth_hessian",
    "RelevanceDropout(gradients)",
]
pytestmark = [
    pytest.mark.usefixtures("untouched_random_state"),
    pytest.mark.filterwarnings("ignore"),
]


class Say:
    """Stands for the runner's."""

    def __init__(self):
        self.failures, self.outcomes = [], set()

    def begin(self, reproduction):
        self.reproduction = reproduction

    def end(self, outcome, is_right, detail=""):
        self.outcomes.add(outcome)
        if not is_right:
            self.failures.append(f"{self.reproduction}\n{outcome}: {detail}")


def test_a_share_of_the_faults():
    say = Say()
    for name in NAMES:
        faults.run(f"{name}|2", say)
    assert not say.failures, "\n\n".join(say.failures)
    assert len(say.outcomes) > 3


def test_a_full_run_has_two_thousand_faults_in_all_estimators():
    keys = [key.split("|") for key in faults.batches(1.0)]
    assert sum(int(n_cases) for _, n_cases in keys) >= 2000
    named = {name.partition(".")[0].partition("(")[0] for name, _ in keys}
    assert named >= set(skdropout.__all__)


class Careless(EmbeddingEncoder):
    """Does all that must not be done."""

    def fit(self, X, y=None):
        self.n_iter_ = 1
        torch.set_default_dtype(torch.float64)
        np.seterr(over="ignore")
        random.random()
        warnings.simplefilter("ignore")
        reach("user")
        return self


def test_what_is_left_behind_is_seen():
    scenario = Scenario("careless", lambda: Careless(), lambda made: made.fit(None))
    state = random.getstate()
    run = called(scenario, scenario.make(), Trigger("user", 1, "Fault"))
    random.setstate(state)
    assert isinstance(run.raised, Fault)
    assert set(run.changed) == {
        "default dtype",
        "NumPy's error state",
        "random",
        "warning filters",
    }
    assert torch.get_default_dtype() == torch.float32
    assert np.geterr()["over"] == "warn"


class Hasty(DropoutMLPRegressor):
    """Says that it is fitted before it is, hides what went wrong, and swallows Ctrl-C."""

    def fit(self, X, y):
        try:
            reach("user")
            super().fit(X, y)
            reach("user")
        except MemoryError:
            raise ValueError("X is bad") from None
        except KeyboardInterrupt:
            pass
        return self


@pytest.mark.parametrize(
    ("number", "fault", "outcome", "detail"),
    [
        (1, "Fault", "as before", ""),
        (2, "Fault", "changed", "the object has changed"),
        (1, "MemoryError", "as before", "arrives as ValueError"),
        (1, "KeyboardInterrupt", "kept until Ctrl-C", "swallowed without a warning"),
    ],
)
def test_what_is_half_done_is_seen(number, fault, outcome, detail):
    scenario = Scenario("hasty", lambda: Hasty(**SMALL), lambda made: made.fit(NUMBERS, Y) is made)
    found, is_right, why = disturb(scenario, "user", number, fault)
    assert found == outcome
    assert is_right == (not detail)
    assert detail in why

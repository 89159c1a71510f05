"""Faults in the middle of everything: all is as before, or as documented, whenever they come.

Every public method is called up to two dozen times, and an exception, MemoryError, torch's
OutOfMemoryError or KeyboardInterrupt is raised at one of its steps: an operator of torch, a line of
the library, an event of a callback, a block of a prediction, an epoch, a training step, or a call
of what is the user's own. A case is a scenario's name, a kind of step, its number and the fault::

    from tests.harness.faults import reproduce
    reproduce("DropoutMLPRegressor.fit", "operator", 317, "MemoryError")
"""

import math
import random
from functools import cache

from tests.harness.faults.cases import disturb, undisturbed
from tests.harness.faults.measures import (
    scenarios_of_export,
    scenarios_of_functions,
    scenarios_of_models,
)
from tests.harness.faults.scenarios import ESTIMATORS, scenarios_of
from tests.harness.faults.steps import FAULTS

NAME = "faults"
CAP = 60
MEMORY = 4 * 2**30

# cases of a scenario of the ordinary share, in a full run
_CASES = 8
# lines outnumber all other steps, and most matter little; what the user owns matters much
_WEIGHTS = {"line": 2.0, "operator": 4.0, "epoch": 0.5, "training step": 0.5}


@cache
def scenarios():
    """Return all calls, by name."""
    found = [scenario for name in ESTIMATORS for scenario in scenarios_of(name)]
    found += [*scenarios_of_models(), *scenarios_of_functions(), *scenarios_of_export()]
    return {scenario.name: scenario for scenario in found}


def batches(size):
    """Return one key for each call that is disturbed: its name, and how often."""
    keys = []
    for name, scenario in scenarios().items():
        n_cases = size * scenario.share * _CASES
        # of a short run a part of the calls, the same every time
        chance = random.Random(f"{name} {size}").random()
        n_cases = math.floor(n_cases + chance)
        if n_cases:
            keys.append(f"{name}|{n_cases}")
    return keys


def run(key, say):
    """Disturb one call so many times."""
    name, n_cases = key.split("|")
    scenario, rng = scenarios()[name], random.Random(name)
    counts = undisturbed(scenario).counts
    kinds = [kind for kind, count in counts.items() if count]
    weights = [_WEIGHTS.get(kind, 1.0) for kind in kinds]
    for _ in range(int(n_cases)):
        (kind,) = rng.choices(kinds, weights)
        number, fault = rng.randint(1, counts[kind]), rng.choice(list(FAULTS))
        case = (name, kind, number, fault)
        say.begin(f"from tests.harness.faults import reproduce\nreproduce{case!r}")
        outcome, is_right, detail = disturb(scenario, kind, number, fault)
        say.end(f"{fault}: {outcome}", is_right, detail)


def reproduce(name, kind, number, fault):
    """Disturb one call once, and return the outcome, whether it is right, and what is wrong."""
    return disturb(scenarios()[name], kind, number, fault)

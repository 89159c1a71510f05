"""Generated cases: odd parameters, tables, targets, weights, folds, and odd rows to predict."""

import json

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.harness.fuzz import estimators, functions

NAME = "fuzz"
CAP = 30
MEMORY = 4 * 2**30
KINDS = {"estimators": (estimators, 150), "functions": (functions, 60)}
CASES = 100
_MOST_STEPS = 200


def batches(size):
    """Return [kind, seed] of each batch of a hundred cases."""
    return [[kind, k] for kind, (_, n) in KINDS.items() for k in range(max(1, round(size * n)))]


def run(key, say):
    """Run a hundred cases; shrink the first of each kind of failure."""
    kind, number = key
    module, _ = KINDS[kind]
    failures = {}

    def try_out(case):
        say.begin(reproduction(kind, case))
        outcome, is_right, detail = module.run(case)
        if is_right:
            say.end(outcome, True)
        else:
            failures.setdefault(_signature(outcome, detail), []).append((case, outcome, detail))

    _generate(module, number, try_out, Phase.generate)
    for signature, found in failures.items():
        case, outcome, detail = _shrunk(module, number, signature, say, kind) or found[0]
        for _ in found:
            say.begin(reproduction(kind, case))
            say.end(outcome, False, detail)


def reproduction(kind, case):
    """Return Python that runs a case by itself."""
    return f"from tests.harness.fuzz import reproduce\nreproduce({kind!r}, {case!r})"


def reproduce(kind, case):
    """Run a case and print what becomes of it."""
    outcome, is_right, detail = KINDS[kind][0].run(case)
    print("right" if is_right else "WRONG", outcome, detail, sep="\n")


def _generate(module, number, function, *phases):
    options = settings(
        max_examples=CASES,
        phases=phases,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    seed(number)(options(given(module.cases())(function)))()


def _shrunk(module, number, signature, say, kind):
    """Return the smallest case found of a kind of failure."""
    least, n_steps = [], 0

    def fail_alike(case):
        nonlocal n_steps
        n_steps += 1
        if n_steps > CASES + _MOST_STEPS:
            return
        say.begin(reproduction(kind, case))
        outcome, is_right, detail = module.run(case)
        if not is_right and _signature(outcome, detail) == signature:
            least[:] = [(case, outcome, detail)]
            raise AssertionError(signature)

    try:
        _generate(module, number, fail_alike, Phase.generate, Phase.shrink)
    except AssertionError:
        pass
    except Exception:  # hypothesis' own, where the steps ran out in the middle
        pass
    return least[0] if least else None


def _signature(outcome, detail):
    return json.dumps([outcome, detail.splitlines()[:1]])

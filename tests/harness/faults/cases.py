"""One case: a call is disturbed once, and what is left of it is judged."""

import warnings
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import numpy as np
import torch
from sklearn.exceptions import NotFittedError

from tests.harness.faults.scenarios import NUMBERS, Scenario, X
from tests.harness.faults.state import digest, surroundings
from tests.harness.faults.steps import Trigger, small_blocks, steps


@dataclass
class Undisturbed:
    """What a call does when nothing happens.

    Attributes
    ----------
    before : str
        The object's digest before it.
    after : tuple of str
        Digests of what is returned and of the object after it.
    renewed : str
        That of the object after it, with new sources of chance.
    returned : object
    counts : dict of str to int
        Steps by kind, but for the lines; these are counted in a run of their own.
    cut_short : list of str
        Answers if Ctrl-C comes before one of the epochs or steps of training; found when needed.
    """

    before: str
    after: tuple[str, str]
    renewed: str
    returned: Any
    counts: dict
    cut_short: list = field(default_factory=list)


@dataclass
class Run:
    """What one call did."""

    made: Any
    trigger: Trigger
    returned: Any
    raised: BaseException | None
    warned: list
    changed: list


def called(scenario, made, trigger, lines=False):
    """Call once; ``changed`` are the surroundings that are not as before."""
    returned = raised = None
    with small_blocks(), warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        before = surroundings()
        try:
            with steps(trigger, lines):
                returned = scenario.call(made)
        except BaseException as error:  # Ctrl-C is what may come
            raised = error
            if trigger.raised is None and isinstance(error, KeyboardInterrupt):
                raise  # somebody's own
        after = surroundings()
    changed = [name for name in before if before[name] != after[name]]
    _restore(before, changed)
    return Run(made, trigger, returned, raised, [str(w.message) for w in warned], changed)


def _restore(before, changed):
    """Do not let one failure be the next one's."""
    for name, put in (
        ("grad mode", torch.set_grad_enabled),
        ("number of threads", torch.set_num_threads),
        ("default dtype", torch.set_default_dtype),
    ):
        if name in changed:
            put(before[name])
    if "NumPy's error state" in changed:
        np.seterr(**dict(before["NumPy's error state"]))


_known: dict[str, Undisturbed] = {}


def undisturbed(scenario: Scenario) -> Undisturbed:
    """Return what the call does by itself, which is found out once."""
    if scenario.name not in _known:
        called(scenario, scenario.make(), Trigger())  # what is imported late is imported now
        made = scenario.make()
        before = digest(made)
        run = called(scenario, made, Trigger())
        with_lines = called(scenario, scenario.make(), Trigger(), lines=True)
        for each in (run, with_lines):
            if each.raised is not None:
                raise each.raised
        counts = {**run.trigger.counts, "line": with_lines.trigger.counts.get("line", 0)}
        after = digest(run.returned), digest(made)
        found = Undisturbed(before, after, digest(scenario.renew(made)), run.returned, counts)
        if run.changed:
            raise AssertionError(f"{scenario.name} by itself changes {run.changed}")
        _known[scenario.name] = found
    return _known[scenario.name]


def disturb(scenario, kind, number, fault):
    """Raise one fault; return the outcome, whether it is right, and what is wrong.

    Parameters
    ----------
    scenario : Scenario
    kind : str
        Of the step: "operator", "line", "event", "block", "user", "epoch" or "training step".
    number : int
        Of the step, from one.
    fault : str
        A key of ``FAULTS``.
    """
    whole = undisturbed(scenario)
    run = called(scenario, scenario.make(), Trigger(kind, number, fault), kind == "line")
    if run.trigger.raised is None:
        return "not reached", False, f"{run.trigger.counts} against {whole.counts}"
    wrong = [f"{name} is not as before" for name in run.changed]
    if run.raised is None:
        outcome, more = _went_on(scenario, whole, run, kind, fault)
    else:
        outcome, more = _gave_up(scenario, whole, run, kind)
    wrong += more
    return outcome, not wrong, "; ".join(wrong)


def _gave_up(scenario, whole, run, kind):
    """Judge a call that raised."""
    wrong, outcome = [], "as before"
    are_ctrl_c = (
        isinstance(run.raised, KeyboardInterrupt) and run.trigger.fault == "KeyboardInterrupt"
    )
    if run.raised is not run.trigger.raised and not are_ctrl_c and not _says_so(run):
        wrong.append(f"{run.trigger.raised!r} arrives as {run.raised!r}")
    now = digest(scenario.renew(run.made))
    if now != whole.before:
        # what comes after the last change, such as Ctrl-C on the way out, finds all done
        if kind in ("line", "event") and now == whole.renewed:
            return "all done", wrong
        return "changed", [*wrong, f"the object has changed: {answers(run.made)[:80]}"]
    if answers(run.made) != answers(scenario.make()):
        wrong.append("it answers otherwise than before")
    again = called(scenario, run.made, Trigger())
    if again.raised is not None:
        return outcome, [*wrong, f"a retry raises {again.raised!r}"]
    if digest(again.returned) != whole.after[0]:
        wrong.append("a retry returns something else")
    if digest(again.made) != whole.after[1]:
        wrong.append("a retry leaves something else")
    return outcome, wrong


def _says_so(run):
    """Whether this is the documented error of a device that cannot be used."""
    return (
        run.trigger.where == "resolve_device"
        and isinstance(run.raised, ValueError)
        and run.raised.__cause__ is run.trigger.raised
        and str(run.raised).startswith("device=")
    )


def _went_on(scenario, whole, run, kind, fault):
    """Judge a call that swallowed what was raised."""
    if (digest(run.returned), digest(run.made)) == whole.after:
        # a network that cannot be put on its device is used on the CPU
        is_right = fault == "OutOfMemoryError" or run.trigger.where == "StackNet.__setstate__"
        return "same bits", [] if is_right else [f"{fault} was swallowed"]
    if fault == "OutOfMemoryError":
        return _smaller_pieces(scenario, whole, run)
    if fault == "KeyboardInterrupt":
        return _kept(scenario, whole, run, kind)
    return "swallowed", [f"{fault} was swallowed"]


def _smaller_pieces(scenario, whole, run):
    """Judge what was done in halves: the same numbers, but for the last digits."""
    if hasattr(run.made, "cv_results_") and scenario.name.endswith(("fit", "fit again", "start")):
        with mock.patch.object(type(run.made), "_members_that_fit", return_value=2):
            found = called(scenario, scenario.make(), Trigger())
        same = answers(found.made) == answers(run.made)
        return "smaller pieces", [] if same else ["a search in halves finds something else"]
    if "sample_predictions" in scenario.name:  # masks are drawn block by block
        same = np.isfinite(run.returned).all() and run.returned.shape == whole.returned.shape
    else:
        same = close(run.returned, whole.returned)
    return "smaller pieces", [] if same else ["smaller pieces give other numbers"]


def _kept(scenario, whole, run, kind):
    """Judge what Ctrl-C left: the best epoch, or all whole steps, until then, with a warning."""
    wrong = []
    by_callback = kind == "event"
    if not by_callback and not any("interrupted" in text for text in run.warned):
        wrong.append("Ctrl-C was swallowed without a warning")
    if not whole.cut_short:
        whole.cut_short = [_after(scenario, whole)]
        for kind_of_step in ("epoch", "training step"):
            for number in range(1, whole.counts.get(kind_of_step, 0) + 1):
                trigger = Trigger(kind_of_step, number, "KeyboardInterrupt")
                cut = called(scenario, scenario.make(), trigger)
                if cut.raised is None:
                    whole.cut_short.append(answers(cut.made))
    if answers(run.made) not in whole.cut_short:
        wrong.append("what was kept is of no whole epoch or step")
    return "kept until Ctrl-C", wrong


def _after(scenario, whole):
    made = scenario.make()
    scenario.call(made)
    return answers(made)


def answers(made):
    """Return a digest of what ``made`` says of a table, or why it says nothing."""
    table = NUMBERS if getattr(made, "n_features_in_", None) == 4 else X
    if getattr(made, "n_features_in_", None) == 2:
        table = NUMBERS[:, :2]
    for method in ("predict_proba", "predict", "transform"):
        if hasattr(made, method):
            try:
                with small_blocks():
                    return digest(getattr(made, method)(table))
            except NotFittedError:
                return "unfitted"
    return "no estimator"


def close(one, other):
    """Whether two results, of whatever parts, differ by nothing but rounding."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(close(one[k], other[k]) for k in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(close, one, other))
    if hasattr(one, "__dataclass_fields__"):
        return close(vars(one), vars(other))
    single = isinstance(one, torch.Tensor) and one.dtype == torch.float32
    try:
        numbers = [np.asarray(part, dtype=float) for part in (one, other)]
    except (TypeError, ValueError):
        return digest(one) == digest(other)
    return np.allclose(*numbers, rtol=1e-4 if single else 1e-7, atol=1e-6, equal_nan=True)

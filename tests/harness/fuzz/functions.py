"""Cases of the functions: good arguments of one of them, and up to two odd ones in their places."""

import warnings
from decimal import Decimal
from fractions import Fraction

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression

import skdropout
from skdropout import callbacks, datasets, export, functional, inspection, nn
from tests.harness.fuzz.arguments import points, put
from tests.harness.fuzz.displays import DISPLAYS
from tests.harness.fuzz.equations import EQUATIONS
from tests.harness.fuzz.loops_and_data import LOOPS_AND_DATA
from tests.harness.fuzz.measures import MEASURES, given_callback, given_finder
from tests.harness.fuzz.models import (
    TABLES,
    draw_looked_at,
    given_model,
    given_table,
    given_target,
)
from tests.harness.fuzz.parameters import odd_values
from tests.harness.fuzz.tables import column_names
from tests.harness.fuzz.verdict import judge_answer, judge_error, told

matplotlib.use("agg")
_NAMESPACE = {
    "np": np,
    "pd": pd,
    "plt": plt,
    "torch": torch,
    "Fraction": Fraction,
    "Decimal": Decimal,
    "LinearRegression": LinearRegression,
    "points": points,
    "put": put,
    "model": given_model,
    "table": given_table,
    "used_callback": given_callback,
    "used_finder": given_finder,
    "target": given_target,
    **{module.__name__.split(".")[-1]: module for module in (skdropout, functional, inspection)},
    **{module.__name__.split(".")[-1]: module for module in (callbacks, datasets, export, nn)},
}
_SPECS = {**EQUATIONS, **LOOPS_AND_DATA, **MEASURES, **DISPLAYS}
# Named by errors of whatever looks at models and rows.
_NAMED = (*TABLES, "estimator", "y")
# Where an answer may be beyond the range of floats, and where it may not fit in memory.
_HUGE, _LARGE = ("1e30", "1e15", "1e38", "10**"), ("10**", "1e300", "huge")


@st.composite
def cases(draw):
    """Draw a case, as a dict of literals: a function and Python for each argument."""
    name = draw(st.sampled_from([name for name, spec in _SPECS.items() for _ in range(spec.often)]))
    spec = _SPECS[name]
    arguments = dict(spec.base)
    looked_at = draw_looked_at(draw, spec, arguments)
    values = {**spec.values, **looked_at}
    n_odd = draw(st.sampled_from([0, 1, 1, 1, 2]))
    for parameter in draw(st.permutations(list(values)))[:n_odd]:
        own = list(values[parameter])
        if draw(st.sampled_from([True, True, False])) and own:
            source = draw(st.sampled_from(own))
        else:
            source = draw(st.sampled_from(odd_values(parameter)))
        arguments[parameter] = source.replace("@", spec.base.get(parameter, "None"))
    return {"function": name, "arguments": arguments}


def run(case):
    """Return the outcome of a case, whether it is right, and what was said."""
    sources = " ".join(map(str, case["arguments"].values()))
    spec = _SPECS[case["function"]]
    names = {*spec.values, *spec.base, *getattr(spec, "looks", ()), *_NAMED}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return _run(case, spec, names, any(huge in sources for huge in _HUGE))
        except Exception as error:
            large = any(large in sources for large in _LARGE)
            outcome, is_right = judge_error(error, names, large)
            return outcome, is_right, "" if is_right else told(error)
        finally:
            plt.close("all")


def _run(case, spec, names, is_huge):
    arguments = {
        parameter: eval(source, dict(_NAMESPACE)) for parameter, source in case["arguments"].items()
    }
    for table in TABLES:
        names.update(f"x{j}" for j in range(5))  # of lists
        if hasattr(arguments.get(table), "shape"):
            names.update(column_names(arguments[table]))
    function = eval(case["function"], dict(_NAMESPACE)) if spec.call is None else spec.call
    positional = [
        arguments.pop(parameter) for parameter in spec.positional if parameter in arguments
    ]
    answer = spec.look(function(*positional, **arguments))
    outcome, is_right = judge_answer(answer)
    if is_huge and outcome == "not finite":
        return "answer beyond floats", True, ""
    return outcome, is_right, "" if is_right else f"{case['function']}: {outcome}"

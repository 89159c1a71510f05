"""Reports that take a second, and reports that end where models would be fitted."""

from contextlib import contextmanager, nullcontext
from dataclasses import replace
from types import SimpleNamespace
from unittest.mock import patch

from sklearn.utils import Bunch

import skdropout._report.make as make
from skdropout._report.code import code_of
from skdropout._report.models import QUICK

TINY = replace(
    QUICK,
    max_rows=240,
    hidden_layer_sizes=(8,),
    dropouts=(0.0, 0.3),
    cv=2,
    max_iter=4,
    outer_bags=1,
    detecting={"hidden_layer_sizes": (8,), "activation": "silu", "max_iter": 4},
    n_evaluations=2_000,
    minutes=None,
    max_rounds=3,
    tree_iterations=5,
    n_repeats=1,
    n_effects=1,
    n_effect_rows=20,
    n_surfaces=1,
)


@contextmanager
def small_reports():
    """Let ``--quick`` stand for next to nothing."""
    with patch.object(make, "QUICK", TINY):
        yield


class WasRead(Exception):
    """A table was read and prepared; ``found`` has what models would have been fitted to."""

    def __init__(self, found):
        super().__init__("nothing is fitted here")
        self.found = found


@contextmanager
def without_models():
    """Let a report end in `WasRead` where models would be fitted.

    ``found`` has the ``table``, what was ``prepared``, the ``recipe``, and the ``code`` that
    does the same.
    """
    found = SimpleNamespace()
    read_table = make.read_table

    def read(path):
        found.reading = read_table(path)
        found.table = found.reading.table.copy(deep=False)
        return found.reading

    def stop(prepared, models, *rest):
        found.prepared, found.recipe = prepared, models.recipe
        found.code = code_of(models.recipe, found.reading.source, models, Bunch(done=[]))
        raise WasRead(found)

    with (
        patch.object(make, "read_table", read),
        patch.object(make, "measure", stop),
        patch.object(make, "Progress", lambda budget: nullcontext()),
    ):
        yield

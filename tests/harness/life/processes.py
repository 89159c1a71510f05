"""Fits and pickles in other processes, and pickles of other versions."""

import json
import lzma
import os
import pickle
import subprocess
import sys
import tempfile
import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

import tests.data.pickles
from tests.harness.life.answers import answers, differing
from tests.harness.life.moments import fit, undisturbed
from tests.harness.life.subjects import EVERY, SUBJECTS

_ROOT = Path(__file__).parents[3]
PICKLES = Path(tests.data.pickles.__file__).parent
_FIT = """
import json
from tests.harness.life.moments import undisturbed
from tests.harness.life.subjects import EVERY
print(json.dumps({about: undisturbed(about) for about in EVERY}))
"""
# nothing is imported before the pickle asks for it
_LOAD = """
import pickle, sys
models = pickle.load(open(sys.argv[1], "rb"))
import json
from tests.harness.life.answers import answers
print(json.dumps({about: answers(*of_one) for about, of_one in models.items()}))
"""


def _elsewhere(code, *arguments, hash_seed="random"):
    """Run code in a fresh process; return the JSON it prints."""
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "ignore", "-c", code, *arguments]
    options = {"cwd": _ROOT, "env": environment, "check": True, "capture_output": True}
    return json.loads(subprocess.run(command, text=True, **options).stdout)


@cache
def _fitted_elsewhere(hash_seed):
    return _elsewhere(_FIT, hash_seed=hash_seed)


def _same_digest(about, hash_seed):
    """Fit here and, with another order of all sets, elsewhere."""
    return differing(_fitted_elsewhere(hash_seed)[about], undisturbed(about))


@cache
def _loaded_elsewhere():
    models = {
        about: (fit(subject.new(), subject), subject.data()[0]) for about, subject in EVERY.items()
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "models.pkl"
        path.write_bytes(pickle.dumps(models))
        return _elsewhere(_LOAD, str(path))


def _pickled_here(about, _):
    """Load elsewhere, where nothing was imported, what was fitted here."""
    return differing(_loaded_elsewhere()[about], undisturbed(about))


def _of_a_version(version, about):
    """Load what a released version pickled; go on from it where one can."""
    kept = pickle.loads(lzma.decompress((PICKLES / f"{version}.pkl.xz").read_bytes()))
    model, rows, expected = kept[about]
    subject = SUBJECTS[about]
    X = pd.DataFrame(rows).astype({"city": subject.data()[0]["city"].dtype})
    found = said(model, X)
    differs = [name for name in expected if not _close(found[name], expected[name])]
    differs += differing(answers(pickle.loads(pickle.dumps(model)), X), answers(model, X))
    if hasattr(model, "partial_fit"):
        model.partial_fit(*subject.data())
    return differs


def said(model, X):
    """Return what a model answers for rows, by method: arrays, of frames the columns of numbers."""
    names = [name for name in ("predict", "predict_proba", "transform") if hasattr(model, name)]
    found = {name: getattr(model, name)(X) for name in names}
    return {
        name: answer.select_dtypes("number").to_numpy() if hasattr(answer, "columns") else answer
        for name, answer in found.items()
    }


def _close(found, expected):
    if expected.dtype.kind != "f":
        return np.array_equal(found, expected)
    return np.allclose(found, expected, rtol=1e-9, atol=1e-9, equal_nan=True)


def _refused_or_warned_of(version, about):
    """An estimator of another version is refused, or warned of, in words that name it."""
    subject = SUBJECTS[about]
    model = fit(subject.new(), subject)
    function, (cls, _), state = model.__reduce__()
    if version == "unknown":  # as pickles before 0.2 were, if their classes are found
        return _refusal(cls.__new__(cls).__setstate__, {**state, "_skdropout_version": None})
    if version.startswith("0.1."):
        return _refusal(function, cls, version)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        newer = function(cls, version)
    newer.__setstate__(state)
    (text,) = {str(warning.message) for warning in caught}
    differs = [] if version in text and "install skdropout" in text else [text]
    return differs + differing(answers(newer, subject.data()[0]), undisturbed(about))


def _refusal(function, *arguments):
    try:
        function(*arguments)
    except ValueError as error:
        named = [part in str(error) for part in ("skdropout", "Fit it again", "0.")]
        return [] if all(named) else [str(error)]
    return ["it was not refused"]


_VERSIONS = sorted(path.name.removesuffix(".pkl.xz") for path in PICKLES.glob("*.pkl.xz"))
KINDS = {
    "in two processes": (EVERY, (0, 1, 4294967295), _same_digest),
    "loaded elsewhere": (EVERY, ("pickle",), _pickled_here),
    "of a version": (_VERSIONS, tuple(SUBJECTS), _of_a_version),
    "of no known version": (
        ("unknown", "0.1.0", "0.3.0", "1.0.0rc1", "0.10.1.dev0"),
        tuple(SUBJECTS),
        _refused_or_warned_of,
    ),
}

"""What a case may end in: finite answers, or an error that names what is wrong.

An error is right if it is a ValueError or TypeError that this library or scikit-learn's validation
raised in so many words, and if its text names a parameter, an argument or a column. An error of
another library that only passes through does not count, whatever it says.
"""

import linecache
import re
import traceback
from pathlib import Path

import numpy as np
import sklearn

import skdropout

_OURS = str(Path(skdropout.__file__).parent)
_SKLEARN = str(Path(sklearn.__file__).parent)
_OTHER_ESTIMATORS = tuple(
    f"{_SKLEARN}/{room}/"
    for room in [
        "linear_model",
        "tree",
        "preprocessing",
        "ensemble",
        "svm",
        "cluster",
        "neural_network",
    ]
)
# scikit-learn's own words where they name nothing; its checks of estimators ask for some of them
_WORDS_OF_SKLEARN = (
    "Expected 2D array, got",
    "Expected a 2-dimensional container",
    "Found array with",
    "Found input variables with inconsistent numbers of samples",
    "The feature names should match those that were passed during fit",
    "features, but",
    "Unknown label type",
    "Expected sequence or array-like, got",
    "Singleton array",
    "Complex data not supported",
    "np.matrix is not supported",
    "n_samples=",
    "Support for labels represented as bytes is not supported",
    "y_true and y_pred have different number of output",
    "is not fitted yet",
    "is a class, not an instance",
)


def names_in(case_names, text):
    """Whether ``text`` names any of ``case_names``."""
    return any(_mentions(name, text) for name in case_names)


def judge_error(error, names, may_lack_memory=False):
    """Return the outcome that an ``error`` is, and whether it is right.

    Parameters
    ----------
    error : Exception
    names : iterable of str
        Parameters, arguments and columns of the case.
    may_lack_memory : bool
        Whether the case asks for what no machine holds.
    """
    kind = type(error).__name__
    if isinstance(error, MemoryError) and may_lack_memory:
        return "MemoryError", True
    if _is_of_others(error):
        return "error of the user's own part", True
    if not isinstance(error, ValueError | TypeError):
        return f"raises {kind}", False
    if not _is_said(error):
        return f"{kind} of another library", False
    if not names_in(names, str(error)) and not any(w in str(error) for w in _WORDS_OF_SKLEARN):
        return f"{kind} that names nothing", False
    return "error that names its cause", True


def judge_answer(answer, n_rows=None):
    """Return the outcome that an ``answer`` is, and whether it is right.

    Parameters
    ----------
    answer : array, or dict, list or tuple of them
    n_rows : int, default=None
        How many rows it must have, if known.
    """
    for part in _arrays(answer):
        if part.dtype.kind in "fc" and not np.isfinite(part).all():
            return "not finite", False
        if n_rows is not None and part.shape[:1] != (n_rows,):
            return f"{part.shape[:1]} rows", False
    return "answer", True


def told(error):
    """Return an error as text, its last line what it says."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    where = " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames))
    said = " ".join(str(error).split())[:200]
    return f"{where}\n{type(error).__name__}: {said}"


def _is_said(error):
    """Whether the last frame of ours or scikit-learn's raised it, not something below.

    scikit-learn's array checks let NumPy and pandas say some things for them; that counts there,
    not here.
    """
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename.startswith(_SKLEARN):
            return True
        if frame.filename.startswith(_OURS):
            line = linecache.getline(frame.filename, frame.lineno).strip()
            return line.startswith("raise")
    return False


def _is_of_others(error):
    """Whether a callable or an estimator that the user passed raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    within = [f.filename for f in frames if f.filename.startswith((_OURS, _SKLEARN))]
    last = within[-1] if within else ""
    foreign = any(f.filename.startswith(_OTHER_ESTIMATORS) for f in frames)
    return frames[-1].filename == "<string>" or (foreign and not last.startswith(_OURS))


def _mentions(name, text):
    found = name.strip() and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)
    return bool(found) or repr(name) in text


def _arrays(answer):
    if hasattr(answer, "detach"):
        answer = answer.detach().cpu()
        answer = answer.double() if answer.is_floating_point() else answer  # NumPy lacks some
    if isinstance(answer, dict):
        answer = list(answer.values())
    if isinstance(answer, list | tuple):
        for part in answer:
            yield from _arrays(part)
    elif isinstance(answer, int | float) or hasattr(answer, "__array__"):
        yield np.asarray(answer)

"""Ways to copy an object by way of bytes, files and memory."""

import copy
import pickle
import tempfile
from functools import partial
from pathlib import Path

import cloudpickle
import joblib
from sklearn.base import clone


def _by_pickle(thing, protocol=None, module=pickle):
    return pickle.loads(module.dumps(thing, protocol=protocol))


def _by_file(thing, compress=0, mmap_mode=None):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "thing.joblib"
        joblib.dump(thing, path, compress=compress)
        # what is mapped stays readable when its name is gone; elsewhere than on Linux it may not
        return joblib.load(path, mmap_mode=mmap_mode)


def _twice(thing):
    return _by_pickle(copy.deepcopy(thing))


WAYS = {
    "pickle": _by_pickle,
    "pickle protocol 2": partial(_by_pickle, protocol=2),
    "cloudpickle": partial(_by_pickle, module=cloudpickle),
    "joblib": _by_file,
    "joblib compressed": partial(_by_file, compress=3),
    "joblib mapped": partial(_by_file, mmap_mode="r"),
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
    "twice": _twice,
}
# those where something might be in the way in the middle of a fit
IN_THE_MIDDLE = ("pickle", "cloudpickle", "joblib mapped", "deepcopy")
WAYS_AND_CLONE = {**WAYS, "clone": clone}

"""What is public is documented: every parameter, every fitted attribute, every example runs."""

import inspect
import subprocess
import sys

import numpy as np
import pytest
from numpydoc.docscrape import ClassDoc, FunctionDoc
from sklearn.base import is_classifier
from sklearn.datasets import make_classification, make_regression

import skdropout
import skdropout.callbacks
import skdropout.datasets
import skdropout.export
import skdropout.functional
import skdropout.inspection
from skdropout import DropoutMLPRegressor

SMALL = {
    cls: {"dropouts": 2, "cv": 2, "refit": "bag"}
    for cls in (skdropout.DropoutMLPClassifierCV, skdropout.DropoutMLPRegressorCV)
}
ESTIMATORS = [getattr(skdropout, name) for name in skdropout.__all__]
FUNCTIONS = [
    getattr(module, name)
    for module in (
        skdropout.datasets,
        skdropout.export,
        skdropout.callbacks,
        skdropout.functional,
        skdropout.inspection,
    )
    for name in module.__all__
    if name != "PurifiedTable"  # a named tuple, described where it is returned
]


def public_methods(cls):
    for name, method in inspect.getmembers(cls, inspect.isfunction):
        if not name.startswith("_") and method.__module__.startswith("skdropout"):
            yield name, method


def fitted(cls):
    make = make_classification if is_classifier(cls()) else make_regression
    X, y = make(n_samples=60, random_state=0)
    small = {"hidden_layer_sizes": (4,), "max_iter": 2, "random_state": 0}
    if cls is skdropout.SmoothHessInteractions:
        network = DropoutMLPRegressor(**small, numeric_encoding="standard")
        return cls(network, random_state=0).fit(X, y)
    return cls(**SMALL.get(cls, {}), **small).fit(X, y)


def test_all_is_sorted_and_holds_classes_only():
    assert skdropout.__all__ == sorted(skdropout.__all__)
    assert all(inspect.isclass(getattr(skdropout, name)) for name in skdropout.__all__)


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_every_parameter_is_documented_in_order(cls):
    documented = [entry.name for entry in ClassDoc(cls)["Parameters"]]
    assert documented == list(inspect.signature(cls).parameters)
    assert all("".join(entry.desc).strip() for entry in ClassDoc(cls)["Parameters"])


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_documented_defaults_are_the_defaults(cls):
    parameters = inspect.signature(cls).parameters
    for entry in ClassDoc(cls)["Parameters"]:
        default = entry.type.split("default=")[1]
        assert eval(default) == parameters[entry.name].default


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_every_fitted_attribute_is_documented(cls):
    model = fitted(cls)
    getattr(model, "embeddings_", None)  # a property
    public = {n for n in dir(model) if n.endswith("_") and not n.startswith("_")}
    documented = {n for entry in ClassDoc(cls)["Attributes"] for n in entry.name.split(", ")}
    # feature names are set where the data have them
    assert public | {"feature_names_in_"} == documented


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_every_method_is_documented(cls):
    for name, method in public_methods(cls):
        if "routing" in name or name.startswith("set_"):
            continue
        doc = FunctionDoc(method)
        names = [entry.name for entry in doc["Parameters"]]
        stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
        parameters = inspect.signature(method).parameters.values()
        assert names == [stars.get(p.kind, "") + p.name for p in parameters][1:], name
        assert doc["Summary"], name
        assert doc["Returns"], name


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_class_docstring_has_an_example(cls):
    assert ClassDoc(cls)["Examples"]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_every_function_is_documented(function):
    doc = ClassDoc(function) if inspect.isclass(function) else FunctionDoc(function)
    names = [name for entry in doc["Parameters"] for name in entry.name.split(", ")]
    assert sorted(names) == sorted(inspect.signature(function).parameters)
    assert doc["Examples"]


def test_import_is_light():
    code = (
        "import sys, skdropout; "
        "heavy = {'skorch', 'torch._dynamo', 'matplotlib', 'interpret', 'onnx'}; "
        "heavy &= set(sys.modules); "
        "sys.exit(str(sorted(heavy)) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_fit_imports_no_compiler():
    """Which torch's own optimisers do, for a second of every process's first fit."""
    code = (
        "import sys; from skdropout import DropoutMLPRegressor; "
        "model = DropoutMLPRegressor((2,), max_iter=2, early_stopping=False); "
        "model.fit([[0.0], [1.0]], [0.0, 1.0]); "
        "sys.exit('torch._dynamo' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_version_is_a_string():
    assert np.char.count(skdropout.__version__, ".") >= 2

"""An estimator changes in one place: in ``_adopt``, and nowhere while it trains."""

import ast
import inspect
import textwrap

import numpy as np
import pandas as pd
import pytest
from torch.utils._python_dispatch import TorchDispatchMode

import skdropout
from skdropout import (
    DropoutMLPClassifier,
    DropoutMLPClassifierCV,
    DropoutMLPRegressor,
    DropoutMLPRegressorCV,
    EmbeddingEncoder,
    RelDropClassifier,
    RelDropRegressor,
    SmoothHessInteractions,
)

ESTIMATORS = [getattr(skdropout, name) for name in skdropout.__all__]
MAY_SET = {"__init__", "_adopt", "__setstate__"}
SETTERS = {"setattr", "delattr", "__setattr__", "__delattr__"}
READS = {"items", "keys", "values", "get", "copy"}


def methods():
    """All methods of the estimators and of their bases in this library, each once."""
    classes = {base for cls in ESTIMATORS for base in cls.__mro__ if _is_ours(base)}
    for cls in sorted(classes, key=lambda cls: cls.__qualname__):
        for name, member in vars(cls).items():
            function = getattr(member, "fget", None) or getattr(member, "__func__", member)
            function = inspect.unwrap(function) if callable(function) else function
            if inspect.isfunction(function) and name not in MAY_SET:
                yield pytest.param(function, id=f"{cls.__name__}.{name}")


def _is_ours(cls):
    # public classes say "skdropout", wherever they are written
    return cls.__module__.partition(".")[0] == "skdropout"


def names_of_self(function):
    """``self`` and whatever it is called besides, however indirectly."""
    names = {function.args.args[0].arg} if function.args.args else set()
    while True:
        more = {
            target.id
            for node in ast.walk(function)
            if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr | ast.withitem)
            for value in (getattr(node, "value", None) or getattr(node, "context_expr", None),)
            if isinstance(value, ast.Name) and value.id in names
            for target in ast.walk(node)
            if isinstance(target, ast.Name) and isinstance(target.ctx, ast.Store)
        }
        if more <= names:
            return names
        names |= more


def writes(source):
    """Yield the lines in which a method sets an attribute of its object, by whatever means."""
    (function,) = ast.parse(textwrap.dedent(source)).body
    names = names_of_self(function)

    def is_self(node):
        return isinstance(node, ast.Name) and node.id in names

    def is_dictionary(node):
        by_call = isinstance(node, ast.Call) and ast.unparse(node.func) == "vars"
        by_name = isinstance(node, ast.Attribute) and node.attr == "__dict__"
        return (by_call and any(map(is_self, node.args))) or (by_name and is_self(node.value))

    for node in ast.walk(function):
        if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            if is_self(node.value) or is_dictionary(node.value):
                yield ast.unparse(node)
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            of_self = any(map(is_self, node.args)) or called.split(".")[0] in names
            if of_self and called.split(".")[-1] in SETTERS:
                yield ast.unparse(node)
            of_dictionary = isinstance(node.func, ast.Attribute) and is_dictionary(node.func.value)
            if of_dictionary and node.func.attr not in READS:
                yield ast.unparse(node)
        elif isinstance(node, ast.AugAssign) and is_dictionary(node.target):
            yield ast.unparse(node)


@pytest.mark.parametrize("function", list(methods()))
def test_nothing_else_sets_an_attribute(function):
    assert not list(writes(inspect.getsource(function)))


@pytest.mark.parametrize(
    "line",
    [
        "self.x = 1",
        "self.x: int = 1",
        "self.x += 1",
        "self.x, y = 1, 2",
        "del self.x",
        "setattr(self, 'x', 1)",
        "object.__setattr__(self, 'x', 1)",
        "self.__setattr__('x', 1)",
        "vars(self)['x'] = 1",
        "vars(self).update(x=1)",
        "self.__dict__.update(x=1)",
        "self.__dict__ = {}",
        "self.__dict__ |= {}",
        "other = self; other.x = 1",
        "(other := self).x = other.x = 1",
        "for self.x in range(3): pass",
        "with open('x') as self.x: pass",
    ],
)
def test_the_test_finds_every_way(line):
    assert list(writes(f"def method(self):\n    {line}"))


def test_the_one_place_is_one_statement():
    (function,) = ast.parse(textwrap.dedent(inspect.getsource(DropoutMLPRegressor._adopt))).body
    stores = [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    ]
    assert [ast.unparse(node) for node in stores] == ["self.__dict__"]


# what scikit-learn's protocol of callbacks sets for the time of a fit
OF_SKLEARN = {"_callback_fit_ctx", "_skl_callbacks_to_teardown"}


class Watch(TorchDispatchMode):
    """Compare an estimator, at every torch operator, with what it was before."""

    def __init__(self, estimator):
        super().__init__()
        self.estimator, self.n_operators = estimator, 0

    def __enter__(self):
        self.before = dict(vars(self.estimator))
        return super().__enter__()

    def __torch_dispatch__(self, operator, types, args=(), kwargs=None):
        self.n_operators += 1
        now = {n: value for n, value in vars(self.estimator).items() if n not in OF_SKLEARN}
        assert now.keys() == self.before.keys()
        assert all(now[name] is value for name, value in self.before.items())
        return operator(*args, **(kwargs or {}))


rng = np.random.default_rng(0)
X = pd.DataFrame(rng.normal(size=(60, 3)), columns=list("abc"))
X["city"] = pd.Categorical(rng.choice(["Rome", "Oslo"], 60))
Y = X["a"].to_numpy() * X["b"].to_numpy()
SMALL = {"hidden_layer_sizes": (4,), "max_iter": 2, "random_state": 0}
GRID = {**SMALL, "dropouts": [0.0, 0.2], "cv": 2}
FITS = [
    (DropoutMLPRegressor(**SMALL), Y),
    (DropoutMLPClassifier(**SMALL), Y > 0),
    (DropoutMLPRegressorCV(**GRID), Y),
    (DropoutMLPClassifierCV(**GRID, racing=True), Y > 0),
    (RelDropRegressor(**SMALL), Y),
    (RelDropClassifier(**SMALL), Y > 0),
    (EmbeddingEncoder(**SMALL), Y),
    (SmoothHessInteractions(DropoutMLPRegressor(**SMALL), random_state=0), Y),
]


@pytest.mark.parametrize(("estimator", "y"), FITS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("method", ["fit", "partial_fit", "fit_transform"])
def test_it_is_the_same_at_every_operator(estimator, y, method):
    """First for an estimator that was never fitted, then for one that was."""
    if not hasattr(estimator, method):
        pytest.skip(f"has no {method}")
    estimator = estimator._bare()
    for _ in range(2):
        with Watch(estimator) as watch:
            getattr(estimator, method)(X, y)
        assert watch.n_operators > 50


def test_what_an_earlier_fit_left_goes():
    model = DropoutMLPRegressor(**SMALL).fit(X, Y)
    model.not_ours = "kept"
    model.fit(X[["a", "b", "c"]].to_numpy(), Y)
    assert not hasattr(model, "feature_names_in_")
    assert model.not_ours == "kept"
    names = vars(model).keys()
    assert names == {*vars(DropoutMLPRegressor(**SMALL).fit(X[["a"]].to_numpy(), Y)), "not_ours"}


@pytest.mark.parametrize(
    ("estimator", "broken"),
    [
        (EmbeddingEncoder(**SMALL), "skdropout._transformers.embedding.encoder.np.hstack"),
        (
            SmoothHessInteractions(DropoutMLPRegressor(**SMALL), random_state=0),
            "skdropout._transformers.interactions.finder.append",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_output_that_cannot_be_made_leaves_nothing_fitted(estimator, broken, monkeypatch):
    def fail(*_):
        raise MemoryError

    estimator = estimator._bare()
    before = dict(vars(estimator))
    monkeypatch.setattr(broken, fail)
    with pytest.raises(MemoryError):
        estimator.fit_transform(X, Y)
    assert vars(estimator) == before

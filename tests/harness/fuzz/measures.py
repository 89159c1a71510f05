"""Arguments of what looks into fitted models: inspection, export and the callback."""

import functools
import os

import numpy as np
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

import skdropout
from skdropout import inspection
from skdropout.callbacks import SpectrumCallback
from skdropout.export import to_onnx
from tests.harness.fuzz.columns import NUMBERS, PANDAS_COLUMNS, POLARS_COLUMNS
from tests.harness.fuzz.equations import Spec
from tests.harness.fuzz.tables import (
    NUMPY_STYLES,
    ODD_STYLES,
    PANDAS_STYLES,
    POLARS_STYLES,
    SPARSE_STYLES,
    TORCH_STYLES,
    make_table,
)
from tests.harness.fuzz.targets import TARGETS, make_target

TABLES = ("X", "background")
_PLAIN = {
    "pandas": ["plain", "words", "missing"],
    "polars": ["plain", "words", "missing"],
    "numpy": ["plain", "whole", "missing"],
    "lists": ["plain", "whole", "two values"],
}
_STYLES = {
    "pandas": (PANDAS_COLUMNS, PANDAS_STYLES),
    "polars": (POLARS_COLUMNS, POLARS_STYLES),
    "numpy": (list(NUMBERS), NUMPY_STYLES),
    "lists": (list(NUMBERS), ["plain"]),
    "torch": (list(NUMBERS), TORCH_STYLES),
    "sparse": (list(NUMBERS), SPARSE_STYLES),
}
_SMALL = {"hidden_layer_sizes": (4,), "max_iter": 2, "n_members": 2, "random_state": 0}
_ONE = {**_SMALL, "n_members": 1}
_SK = {"hidden_layer_sizes": (4,), "max_iter": 3, "random_state": 0}
_SEARCH = {**_ONE, "dropouts": [0.0, 0.2], "cv": 2}
_ENCODER = skdropout.EmbeddingEncoder(hidden_layer_sizes=(4,), max_iter=2, random_state=0, cv=2)
_TREES = HistGradientBoostingRegressor(max_iter=3, min_samples_leaf=3)
# {kind: (what to fit, on which target)}; fitted anew for each container of rows
_OWN = {
    "ensemble": (skdropout.DropoutMLPRegressor(**_SMALL), "values", "plain"),
    "standard": (
        skdropout.DropoutMLPRegressor(numeric_encoding="standard", **_ONE),
        "values",
        "plain",
    ),
    "two outputs": (skdropout.DropoutMLPRegressor(**_ONE), "values", "two outputs"),
    "classes": (skdropout.DropoutMLPClassifier(**_SMALL), "classes", "words"),
    "three": (skdropout.DropoutMLPClassifier(**_ONE), "classes", "three"),
    "labels": (skdropout.DropoutMLPClassifier(**_ONE), "classes", "labels"),
    "poisson": (skdropout.DropoutMLPRegressor(loss="poisson", **_ONE), "values", "counts"),
    "search": (skdropout.DropoutMLPRegressorCV(**_SEARCH), "values", "plain"),
    "search of classes": (skdropout.DropoutMLPClassifierCV(**_SEARCH), "classes", "two"),
    "RelDrop": (skdropout.RelDropRegressor(**_ONE), "values", "plain"),
    "encoder": (_ENCODER, "values", "plain"),
    "behind encoder": (make_pipeline(_ENCODER, _TREES), "values", "plain"),
}
_OTHERS = {
    "trees": (_TREES, "values", "plain"),
    "frozen": (FrozenEstimator(_TREES.fit(np.zeros((9, 3)), np.arange(9))), "values", "plain"),
    "tree of labels": (DecisionTreeClassifier(max_depth=2), "classes", "labels"),
    "tree of several": (DecisionTreeClassifier(max_depth=2), "classes", "several of several"),
    "dummy": (DummyClassifier(), "classes", "three"),
}
_WHOLE = {
    "linear": (LinearRegression(), "values", "plain"),
    "logistic": (LogisticRegression(), "classes", "three"),
    "vectors": (SVC(), "classes", "two"),
    "MLP": (MLPRegressor(**_SK), "values", "plain"),
    "MLP of classes": (MLPClassifier(**_SK), "classes", "three"),
    "MLP of labels": (MLPClassifier(**_SK), "classes", "labels"),
    "scaled": (make_pipeline(StandardScaler(), MLPRegressor(**_SK)), "values", "plain"),
    "products": (make_pipeline(PolynomialFeatures(2), LinearRegression()), "values", "plain"),
    "tried": (GridSearchCV(LinearRegression(), {"fit_intercept": [True]}, cv=2), "values", "plain"),
    "clusters": (KMeans(2, n_init=1), "values", "plain"),
}
_FITTED = {**_OWN, **_OTHERS, **_WHOLE}
# Python for what is no fitted estimator but predicts
_FUNCTIONS = [
    *("lambda X: np.asarray(X)[:, 0] * np.asarray(X)[:, 1]", "lambda X: np.asarray(X)"),
    *("torch.nn.Linear(3, 1)", "torch.nn.Linear(3, 2).double()", "lambda X: np.zeros(len(X))"),
    "torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1))",
]
_ODD_MODELS = [
    *("None", "5", "'mlp'", "object()", "print", "LinearRegression()", "LinearRegression", "[]"),
    *("skdropout.DropoutMLPRegressor()", "skdropout.DropoutMLPRegressor", "torch.nn.Linear(5, 1)"),
    *("lambda X: np.full(len(X), np.nan)", "lambda X: np.full(len(X), 1e308)", "lambda X: None"),
    *("lambda X: ['a'] * len(X)", "lambda X: [1.0]", "lambda X: 1 / 0", "lambda: 1", "lambda X: X"),
    *(
        "lambda X: np.zeros((len(X), 2, 2))",
        "lambda X: np.zeros(len(X), complex)",
        "torch.nn.ReLU()",
    ),
    *(
        "lambda X: np.zeros((len(X), 0))",
        "lambda X: 1e300 * np.asarray(X)[:, 0]",
        "torch.nn.LSTM(3, 2)",
    ),
    *(
        "lambda X: 5e-324 * np.sign(np.asarray(X)[:, 0])",
        "torch.nn.Embedding(3, 2)",
        "lambda X: 5.0",
    ),
    "torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Dropout(), torch.nn.BatchNorm1d(2))",
    *(f"model({kind!r}, 'lists')" for kind in _WHOLE),
    *(f"model({kind!r}, 'numpy')" for kind in _OTHERS),
    *(f"model({kind!r}, 'pandas')" for kind in _OWN),
]


@functools.cache
def given_model(kind, container):
    """Return a model fitted on the plain rows of a container."""
    estimator, task, name = _FITTED[kind]
    X = given_table(container, _PLAIN[container], 40, 1)
    y = make_target(task, name, 1, 40)
    return estimator.__sklearn_clone__().fit(X, y)


def given_table(container, columns=("plain",), n=24, seed=0, style="plain"):
    """Return a table, see ``make_table``."""
    description = {"container": container, "columns": list(columns), "n": n, "seed": seed}
    return make_table({**description, "style": style})


def given_target(task, name, n=24):
    """Return a target."""
    return make_target(task, name, 0, n)


def draw_looked_at(draw, spec, arguments):
    """Draw a model with the rows and targets it knows; return odd ones to put in their place."""
    if not getattr(spec, "looks", False):
        return {}
    container = draw(st.sampled_from(list(_PLAIN)))
    kinds = list(_OWN)
    if container in ("numpy", "lists"):
        kinds += [*_OTHERS, None]
    if container == "lists":
        kinds += list(_WHOLE)
    kind = draw(st.sampled_from(spec.kinds or kinds))
    task, name = "values", "plain"
    source = draw(st.sampled_from(_FUNCTIONS))
    if kind is not None:
        _, task, name = _FITTED[kind]
        source = f"model({kind!r}, {container!r})"
    known = {
        "estimator": source,
        "estimators": source,
        "X": f"table({container!r}, {_PLAIN[container]!r}, {spec.n})",
        "background": f"table({container!r}, {_PLAIN[container]!r}, {spec.n}, 1)",
        "y": f"target({task!r}, {name!r}, {spec.n})",
    }
    arguments.update({name: known[name] for name in spec.looks})
    table = _odd_tables(draw, container, spec.n)
    odd = {
        "estimator": _ODD_MODELS,
        "estimators": [*_ODD_MODELS, f"{{'a': {source}}}", "{}", "{'a': None}"],
        "X": table,
        "background": table,
        "y": [f"target({t!r}, {n!r}, {spec.n})" for t in TARGETS for n in TARGETS[t]],
    }
    return {name: odd[name] for name in spec.looks}


def _odd_tables(draw, container, n):
    """Draw Python for a table that differs from those that models of ``container`` know."""
    kinds, styles = _STYLES[container]
    columns = list(_PLAIN[container])
    changed = [*columns]
    for _ in range(draw(st.integers(1, 2))):
        changed[draw(st.integers(0, 2))] = draw(st.sampled_from(kinds))
    other = draw(st.sampled_from(list(_STYLES)))
    few = draw(st.sampled_from([0, 1, 2, 3]))
    return [
        f"table({container!r}, {changed!r}, {n})",
        f"table({container!r}, {columns!r}, {n}, 0, {draw(st.sampled_from(styles))!r})",
        f"table({other!r}, {columns!r}, {n}, 0, {draw(st.sampled_from(_STYLES[other][1]))!r})",
        f"table({container!r}, {columns!r}, {few})",
        f"table({container!r}, {columns[: few % 3]!r}, {n})",
        f"table({container!r}, {[*columns, 'plain']!r}, {n})",
        f"table('odd', style={draw(st.sampled_from(ODD_STYLES))!r})",
    ]


class _Looks(Spec):
    """A Spec whose model, rows and targets are drawn together."""

    def __init__(self, looks, values, base=None, kinds=None, n=24, **options):
        state = {"random_state": "0"} if "random_state" in values else {}
        super().__init__({**state, **(base or {})}, values, **options)
        self.looks, self.kinds, self.n = looks, kinds, n


_COUNTS = ["0", "1", "2", "3", "10", "np.int8(4)", "np.uint64(4)", "torch.tensor(4)", "4.0", "-1"]
_LENGTHS = ["0.1", "1", "1e-300", "1e300", "5e-324", "1e308", "np.float16(1)", "0", "-1"]
_STATES = {"random_state": ["0", "None", "np.random.RandomState(0)", "2**32", "-1", "'a'"]}
_FILL = [
    *(
        "'typical'",
        "'missing'",
        "[0, 0, 0]",
        "[0.5, 'Oslo', None]",
        "[0.0]",
        "np.zeros(3)",
        "'zero'",
    ),
    *("[np.nan] * 3", "[[0], [0], [0]]", "['a', 'b', 'c']", "[1e308] * 3", "{0: 1}", "(1, 2, 3)"),
]
_OUTPUTS = ["None", "0", "1", "2", "'yes'", "'no'", "-1", "np.int64(0)", "[0]", "(0, 1)"]
_PAIRS = [
    *(
        "0",
        "1",
        "2",
        "[]",
        "[(0, 1)]",
        "[('col0', 'col1')]",
        "[(0, 0)]",
        "[(0, 9)]",
        "[0, 1]",
        "[(0,)]",
    ),
    *(
        "[('no', 0)]",
        "[(0, 1, 2)]",
        "'ab'",
        "[(0.0, 1.0)]",
        "-1",
        "np.int8(1)",
        "[[0, 1]]",
        "[('x0', 2)]",
    ),
]
_AX = ["None", "plt.figure().add_subplot()", "plt.figure()", "plt.subplots(1, 2)[1]", "[]", "5"]
_AX2 = [*_AX, "[plt.figure().add_subplot(), plt.figure().add_subplot()]"]
_SPECTRUM = {
    "max_order": [*_COUNTS, "10**9"],
    "method": [
        "'noise_stability'",
        "'distillation'",
        "['distillation']",
        "np.str_('distillation')",
    ],
    "class_score": ["'logit'", "'probability'", "'score'"],
    "n_evaluations": ["2000", "3000", "np.int16(2000)", "1999", "2000.0", "torch.tensor(2000)"],
    **_STATES,
}
_STRENGTHS = {
    "method": ["'superset'", "'auto'", "'smooth_hessian'", "np.str_('auto')", "['auto']"],
    "sigma": _LENGTHS,
    "n_perturbations": ["2", "4", "np.int8(4)", "3", "0", "'auto'", "np.uint8(2)", "4.0"],
    "n_points": [*_COUNTS, "10**15"],
    "exclude": [
        *(
            "None",
            "[0]",
            "['col0']",
            "['x1']",
            "[]",
            "[9]",
            "['no']",
            "[-1]",
            "[True]",
            "[[0]]",
            "0",
        ),
        *(
            "[0, 1]",
            "(0, 1, 2)",
            "[None]",
            "[0.0]",
            "'col0'",
            "np.array([0])",
            "{0}",
            "[np.int64(1)]",
        ),
    ],
    "normalize": ["True", "False", "np.bool_(True)"],
    **_STATES,
}
_CURVE = {
    "order": ["'relevant'", "'random'", "'irrelevant'", "['random']", "np.str_('random')"],
    "fractions": [
        *(
            "1",
            "2",
            "5",
            "0",
            "-1",
            "[0, 0.5]",
            "[0.5]",
            "[2]",
            "[]",
            "[np.nan]",
            "np.int8(3)",
            "True",
        ),
        *(
            "np.array([0.0, 1.0])",
            "[[0.5]]",
            "['a']",
            "10**15",
            "(0, 1)",
            "torch.tensor([0.5])",
            "2.0",
        ),
    ],
    "fill": _FILL,
    "scoring": [
        *(
            "None",
            "'r2'",
            "'accuracy'",
            "'no'",
            "lambda e, X, y: 1.0",
            "lambda e, X, y: np.nan",
            "['r2']",
        ),
        *("lambda e, X, y: 'good'", "'neg_mean_squared_error'", "lambda e: 0", "{'a': 'r2'}", "()"),
    ],
    **_STATES,
}
_EXPLAIN = {
    "interactions": _PAIRS,
    "output": _OUTPUTS,
    "n_points": [*_COUNTS, "10**15"],
    "name": ["None", "'a'", "''", "5"],
    **_STATES,
}
_BASE_EXPLAIN = {"interactions": "1", "n_points": "5"}
_REGRESSIONS = ["ensemble", "standard", "poisson", "search", "RelDrop"]
_BINARY = [*_REGRESSIONS, "classes", "search of classes"]


def _of_explanation(found):
    return [found.data(0)["scores"]]


def _drawn(display):
    """Return the arrays of a display, drawn once more."""
    display.figure_.canvas.draw()
    return [
        value for name, value in vars(display).items() if name in ("values", "curves", "vectors")
    ]


def _exported(estimator, path=os.devnull):
    return bool(to_onnx(estimator, path))


def _recorded(X, y, **options):
    """Fit a network with a ``SpectrumCallback``, and draw what it has found."""
    callback = SpectrumCallback(X, **options)
    skdropout.DropoutMLPRegressor(**_SMALL, callbacks=[callback]).fit(
        given_table("numpy", _PLAIN["numpy"], 24), y
    )
    inspection.OrderSpectrumDisplay.from_callback(callback)
    return callback.spectra_


@functools.cache
def given_callback():
    """Return a callback after a fit."""
    X = given_table("numpy", _PLAIN["numpy"])
    callback = SpectrumCallback(X, n_evaluations=2000)
    skdropout.DropoutMLPRegressor(**_ONE, callbacks=[callback]).fit(X, X[:, 0])
    return callback


def _display(name, method="__init__"):
    """Return a function that makes a display by one of its methods and plots it again."""

    def make(*given, **options):
        plot = {key: options.pop(key) for key in ("cmap", "colors") if key in options}
        cls = getattr(inspection, name)
        display = (
            cls(*given, **options)
            if method == "__init__"
            else getattr(cls, method)(*given, **options)
        )
        return display.plot(**plot)

    return make


MEASURES = {
    "inspection.interaction_strengths": _Looks(
        ("estimator", "X"), _STRENGTHS, {"n_points": "5"}, positional=("estimator", "X"), often=4
    ),
    "inspection.perturbation_mse": _Looks(
        ("estimator", "X"),
        {
            "radius": _LENGTHS,
            "law": ["'radius'", "'ball'", "'cube'"],
            "sigma": _LENGTHS,
            "n_perturbations": ["2", "4", "3", "0", "np.int8(4)", "4.0"],
            "n_points": [*_COUNTS, "10**15"],
            "output": _OUTPUTS,
            **_STATES,
        },
        {"n_points": "5", "n_perturbations": "4"},
        kinds=[*_REGRESSIONS, "classes", "three", "labels", "two outputs"],
        positional=("estimator", "X"),
    ),
    "inspection.occlusion_curve": _Looks(
        ("estimator", "X", "y"),
        _CURVE,
        {"fractions": "3"},
        positional=("estimator", "X", "y"),
        often=4,
    ),
    "inspection.effective_number_of_features": _Looks(
        ("estimator", "X", "y"),
        {
            "share": ["0.5", "1", "1.0", "0", "1.1", "np.float32(0.5)", "torch.tensor(0.5)"],
            "fill": _FILL,
        },
        positional=("estimator", "X", "y"),
        often=3,
    ),
    "inspection.interaction_order_spectrum": _Looks(
        ("estimator", "X"),
        {**_SPECTRUM, "per_member": ["True", "False"]},
        {"n_evaluations": "2000"},
        positional=("estimator", "X"),
        often=4,
    ),
    "inspection.explain_global": _Looks(
        ("estimator", "X"),
        {**_EXPLAIN, "n_grid": [*_COUNTS, "10**15"]},
        {**_BASE_EXPLAIN, "n_grid": "4"},
        kinds=_BINARY,
        positional=("estimator", "X"),
        look=_of_explanation,
        often=3,
    ),
    "inspection.explain_local": _Looks(
        ("estimator", "X", "background"),
        {**_EXPLAIN, "y": [f"target({t!r}, {n!r})" for t in TARGETS for n in TARGETS[t]]},
        _BASE_EXPLAIN,
        kinds=_BINARY,
        positional=("estimator", "X", "y"),
        look=_of_explanation,
        often=3,
    ),
    "inspection.supported_orders": _Looks(
        ("estimator", "X", "y"),
        {
            "alpha": [*_LENGTHS, "0.5"],
            "test_size": [*_LENGTHS, "0.5", "0.6", "np.float32(0.5)"],
            "n_evaluations": _SPECTRUM["n_evaluations"],
            **_STATES,
        },
        {"n_evaluations": "2000"},
        n=48,
        positional=("estimator", "X", "y"),
        often=3,
    ),
    "inspection.InteractionDisplay.from_estimator": _Looks(
        ("estimator", "X"),
        {**_STRENGTHS, "ax": _AX},
        {"n_points": "5"},
        positional=("estimator", "X"),
        call=_display("InteractionDisplay", "from_estimator"),
        look=_drawn,
        often=1,
    ),
    "inspection.InteractionDisplay.from_pair": _Looks(
        ("estimator", "X"),
        {
            "pair": [
                "(0, 1)",
                "[0, 2]",
                "(0, 0)",
                "('col0', 'col1')",
                "(0, 9)",
                "(0,)",
                "'ab'",
                "((0, 1), 2)",
            ],
            "output": _OUTPUTS,
            "n_grid": [*_COUNTS, "10**15"],
            "n_points": [*_COUNTS, "10**15"],
            "ax": _AX,
            "cmap": ["None", "'Blues'", "'no'"],
            **_STATES,
        },
        {"pair": "(0, 1)", "n_grid": "4", "n_points": "5"},
        positional=("estimator", "X", "pair"),
        call=_display("InteractionDisplay", "from_pair"),
        look=_drawn,
    ),
    "inspection.InteractionDisplay": Spec(
        {"values": "np.eye(3)[::-1]", "feature_names": "['a', 'b', 'c']"},
        {
            "values": [
                "@ * np.nan",
                "@ * 1e308",
                "@[:2]",
                "@[0]",
                "[[0, 1], [1, 0]]",
                "-@",
                "torch.eye(3)",
            ],
            "feature_names": [
                "['a']",
                "['a', 'b', 'c', 'd']",
                "[1, 2, 3]",
                "'abc'",
                "['$', '<b>', 'x']",
            ],
            "grid": [
                *(
                    "None",
                    "(np.arange(3), np.arange(3))",
                    "([1, 2, 3], [1, 2, 3])",
                    "(np.arange(3),)",
                ),
                *(
                    "(np.arange(2), np.arange(3))",
                    "(np.array(['a', 'b', 'c'], object), np.arange(3.0))",
                ),
            ],
            "cmap": ["None", "'Blues'", "'no'"],
        },
        ("values", "feature_names"),
        call=_display("InteractionDisplay"),
        look=_drawn,
        often=1,
    ),
    "inspection.OrderSpectrumDisplay.from_estimator": _Looks(
        ("estimator", "X"),
        {
            **_SPECTRUM,
            "name": ["None", "'a'", "5", "'$x'"],
            "kind": ["'both'", "'absolute'", "'normalized'", "['both']", "'none'"],
            "ax": _AX2,
            "colors": ["None", "['red']", "'red'", "[]", "['no']", "[5]"],
        },
        {"n_evaluations": "2000"},
        positional=("estimator", "X"),
        call=_display("OrderSpectrumDisplay", "from_estimator"),
        look=_drawn,
        often=1,
    ),
    "inspection.OrderSpectrumDisplay.from_spectra": Spec(
        {"spectra": "used_callback().spectra_[1]"},
        {
            "spectra": [
                "{}",
                "{'a': @}",
                "{1: @, 2.5: @}",
                "[@]",
                "{'a': None}",
                "{'a': {}}",
                "{None: @}",
            ],
            "along": ["None", "'epoch'", "5"],
            "kind": ["'both'", "'absolute'", "'normalized'", "['both']"],
            "ax": _AX2,
        },
        ("spectra",),
        call=_display("OrderSpectrumDisplay", "from_spectra"),
        look=_drawn,
        often=1,
    ),
    "inspection.OrderSpectrumDisplay.from_callback": Spec(
        {"callback": "used_callback()"},
        {"callback": ["None", "skdropout.callbacks.SpectrumCallback([[0.0]])", "object()"]},
        ("callback",),
        call=_display("OrderSpectrumDisplay", "from_callback"),
        often=1,
    ),
    "inspection.DropoutPathDisplay.from_estimator": Spec(
        {"estimator": "model('search', 'numpy')"},
        {"estimator": [*_ODD_MODELS, "model('search of classes', 'lists')"], "ax": _AX},
        ("estimator",),
        call=_display("DropoutPathDisplay", "from_estimator"),
        look=_drawn,
        often=1,
    ),
    "inspection.OcclusionDisplay.from_estimators": _Looks(
        ("estimators", "X", "y"),
        {**_CURVE, "ax": _AX},
        {"fractions": "3"},
        positional=("estimators", "X", "y"),
        call=_display("OcclusionDisplay", "from_estimators"),
        look=_drawn,
        often=1,
    ),
    "inspection.EmbeddingDisplay.from_estimator": Spec(
        {"estimator": "model('encoder', 'pandas')", "column": "'col1'"},
        {
            "estimator": [
                "model('standard', 'pandas')",
                "model('encoder', 'polars')",
                *_ODD_MODELS,
            ],
            "column": ["'col0'", "'no'", "1", "['col1']", "{}", "('a', 1)"],
            "ax": _AX,
        },
        ("estimator", "column"),
        call=_display("EmbeddingDisplay", "from_estimator"),
        look=_drawn,
        often=1,
    ),
    "inspection.EmbeddingDisplay": Spec(
        {"vectors": "points(3, 2).numpy()", "levels": "['a', 'b', 'c']"},
        {
            "vectors": [
                "@[:, :1]",
                "@[:2]",
                "@[0]",
                "@ * np.nan",
                "1e308 * @",
                "@.tolist()",
                "@[:0]",
                "0 * @",
            ],
            "levels": [
                "[1, None, 'x']",
                "['a']",
                "[]",
                "'abc'",
                "['$x', '$$', '']",
                "['a'] * 4",
                "{1, 2, 3}",
            ],
            "column": ["None", "'$x'", "5"],
        },
        call=_display("EmbeddingDisplay"),
        look=_drawn,
        often=1,
    ),
    "export.to_onnx": Spec(
        {"estimator": "None"},
        {"estimator": [*_ODD_MODELS[:30]]},
        ("estimator",),
        call=_exported,
        often=1,
    ),
    "callbacks.SpectrumCallback": Spec(
        {
            "X": "table('numpy', ['plain', 'whole', 'missing'])",
            "y": "target('values', 'plain')",
            "n_evaluations": "2000",
        },
        {
            "X": [
                "table('numpy', ['infinite', 'huge', 'all missing'])",
                "table('pandas', ['plain'] * 3)",
                "@[:1]",
                "@[:, :2]",
                "@[:0]",
                "@.tolist()",
            ],
            "every": _COUNTS,
            "per_member": ["True", "False"],
            **_SPECTRUM,
        },
        call=_recorded,
        often=1,
    ),
}

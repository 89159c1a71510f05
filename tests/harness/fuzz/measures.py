"""Arguments of what looks into fitted models: inspection, export and the callback."""

import functools
import os

import skdropout
from skdropout import inspection
from skdropout.callbacks import SpectrumCallback
from skdropout.export import to_onnx
from tests.harness.fuzz.arguments import Spec
from tests.harness.fuzz.models import ODD_MODELS, ONE, PLAIN, SMALL, Looks, given_table
from tests.harness.fuzz.targets import TARGETS

COUNTS = ["0", "1", "2", "3", "10", "np.int8(4)", "np.uint64(4)", "torch.tensor(4)", "4.0", "-1"]
_LENGTHS = ["0.1", "1", "1e-300", "1e300", "5e-324", "1e308", "np.float16(1)", "0", "-1"]
STATES = {"random_state": ["0", "None", "np.random.RandomState(0)", "2**32", "-1", "'a'"]}
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
OUTPUTS = ["None", "0", "1", "2", "'yes'", "'no'", "-1", "np.int64(0)", "[0]", "(0, 1)"]
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
SPECTRUM = {
    "max_order": [*COUNTS, "10**9"],
    "method": [
        "'noise_stability'",
        "'conditional'",
        "'distillation'",
        "['distillation']",
        "np.str_('distillation')",
    ],
    "class_score": ["'logit'", "'probability'", "'score'"],
    "n_evaluations": ["2000", "3000", "np.int16(2000)", "1999", "2000.0", "torch.tensor(2000)"],
    **STATES,
}
STRENGTHS = {
    "method": [
        "'superset'",
        "'auto'",
        "'conditional'",
        "'smooth_hessian'",
        "np.str_('auto')",
        "['auto']",
    ],
    "sigma": _LENGTHS,
    "n_perturbations": ["2", "4", "np.int8(4)", "3", "0", "'auto'", "np.uint8(2)", "4.0"],
    "max_order": ["2", "3", "5", "6", "1", "np.int8(3)", "3.0", "'3'"],
    "exhaustive": ["True", "False", "np.bool_(True)", "'yes'"],
    "n_points": [*COUNTS, "10**15"],
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
    **STATES,
}
CURVE = {
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
    **STATES,
}
_EXPLAIN = {
    "interactions": _PAIRS,
    "output": OUTPUTS,
    "n_points": [*COUNTS, "10**15"],
    "name": ["None", "'a'", "''", "5"],
    **STATES,
}
_BASE_EXPLAIN = {"interactions": "1", "n_points": "5"}
_REGRESSIONS = ["ensemble", "standard", "poisson", "search", "RelDrop"]
_BINARY = [*_REGRESSIONS, "classes", "search of classes"]


def _of_explanation(found):
    return [found.data(0)["scores"]]


def _exported(estimator, path=os.devnull):
    return bool(to_onnx(estimator, path))


def _recorded(X, y, **options):
    """Fit a network with a ``SpectrumCallback``, and draw what it has found."""
    callback = SpectrumCallback(X, **options)
    skdropout.DropoutMLPRegressor(**SMALL, callbacks=[callback]).fit(
        given_table("numpy", PLAIN["numpy"], 24), y
    )
    inspection.OrderSpectrumDisplay.from_callback(callback)
    return callback.spectra_


@functools.cache
def given_callback():
    """Return a callback after a fit."""
    X = given_table("numpy", PLAIN["numpy"])
    callback = SpectrumCallback(X, n_evaluations=2000)
    skdropout.DropoutMLPRegressor(**ONE, callbacks=[callback]).fit(X, X[:, 0])
    return callback


@functools.cache
def given_finder():
    """Return a finder after a fit."""
    X = given_table("numpy", PLAIN["numpy"])
    finder = skdropout.SmoothHessInteractions(skdropout.DropoutMLPRegressor(**ONE), n_points=5)
    return finder.fit(X, X[:, 0])


MEASURES = {
    "inspection.interaction_strengths": Looks(
        ("estimator", "X"), STRENGTHS, {"n_points": "5"}, positional=("estimator", "X"), often=4
    ),
    "inspection.interaction_tests": Spec(
        {
            "estimators": "[used_finder().estimator_] * 2",
            "X": "table('numpy', ['plain', 'whole', 'missing'])",
            "y": "target('values', 'plain')",
            "rows": "[list(range(10)), list(range(10, 20))]",
            "interactions": "None",
            "n_hypotheses": "None",
            "random_state": "0",
        },
        {
            "estimators": ["None", "[]", "[lambda X: X[:, 0]] * 2", "[object()] * 2"],
            "rows": ["None", "[]", "[[], []]", "[[0], [-1]]", "[[0.5], [1]]", "5"],
            "interactions": ["[]", "[(0, 0)]", "[(0, 9)]", "[(0, 1, 2)]", "5", "'ab'"],
            "n_hypotheses": ["0", "2.5", "'no'", "10**9"],
        },
        ("estimators", "X", "y", "rows"),
        look=lambda found: [found["p_values"], found["q_values"]],
        often=1,
    ),
    "inspection.interaction_table": Spec(
        {
            "finder": "used_finder()",
            "X": "table('numpy', ['plain', 'whole', 'missing'])",
            "y": "None",
        },
        {
            "finder": ["None", "skdropout.SmoothHessInteractions()", "object()", *ODD_MODELS[:30]],
            "X": [
                "None",
                "table('numpy', ['infinite', 'huge', 'all missing'])",
                "table('pandas', ['plain'] * 3)",
                "@[:1]",
                "@[:, :2]",
                "@[:0]",
                "@.tolist()",
                "5",
            ],
            "y": [f"target({t!r}, {n!r})" for t in TARGETS for n in TARGETS[t]],
        },
        ("finder", "X", "y"),
        look=lambda table: [table["strength"].to_numpy()],
        often=1,
    ),
    "inspection.perturbation_mse": Looks(
        ("estimator", "X"),
        {
            "radius": _LENGTHS,
            "law": ["'radius'", "'ball'", "'cube'"],
            "sigma": _LENGTHS,
            "n_perturbations": ["2", "4", "3", "0", "np.int8(4)", "4.0"],
            "n_points": [*COUNTS, "10**15"],
            "output": OUTPUTS,
            **STATES,
        },
        {"n_points": "5", "n_perturbations": "4"},
        kinds=[*_REGRESSIONS, "classes", "three", "labels", "two outputs"],
        positional=("estimator", "X"),
    ),
    "inspection.occlusion_curve": Looks(
        ("estimator", "X", "y"),
        CURVE,
        {"fractions": "3"},
        positional=("estimator", "X", "y"),
        often=4,
    ),
    "inspection.effective_number_of_features": Looks(
        ("estimator", "X", "y"),
        {
            "share": ["0.5", "1", "1.0", "0", "1.1", "np.float32(0.5)", "torch.tensor(0.5)"],
            "fill": _FILL,
        },
        positional=("estimator", "X", "y"),
        often=3,
    ),
    "inspection.interaction_order_spectrum": Looks(
        ("estimator", "X"),
        {**SPECTRUM, "per_member": ["True", "False"]},
        {"n_evaluations": "2000"},
        positional=("estimator", "X"),
        often=4,
    ),
    "inspection.explain_global": Looks(
        ("estimator", "X"),
        {**_EXPLAIN, "n_grid": [*COUNTS, "10**15"]},
        {**_BASE_EXPLAIN, "n_grid": "4"},
        kinds=_BINARY,
        positional=("estimator", "X"),
        look=_of_explanation,
        often=3,
    ),
    "inspection.explain_local": Looks(
        ("estimator", "X", "background"),
        {
            **_EXPLAIN,
            "y": [f"target({t!r}, {n!r})" for t in TARGETS for n in TARGETS[t]],
            "background": ["None", "5", "@[:1]"],
        },
        _BASE_EXPLAIN,
        kinds=_BINARY,
        positional=("estimator", "X", "y"),
        look=_of_explanation,
        often=3,
    ),
    "inspection.supported_orders": Looks(
        ("estimator", "X", "y"),
        {
            "alpha": [*_LENGTHS, "0.5"],
            "test_size": [*_LENGTHS, "0.5", "0.6", "np.float32(0.5)"],
            "n_evaluations": SPECTRUM["n_evaluations"],
            **STATES,
        },
        {"n_evaluations": "2000"},
        n=48,
        positional=("estimator", "X", "y"),
        often=3,
    ),
    "export.to_onnx": Spec(
        {"estimator": "None"},
        {"estimator": [*ODD_MODELS[:30]]},
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
            "every": COUNTS,
            "per_member": ["True", "False"],
            **SPECTRUM,
        },
        call=_recorded,
        often=1,
    ),
}

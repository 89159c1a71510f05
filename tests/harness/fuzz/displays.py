"""Arguments of the displays, made in all ways and drawn."""

from skdropout import inspection
from tests.harness.fuzz.arguments import Spec
from tests.harness.fuzz.measures import COUNTS, CURVE, OUTPUTS, SPECTRUM, STATES, STRENGTHS
from tests.harness.fuzz.models import ODD_MODELS, Looks

_AX = ["None", "plt.figure().add_subplot()", "plt.figure()", "plt.subplots(1, 2)[1]", "[]", "5"]
_AX2 = [*_AX, "[plt.figure().add_subplot(), plt.figure().add_subplot()]"]


def _drawn(display):
    """Return the arrays of a display, drawn once more."""
    display.figure_.canvas.draw()
    return [
        value for name, value in vars(display).items() if name in ("values", "curves", "vectors")
    ]


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


DISPLAYS = {
    "inspection.InteractionDisplay.from_estimator": Looks(
        ("estimator", "X"),
        {**STRENGTHS, "ax": _AX},
        {"n_points": "5"},
        positional=("estimator", "X"),
        call=_display("InteractionDisplay", "from_estimator"),
        look=_drawn,
        often=1,
    ),
    "inspection.InteractionDisplay.from_pair": Looks(
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
            "output": OUTPUTS,
            "n_grid": [*COUNTS, "10**15"],
            "n_points": [*COUNTS, "10**15"],
            "ax": _AX,
            "cmap": ["None", "'Blues'", "'no'"],
            **STATES,
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
        look=lambda display: len(_drawn(display)),
        often=1,
    ),
    "inspection.OrderSpectrumDisplay.from_estimator": Looks(
        ("estimator", "X"),
        {
            **SPECTRUM,
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
        {
            "estimator": [
                *ODD_MODELS,
                "model('search of classes', 'lists')",
                "model('bag', 'numpy')",
            ],
            "ax": _AX,
        },
        ("estimator",),
        call=_display("DropoutPathDisplay", "from_estimator"),
        look=_drawn,
        often=1,
    ),
    "inspection.DropoutScheduleDisplay.from_estimator": Spec(
        {"estimator": "model('standard', 'numpy')"},
        {"estimator": [*ODD_MODELS, "model('search', 'numpy')"], "ax": _AX},
        ("estimator",),
        call=_display("DropoutScheduleDisplay", "from_estimator"),
        look=_drawn,
        often=1,
    ),
    "inspection.IntervalDisplay.from_estimator": Spec(
        {"estimator": "model('bag', 'numpy')", "X": "points(8, 3).numpy()", "y": "np.arange(8.0)"},
        {
            "estimator": [*ODD_MODELS, "model('search', 'numpy')"],
            "X": ["@[:0]", "@[0]", "@.tolist()", "@ * np.nan", "None"],
            "y": ["@[:3]", "@[:, None]", "@.tolist()", "['a'] * 8", "None", "@ * np.nan"],
            "coverages": ["[0.5]", "(0.5, 0.9)", "[]", "0.5", "[1]", "['a']", "np.array([0.5])"],
            "method": ["'cv+'", "'scaled'", "'no'", "None"],
            "coverage": ["None", "0.9", "0.123", "'a'", "[0.9]", "np.float32(0.5)"],
            "ax": _AX2,
        },
        ("estimator", "X", "y"),
        call=_display("IntervalDisplay", "from_estimator"),
        look=_drawn,
        often=1,
    ),
    "inspection.IntervalDisplay.from_intervals": Spec(
        {
            "y": "np.arange(3.0)",
            "intervals": "np.ones((1, 3, 2)) * [0, 2]",
            "coverages": "[0.5]",
        },
        {
            "y": ["@[:2]", "@[:, None]", "@.tolist()", "['a', 'b', 'c']", "None", "1e308 * @"],
            "intervals": ["@[0]", "@[..., ::-1]", "@ * np.inf", "@ * np.nan", "@[:, :0]", "None"],
            "coverages": ["[0.5, 0.9]", "0.5", "[2]", "['a']", "None"],
            "coverage": ["None", "0.5", "0.6"],
            "ax": _AX2,
        },
        ("y",),
        call=_display("IntervalDisplay", "from_intervals"),
        look=_drawn,
        often=1,
    ),
    "inspection.DropoutRatesDisplay.from_estimator": Spec(
        {"estimator": "model('learnt', 'numpy')"},
        {"estimator": [*ODD_MODELS, "model('standard', 'numpy')"], "ax": _AX},
        ("estimator",),
        call=_display("DropoutRatesDisplay", "from_estimator"),
        look=_drawn,
        often=1,
    ),
    "inspection.OcclusionDisplay.from_estimators": Looks(
        ("estimators", "X", "y"),
        {**CURVE, "ax": _AX},
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
                *ODD_MODELS,
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
}

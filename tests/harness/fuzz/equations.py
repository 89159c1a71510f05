"""Arguments of what is torch alone or makes data: functional, nn and datasets."""

from dataclasses import dataclass, field

import torch

from skdropout.nn import RelevanceDropout


@dataclass
class Spec:
    """How a function is called.

    Attributes
    ----------
    base : dict
        Python for arguments that are good.
    values : dict of lists
        Python for values of each parameter that may be odd, some good, some not; ``@`` stands for
        the good one.
    positional : tuple of str
    often : int
        How many times as often as others it is drawn.
    call : callable, default=None
        What to call; None: what the function's name says.
    look : callable
        Returns of the result what must be finite.
    """

    base: dict
    values: dict = field(default_factory=dict)
    positional: tuple = ()
    often: int = 2
    call: object = None
    look: object = staticmethod(lambda result: result)


def points(*shape, seed=0):
    """Return a tensor of normal numbers."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def put(tensor, value):
    """Return a copy whose last number is ``value``."""
    tensor = tensor.clone()
    tensor.reshape(-1)[-1:] = value
    return tensor


# What becomes of a good tensor, @.
TEMPLATES = [
    *("@.float()", "@.half()", "@.bfloat16()", "@.long()", "@.int()", "@.bool()", "@.cfloat()"),
    *("@[:0]", "@[:1]", "@[:2]", "@[..., :0]", "@[..., :1]", "@[0]", "@[None]", "@.sum()"),
    *("@.clone().requires_grad_()", "@.mT", "@.mT.contiguous().mT", "@[:1].expand_as(@)"),
    *("torch.cat([@, @])[::2]", "@.flip(0)", "torch.nn.Parameter(@)", "torch.zeros_like(@)"),
    *("put(@, np.nan)", "put(@, np.inf)", "put(@, -np.inf)", "put(@, 1e308)", "put(@, 5e-324)"),
    *(
        "1e308 * @.sign()",
        "5e-324 * @.sign()",
        "1e-310 * @",
        "1e300 * @",
        "1e154 * @",
        "1e-170 * @",
    ),
    *("(1e38 * @).float()", "1e-40 * @.float()", "torch.full_like(@, np.nan)", "-0.0 * @"),
    *("@.numpy()", "@.tolist()", "@.numpy().astype('f4')", "pd.DataFrame(@.flatten(1).numpy())"),
    *("@.to_sparse()", "torch.zeros(1, 1).expand(10**6, 10**6)", "@.numpy()[::-1]"),
]
_F = [
    *("torch.nn.Linear(4, 1).double()", "torch.nn.Linear(4, 2).double()", "torch.nn.Linear(5, 1)"),
    *("torch.nn.Linear(4, 1)", "torch.nn.Sequential()", "torch.nn.Identity()", "lambda x: x"),
    "torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1)).double()",
    "torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(2, 1)).double()",
    "torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU()).double()",
    "torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Dropout()).double()",
    "torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3)).double()",
    "torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Sigmoid()).double()",
    "torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(4, 1)).double()",
    "torch.nn.Sequential(torch.nn.Conv1d(1, 2, 2), torch.nn.Flatten()).double()",
    *("lambda x: x.sum(1)", "lambda x: x.prod(1)", "lambda x: x[:, :2]", "lambda x: x.sum()"),
    *("lambda x: x.detach().sum(1)", "lambda x: x.sum(1).numpy()", "lambda x: None", "lambda: 1"),
    *("lambda x: x.sum(1)[:-1]", "lambda x: x[:, :0]", "lambda x: x.sum(1).long()", "torch.sin"),
    *("lambda x: x.sum(1).float()", "lambda x: x[..., None]", "lambda x: 1 / 0", "lambda x: 5.0"),
    *(
        "lambda x: x.sum(1) * 1j",
        "lambda x: x.sum(1) > 0",
        "torch.nn.Linear",
        "lambda x: [1.0] * 3",
    ),
    *(
        "lambda x: torch.zeros(len(x))",
        "torch.nn.LSTM(4, 2).double()",
        "lambda x: x.abs().sqrt().sum(1)",
    ),
]
_NETWORK = (
    "torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1)).double()"
)
_X, _G = "points(3, 4)", "torch.Generator().manual_seed(0)"
_GENERATORS = ["None", _G, "torch.Generator('cpu')", "np.random.default_rng(0)", "torch"]
_TARGETS = [
    *("None", "0", "1", "-1", "np.int64(0)", "torch.tensor(0)", "torch.tensor([0, 0, 0])"),
    *("torch.tensor([0, 1, 0])", "torch.tensor([0.0, 1.0, 0.0])", "torch.tensor([0.5, 0, 0])"),
    *(
        "torch.tensor([0, -1, 5])",
        "torch.tensor([[0], [0], [1]])",
        "torch.tensor([0, 0])",
        "[0, 0, 0]",
    ),
    *("torch.tensor([True, False, True])", "torch.tensor([np.nan, 0, 0])", "np.array([0, 0, 1])"),
    *("torch.tensor([])", "torch.tensor([0, 0, 0]).int()", "torch.tensor(0.5)", "10**30"),
]
_RATES = [
    "0",
    "1",
    "0.5",
    "1.0",
    "-0.1",
    "1.1",
    "np.float32(0.5)",
    "torch.tensor(0.5)",
    "points(4)",
]
_RATES += [
    "torch.rand(3, 4)",
    "torch.rand(3, 1)",
    "torch.rand(5)",
    "torch.rand(3).double()",
    "5e-324",
]
_RATES += [
    "torch.rand(4).half()",
    "torch.ones(4).long()",
    "torch.tensor([np.nan])",
    "torch.rand(0)",
]
_RATES += ["torch.rand(4).requires_grad_()", "[0.5, 0.2, 0.3, 0.4]", "torch.ones(4).bool()"]
_COUNTS = ["0", "1", "2", "3", "4", "8", "np.int8(4)", "np.uint64(4)", "torch.tensor(4)", "4.0"]
_SIZES = [
    "0",
    "1",
    "2",
    "3",
    "10",
    "np.int8(4)",
    "np.uint64(4)",
    "torch.tensor(4)",
    "4.0",
    "10**15",
]
_LENGTHS = ["0.1", "1", "1e-300", "1e300", "5e-324", "1e308", "np.float16(1)", "torch.tensor(0.5)"]
_RULES = [
    *(
        "'epsilon'",
        "'zplus'",
        "'gamma'",
        "'flat'",
        "'wsquare'",
        "'epsilon_plus'",
        "functional.Rule()",
    ),
    *(
        "'epsilon_plus_flat'",
        "'gradient_x_input'",
        "'integrated_gradients'",
        "['epsilon', 'zplus']",
    ),
    *(
        "['epsilon']",
        "functional.Rule('gamma', gamma=2)",
        "[functional.Rule(), 'gamma']",
        "['a', 'b']",
    ),
    *(
        "('epsilon', None)",
        "{'epsilon': 'zplus'}",
        "functional.Rule",
        "np.array(['epsilon', 'zplus'])",
    ),
]
_SMOOTH = {
    "f": _F,
    "x": TEMPLATES,
    "sigma": [
        *_LENGTHS,
        *("torch.ones(4)", "torch.eye(4)", "torch.zeros(4)", "[1.0, 1, 1, 0]", "points(4, 4)"),
        *("torch.tensor([0.0, 1, 1, 0])", "torch.ones(4).requires_grad_()", "torch.ones(3)"),
        *(
            "np.ones(4)",
            "torch.eye(4).long()",
            "torch.ones(4, 1)",
            "1e-300 * torch.eye(4).double()",
        ),
        *("torch.tensor([1e-300, 1, 1e300, 1]).double()", "torch.full((4,), np.nan)"),
    ],
    "n_perturbations": [*_COUNTS, "'auto'", "'auto'", "'Auto'", "np.str_('auto')"],
    "target": _TARGETS,
    "method": ["'orthogonal'", "'stein'", "'function_values'", "np.str_('stein')", "['stein']"],
    "generator": _GENERATORS,
}
_SMOOTHED = {"f": _NETWORK, "x": _X, "sigma": "0.5", "n_perturbations": "8", "generator": _G}
_EXPLAINED = {"f": _F, "x": TEMPLATES, "target": _TARGETS}
_MASK = "points(3, 4)"
_DATA = {
    "n_samples": _SIZES,
    "noise": [*_LENGTHS, "0", "-1", "np.float32(0.1)"],
    "random_state": ["0", "None", "np.random.RandomState(0)", "2**32", "np.random.default_rng(0)"],
}


def _dropped(model, x, y=None, again=False, evaluation=False, **options):
    """Pass a batch through a ``RelevanceDropout``."""
    drop = RelevanceDropout(model, **options)
    drop.train(evaluation is not True)
    return [drop(x, y) for _ in range(2 if again is True else 1)]


EQUATIONS = {
    "functional.survival_probability": Spec(
        {"p": "0.5", "k": "2"},
        {
            "p": _RATES,
            "k": [*_COUNTS, "torch.arange(4)", "-1", "[0, 1]", "torch.arange(3)[:, None]"],
        },
        ("p", "k"),
    ),
    "functional.effective_learning_rate": Spec(
        {"p": "0.5", "k": "torch.arange(4)"},
        {"p": _RATES, "k": _COUNTS, "learning_rate": [*_LENGTHS, "0", "-1"]},
        ("p", "k"),
    ),
    "functional.n_interactions": Spec(
        {"d": "25", "k": "torch.arange(4)"},
        {
            "d": [*_SIZES, "1000", "10**6", "2000", "-1"],
            "k": [*_COUNTS, "500", "1000", "torch.tensor([[1, 500]])", "10**6", "-1", "[1, 2]"],
        },
        ("d", "k"),
    ),
    "functional.masked_expectation": Spec(
        {"f": _NETWORK, "x": _X, "p": "0.5"},
        {
            "f": _F,
            "x": TEMPLATES,
            "p": _RATES,
            "features": [
                *(
                    "None",
                    "[0]",
                    "[]",
                    "[0, 0]",
                    "[4]",
                    "[-1]",
                    "[0.5]",
                    "(1, 3)",
                    "range(2)",
                    "'01'",
                ),
                *(
                    "torch.tensor([0, 1])",
                    "np.array([2])",
                    "[True]",
                    "{0, 1}",
                    "[None]",
                    "3",
                    "['a']",
                ),
            ],
        },
        ("f", "x"),
    ),
    "functional.purify": Spec(
        {"table": _X},
        {
            "table": [*TEMPLATES, "points(2, 3, 2)", "torch.ones(3, 4)", "points(1, 1)"],
            "weights": [
                *(
                    "None",
                    "torch.ones(3, 4)",
                    "points(3, 4).abs()",
                    "torch.eye(3, 4)",
                    "points(3, 4)",
                ),
                *(
                    "torch.zeros(3, 4)",
                    "torch.ones(4)",
                    "torch.ones(3, 4).long()",
                    "torch.ones(3, 4).bool()",
                ),
                *(
                    "1e308 * torch.ones(3, 4).double()",
                    "5e-324 * torch.ones(3, 4).double()",
                    "[[1.0]]",
                ),
                *(
                    "put(torch.ones(3, 4), np.nan)",
                    "10.0 ** (100 * points(3, 4))",
                    "torch.ones(3, 4).half()",
                ),
                *("torch.ones(2, 3, 2)", "np.ones((3, 4))", "torch.ones(3, 4).cfloat()"),
            ],
            "tol": [*_LENGTHS, "0", "1e-30", "-1"],
            "max_iter": [*_COUNTS, "10**15"],
        },
        ("table",),
        often=3,
    ),
    "functional.perturbation_mse": Spec(
        {
            "f": _NETWORK,
            "x": _X,
            "gradient": _X,
            "hessian": "points(3, 4, 4)",
            "radius": "0.5",
            "n_perturbations": "10",
            "generator": _G,
        },
        {
            "f": _F,
            "x": TEMPLATES,
            "gradient": TEMPLATES,
            "hessian": TEMPLATES,
            "radius": _LENGTHS,
            "n_perturbations": _COUNTS,
            "law": ["'radius'", "'ball'", "np.str_('ball')", "'Ball'", "['ball']"],
            "target": _TARGETS,
            "generator": _GENERATORS,
        },
        ("f", "x", "gradient", "hessian"),
    ),
    "functional.second_order_attack": Spec(
        {"gradient": _X, "hessian": "points(3, 4, 4)", "radius": "0.5"},
        {"gradient": TEMPLATES, "hessian": TEMPLATES, "radius": _LENGTHS},
        ("gradient", "hessian"),
        often=3,
    ),
    "functional.gradient_x_input": Spec({"f": _NETWORK, "x": _X}, _EXPLAINED, ("f", "x")),
    "functional.integrated_gradients": Spec(
        {"f": _NETWORK, "x": _X},
        {
            **_EXPLAINED,
            "baseline": [
                *_LENGTHS,
                "points(4)",
                "points(3, 1)",
                "points(2)",
                "[0.0] * 4",
                "points(2, 3, 4)",
            ],
            "n_steps": _COUNTS,
        },
        ("f", "x"),
    ),
    "functional.relevance": Spec(
        {"f": _NETWORK, "x": _X}, {**_EXPLAINED, "rule": _RULES}, ("f", "x"), often=3
    ),
    "functional.linear_relevance": Spec(
        {"x": _X, "weight": "points(4, 2)", "bias": "points(2)", "relevance_out": "points(3, 2)"},
        {
            "x": TEMPLATES,
            "weight": TEMPLATES,
            "bias": [*TEMPLATES, "None", "points(5, 2)"],
            "relevance_out": TEMPLATES,
            "rule": _RULES,
            "output": [
                "None",
                "points(3, 2)",
                "points(2)",
                "points(3, 2).float()",
                "points(5, 3, 2)",
            ],
        },
        ("x", "weight", "bias", "relevance_out"),
        often=3,
    ),
    "functional.Rule": Spec(
        {},
        {
            "name": ["'epsilon'", "'gamma'", "'flat'"],
            "epsilon": [*_LENGTHS, "0", "1e-6"],
            "gamma": [*_LENGTHS, "0", "-1"],
        },
        often=1,
    ),
    "functional.group_sum": Spec(
        {"relevance": _X, "groups": "torch.tensor([0, 1, 0, 2])"},
        {
            "relevance": [*TEMPLATES, "points(3, 2, 2)"],
            "groups": [
                *(
                    "torch.tensor([0, -1, 0, 2])",
                    "torch.tensor([0, 1])",
                    "torch.tensor([[0, 1], [1, 2]])",
                ),
                *(
                    "torch.tensor([0, 1, 0, 10**12])",
                    "torch.tensor([0.0, 1, 0, 2])",
                    "[0, 1, 0, 2]",
                ),
                *(
                    "torch.tensor([0, 1, 0, 2]).int()",
                    "torch.tensor([0, 1, 0, 2]).byte()",
                    "points(4)",
                ),
                *(
                    "torch.tensor([True, False, True, True])",
                    "torch.tensor(0)",
                    "torch.tensor([]).long()",
                ),
            ],
            "n_groups": ["None", "3", "5", "2", "0", "-1", "10**12", "10**30", "torch.tensor(3)"],
        },
        ("relevance", "groups"),
    ),
    "functional.relevance_mask": Spec(
        {"relevance": _MASK, "alpha": "0.5", "beta": "0.5", "generator": _G},
        {
            "relevance": TEMPLATES,
            **dict.fromkeys(("alpha", "beta", "probability"), _RATES),
            "generator": _GENERATORS,
        },
        ("relevance",),
    ),
    "functional.relevance_block_mask": Spec(
        {"relevance": "points(2, 4, 5)", "generator": _G},
        {
            "relevance": [*TEMPLATES, "points(2, 1, 1)", "points(2, 9, 9)", "points(1, 300, 300)"],
            "n_centers": [*_SIZES, "10**9"],
            "probability": _RATES,
            "generator": _GENERATORS,
        },
        ("relevance",),
    ),
    "functional.smooth_hessian": Spec(
        _SMOOTHED,
        {
            **_SMOOTH,
            "return_gradient": ["True", "False"],
            "return_error": ["True", "True", "False"],
            "tolerance": ["0.5", "1", "0", "-1", "1e300", "np.float32(0.5)"],
        },
        ("f", "x"),
        often=4,
    ),
    "functional.smooth_hessian_parts": Spec(
        _SMOOTHED, {**_SMOOTH, "n_parts": [*_COUNTS, "10**15"]}, ("f", "x")
    ),
    "functional.smooth_gradient": Spec(_SMOOTHED, _SMOOTH, ("f", "x"), often=3),
    "nn.RelevanceDropout": Spec(
        {"model": _NETWORK, "x": _X, "generator": _G},
        {
            "model": _F,
            "x": [*TEMPLATES, "points(2, 1, 4, 4)", "points(2, 3, 2)"],
            "y": _TARGETS,
            **dict.fromkeys(("alpha", "beta", "probability"), _RATES),
            "rule": _RULES,
            "groups": [
                *(
                    "None",
                    "torch.tensor([0, 1, 0, 2])",
                    "torch.tensor([0, -1, 0, 2])",
                    "[0, 1, 0, 2]",
                ),
                *(
                    "torch.tensor([0, 1])",
                    "torch.tensor([0.0, 1, 0, 2])",
                    "torch.tensor([]).long()",
                ),
                *("torch.tensor([0, 1, 0, 10**12])", "torch.tensor([0, 1, 0, 2]).int()"),
            ],
            "fill": [
                *_LENGTHS,
                "torch.zeros(4)",
                "points(3, 1)",
                "torch.ones(3)",
                "np.nan",
                "points(2, 3, 4)",
            ],
            "warmup": [*_COUNTS, "10**15", "-1"],
            "occlusion": ["'element'", "'block'", "'pixel'", "['block']"],
            "generator": _GENERATORS,
            "again": ["True", "False"],
            "evaluation": ["True", "False"],
        },
        ("model", "x", "y"),
        often=4,
        call=_dropped,
    ),
    "datasets.make_interactions": Spec(
        {"n_samples": "10"},
        {
            "name": [*(f"'F{i}'" for i in range(1, 12)), "np.str_('F3')", "['F1']"],
            "correlation": [*_RATES, "0.999999"],
            **_DATA,
        },
    ),
    "datasets.make_pure_interaction": Spec(
        {"n_samples": "10"}, {"n_features": _SIZES, "order": [*_COUNTS, "10", "11"], **_DATA}
    ),
    "datasets.make_four_quadrants": Spec({"n_samples": "10"}, _DATA),
    "datasets.load_bike_sharing": Spec(
        {},
        {"return_X_y": ["True", "False"], "as_frame": ["True", "False"]},
        often=1,
        look=lambda _: 0,
    ),
}

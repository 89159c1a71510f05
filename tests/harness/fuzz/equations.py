"""Arguments of the equations: functional."""

from tests.harness.fuzz.arguments import (
    COUNTS,
    GENERATORS,
    LENGTHS,
    NETWORK,
    RATES,
    RULES,
    SIZES,
    TARGETS,
    TEMPLATES,
    F,
    G,
    Spec,
    X,
)

_SMOOTH = {
    "f": F,
    "x": TEMPLATES,
    "sigma": [
        *LENGTHS,
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
    "n_perturbations": [*COUNTS, "'auto'", "'auto'", "'Auto'", "np.str_('auto')"],
    "target": TARGETS,
    "method": ["'orthogonal'", "'stein'", "'function_values'", "np.str_('stein')", "['stein']"],
    "generator": GENERATORS,
}
_SMOOTHED = {"f": NETWORK, "x": X, "sigma": "0.5", "n_perturbations": "8", "generator": G}
_EXPLAINED = {"f": F, "x": TEMPLATES, "target": TARGETS}

EQUATIONS = {
    "functional.survival_probability": Spec(
        {"p": "0.5", "k": "2"},
        {
            "p": RATES,
            "k": [*COUNTS, "torch.arange(4)", "-1", "[0, 1]", "torch.arange(3)[:, None]"],
        },
        ("p", "k"),
    ),
    "functional.effective_learning_rate": Spec(
        {"p": "0.5", "k": "torch.arange(4)"},
        {"p": RATES, "k": COUNTS, "learning_rate": [*LENGTHS, "0", "-1"]},
        ("p", "k"),
    ),
    "functional.n_interactions": Spec(
        {"d": "25", "k": "torch.arange(4)"},
        {
            "d": [*SIZES, "1000", "10**6", "2000", "-1"],
            "k": [*COUNTS, "500", "1000", "torch.tensor([[1, 500]])", "10**6", "-1", "[1, 2]"],
        },
        ("d", "k"),
    ),
    "functional.masked_expectation": Spec(
        {"f": NETWORK, "x": X, "p": "0.5"},
        {
            "f": F,
            "x": TEMPLATES,
            "p": RATES,
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
        {"table": X},
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
            "tol": [*LENGTHS, "0", "1e-30", "-1"],
            "max_iter": [*COUNTS, "10**15"],
        },
        ("table",),
        often=3,
    ),
    "functional.perturbation_mse": Spec(
        {
            "f": NETWORK,
            "x": X,
            "gradient": X,
            "hessian": "points(3, 4, 4)",
            "radius": "0.5",
            "n_perturbations": "10",
            "generator": G,
        },
        {
            "f": F,
            "x": TEMPLATES,
            "gradient": TEMPLATES,
            "hessian": TEMPLATES,
            "radius": LENGTHS,
            "n_perturbations": COUNTS,
            "law": ["'radius'", "'ball'", "np.str_('ball')", "'Ball'", "['ball']"],
            "target": TARGETS,
            "generator": GENERATORS,
        },
        ("f", "x", "gradient", "hessian"),
    ),
    "functional.second_order_attack": Spec(
        {"gradient": X, "hessian": "points(3, 4, 4)", "radius": "0.5"},
        {"gradient": TEMPLATES, "hessian": TEMPLATES, "radius": LENGTHS},
        ("gradient", "hessian"),
        often=3,
    ),
    "functional.gradient_x_input": Spec({"f": NETWORK, "x": X}, _EXPLAINED, ("f", "x")),
    "functional.integrated_gradients": Spec(
        {"f": NETWORK, "x": X},
        {
            **_EXPLAINED,
            "baseline": [
                *LENGTHS,
                "points(4)",
                "points(3, 1)",
                "points(2)",
                "[0.0] * 4",
                "points(2, 3, 4)",
            ],
            "n_steps": COUNTS,
        },
        ("f", "x"),
    ),
    "functional.relevance": Spec(
        {"f": NETWORK, "x": X}, {**_EXPLAINED, "rule": RULES}, ("f", "x"), often=3
    ),
    "functional.linear_relevance": Spec(
        {"x": X, "weight": "points(4, 2)", "bias": "points(2)", "relevance_out": "points(3, 2)"},
        {
            "x": TEMPLATES,
            "weight": TEMPLATES,
            "bias": [*TEMPLATES, "None", "points(5, 2)"],
            "relevance_out": TEMPLATES,
            "rule": RULES,
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
            "epsilon": [*LENGTHS, "0", "1e-6"],
            "gamma": [*LENGTHS, "0", "-1"],
        },
        often=1,
    ),
    "functional.group_sum": Spec(
        {"relevance": X, "groups": "torch.tensor([0, 1, 0, 2])"},
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
        {"relevance": X, "alpha": "0.5", "beta": "0.5", "generator": G},
        {
            "relevance": TEMPLATES,
            **dict.fromkeys(("alpha", "beta", "probability"), RATES),
            "generator": GENERATORS,
        },
        ("relevance",),
    ),
    "functional.relevance_block_mask": Spec(
        {"relevance": "points(2, 4, 5)", "generator": G},
        {
            "relevance": [*TEMPLATES, "points(2, 1, 1)", "points(2, 9, 9)", "points(1, 300, 300)"],
            "n_centers": [*SIZES, "10**9"],
            "probability": RATES,
            "generator": GENERATORS,
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
        _SMOOTHED, {**_SMOOTH, "n_parts": [*COUNTS, "10**15"]}, ("f", "x")
    ),
    "functional.smooth_third": Spec(
        _SMOOTHED,
        {**{name: _SMOOTH[name] for name in _SMOOTH if name != "method"}, "return_error": ["True"]},
        ("f", "x"),
    ),
    "functional.smooth_gradient": Spec(_SMOOTHED, _SMOOTH, ("f", "x"), often=3),
}

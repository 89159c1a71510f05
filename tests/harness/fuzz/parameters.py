"""What each parameter is given: Python for values of every kind, for most of them odd ones."""

# For any parameter: other types, numbers of every width, the huge, the empty.
ANY = [
    *("None", "True", "False", "0", "1", "2", "-1", "0.5", "1.5", "-0.0", "1e-300", "1e300"),
    *("np.nan", "np.inf", "-np.inf", "'abc'", "''", "b'x'", "[]", "()", "{}", "set()", "object()"),
    *("np.float16(0.5)", "np.float32(0.5)", "np.float64(0.5)", "np.longdouble(0.5)", "np.int8(2)"),
    *(
        "np.uint8(2)",
        "np.int16(2)",
        "np.int64(2)",
        "np.uint64(2)",
        "np.bool_(True)",
        "np.str_('a')",
    ),
    *("np.array(2)", "np.array(0.5)", "np.array([])", "np.array([0.5])", "np.array([[0.5]])"),
    *("[0.5]", "[2]", "(2, 2)", "[[2]]", "[None]", "['a']", "10**400", "10**15", "1j", "pd.NA"),
    *("torch.tensor(2)", "torch.tensor(0.5)", "Fraction(1, 2)", "Decimal('0.5')", "print", "int"),
    *("pd.Series([0.5])", "slice(2)", "range(2)", "iter([2])", "np.datetime64('2020')", "'auto'"),
]
# Where these would ask for hours in so many words.
_LONG = {"10**400", "10**15", "1e300", "np.inf"}
_PATIENT = (
    "max_iter",
    "n_iter_no_change",
    "n_samples",
    "n_evaluations",
    "n_steps",
    "n_perturbations",
)

_RATES = ["0", "0.0", "0.1", "0.5", "0.9", "0.999999", "np.float16(0.25)", "np.float32(0.1)"]
_COUNTS = ["1", "2", "3", "np.int8(1)", "np.int8(2)", "np.uint8(3)", "np.int64(2)", "np.uint64(2)"]
_NETWORK = {
    "hidden_layer_sizes": [
        *("(4,)", "()", "4", "(4, 3)", "[4]", "np.array([4, 2])", "np.int8(4)", "(np.uint8(4),)"),
        *("(0,)", "(-1,)", "(4.0,)", "('4',)", "[[4]]", "(10**9,)", "(10**6, 10**6)", "(10**30,)"),
    ],
    "activation": ["'relu'", "'gelu'", "'silu'", "'mish'", "'tanh'", "'identity'", "'sigmoid'"],
    "n_members": [*_COUNTS, "4", "10**9"],
    "numeric_encoding": ["'standard'", "'quantile'", "'piecewise_linear'", "'periodic'", "'bins'"],
    "screening": ["'auto'", "None", "'all'", "0.1"],
    "precision": ["'float32'", "'bfloat16'", "'half'", "None", "16"],
    "input_scaling": ["0", "1.0", "20.0", "np.float32(2)", "1e6", "1e-30"],
    "categorical_features": [
        *(
            "'from_dtype'",
            "None",
            "[0]",
            "[1]",
            "[]",
            "['col1']",
            "['no']",
            "[99]",
            "[-1]",
            "[0, 0]",
        ),
        *("[True, False, False]", "[True]", "np.array([0])", "[0.0]", "(1,)", "'col1'", "[['a']]"),
    ],
    "embedding_dim": [
        "'auto'",
        *_COUNTS,
        "{}",
        "{'col1': 2}",
        "{'no': 2}",
        "{1: 3}",
        "{'col1': 0}",
    ],
    "learning_rate_init": [
        *("1e-3", "0.1", "10.0", "1e10", "1e-30", "np.float32(0.01)"),
        *(
            "[0.01]",
            "[1e-3, 1e-2]",
            "np.array([0.1, 0.1])",
            "[0, 1]",
            "[[0.1, 0.1]]",
            "[1e10, 1e-3]",
        ),
    ],
    "learning_rate": ["'cosine'", "'constant'", "'linear'", "['cosine', 'constant']", "['linear']"],
    "weight_decay": ["0", "0.01", "100.0", "np.float16(0.5)", "[0, 0.1]", "[-1, 0]", "[np.nan, 0]"],
    "dropout_profile": ["'flat'", "'front'", "'back'", "'middle'"],
    "dropout_schedule": [
        *(
            "'auto'",
            "'constant'",
            "'early'",
            "'late'",
            "'decay'",
            "'ramp'",
            "'cosine'",
            "lambda p: p",
        ),
        *("lambda p: 2 * p", "lambda p: None", "lambda p: np.nan", "lambda: 1", "lambda p: 1 / p"),
        *("['early', 'late']", "['early']", "[lambda p: 1, 'ramp']", "[['early', 'late']]"),
    ],
    "max_grad_norm": ["None", "1.0", "1e-30", "1e30", "np.float32(1)"],
    "batch_size": [
        *("'auto'", *_COUNTS, "7", "10**9", "np.uint8(200)"),
        *("[8, 'auto']", "[7, 10**9]", "np.array([4, 200])", "['auto']", "[0, 4]", "[2.0, 4]"),
    ],
    "max_iter": [*_COUNTS, "5"],
    "early_stopping": ["True", "False", "np.bool_(False)"],
    "validation_fraction": ["0.1", "0.5", "0.999", "1e-9", "np.float32(0.2)", "1"],
    "n_iter_no_change": [*_COUNTS],
    "tol": ["0", "0.0", "1e-4", "np.float32(0.1)", "100"],
    "warm_start": ["True", "False"],
    "device": ["'auto'", "'cpu'", "torch.device('cpu')", "'cuda'", "'cuda:7'", "'mps'", "'meta'"],
    "callbacks": [
        *("None", "[]", "[skorch.callbacks.Callback()]", "[('name', skorch.callbacks.Callback())]"),
        *("[skorch.callbacks.Callback]", "[5]", "[('name', 5)]", "[('a',)]", "[()]", "[None]"),
    ],
    "random_state": ["0", "None", "np.random.RandomState(0)", "2**32 - 1", "2**32", "np.int64(7)"],
    "verbose": ["0", "1", "2", "True", "np.int8(1)"],
}
_DROPPED = {
    "dropout": [
        *("'auto'", "'learnt'", *_RATES),
        *("[0.1]", "np.array([0.1])", "[[0.1]]", "[0.1, 0.2]", "[1.0]", "[None]"),
    ],
    "input_dropout": ["'learnt'", *_RATES, "[0.1]", "np.array([0.5])", "[0.1, 0.2]", "[[0.1]]"],
}
_VALUES = {
    "loss": ["'squared_error'", "'absolute_error'", "'poisson'", "'quantile'", "'mse'"],
    "quantile": [
        *("None", "0.5", "0.01", "1", "np.float32(0.9)"),
        *("[0.1, 0.9]", "np.array([0.2, 0.5, 0.8])", "(0.9, 0.1)", "[0.0, 0.5]", "[[0.5]]"),
    ],
}
_CLASSES = {
    "class_weight": [
        *("None", "'balanced'", "{}", "{0: 1.0, 1: 2.0}", "{'no': 1, 'yes': 3}", "{0: 0, 1: 0}"),
        *("{0: -1.0}", "{0: 1e308, 1: 1e-308}", "{0: np.nan}", "{0: 'a'}", "{5: 1.0}", "'even'"),
    ],
}
_SEARCH = {
    "dropouts": [
        *_COUNTS,
        "[0.0, 0.2]",
        "[0.1]",
        "np.array([0.0, 0.5])",
        "[1.0]",
        "[-0.1]",
        "[[0]]",
    ],
    "input_dropouts": ["None", "2", "[0.0, 0.2]", "[0.1]", "np.array([0.3])", "[2.0]", "['a']"],
    "dropout_schedules": [
        *("None", "['early']", "['constant', 'decay']", "'late'", "[]", "['no']", "[['late']]"),
        *("[lambda p: 1 - p]", "(lambda p: -p, 'late')", "np.array(['early', 'late'])"),
    ],
    "grid": ["'product'", "'paired'", "'random'"],
    "scoring": [
        *("None", "'r2'", "'accuracy'", "'roc_auc'", "'neg_log_loss'", "'neg_mean_squared_error'"),
        *("'no'", "lambda e, X, y: 1.0", "lambda e, X, y: np.nan", "lambda e, X, y: 'good'"),
        *("lambda e, X, y: float(e.predict(X[:1]).shape[0])", "lambda: 0", "['r2']", "{'a': 'r2'}"),
        *("lambda e, X, y: 1 / 0", "lambda e, X, y: np.inf", "lambda e, X, y: None"),
    ],
    "refit": ["True", "False", "'r2'", "'bag'", "'ensemble'"],
    "racing": ["True", "False"],
    "one_standard_error": ["True", "False"],
    "n_jobs": ["None", "1", "0", "'2'"],
}
_RELEVANT = {
    "dropout": _DROPPED["dropout"],
    "alpha": [*_RATES, "1", "1.0"],
    "beta": [*_RATES, "1", "1.0"],
    "probability": [*_RATES, "1"],
    "rule": [
        *("'gradient_x_input'", "'integrated_gradients'", "'epsilon'", "'zplus'", "'gamma'"),
        *("'wsquare'", "'flat'", "['wsquare', 'epsilon']", "['epsilon']", "Rule('epsilon')"),
    ],
    "warmup": ["0", *_COUNTS],
    "schedule": ["'constant'", "'linear'", "'cosine'"],
    "module": [
        *("torch.nn.Linear(3, 1)", "lambda: torch.nn.Linear(3, 1)", "torch.nn.Linear(3, 2)"),
        *("torch.nn.Linear(5, 1)", "torch.nn.Identity()", "lambda: 5", "torch.nn.Linear"),
        *("torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3, 1))", "torch.nn.ReLU()"),
    ],
    "feature_shape": ["None", "(3, 1)", "(1, 1, 3)", "(1, 3, 1)", "(3,)", "(2, 2)", "(0, 3)", "3"],
    "occlusion": ["'element'", "'block'", "'pixel'"],
}
_ENCODER = {
    "n_jobs": _SEARCH["n_jobs"],
    **{name: _NETWORK[name] for name in ("hidden_layer_sizes", "embedding_dim")},
    **{
        name: _NETWORK[name]
        for name in ("learning_rate_init", "max_iter", "device", "random_state")
    },
    "dropout": _DROPPED["dropout"],
    "categorical_features": _NETWORK["categorical_features"],
    "target_type": ["'auto'", "'continuous'", "'classes'", "'values'"],
}
_SMALL_NETWORK = "hidden_layer_sizes=(4,), max_iter=2, n_members=2, random_state=0"
_FINDER = {
    "estimator": [
        f"skdropout.DropoutMLPRegressor({_SMALL_NETWORK})",
        f"skdropout.DropoutMLPClassifier({_SMALL_NETWORK})",
        *(
            "LinearRegression()",
            "DecisionTreeRegressor(max_depth=2)",
            "skdropout.DropoutMLPRegressor",
        ),
        "make_pipeline(StandardScaler(), LinearRegression())",
        "FrozenEstimator(LinearRegression())",
    ],
    "n_interactions": ["'auto'", *_COUNTS, "10"],
    "error_rate": ["0.05", "0.5", "0", "1", "-0.1", "'5 %'", "np.float32(0.1)"],
    "n_jobs": _SEARCH["n_jobs"],
    "method": ["'auto'", "'smooth_hessian'", "'superset'", "'conditional'", "'fast'"],
    "sigma": ["0.25", "1e-6", "1e6", "np.float32(0.5)"],
    "n_perturbations": ["'auto'", "2", "3", "8", "np.int8(4)"],
    "output": ["'product'", "'hessian'", "'sum'"],
    "max_order": ["2", "3", "6", "np.int8(3)"],
    "exhaustive": ["True", "False", "1"],
    "n_points": ["2", "10", "1000", "10**9", "np.uint8(5)"],
    "exclude": [
        "None",
        "[0]",
        "['col0']",
        "['no']",
        "[99]",
        "[-1]",
        "[]",
        "[0.5]",
        "[True]",
        "'col0'",
    ],
    "passthrough": ["True", "False"],
    "target_type": _ENCODER["target_type"],
    "device": _NETWORK["device"],
    "random_state": _NETWORK["random_state"],
}

_MLP = {"hidden_layer_sizes": "(4,)", "max_iter": "2", "n_members": "1", "random_state": "0"}
# {estimator: (what it solves, what keeps it small, values by parameter)}
ESTIMATORS = {
    "DropoutMLPRegressor": ("values", _MLP, {**_NETWORK, **_DROPPED, **_VALUES}),
    "DropoutMLPClassifier": ("classes", _MLP, {**_NETWORK, **_DROPPED, **_CLASSES}),
    "DropoutMLPRegressorCV": (
        "values",
        {**_MLP, "dropouts": "[0.0, 0.2]", "cv": "2"},
        {**_NETWORK, **_SEARCH, **_VALUES},
    ),
    "DropoutMLPClassifierCV": (
        "classes",
        {**_MLP, "dropouts": "[0.0, 0.2]", "cv": "2"},
        {**_NETWORK, **_SEARCH, **_CLASSES},
    ),
    "RelDropRegressor": ("values", _MLP, {**_NETWORK, **_RELEVANT, **_VALUES}),
    "RelDropClassifier": ("classes", _MLP, {**_NETWORK, **_RELEVANT, **_CLASSES}),
    "EmbeddingEncoder": (
        "values",
        {"hidden_layer_sizes": "(4,)", "max_iter": "2", "random_state": "0", "cv": "2"},
        _ENCODER,
    ),
    "SmoothHessInteractions": (
        "values",
        {"estimator": _FINDER["estimator"][0], "random_state": "0"},
        _FINDER,
    ),
}


def odd_values(name):
    """Return Python for values of any type for the parameter ``name``."""
    if name in _PATIENT:
        return [value for value in ANY if value not in _LONG]
    return ANY

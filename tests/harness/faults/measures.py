"""Calls to disturb: what looks into fitted models, the equations, and the module of ``nn``."""

from functools import cache, partial
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pandas as pd
import torch
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from torch import nn

from skdropout import DropoutMLPClassifier, functional, inspection
from skdropout.export import to_onnx
from skdropout.nn import RelevanceDropout
from tests.harness.faults.scenarios import NUMBERS, SMALL, THREE, TWO, Scenario, X, Y
from tests.harness.faults.scenarios import fitted as fitted_estimator
from tests.harness.faults.steps import reach


class UserModel(nn.Module):
    """A user's network in training mode, with gradients of its own from the step before."""

    def __init__(self, n_outputs=1):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(0.3), nn.Linear(6, n_outputs)
        )

    def forward(self, x):
        reach("user")
        return self.layers(x)


@cache
def _state(n_outputs):
    generator = torch.Generator().manual_seed(0)
    with torch.random.fork_rng():
        shapes = {name: p.shape for name, p in UserModel(n_outputs).state_dict().items()}
    return {
        name: torch.rand(shape, generator=generator) if shape else torch.tensor(0)
        for name, shape in shapes.items()
    }


def user_model(is_training=True, n_outputs=1):
    with torch.random.fork_rng():
        model = UserModel(n_outputs)
    model.load_state_dict(_state(n_outputs))
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    return model.train(is_training)


def layers(n_outputs=1, is_training=True):
    return user_model(is_training, n_outputs).layers


# as many rows as a spectrum is distilled from
LONG = pd.concat([X] * 3, ignore_index=True)
TENSOR = torch.as_tensor(NUMBERS[:12], dtype=torch.float32)
CLASSES = torch.as_tensor(THREE[:12])
POINTS = TENSOR[:3]


def generator():
    return torch.Generator().manual_seed(0)


@cache
def _pipeline():
    columns = make_column_transformer(
        (StandardScaler(), ["a", "b"]), (OneHotEncoder(sparse_output=False), ["city"])
    )
    network = DropoutMLPClassifier(**SMALL)
    return make_pipeline(columns, network).fit(X, TWO)


def _fitted(name):
    return _pipeline() if name == "pipeline" else fitted_estimator(name)


MODELS = {
    "DropoutMLPRegressor": Y,
    "DropoutMLPClassifier": THREE,
    "RelDropClassifier": TWO,
    "pipeline": TWO,
}
OF_MODELS = {
    "interaction_strengths": lambda m, y: inspection.interaction_strengths(
        m, X, n_points=8, random_state=0
    ),
    "interaction_strengths(superset)": lambda m, y: inspection.interaction_strengths(
        m, X, n_points=8, method="superset", random_state=0
    ),
    "interaction_tests": lambda m, y: inspection.interaction_tests(
        [m], X, y, [range(len(X))], random_state=0
    ),
    "interaction_order_spectrum": lambda m, y: inspection.interaction_order_spectrum(
        m, X, max_order=2, n_evaluations=2000, random_state=0
    ),
    "interaction_order_spectrum(distillation)": (
        lambda m, y: inspection.interaction_order_spectrum(
            m, LONG, max_order=2, method="distillation", n_evaluations=2000, random_state=0
        )
    ),
    "interaction_order_spectrum(conditional)": (
        lambda m, y: inspection.interaction_order_spectrum(
            m, LONG, max_order=2, method="conditional", n_evaluations=2000, random_state=0
        )
    ),
    "occlusion_curve": lambda m, y: inspection.occlusion_curve(m, X, y, random_state=0),
    "supported_orders": lambda m, y: inspection.supported_orders(
        m, X, y, n_evaluations=2000, random_state=0
    ),
    "perturbation_mse": lambda m, y: inspection.perturbation_mse(
        m, X, n_points=5, n_perturbations=20, random_state=0
    ),
    "effective_number_of_features": lambda m, y: inspection.effective_number_of_features(m, X, y),
    "explain_global": lambda m, y: inspection.explain_global(
        m, X, interactions=1, n_grid=4, n_points=4, random_state=0
    ).data(),
    "explain_local": lambda m, y: inspection.explain_local(
        m, X[:2], background=X, n_points=8, random_state=0
    ).data(0),
}


def scenarios_of_models():
    """Yield each measure of each of a few models."""
    for model, y in MODELS.items():
        for name, call in OF_MODELS.items():
            if name.startswith("explain") and model == "DropoutMLPClassifier":
                continue  # more than two classes are not explained
            yield Scenario(f"{name} of {model}", partial(_fitted, model), partial(_call, call, y))


def _call(call, y, made):
    return call(made, y)


def _networks(call):
    return lambda made: call(made, generator())


FUNCTIONS = {
    "smooth_hessian": lambda f, g: functional.smooth_hessian(
        f, POINTS, sigma=0.5, n_perturbations=32, return_gradient=True, generator=g
    ),
    "smooth_hessian(function_values)": lambda f, g: functional.smooth_hessian(
        f, POINTS, sigma=0.5, n_perturbations=32, method="function_values", generator=g
    ),
    "smooth_hessian_parts": lambda f, g: functional.smooth_hessian_parts(
        f, POINTS, sigma=0.5, n_perturbations=32, generator=g
    ),
    "smooth_third": lambda f, g: functional.smooth_third(
        f, POINTS, sigma=0.5, n_perturbations=32, return_error=True, generator=g
    ),
    "smooth_gradient": lambda f, g: functional.smooth_gradient(
        f, POINTS, sigma=0.5, n_perturbations=32, generator=g
    ),
    "functional.perturbation_mse": lambda f, g: functional.perturbation_mse(
        f, POINTS, torch.zeros(3, 4), torch.zeros(3, 4, 4), radius=0.5, generator=g
    ),
}
RELEVANCE = {
    "gradient_x_input": lambda f, g: functional.gradient_x_input(f, TENSOR),
    "integrated_gradients": lambda f, g: functional.integrated_gradients(f, TENSOR, n_steps=4),
    "relevance(gradient)": lambda f, g: functional.relevance(f, TENSOR, rule="gradient_x_input"),
}
LAYERS = {
    "relevance": lambda f, g: functional.relevance(f, TENSOR, target=CLASSES),
    "relevance(gamma)": lambda f, g: functional.relevance(f, TENSOR, target=CLASSES, rule="gamma"),
}
SHARES = TENSOR.abs()
EQUATIONS = {
    "relevance_mask": lambda f, g: functional.relevance_mask(
        SHARES, alpha=0.5, beta=0.3, generator=g
    ),
    "relevance_block_mask": lambda f, g: functional.relevance_block_mask(
        SHARES.view(12, 2, 2), generator=g
    ),
    "group_sum": lambda f, g: functional.group_sum(SHARES, torch.tensor([0, 0, 1, 1])),
    "masked_expectation": lambda f, g: functional.masked_expectation(
        lambda x: x.prod(-1), TENSOR, p=0.5
    ),
    "purify": lambda f, g: functional.purify(SHARES),
    "linear_relevance": lambda f, g: functional.linear_relevance(
        TENSOR, torch.ones(4, 2), None, torch.ones(12, 2)
    ),
    "second_order_attack": lambda f, g: functional.second_order_attack(
        torch.ones(3, 4), torch.eye(4).expand(3, 4, 4), radius=0.5
    ),
    "survival_probability": lambda f, g: functional.survival_probability(0.1, torch.arange(4)),
    "effective_learning_rate": lambda f, g: functional.effective_learning_rate(
        0.1, torch.arange(4)
    ),
    "n_interactions": lambda f, g: functional.n_interactions(5, torch.arange(4)),
}


def scenarios_of_functions():
    """Yield the equations, and the module."""
    of_models = ((FUNCTIONS, partial(user_model, False)), (RELEVANCE, user_model))
    for functions, make in (*of_models, (LAYERS, partial(layers, 3)), (EQUATIONS, int)):
        for name, call in functions.items():
            yield Scenario(name, make, _networks(call), 0.2 if functions is EQUATIONS else 0.7)
    call = lambda drop: drop(TENSOR, CLASSES)  # noqa: E731
    yield Scenario("RelevanceDropout", _dropout, call, 2.0, _with_new_generator)
    make = partial(_dropout, rule="integrated_gradients", probability=0.5)
    yield Scenario("RelevanceDropout(gradients)", make, call, 2.0, _with_new_generator)


def _dropout(rule="epsilon_plus", **options):
    return RelevanceDropout(layers(3), rule=rule, generator=generator(), **options)


def _with_new_generator(drop):
    drop.generator = generator()
    return drop


@cache
def _folder():
    return Path(mkdtemp())


def _exported(estimator):
    path = _folder() / "model.onnx"
    to_onnx(estimator, path)
    return np.frombuffer(path.read_bytes(), dtype=np.uint8)


def scenarios_of_export():
    """Yield what writes a model; slow, and few."""
    yield Scenario("to_onnx", partial(_fitted, "DropoutMLPRegressor"), _exported, 0.2)

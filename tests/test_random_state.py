"""No public call moves the caller's random state, whatever its own is set to."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.ensemble import HistGradientBoostingRegressor
from torch import nn

from skdropout import DropoutMLPRegressor, RelDropRegressor, callbacks, datasets, export, inspection
from skdropout import functional as F
from skdropout.nn import RelevanceDropout
from tests.conftest import random_states

X = np.random.default_rng(0).normal(size=(100, 3))
Y = X[:, 0] * X[:, 1] + X[:, 2]
POINTS = torch.as_tensor(X[:4], dtype=torch.float32)
IMAGES = torch.as_tensor(X[:96].reshape(-1)[:128].reshape(2, 8, 8), dtype=torch.float32)
TREES = HistGradientBoostingRegressor(max_iter=2, random_state=0)


@pytest.fixture(scope="module")
def models():
    options = {"n_members": 2, "max_iter": 2, "random_state": 0}
    table = pd.DataFrame(X, columns=list("abc")).assign(d=["x", "y"] * 50)
    with torch.random.fork_rng():
        layers = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Dropout(), nn.Linear(8, 8), nn.Tanh())
        layers.append(nn.Linear(8, 1))
    return {
        "net": DropoutMLPRegressor((8,), **options).fit(X, Y),
        "table": table,
        "net of table": DropoutMLPRegressor((8,), **{**options, "n_members": 1}).fit(table, Y),
        "trees": TREES.fit(X, Y),
        "layers": layers.eval(),
    }


def _hessian(**options):
    return lambda m, _: F.smooth_hessian(m["layers"], POINTS, sigma=0.5, **options)


CALLS = {
    # functional, those that draw
    "smooth_hessian": _hessian(n_perturbations=8, return_gradient=True, return_error=True),
    "smooth_hessian of values": _hessian(n_perturbations=8, method="function_values"),
    "smooth_hessian auto": _hessian(n_perturbations="auto", tolerance=2.0),
    "smooth_hessian_parts": lambda m, _: F.smooth_hessian_parts(
        m["layers"], POINTS, sigma=0.5, n_perturbations=8
    ),
    "smooth_gradient": lambda m, _: F.smooth_gradient(
        m["layers"], POINTS, sigma=0.5, n_perturbations=8
    ),
    "functional.perturbation_mse": lambda m, _: F.perturbation_mse(
        m["layers"], POINTS, torch.zeros(4, 3), torch.zeros(4, 3, 3), radius=0.5
    ),
    "relevance_mask": lambda m, _: F.relevance_mask(POINTS, alpha=0.5, beta=0.5, probability=0.5),
    "relevance_block_mask": lambda m, _: F.relevance_block_mask(IMAGES),
    "relevance": lambda m, _: F.relevance(m["layers"].train(), POINTS),
    "gradient_x_input": lambda m, _: F.gradient_x_input(m["layers"].train(), POINTS),
    "integrated_gradients": lambda m, _: F.integrated_gradients(m["layers"].train(), POINTS),
    # datasets
    "make_interactions": lambda m, _: datasets.make_interactions("F3", n_samples=20, noise=0.1),
    "make_pure_interaction": lambda m, _: datasets.make_pure_interaction(20, noise=0.1),
    "make_four_quadrants": lambda m, _: datasets.make_four_quadrants(20, noise=0.1),
    "load_bike_sharing": lambda m, _: datasets.load_bike_sharing(),
    # nn, callbacks, export
    "RelevanceDropout": lambda m, _: RelevanceDropout(m["layers"], probability=0.5)(POINTS),
    "SpectrumCallback": lambda m, _: DropoutMLPRegressor(
        (8,),
        max_iter=2,
        callbacks=[callbacks.SpectrumCallback(X, n_evaluations=2000, random_state=None)],
    ).fit(X, Y),
    "to_onnx": lambda m, tmp_path: export.to_onnx(m["net of table"], tmp_path / "net.onnx"),
    "RelDropRegressor": lambda m, _: RelDropRegressor((8,), max_iter=2).fit(X, Y),
    # inspection
    "interaction_strengths": lambda m, _: inspection.interaction_strengths(m["net"], X),
    "interaction_strengths by cells": lambda m, _: inspection.interaction_strengths(
        m["trees"], X, method="superset"
    ),
    "interaction_order_spectrum": lambda m, _: inspection.interaction_order_spectrum(
        m["net"], X, n_evaluations=2000
    ),
    "interaction_order_spectrum of trees": lambda m, _: inspection.interaction_order_spectrum(
        m["trees"], X, n_evaluations=2000
    ),
    "interaction_order_spectrum distilled": lambda m, _: inspection.interaction_order_spectrum(
        m["net"], X, max_order=1, method="distillation"
    ),
    "supported_orders": lambda m, _: inspection.supported_orders(TREES, X, Y, n_evaluations=2000),
    "occlusion_curve": lambda m, _: inspection.occlusion_curve(
        m["net"], X, Y, fractions=3, order="random"
    ),
    "effective_number_of_features": lambda m, _: inspection.effective_number_of_features(
        m["trees"], X, Y
    ),
    "perturbation_mse": lambda m, _: inspection.perturbation_mse(
        m["net"], X, n_perturbations=8, n_points=5
    ),
    "explain_global": lambda m, _: inspection.explain_global(
        m["net"], X, interactions=1, n_grid=4, n_points=10
    ),
    "explain_local": lambda m, _: inspection.explain_local(
        m["net"], X[:2], background=X, interactions=1, n_points=10
    ),
    "InteractionDisplay": lambda m, _: inspection.InteractionDisplay.from_estimator(m["net"], X),
    "OrderSpectrumDisplay": lambda m, _: inspection.OrderSpectrumDisplay.from_estimator(
        m["net"], X, n_evaluations=2000
    ),
    "OcclusionDisplay": lambda m, _: inspection.OcclusionDisplay.from_estimators(
        {"net": m["net"]}, X, Y, order="random"
    ),
    "InteractionDisplay of a pair": lambda m, _: inspection.InteractionDisplay.from_pair(
        m["net"], X, (0, 1), n_grid=4, n_points=10
    ),
    "EmbeddingDisplay": lambda m, _: inspection.EmbeddingDisplay.from_estimator(
        m["net of table"], "d"
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_public_calls_leave_the_random_state_alone(name, models, tmp_path):
    before = random_states()
    CALLS[name](models, tmp_path)
    after = random_states()
    assert [part for part in before if before[part] != after[part]] == []

"""What a user writes, for the static checker alone: every public name, used with its types."""

from pathlib import Path
from typing import assert_type

import numpy as np
import pandas as pd
import polars as pl
import torch
from sklearn.utils import Bunch
from torch import Tensor, nn

import skdropout
from skdropout.callbacks import SpectrumCallback
from skdropout.datasets import (
    load_bike_sharing,
    make_four_quadrants,
    make_interactions,
    make_pure_interaction,
    open_table,
)
from skdropout.export import to_onnx
from skdropout.functional import relevance, relevance_mask, smooth_gradient, smooth_hessian
from skdropout.inspection import (
    DropoutPathDisplay,
    DropoutRatesDisplay,
    DropoutScheduleDisplay,
    InteractionDisplay,
    OrderSpectrumDisplay,
    effective_number_of_features,
    explain_global,
    explain_local,
    interaction_order_spectrum,
    interaction_strengths,
    interaction_table,
    occlusion_curve,
    perturbation_mse,
    supported_orders,
)
from skdropout.nn import RelevanceDropout


def networks(X: np.ndarray, frame: pd.DataFrame, other: pl.DataFrame, y: np.ndarray) -> None:
    spectrum = SpectrumCallback(X, every=2, per_member=True, method="distillation")
    regressor = skdropout.DropoutMLPRegressor(
        (64, 64),
        dropout=[0.1, 0.2],
        input_dropout=0.1,
        activation="silu",
        numeric_encoding="periodic",
        embedding_dim={"city": 4},
        batch_size="auto",
        loss="quantile",
        quantile=0.9,
        device=torch.device("cpu"),
        callbacks=[spectrum],
        random_state=np.random.RandomState(0),
    )
    fitted = regressor.fit(frame, y, sample_weight=y, X_val=other, y_val=y)
    assert_type(fitted, skdropout.DropoutMLPRegressor)
    assert_type(fitted.predict(X), np.ndarray | tuple[np.ndarray, np.ndarray])
    assert_type(fitted.sample_predictions(X, n_samples=3, random_state=0), np.ndarray)
    assert_type(fitted.partial_fit(X, y), skdropout.DropoutMLPRegressor)
    classifier = skdropout.DropoutMLPClassifier(32, class_weight="balanced").fit(X, y)
    assert_type(classifier.predict_proba(other), np.ndarray)
    assert_type(classifier.predict_log_proba(X), np.ndarray)
    search = skdropout.DropoutMLPRegressorCV(dropouts=[0.0, 0.2], grid="paired", cv=3, racing=True)
    assert_type(search.fit(X, y, groups=y), skdropout.DropoutMLPRegressorCV)
    assert_type(search.predict_interval(X, coverage=0.8, method="scaled"), np.ndarray)
    classes = skdropout.DropoutMLPClassifierCV(dropouts=5, scoring="roc_auc").fit(X, y)
    assert_type(classes.predict_set(X, coverage=0.8), np.ndarray)
    skdropout.DropoutMLPRegressor(loss="quantile", quantile=[0.1, 0.9]).fit(X, y).score(X, y)
    skdropout.RelDropRegressor(rule=["wsquare", "epsilon", "epsilon"]).fit(X, y)
    skdropout.RelDropRegressor(dropout_schedule="ramp", dropout_profile="front").fit(X, y)
    skdropout.RelDropClassifier(
        module=lambda: nn.Linear(4, 1), feature_shape=(1, 2, 2), occlusion="block"
    ).fit(X, y)


def transformers(frame: pd.DataFrame, y: np.ndarray) -> None:
    encoder = skdropout.EmbeddingEncoder((8,), categorical_features=["city"], cv=3)
    assert_type(encoder.fit_transform(frame, y), np.ndarray)
    assert_type(encoder.fit(frame, y), skdropout.EmbeddingEncoder)
    encoder.most_similar("city", "Rome", k=3)
    finder = skdropout.SmoothHessInteractions(n_interactions="auto", method="superset")
    assert_type(finder.fit(frame, y), skdropout.SmoothHessInteractions)
    assert_type(finder.get_feature_names_out(), np.ndarray)


def looked_into(model: skdropout.DropoutMLPRegressor, X: np.ndarray, y: np.ndarray) -> None:
    assert_type(interaction_strengths(model, X, method="superset", random_state=0), Bunch)
    assert_type(interaction_order_spectrum(model, X, max_order=3), Bunch)
    assert_type(occlusion_curve(model, X, y, order="random"), Bunch)
    supported_orders(model, X, y, alpha=0.1)
    perturbation_mse(model, X, radius=0.5)
    effective_number_of_features(model, X, y)
    finder = skdropout.SmoothHessInteractions().fit(X, y)
    assert_type(interaction_table(finder, X, y), pd.DataFrame)
    explain_global(model, X, interactions=2)
    explain_local(model, X[:2], y[:2], background=X)
    InteractionDisplay.from_estimator(model, X).plot(ax=None)
    OrderSpectrumDisplay.from_estimator(model, X)
    DropoutPathDisplay.from_estimator(skdropout.DropoutMLPRegressorCV().fit(X, y))
    DropoutScheduleDisplay.from_estimator(skdropout.DropoutMLPRegressor().fit(X, y))
    learnt = skdropout.DropoutMLPClassifier(dropout="learnt", input_dropout="learnt").fit(X, y)
    DropoutRatesDisplay.from_estimator(learnt).plot()
    to_onnx(model, Path("model.onnx"))["numeric"]


def tensors(f: nn.Module, x: Tensor) -> None:
    assert_type(relevance(f, x, target=1, rule="epsilon"), Tensor)
    assert_type(relevance_mask(x, alpha=0.5, beta=0.2), Tensor)
    smooth_hessian(f, x, sigma=0.5, n_perturbations=8)
    smooth_gradient(f, x, sigma=0.5, n_perturbations=8)
    RelevanceDropout(f, beta=0.2, warmup=1)(x)


def tables() -> None:
    assert_type(make_interactions("F3", n_samples=10, noise=0.1)[1], np.ndarray)
    assert_type(make_pure_interaction(10, order=2)[0], np.ndarray)
    assert_type(make_four_quadrants(10)[0], np.ndarray)
    load_bike_sharing()
    table, y = open_table(Path("table.parquet"), target="y")
    skdropout.DropoutMLPRegressor().fit(table, y if y is not None else np.zeros(3))

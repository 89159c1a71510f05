"""The map of a column's levels."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist

from skdropout import DropoutMLPRegressor, EmbeddingEncoder
from skdropout.inspection import EmbeddingDisplay

mpl.use("agg")
from matplotlib import pyplot as plt


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_flat_vectors_keep_their_distances():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(12, 2)) @ rng.normal(size=(2, 6)) + 3.0
    display = EmbeddingDisplay(vectors=vectors, levels=list(range(12))).plot()
    np.testing.assert_allclose(pdist(display.points_.get_offsets()), pdist(vectors))
    assert display.explained_.sum() == pytest.approx(1)
    assert display.ax_.get_aspect() == 1


def test_names_do_not_cover_each_other():
    rng = np.random.default_rng(0)
    levels = [f"level number {i}" for i in range(40)]
    display = EmbeddingDisplay(vectors=rng.normal(size=(40, 8)), levels=levels).plot()
    boxes = [label.get_window_extent() for label in display.labels_]
    boxes = [mpl.transforms.Bbox(box.extents.reshape(2, 2)).padded(-1) for box in boxes]
    # a led name's extent includes its line
    boxes = [b for b, t in zip(boxes, display.labels_, strict=True) if t.arrow_patch is None]
    assert len(boxes) > 20
    assert all(box.count_overlaps(boxes) == 1 for box in boxes)
    assert [label.get_text() for label in display.labels_] == levels


@pytest.mark.parametrize("n_levels", [1, 2])
def test_few_levels(n_levels):
    display = EmbeddingDisplay(vectors=np.ones((n_levels, 1)), levels=["a", "b"][:n_levels]).plot()
    assert len(display.labels_) == n_levels


def test_from_estimators():
    X = pd.DataFrame({"city": ["Rome", "Oslo", "Lima", "Bonn"] * 30})
    y = np.arange(120.0) % 4
    options = {"max_iter": 2, "random_state": 0}
    encoder = EmbeddingEncoder(**options).fit(X, y + 0.1)
    _, ax = plt.subplots()
    display = EmbeddingDisplay.from_estimator(encoder, "city", ax=ax)
    assert display.ax_ is ax
    assert display.levels == ["Bonn", "Lima", "Oslo", "Rome"]
    assert "city" in ax.get_title()
    model = DropoutMLPRegressor((8,), n_members=1, **options).fit(X, y)
    assert EmbeddingDisplay.from_estimator(model, "city").levels == display.levels
    with pytest.raises(ValueError, match=r"no embedding of column='town'; there are \['city'\]"):
        EmbeddingDisplay.from_estimator(model, "town")
    several = DropoutMLPRegressor((8,), dropout=0.1, n_members=2, **options).fit(X, y)
    with pytest.raises(ValueError, match="n_members=1"):
        EmbeddingDisplay.from_estimator(several, "city")

"""RelDrop around one's own torch module, on images and point clouds."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from torch import nn

from skdropout import RelDropClassifier, RelDropRegressor
from skdropout._stack import GridEncoding, LogLoss, MaskSource, RelevantBlocks, RelevantColumns
from skdropout.inspection import interaction_order_spectrum, occlusion_curve

OPTIONS = {"max_iter": 4, "learning_rate_init": 0.01, "random_state": 0}
IMAGES = {"feature_shape": (2, 6, 5), **OPTIONS}


def make_convolutions():
    return nn.Sequential(
        nn.Conv2d(2, 8, 3),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(),
        nn.Linear(96, 1),
    )


class Points(nn.Module):
    def __init__(self, n_outputs=3):
        super().__init__()
        self.point = nn.Sequential(nn.Linear(3, 16), nn.ReLU())
        self.head = nn.Linear(16, n_outputs)

    def forward(self, x):
        return self.head(self.point(x).amax(1))


@pytest.fixture(scope="module")
def images():
    """Two classes by which half of the second channel is bright."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 2, 6, 5))
    y = np.arange(200) % 2
    X[y == 1, 1, :3] += 1.5
    X[y == 0, 1, 3:] += 1.5
    return X.reshape(200, -1), y


@pytest.fixture(scope="module")
def clouds():
    """Balls of three sizes, 10 points each."""
    rng = np.random.default_rng(1)
    y = np.arange(150) % 3
    X = rng.normal(size=(150, 10, 3))
    X *= ((y + 1) / np.linalg.norm(X, axis=2).T).T[..., None]
    return X.reshape(150, -1), np.array(["s", "m", "l"])[y]


@pytest.mark.parametrize("occlusion", ["element", "block"])
def test_images(images, occlusion, untouched_random_state):
    X, y = images
    options = {**IMAGES, "max_iter": 20, "occlusion": occlusion}
    model = RelDropClassifier(module=make_convolutions, **options).fit(X, y)
    assert model.score(X, y) > 0.9
    again = RelDropClassifier(module=make_convolutions, **options).fit(X, y)
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


def test_points(clouds):
    X, y = clouds
    options = {**OPTIONS, "max_iter": 30, "feature_shape": (10, 3)}
    model = RelDropClassifier(module=Points, **options).fit(X, y)
    assert model.score(X, y) > 0.9
    size = np.linalg.norm(X.reshape(150, 10, 3), axis=2).mean(1)
    options["feature_shape"] = [10, 3]
    regression = RelDropRegressor(module=Points(1), **options).fit(X, size)
    assert regression.score(X, size) > 0.8


def test_module_is_copied_and_trained(images):
    X, y = images
    with torch.random.fork_rng():
        module = make_convolutions()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    model = RelDropClassifier(module=module, **IMAGES).fit(X, y)
    assert module.training
    for name, tensor in module.state_dict().items():
        assert torch.equal(tensor, before[name])
    trained = model.net_.module_
    assert not torch.equal(trained.weights[0][0], before["0.weight"])
    running = [state.value[0] for state in trained.states]
    assert not torch.equal(running[0], before["1.running_mean"])


def test_pickle_clone_and_warm_start(images):
    X, y = images
    with torch.random.fork_rng():
        model = RelDropClassifier(module=make_convolutions(), warm_start=True, **IMAGES).fit(X, y)
    loaded = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    copy = clone(model).fit(X, y)
    np.testing.assert_array_equal(copy.predict_proba(X), model.predict_proba(X))
    assert model.fit(X, y).n_iter_ == 8


def test_missing_cells_are_their_channels_mean(images):
    X, y = images
    model = RelDropClassifier(module=make_convolutions, **IMAGES).fit(X, y)
    blank, filled = X[:1].copy(), X[:1].copy()
    blank[0, 7] = np.nan
    filled[0, 7] = model.net_.module_.encoding.center[0, 0, 7] * model._plan.encoder._scale[7]
    filled[0, 7] += model._plan.encoder._location[7]
    np.testing.assert_allclose(model.predict_proba(blank), model.predict_proba(filled), atol=1e-6)


def test_channels_of_a_pixel_and_coordinates_of_a_point_go_together():
    numeric = torch.arange(24.0).expand(3, -1) * torch.arange(1.0, 4.0).unsqueeze(1)
    image = GridEncoding(numeric, (2, 3, 4))
    assert image.n_columns == 12
    assert image.groups.tolist() == [*range(12), *range(12)]
    cloud = GridEncoding(numeric, (8, 3))
    assert cloud.n_columns == 8
    assert cloud.groups.tolist() == [k // 3 for k in range(24)]
    encoded = image(numeric[None], None)[0].view(3, 2, 12)
    np.testing.assert_allclose(encoded.mean((0, 2)), 0, atol=1e-6)
    np.testing.assert_allclose(encoded.std((0, 2), correction=0), 1, rtol=1e-6)


def test_blocks_are_rectangles_around_the_most_relevant_pixel():
    columns = RelevantBlocks(8, 8, LogLoss().share, rule="gradient_x_input", probability=0.5)
    columns.prepare()
    relevance = torch.zeros(1, 400, 64)
    relevance[..., 27] = 1.0
    dropped = columns._draw(relevance, MaskSource(0, torch.device("cpu"))).view(400, 8, 8)
    treated = dropped.flatten(1).any(1)
    assert 0.4 < treated.double().mean() < 0.6
    # the middle of a rectangle of even sides lies between pixels
    assert dropped[treated, 2:5, 2:5].flatten(1).any(1).all()
    for block in dropped[treated]:
        assert torch.equal(block, block.any(1)[:, None] & block.any(0)[None, :])
    assert isinstance(columns, RelevantColumns)


def test_occlusion_of_pixels(images):
    X, y = images
    bright = X[:, 30:]
    options = {**IMAGES, "feature_shape": (1, 6, 5), "max_iter": 20}
    module = nn.Sequential(nn.Flatten(), nn.Linear(30, 1))
    model = RelDropClassifier(module=module, **options).fit(bright, y)
    curve = occlusion_curve(model, bright, y, fractions=[0, 0.5])
    assert curve.scores[0] > curve.scores[1]
    two = RelDropClassifier(module=make_convolutions, **IMAGES).fit(X, y)
    with pytest.raises(ValueError, match="drops 30 pixels or points of 60 columns"):
        occlusion_curve(two, X, y)
    spectrum = interaction_order_spectrum(two, X[:50], max_order=1, random_state=0)
    assert np.isfinite(spectrum.variances).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"feature_shape": (2, 6, 6)}, "has 72 entries, but X has 60 columns"),
        ({"feature_shape": None}, "feature_shape=None must be"),
        ({"feature_shape": (60,)}, r"feature_shape=\(60,\) must be"),
        ({"feature_shape": (20, 3), "occlusion": "block"}, "needs images"),
        ({"module": None}, "are for one's own module"),
        ({"module": nn.Flatten}, "module gives 60 outputs a row, but y needs 1"),
        ({"module": list}, "made a list"),
        ({"rule": "epsilon"}, "rule='epsilon' needs layers"),
        ({"categorical_features": [0]}, r"\['x0'\] hold categories"),
    ],
)
def test_bad_input(images, options, message):
    model = RelDropClassifier(**{"module": make_convolutions, **IMAGES, **options})
    with pytest.raises(ValueError, match=message):
        model.fit(*images)
    assert not hasattr(model, "net_")

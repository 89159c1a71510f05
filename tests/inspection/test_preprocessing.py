"""Models behind preprocessing: whatever is found belongs to the column that it comes from."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skdropout.inspection import interaction_strengths

pytestmark = pytest.mark.usefixtures("untouched_random_state")

RARE, B = 1, 4  # among the columns a, city_rare, city_x, city_y, b


class Product(RegressorMixin, BaseEstimator):
    """The product of the rare level's column and b, and nothing else."""

    def fit(self, X, y):
        self.is_fitted_ = True
        return self

    def predict(self, X):
        return X[:, RARE] * X[:, B]


def bent():
    """A network with gradients: tanh of the sum of the rare level's column and b."""
    network = MLPRegressor(
        hidden_layer_sizes=(1,), activation="tanh", max_iter=20, tol=1e9, random_state=0
    )
    network.fit(np.zeros((20, 5)), np.arange(20.0))
    network.coefs_ = [np.eye(5)[:, [RARE]] + np.eye(5)[:, [B]], np.ones((1, 1))]
    network.intercepts_ = [np.zeros(1), np.zeros(1)]
    return network


@pytest.mark.parametrize("method", ["superset", "smooth_hessian"])
def test_rare_level_belongs_to_its_column(method):
    """Four of 3,000 rows have it; a one-hot encoder gives them a column of its own."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=3000), "city": rng.choice(["x", "y"], 3000)})
    X["b"] = rng.normal(size=3000)
    X.loc[[700, 1400, 2100, 2800], "city"] = "rare"
    columns = make_column_transformer(
        (StandardScaler(), ["a"]),
        (OneHotEncoder(sparse_output=False), ["city"]),
        (StandardScaler(), ["b"]),
    )
    columns.fit(X)
    model = Product().fit(X, None) if method == "superset" else bent()
    options = {"method": method, "n_points": 3000}
    if method == "smooth_hessian":
        options["n_perturbations"] = 10
    for seed in range(10):
        found = interaction_strengths(
            make_pipeline(columns, model), X, random_state=seed, **options
        )
        assert found.names[0] == ("city", "b")
        assert found.own_effects[0] < 1e-6


def test_what_cannot_be_traced_is_said():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(100, 3)), columns=["width", "height", "age"])
    columns = make_column_transformer((PCA(2), ["width", "height"]), (StandardScaler(), ["age"]))
    network = MLPRegressor(hidden_layer_sizes=(4,), max_iter=20, tol=1e9, random_state=0)
    model = make_pipeline(columns, network).fit(X, X["age"])
    with pytest.raises(ValueError, match=r"width.*height.*superset"):
        interaction_strengths(model, X, method="smooth_hessian")


def test_what_cannot_be_traced_is_redrawn_before_the_preprocessing():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(400, 3)), columns=["width", "height", "age"])
    columns = make_column_transformer((PCA(2), ["width", "height"]), (StandardScaler(), ["age"]))

    class Area(Product):
        def predict(self, Z):
            width, height = self.rotation_.inverse_transform(Z[:, :2]).T
            return width * height + Z[:, 2]

    area = Area().fit(X, None)
    area.rotation_ = columns.fit(X).named_transformers_["pca"]
    found = interaction_strengths(
        make_pipeline(columns, area), X, method="superset", random_state=0
    )
    assert found.names[0] == ("width", "height")
    # rounding apart
    assert found.strengths[0, 2] < 1e-6

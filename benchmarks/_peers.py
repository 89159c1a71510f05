"""Other people's models for tables with categories and missing cells, at their defaults."""

import logging
import warnings

import numpy as np
import torch
from sklearn.compose import (
    TransformedTargetRegressor,
    make_column_selector,
    make_column_transformer,
)
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from torch import nn

__all__ = ["PEERS", "RUNS_ON"]


def as_numbers():
    """Standardise numbers and fill gaps, with indicators; categories become ones and zeros."""
    numeric = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return make_column_transformer(
        (one_hot, make_column_selector(dtype_include="category")),
        (numeric, make_column_selector(dtype_exclude="category")),
    )


def sklearn_mlp(task, seed, **options):
    """Perceptrons at their defaults; a regression target is standardised for them."""
    if task == "classification":
        return make_pipeline(as_numbers(), MLPClassifier(random_state=seed, **options))
    mlp = TransformedTargetRegressor(
        MLPRegressor(random_state=seed, **options), transformer=StandardScaler()
    )
    return make_pipeline(as_numbers(), mlp)


def sklearn_mlp_stopped(task, seed):
    return sklearn_mlp(task, seed, early_stopping=True, max_iter=200)


class Network(nn.Module):
    """Two layers of 128 units, dropout .2."""

    def __init__(self, n_inputs, n_outputs):
        super().__init__()
        layers = []
        for width in (n_inputs, 128):
            layers += [nn.Linear(width, 128), nn.ReLU(), nn.Dropout(0.2)]
        self.layers = nn.Sequential(*layers, nn.Linear(128, n_outputs))

    def forward(self, x):
        return self.layers(x)


class SkorchNet:
    """A skorch net as its manual has it, stopped early at its best epoch."""

    def __init__(self, task, seed):
        self.task, self.seed = task, seed

    def fit(self, X, y):
        from skorch import NeuralNetClassifier, NeuralNetRegressor
        from skorch.callbacks import EarlyStopping

        torch.manual_seed(self.seed)
        self.prepare = make_pipeline(as_numbers(), FunctionTransformer(np.float32)).fit(X)
        X = self.prepare.transform(X)
        options = {
            "max_epochs": 100,
            "lr": 1e-3,
            "optimizer": torch.optim.AdamW,
            "iterator_train__shuffle": True,
            "callbacks": [EarlyStopping(patience=20, load_best=True)],
            "verbose": 0,
        }
        if self.task == "regression":
            self.center, self.scale = y.mean(), y.std()
            y = ((y - self.center) / self.scale).astype(np.float32)[:, None]
            self.net = NeuralNetRegressor(Network(X.shape[1], 1), **options).fit(X, y)
        else:
            network = Network(X.shape[1], len(np.unique(y)))
            options["criterion"] = nn.CrossEntropyLoss
            self.net = NeuralNetClassifier(network, **options).fit(X, y)
        return self

    def predict(self, X):
        return self.net.predict(self.prepare.transform(X))[:, 0] * self.scale + self.center

    def predict_proba(self, X):
        return self.net.predict_proba(self.prepare.transform(X))


def many_levels_as_numbers(X):
    """Return ``X`` with numbers for categories of over 255 levels, which these trees refuse."""
    categories = X.select_dtypes("category")
    many = [name for name, column in categories.items() if len(column.cat.categories) > 255]
    return X.assign(**{name: X[name].cat.codes.astype(float) for name in many})


def hist_gradient_boosting(task, seed):
    regression = task == "regression"
    kind = HistGradientBoostingRegressor if regression else HistGradientBoostingClassifier
    return make_pipeline(FunctionTransformer(many_levels_as_numbers), kind(random_state=seed))


def lightgbm(task, seed):
    import lightgbm

    kind = lightgbm.LGBMRegressor if task == "regression" else lightgbm.LGBMClassifier
    return kind(random_state=seed, n_jobs=1, verbose=-1)


def gaps_as_levels(X):
    """Return ``X`` with categories as text, which CatBoost asks for; a missing cell is a level."""
    categories = X.select_dtypes("category")
    return X.assign(
        **{
            name: column.astype(object).where(column.notna(), "missing").map(str).astype(object)
            for name, column in categories.items()
        }
    )


class CatBoost:
    """CatBoost, told which columns are categories."""

    def __init__(self, task, seed):
        import catboost

        regression = task == "regression"
        kind = catboost.CatBoostRegressor if regression else catboost.CatBoostClassifier
        self.model = kind(
            random_seed=seed, thread_count=1, verbose=False, allow_writing_files=False
        )

    def fit(self, X, y):
        categories = list(X.select_dtypes("category").columns)
        self.model.fit(gaps_as_levels(X), y, cat_features=categories)
        return self

    def predict(self, X):
        return self.model.predict(gaps_as_levels(X), thread_count=1)

    def predict_proba(self, X):
        return self.model.predict_proba(gaps_as_levels(X), thread_count=1)


def ebm(task, seed):
    """A boosting machine with 4 bags in place of 14, which take 3.5 times as long."""
    from interpret import glassbox

    kind = "Regressor" if task == "regression" else "Classifier"
    kind = getattr(glassbox, f"ExplainableBoosting{kind}")
    return kind(outer_bags=4, random_state=seed, n_jobs=1)


def pytabkit(name):
    """A network of pytabkit, gaps in numbers filled with medians, as it takes none."""

    def make(task, seed):
        import pytabkit

        logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
        kind = "Regressor" if task == "regression" else "Classifier"
        kind = getattr(pytabkit, f"{name}_{kind}")
        network = kind(random_state=seed, n_threads=1, device="cpu", verbosity=0)
        numbers = make_column_selector(dtype_exclude="category")
        fill = make_column_transformer(
            (SimpleImputer(strategy="median"), numbers),
            remainder="passthrough",
            verbose_feature_names_out=False,
        )
        return make_pipeline(fill.set_output(transform="pandas"), network)

    return make


PEERS = {
    "HistGradientBoosting": hist_gradient_boosting,
    "LightGBM": lightgbm,
    "CatBoost": CatBoost,
    "sklearn MLP": sklearn_mlp,
    "sklearn MLP, early stopping": sklearn_mlp_stopped,
    "skorch 128-128, p=.2": SkorchNet,
    "EBM, 4 bags": ebm,
    "RealMLP-TD": pytabkit("RealMLP_TD"),
    "TabM": pytabkit("TabM_D"),
}
# the packages whose versions a peer's numbers depend on
RUNS_ON = {
    "HistGradientBoosting": ("scikit-learn",),
    "LightGBM": ("lightgbm",),
    "CatBoost": ("catboost",),
    "sklearn MLP": ("scikit-learn",),
    "sklearn MLP, early stopping": ("scikit-learn",),
    "skorch 128-128, p=.2": ("skorch", "torch"),
    "EBM, 4 bags": ("interpret-core",),
    "RealMLP-TD": ("pytabkit",),
    "TabM": ("pytabkit",),
}
warnings.filterwarnings("ignore", category=UserWarning)

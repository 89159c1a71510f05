"""The models of a report, not yet fitted: ours, and those one would otherwise use."""

from dataclasses import dataclass

from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler, TargetEncoder

import skdropout

_MOST_LEVELS = 250  # that boosted trees take as categories


@dataclass(frozen=True)
class Sizes:
    """How many rows, networks and steps everything takes.

    ``outer_bags`` None and ``detecting`` None stand for the defaults of the boosting machine and
    of the interaction finder.
    """

    max_rows: int
    hidden_layer_sizes: tuple
    dropouts: tuple
    cv: int
    max_iter: int
    outer_bags: int | None
    detecting: dict | None
    n_evaluations: int
    n_occluded_rows: int
    n_interactions: int = 10
    n_surfaces: int = 3
    n_maps: int = 4


FULL = Sizes(
    max_rows=20_000,
    hidden_layer_sizes=(256, 256),
    dropouts=(0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.65),
    cv=5,
    max_iter=100,
    outer_bags=None,
    detecting=None,
    n_evaluations=1_000_000,
    n_occluded_rows=5_000,
)
QUICK = Sizes(
    max_rows=8_000,
    hidden_layer_sizes=(128, 128),
    dropouts=(0.0, 0.05, 0.1, 0.2, 0.35, 0.5),
    cv=3,
    max_iter=50,
    outer_bags=4,
    detecting={
        "hidden_layer_sizes": (128, 128),
        "dropout": 0.15,
        "activation": "silu",
        "n_members": 4,
        "learning_rate_init": 1e-2,
        "max_iter": 30,
        "n_iter_no_change": 30,
    },
    n_evaluations=200_000,
    n_occluded_rows=1_000,
)


class Models:
    """What to fit to one table.

    Parameters
    ----------
    recipe : Recipe
        What the columns are.
    sizes : Sizes
    device : str
        Where our networks are trained.
    """

    def __init__(self, recipe, sizes, device):
        self.recipe, self.sizes = recipe, sizes
        self.is_regression = recipe.task == "regression"
        self._common = {"random_state": 0} | ({"device": device} if device != "auto" else {})

    def search(self):
        """Our network, which chooses its dropout rate."""
        return self._ours("DropoutMLP{}CV")(
            self.sizes.hidden_layer_sizes,
            dropouts=list(self.sizes.dropouts),
            cv=self.sizes.cv,
            racing=True,
            max_iter=self.sizes.max_iter,
            **self._common,
        )

    def reldrop(self, dropout):
        """Our network with relevant columns dropped, at the rate chosen for hidden units."""
        return self._ours("RelDrop{}")(
            self.sizes.hidden_layer_sizes,
            dropout=dropout,
            max_iter=self.sizes.max_iter,
            **self._common,
        )

    def finder(self):
        """What ranks the pairs of columns; None where there are no pairs."""
        n_columns = len(self.recipe.numbers) + len(self.recipe.categories)
        if n_columns < 2:
            return None
        networks = self.sizes.detecting
        return skdropout.SmoothHessInteractions(
            networks and self._ours("DropoutMLP{}")(**networks, **self._common),
            n_interactions=min(self.sizes.n_interactions, n_columns * (n_columns - 1) // 2),
            target_type="continuous" if self.is_regression else "classes",
            **self._common,
        )

    def encoder(self):
        """What places the levels of categories on maps; None where there is nothing to place."""
        if not self.recipe.mapped(self.sizes.n_maps):
            return None
        return skdropout.EmbeddingEncoder(
            target_type="continuous" if self.is_regression else "classes",
            max_iter=self.sizes.max_iter,
            **self._common,
        )

    def rivals(self):
        """scikit-learn's models by name."""
        return {"sklearn MLP": self._sklearn_mlp(), "HistGradientBoosting": self._boosted_trees()}

    def boosting_machine(self, interactions):
        """Explainable boosting machine, with so many pairs of FAST's or with given ones.

        Raises
        ------
        ImportError
            If interpret is not installed.
        """
        from interpret import glassbox

        bags = self.sizes.outer_bags
        kind = "Regressor" if self.is_regression else "Classifier"
        return getattr(glassbox, f"ExplainableBoosting{kind}")(
            interactions=interactions,
            random_state=0,
            **({} if bags is None else {"outer_bags": bags, "n_jobs": 1}),
        )

    def _ours(self, name):
        return getattr(skdropout, name.format("Regressor" if self.is_regression else "Classifier"))

    def _sklearn_mlp(self):
        fill = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
        numbers = Pipeline([("fill", fill), ("scale", StandardScaler())])
        one_hot = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=100)
        options = {
            "hidden_layer_sizes": self.sizes.hidden_layer_sizes,
            "early_stopping": True,
            "random_state": 0,
        }
        if self.is_regression:
            mlp = TransformedTargetRegressor(MLPRegressor(**options), transformer=StandardScaler())
        else:
            mlp = MLPClassifier(**options)
        columns = [
            ("numbers", numbers, self.recipe.numbers),
            ("categories", one_hot, self.recipe.categories),
        ]
        return Pipeline([("columns", ColumnTransformer(columns)), ("mlp", mlp)])

    def _boosted_trees(self):
        kind = HistGradientBoostingClassifier
        if self.is_regression:
            kind = HistGradientBoostingRegressor
        trees = kind(random_state=0)
        if max(self.recipe.n_levels.values(), default=0) <= _MOST_LEVELS:
            return trees
        encode = ("encode", TargetEncoder(random_state=0), self.recipe.categories)
        columns = ColumnTransformer([encode], remainder="passthrough")
        return Pipeline([("columns", columns), ("trees", trees)])

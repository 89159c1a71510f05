"""The models of a report, not yet fitted: ours, and those one would otherwise use."""

from dataclasses import dataclass

from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler, TargetEncoder

import skdropout

# Share of the pairs found that may be false, on average.
ERROR_RATE = 0.05
_MOST_LEVELS = 250  # that boosted trees take as categories
_STRENGTHS = [0.01, 0.1, 1.0, 10.0, 100.0, 1000.0]  # of the ridge
# Rates above that networks learn little with.
_HIGHEST_RATE = 0.8


@dataclass(frozen=True)
class Sizes:
    """How many rows, networks and steps everything takes.

    ``minutes`` None is no bound. ``outer_bags`` None and ``detecting`` None stand for the defaults
    of the boosting machine and of the interaction finder, ``max_rounds`` and ``tree_iterations``
    None for those of boosting machine and boosted trees, ``search_iter`` None for as many epochs as
    ``max_iter``.
    """

    max_rows: int
    hidden_layer_sizes: tuple
    dropouts: tuple
    cv: int
    max_iter: int
    outer_bags: int | None
    detecting: dict | None
    n_evaluations: int
    minutes: float | None = None
    search_iter: int | None = None
    max_rounds: int | None = None
    tree_iterations: int | None = None
    n_repeats: int = 5
    n_effects: int = 6
    n_effect_rows: int = 500
    n_surfaces: int = 4
    max_paired_columns: int = 40
    max_order: int = 2


FULL = Sizes(
    max_rows=20_000,
    hidden_layer_sizes=(256, 256),
    dropouts=(0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.65),
    cv=5,
    max_iter=100,
    outer_bags=None,
    detecting=None,
    n_evaluations=1_000_000,
    max_order=3,
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
        "n_members": 2,
        "learning_rate_init": 1e-2,
        "max_iter": 30,
        "n_iter_no_change": 30,
    },
    n_evaluations=200_000,
    minutes=3.0,
    n_repeats=2,
    n_effect_rows=200,
)


class Models:
    """What to fit to one table.

    Parameters
    ----------
    recipe : Recipe
        What the columns are.
    sizes : Sizes
        May be put in place of by smaller ones as time is used up.
    device : str
        Where our networks are trained.
    """

    def __init__(self, recipe, sizes, device):
        self.recipe, self.sizes = recipe, sizes
        self.is_regression = recipe.task == "regression"
        self._common = {"random_state": 0} | ({"device": device} if device != "auto" else {})

    def search(self, dropouts=None):
        """Return what chooses the dropout rate; of numbers its networks predict intervals too."""
        return self._ours("DropoutMLP{}CV")(
            self.sizes.hidden_layer_sizes,
            dropouts=list(self.sizes.dropouts if dropouts is None else dropouts),
            cv=self.sizes.cv,
            racing=True,
            refit="ensemble" if self.is_regression else False,
            max_iter=self.sizes.search_iter or self.sizes.max_iter,
            **self._common,
        )

    def network(self, dropout):
        """Our network, at the rate that was chosen."""
        return self._ours("DropoutMLP{}")(
            self.sizes.hidden_layer_sizes,
            dropout=dropout,
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
        """What finds the pairs of columns that act together."""
        networks = self.sizes.detecting
        return skdropout.SmoothHessInteractions(
            networks and self._ours("DropoutMLP{}")(**networks, **self._common),
            n_interactions="auto",
            error_rate=ERROR_RATE,
            max_order=self.sizes.max_order,
            target_type="continuous" if self.is_regression else "classes",
            **self._common,
        )

    def rivals(self):
        """Return scikit-learn's models, the quickest first."""
        return [self._dummy(), self._linear(), self._sklearn_mlp(), self.boosted_trees()]

    def boosted_trees(self):
        """scikit-learn's boosted trees."""
        kind = HistGradientBoostingClassifier
        if self.is_regression:
            kind = HistGradientBoostingRegressor
        n_iterations = self.sizes.tree_iterations
        trees = kind(random_state=0, **({"max_iter": n_iterations} if n_iterations else {}))
        if max(self.recipe.n_levels.values(), default=0) <= _MOST_LEVELS:
            return trees
        encode = ("encode", TargetEncoder(random_state=0), self.recipe.categories)
        columns = ColumnTransformer([encode], remainder="passthrough")
        return Pipeline([("columns", columns), ("trees", trees)])

    def boosting_machine(self, interactions):
        """Explainable boosting machine, with so many pairs of FAST's or with given ones.

        Raises
        ------
        ImportError
            If interpret is not installed.
        """
        from interpret import glassbox

        sizes = self.sizes
        kind = "Regressor" if self.is_regression else "Classifier"
        bags = {} if sizes.outer_bags is None else {"outer_bags": sizes.outer_bags, "n_jobs": 1}
        rounds = {} if sizes.max_rounds is None else {"max_rounds": sizes.max_rounds}
        return getattr(glassbox, f"ExplainableBoosting{kind}")(
            interactions=interactions, random_state=0, **bags, **rounds
        )

    def _ours(self, name):
        return getattr(skdropout, name.format("Regressor" if self.is_regression else "Classifier"))

    def _dummy(self):
        return DummyRegressor() if self.is_regression else DummyClassifier()

    def _linear(self):
        if self.is_regression:
            return Pipeline([("columns", self._as_numbers()), ("ridge", RidgeCV(_STRENGTHS))])
        logistic = LogisticRegression(max_iter=500)
        return Pipeline([("columns", self._as_numbers()), ("logistic", logistic)])

    def _sklearn_mlp(self):
        options = {
            "hidden_layer_sizes": self.sizes.hidden_layer_sizes,
            "early_stopping": True,
            "random_state": 0,
        }
        if self.is_regression:
            mlp = TransformedTargetRegressor(MLPRegressor(**options), transformer=StandardScaler())
        else:
            mlp = MLPClassifier(**options)
        return Pipeline([("columns", self._as_numbers()), ("mlp", mlp)])

    def _as_numbers(self):
        """Return what makes numbers of the columns: gaps filled, scaled, levels apart."""
        fill = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
        numbers = Pipeline([("fill", fill), ("scale", StandardScaler())])
        one_hot = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=100)
        return ColumnTransformer(
            [
                ("numbers", numbers, self.recipe.numbers),
                ("categories", one_hot, self.recipe.categories),
            ]
        )


def extended(rates, best):
    """Return a grid beyond the edge that the best rate lies at, or None where it does not.

    The last two rates are tried again, beside two that are larger.
    """
    rates = sorted(rates)
    if len(rates) < 2 or best != rates[-1] or best >= _HIGHEST_RATE:
        return None
    return [*rates[-2:], (best + _HIGHEST_RATE) / 2, _HIGHEST_RATE]

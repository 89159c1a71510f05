"""The models of a report, not yet fitted: ours, and those one would otherwise use."""

import time
import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.metrics import accuracy_score, r2_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler, TargetEncoder
from sklearn.utils import Bunch

import skdropout
from skdropout.inspection import InteractionDisplay, interaction_order_spectrum, occlusion_curve

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


OUR_NAME = "skdropout, rate chosen"


RELDROP_NAME = "skdropout, RelDrop"


EBM_NAMES = "EBM, FAST's pairs", "EBM, our pairs"


def measure(prepared, models, bar):
    """Fit and look into everything.

    Parameters
    ----------
    prepared : Prepared
    models : Models
    bar : tqdm
        Told of every step.

    Returns
    -------
    findings : Bunch
        ``scores`` is a list of Bunches, one for each model; the rest is named after the steps.
        What a table does not allow is None.
    """
    findings = Bunch(scores=[], fitted={}, warnings=[])
    for words, step in STEPS:
        bar.set_description(words)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            step(findings, prepared, models)
        findings.warnings += [
            f"While {words}: {str(warning.message).splitlines()[0]}"
            for warning in caught
            if not issubclass(warning.category, DeprecationWarning | FutureWarning)
        ]
        bar.update()
    findings.warnings = list(dict.fromkeys(findings.warnings))
    return findings


def _search(findings, prepared, models):
    _fit_and_score(findings, prepared, OUR_NAME, models.search())


def _rivals(findings, prepared, models):
    for name, model in models.rivals().items():
        _fit_and_score(findings, prepared, name, model)


def _spectrum(findings, prepared, models):
    findings.spectra = {
        name: interaction_order_spectrum(
            findings.fitted[name],
            prepared.X_train,
            n_evaluations=models.sizes.n_evaluations,
            random_state=0,
        )
        for name in (OUR_NAME, "HistGradientBoosting")
    }


def _interactions(findings, prepared, models):
    findings.pairs = findings.strengths = None
    findings.surfaces = []
    finder = models.finder()
    if finder is None:
        return
    finder.fit(prepared.X_train, prepared.y_train)
    findings.pairs, findings.strengths = finder.interactions_, finder.strengths_
    for pair in finder.interactions_[: models.sizes.n_surfaces]:
        findings.surfaces.append(surface_of(findings.fitted[OUR_NAME], prepared.X_train, pair))


def surface_of(model, X, pair):
    """Measure how two columns act together, without a window of pyplot's."""
    from matplotlib.figure import Figure

    return InteractionDisplay.from_pair(model, X, pair, random_state=0, ax=Figure().subplots())


def _boosting_machines(findings, prepared, models):
    findings.fast_pairs, findings.has_interpret = None, True
    pairs = findings.pairs
    interactions = (
        {"EBM": 0} if pairs is None else dict(zip(EBM_NAMES, (len(pairs), pairs), strict=True))
    )
    try:
        machines = {name: models.boosting_machine(given) for name, given in interactions.items()}
    except ImportError:
        findings.has_interpret = False
        return
    for name, machine in machines.items():
        _fit_and_score(findings, prepared, name, machine)
    if pairs is not None:
        terms = findings.fitted[EBM_NAMES[0]].term_features_
        findings.fast_pairs = [tuple(map(int, term)) for term in terms if len(term) == 2]


def _occlusion(findings, prepared, models):
    model = models.reldrop(findings.fitted[OUR_NAME].dropout_)
    _fit_and_score(findings, prepared, RELDROP_NAME, model)
    n_rows = models.sizes.n_occluded_rows
    findings.curves = {
        name: occlusion_curve(
            findings.fitted[name],
            prepared.X_test[:n_rows],
            prepared.y_test[:n_rows],
            random_state=0,
        )
        for name in (OUR_NAME, RELDROP_NAME)
    }


def _embeddings(findings, prepared, models):
    findings.embeddings = {}
    encoder = models.encoder()
    if encoder is not None:
        encoder.fit(prepared.X_train, prepared.y_train)
        findings.embeddings = encoder.embeddings_


STEPS = (
    ("choosing the dropout rate", _search),
    ("fitting scikit-learn's models", _rivals),
    ("measuring orders of interaction", _spectrum),
    ("ranking interactions", _interactions),
    ("fitting boosting machines", _boosting_machines),
    ("taking columns away", _occlusion),
    ("placing categories", _embeddings),
)


def _fit_and_score(findings, prepared, name, model):
    start = time.perf_counter()
    model.fit(prepared.X_train, prepared.y_train)
    seconds = time.perf_counter() - start
    findings.fitted[name] = model
    if hasattr(model, "predict_proba"):
        scores = _of_classes(model, prepared.X_test, prepared.y_test)
    else:
        scores = _of_numbers(model.predict(prepared.X_test), prepared.y_test)
    findings.scores.append(Bunch(name=name, seconds=seconds, **scores))


def _of_numbers(predicted, y):
    squares = (np.asarray(y) - predicted) ** 2
    rmse = np.sqrt(squares.mean())
    # the delta method
    error = squares.std() / np.sqrt(len(squares)) / (2 * rmse) if rmse else 0.0
    return {"losses": squares, "loss": rmse, "error": error, "score": r2_score(y, predicted)}


def _of_classes(model, X, y):
    proba, classes = model.predict_proba(X), list(model.classes_)
    of_truth = proba[np.arange(len(y)), [classes.index(label) for label in y]]
    losses = -np.log(of_truth.clip(np.finfo(float).eps))
    error = losses.std() / np.sqrt(len(losses))
    predicted = model.classes_[proba.argmax(1)]
    score = accuracy_score(y, predicted)
    return {"losses": losses, "loss": losses.mean(), "error": error, "score": score}

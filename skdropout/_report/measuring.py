"""Everything that a report tells, measured."""

import time
import warnings

import numpy as np
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import Bunch

from skdropout.inspection import InteractionDisplay, interaction_order_spectrum, occlusion_curve

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

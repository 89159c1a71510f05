"""What is fitted and measured, one stage after the other."""

import warnings
from dataclasses import replace

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import Bunch

from skdropout._report import affording
from skdropout._report.effects import VALUES, effect_of, importance
from skdropout._report.models import extended
from skdropout._report.pairs import CELLS, pairs_of, surface_of
from skdropout._report.scoring import fit_and_score, losses_of, mean_loss, predicted_by
from skdropout.inspection import interaction_order_spectrum, occlusion_curve

COVERAGE = 0.9
EBM_NAMES = "EBM, its own pairs", "EBM, the pairs found here"
EBM_ALONE = "EBM, no pairs"
_SHARE_OF_SEARCH = 0.75  # of its stage; the rest is for a grid that has to be extended
_MOST_LEVELS_DRAWN = 4
_FEWEST_ROWS_OF_EFFECTS = 50
# Columns of which all pairs are correlated; networks leave out most of more.
_MOST_OF_SPECTRUM = 200


def measure(prepared, models, budget, progress, was_asked):
    """Fit and look into everything, as far as time allows and nobody objects.

    Parameters
    ----------
    prepared : Prepared
    models : Models
        Its sizes shrink where time does not suffice.
    budget : Budget
    progress : Progress
    was_asked : threading.Event
        Set where Ctrl-C has been pressed.

    Returns
    -------
    findings : Bunch
        ``scores`` is a list, ours first; ``done`` has the stages that ended, ``interrupted`` the
        words of the one that Ctrl-C ended, or None, ``skipped`` of those that there was no time
        for; what a table does not allow is None.
    """
    findings = Bunch(
        scores=[],
        done=[],
        skipped=[],
        warnings=[],
        notes=[],
        interrupted=None,
        has_interpret=True,
    )
    for name, (words, _, stage) in STAGES.items():
        if not _NEEDS.get(name, set()) <= set(findings.done):
            continue
        if name in _NEEDS and budget.share(name) <= 0:
            findings.skipped.append(words)
            continue
        with progress.stage(name, words), warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                stage(findings, prepared, models, budget.share(name))
            except KeyboardInterrupt:
                was_asked.set()
            else:
                findings.done.append(name)
        findings.warnings += [
            f"While {words}: {str(warning.message).splitlines()[0]}"
            for warning in caught
            if not issubclass(warning.category, _of_no_use(findings))
        ]
        if was_asked.is_set():
            findings.interrupted = words
            break
    findings.warnings = list(dict.fromkeys(findings.warnings))
    return findings


def _of_no_use(findings):
    """Return the kinds of warnings that readers can do nothing about, or have been told of."""
    kinds = DeprecationWarning, FutureWarning
    return (*kinds, ConvergenceWarning) if findings.notes else kinds


def _network(findings, prepared, models, allowed):
    X, y = prepared.X_train, prepared.y_train
    _take(findings, models, affording.networks(models, X, y, _SHARE_OF_SEARCH * allowed))
    search = models.search().fit(X, y)
    paths = [_path_of(search, models.is_regression)]
    rates = extended(search.dropouts_, search.dropouts_[search.best_index_])
    findings.was_extended = rates is not None
    if rates is not None:
        search = models.search(rates).fit(X, y)
        paths.append(_path_of(search, models.is_regression))
    findings.search, findings.path = search, _joined(paths)
    network = models.network(findings.path.chosen)
    findings.ours = _fitted(findings, network, prepared)
    findings.intervals = None
    if models.is_regression:
        findings.intervals = search.predict_interval(prepared.X_test, COVERAGE)


def _path_of(search, is_regression):
    """What a search has found, in the unit of the page."""
    results = search.cv_results_
    folds = np.stack([results[f"split{k}_test_score"] for k in range(search.n_splits_)])
    losses = np.sqrt(np.maximum(-folds, 0.0)) if is_regression else -folds
    return Bunch(
        rates=np.asarray(search.dropouts_, dtype=float),
        losses=losses.mean(0),
        spread=losses.std(0),
        stopped=np.asarray(results["stopped_by_racing"]),
        chosen=float(search.dropouts_[search.best_index_]),
        n_folds=search.n_splits_,
    )


def _joined(paths):
    """Return one path of several searches; where both tried a rate, the later one counts."""
    rates, place = np.unique(np.concatenate([p.rates for p in paths])[::-1], return_index=True)
    joined = Bunch(rates=rates, chosen=paths[-1].chosen, n_folds=paths[-1].n_folds)
    for part in ("losses", "spread", "stopped"):
        joined[part] = np.concatenate([p[part] for p in paths])[::-1][place]
    return joined


def _rivals(findings, prepared, models, allowed):
    X, y = prepared.X_train, prepared.y_train
    _take(findings, models, affording.trees(models, X, y, 0.6 * allowed))
    for model in models.rivals():
        findings.trees = _fitted(findings, model, prepared)  # which are the last


def _columns(findings, prepared, models, allowed):
    names = list(prepared.X_train.columns)
    kept = getattr(findings.ours.model, "kept_columns_", np.ones(len(names), bool))
    findings.n_kept = int(kept.sum())
    entered = [name for name, enters in zip(names, kept, strict=True) if enters]
    found = importance(
        findings.ours,
        prepared.X_test,
        prepared.y_test,
        entered,
        models.sizes.n_repeats,
        0.6 * allowed,
    )
    findings.importance, findings.n_shuffled, findings.n_repeats = found
    findings.leading = list(findings.importance.index)
    n_drawn = models.sizes.n_effects + _MOST_LEVELS_DRAWN
    n_rows = _rows_of_effects(findings, models, 0.4 * allowed, VALUES * n_drawn)
    findings.effects = [
        effect_of(findings.ours.model, prepared.X_train, prepared.y_train, name, n_rows)
        for name in findings.leading[: models.sizes.n_effects]
        if prepared.X_train[name].nunique() > 1
    ]
    levelled = [name for name in findings.leading if models.recipe.n_levels.get(name, 0) > 2]
    known = {effect.name: effect for effect in findings.effects}
    findings.levels = [
        known.get(name)
        or effect_of(findings.ours.model, prepared.X_train, prepared.y_train, name, n_rows)
        for name in levelled[:_MOST_LEVELS_DRAWN]
    ]


def _rows_of_effects(findings, models, allowed, n_values):
    """Return how many rows mean predictions can be of, where each takes so many values."""
    planned = models.sizes.n_effect_rows
    n = affording.evaluations([findings.ours], planned * n_values, allowed)
    return min(max(n // max(n_values, 1), _FEWEST_ROWS_OF_EFFECTS), planned)


def _pairs(findings, prepared, models, allowed):
    both = [findings.ours]
    if prepared.X_train.shape[1] <= _MOST_OF_SPECTRUM:
        both.append(findings.trees)
    n_evaluations = affording.evaluations(both, models.sizes.n_evaluations, 0.15 * allowed)
    models.sizes = replace(models.sizes, n_evaluations=n_evaluations)
    findings.spectra = {
        s.name: interaction_order_spectrum(
            s.model, prepared.X_train, n_evaluations=n_evaluations, random_state=0
        )
        for s in both
    }
    n_outputs = findings.ours.predicted.shape[1] if findings.ours.predicted.ndim > 1 else 1
    names = findings.leading[: affording.n_paired(models.sizes, n_outputs, allowed)]
    findings.paired = [name for name in prepared.X_train.columns if name in names]
    findings.finder = findings.pairs = None
    findings.surfaces = []
    if len(findings.paired) < 2:
        return
    X = prepared.X_train[findings.paired]
    with warnings.catch_warnings():  # networks that detect are meant to go through all epochs
        warnings.simplefilter("ignore", ConvergenceWarning)
        _take(findings, models, affording.detectors(models, X, prepared.y_train, allowed))
        finder = models.finder()
        findings.finder = finder.fit(X, prepared.y_train)
    findings.pairs = [pair for pair in pairs_of(finder) if pair.passes]
    drawn = [pair for pair in findings.pairs if pair.stands_out and len(pair.names) == 2]
    drawn = drawn[: models.sizes.n_surfaces]
    n_rows = _rows_of_effects(findings, models, 0.2 * allowed, CELLS**2 * len(drawn))
    findings.surfaces = [
        surface_of(findings.ours.model, prepared.X_train, pair.names, n_rows) for pair in drawn
    ]


def _boosting_machines(findings, prepared, models, allowed):
    findings.fast_pairs = None
    names = findings.paired
    pairs = [pair.places for pair in findings.pairs or () if len(pair.names) == 2]
    given = dict(zip(EBM_NAMES, (len(pairs), pairs), strict=True)) if pairs else {EBM_ALONE: 0}
    X = prepared.X_train[names]
    try:
        models.boosting_machine(0)
        smaller = affording.machines(models, X, prepared.y_train, allowed, len(given))
    except ImportError:
        findings.has_interpret = False
        return
    _take(findings, models, smaller)
    for name, interactions in given.items():
        machine = models.boosting_machine(interactions)
        found = fit_and_score(
            machine, X, prepared.y_train, prepared.X_test[names], prepared.y_test, name
        )
        findings.scores.append(found)
    if pairs:
        terms = findings.scores[-2].model.term_features_
        findings.fast_pairs = [tuple(map(int, term)) for term in terms if len(term) == 2]


def _gaps(findings, prepared, models, allowed):
    findings.reldrop = _fitted(findings, models.reldrop(findings.path.chosen), prepared)
    findings.curves = {}
    for s in (findings.ours, findings.reldrop):
        curve = occlusion_curve(
            s.model,
            prepared.X_test,
            prepared.y_test,
            fill="missing",
            scoring=_minus_loss,
            random_state=0,
        )
        curve.losses = -curve.scores
        findings.curves[s.name] = curve


def _minus_loss(model, X, y):
    predicted = predicted_by(model, X)
    return -mean_loss(losses_of(model, predicted, np.asarray(y)), predicted.ndim > 1)


def _fitted(findings, model, prepared):
    found = fit_and_score(
        model, prepared.X_train, prepared.y_train, prepared.X_test, prepared.y_test
    )
    findings.scores.append(found)
    return found


def _take(findings, models, smaller):
    models.sizes, words = smaller
    if words:
        findings.notes.append(words)


# stages that may be left out, and what they build on
_NEEDS = {
    "columns": {"network"},
    "pairs": {"rivals", "columns"},
    "machines": {"pairs"},
    "gaps": {"rivals"},
}
# what is said of a stage while it is at work, what it takes of the time, and what it does
STAGES = {
    "network": ("choosing the dropout rate", 9.0, _network),
    "rivals": ("fitting scikit-learn's models", 3.0, _rivals),
    "columns": ("asking which columns matter", 2.0, _columns),
    "pairs": ("looking for columns that act together", 4.0, _pairs),
    "machines": ("fitting boosting machines", 4.0, _boosting_machines),
    "gaps": ("taking columns away", 2.0, _gaps),
}

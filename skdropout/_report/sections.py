"""What the report says of each finding."""

import numpy as np

from skdropout._report.models import EBM_NAMES, OUR_NAME, RELDROP_NAME
from skdropout._report.page import (
    bars,
    draw_dropout_path,
    draw_embedding_map,
    draw_occlusion,
    draw_scores,
    draw_spectrum,
    draw_surface,
    figures,
    listing,
    paragraph,
    section,
    table,
)
from skdropout._report.words import clipped, named, short

_NEEDS_INTERPRET = (
    "interpret is not installed, so there is no explainable boosting machine (EBM) here: "
    "pip install 'skdropout[interpret]'."
)


def words_of_scores(findings, prepared, is_regression):
    """Return sentences that sum up what was found."""
    best = min(findings.scores, key=lambda s: s.loss)
    name = _loss(is_regression)
    level = [s.name for s in findings.scores if s is not best and _is_level(s, best)]
    words = [
        f"On {len(best.losses):,} rows that no model was fitted to, the lowest {name} is that of "
        f"{best.name}: {best.loss:.4g} ± {best.error:.2g}."
        + (f" Within two standard errors of it: {', '.join(level)}." if level else "")
    ]
    search = findings.fitted[OUR_NAME]
    rate = f"{search.dropout_:g}" if search.dropout_ else "0, no dropout at all,"
    words.append(f"Of {len(search.dropouts_)} dropout rates {rate} was chosen.")
    shares = findings.spectra[OUR_NAME].normalized
    words.append(
        f"Main effects carry {shares[0]:.0%} of what the network has learnt, pairs of columns "
        f"{shares[1]:.0%}, larger groups {max(0.0, 1 - shares[0] - shares[1]):.0%}."
    )
    if findings.pairs is not None:
        strongest = _pair_name(prepared.X_train.columns, findings.pairs[0])
        words.append(f"The pair that acts together most strongly is {strongest}.")
    return words


def columns(prepared, recipe):
    """Say what the columns are and what was done to the table."""
    X = prepared.X_train
    rows = []
    for name in X.columns:
        values = X[name]
        missing = f"{values.isna().mean():.1%}"
        if name in recipe.categories:
            seen = f"{values.nunique():,} levels, most often {short(values.mode().iloc[0], 30)}"
            rows.append((clipped(name), "category", seen, missing))
        else:
            seen = f"{values.min():.4g} to {values.max():.4g}, half below {values.median():.4g}"
            rows.append((clipped(name), "number", seen, missing))
    return section(
        "The table",
        paragraph(
            f"{len(X):,} rows to learn from, {len(prepared.X_test):,} to judge by, drawn at random."
        ),
        table(("column", "taken for", "values", "missing"), rows),
        listing(recipe.notes),
    )


def scores(findings, is_regression):
    """Compare the models."""
    loss, score = _loss(is_regression), _score(is_regression)
    rows = [
        (s.name, f"{s.loss:.4g} ± {s.error:.2g}", f"{s.score:.3f}", f"{s.seconds:.1f}")
        for s in sorted(findings.scores, key=lambda s: s.loss)
    ]
    missing = [] if findings.has_interpret else [paragraph(_NEEDS_INTERPRET, "note")]
    return section(
        "Scores beside other models",
        table(("model", f"test {loss}", f"test {score}", "fit, seconds"), rows),
        figures(
            (
                draw_scores(findings.scores, f"test {loss}, lower is better"),
                f"Test {loss} with two standard errors to either side.",
            )
        ),
        *missing,
        paragraph(
            "± is one standard error over the test rows. Our fit time contains the whole search "
            "for the dropout rate; the others are fitted once, as their defaults have it, the "
            "network of scikit-learn with as many units as ours and with early stopping.",
            "note",
        ),
    )


def dropout_path(findings):
    """Show the search for the rate."""
    search = findings.fitted[OUR_NAME]
    results = search.cv_results_
    path = -results["mean_test_score"]
    best = search.best_index_
    n_stopped = int(results["stopped_by_racing"].sum())
    words = [f"The rate {search.dropout_:g} has the lowest mean loss on {search.n_splits_} folds."]
    none = np.flatnonzero(search.dropouts_ == 0)
    if len(none) and none[0] != best and path[best] > 0:
        words.append(f"No dropout costs {path[none[0]] / path[best] - 1:.1%} more.")
    if n_stopped:
        words.append(
            "One clearly worse rate left the race early and is drawn hollow."
            if n_stopped == 1
            else f"{n_stopped} clearly worse rates left the race early and are drawn hollow."
        )
    return section(
        "How much dropout",
        paragraph(" ".join(words)),
        figures(
            (
                draw_dropout_path(search),
                "Loss against dropout rate, mean over folds and one standard deviation. To the "
                "left is too little dropout, to the right too much.",
            )
        ),
    )


def orders(findings):
    """Show how much is carried by interactions."""
    dependence = findings.spectra[OUR_NAME].dependence
    words = (
        "How the variance of a fitted function divides into effects of one column, of two "
        "together, of three. Dropout weakens high orders first."
    )
    caveat = (
        f"Columns are resampled one by one here, as if they were independent; the strongest "
        f"dependence between two columns is {dependence:.2f} (0 none, 1 one tells the other)."
    )
    return section(
        "Orders of interaction",
        paragraph(words),
        figures((draw_spectrum(findings.spectra), "Share of the variance by order.")),
        paragraph(caveat, "note"),
    )


def interactions(findings, prepared):
    """Rank the pairs, and draw the strongest."""
    if findings.pairs is None:
        return section("Interactions", paragraph("With one column there are none."))
    names = prepared.X_train.columns
    sizes = [float(findings.strengths[pair]) for pair in findings.pairs]
    drawn = [
        (
            draw_surface(measured),
            f"{' and '.join(map(named, measured.feature_names))}, beyond what each does.",
        )
        for measured in findings.surfaces
    ]
    return section(
        "Which columns act together",
        paragraph(
            "Pairs ranked by the second derivatives of an ensemble of networks, smoothed by noise "
            "(SmoothHess); the longer the bar, the stronger."
        ),
        bars([_pair_name(names, pair) for pair in findings.pairs], sizes),
        paragraph(
            f"What the strongest pairs do to {_explained(prepared.y_train)} in the network: "
            "red raises, blue lowers what both columns on their own would give."
        ),
        figures(*drawn),
    )


def boosting_machines(findings, prepared, is_regression):
    """Compare our pairs with FAST's."""
    heading = "Explainable boosting machine: our pairs against FAST's"
    if not findings.has_interpret:
        return section(heading, paragraph(_NEEDS_INTERPRET))
    if findings.fast_pairs is None:
        return section(heading, paragraph("With one column there are no pairs."))
    theirs, ours = (_score_of(findings, name) for name in EBM_NAMES)
    pairs = findings.pairs
    both = set(findings.fast_pairs) & set(pairs)
    difference = ours.losses - theirs.losses
    spread = 2 * difference.std() / np.sqrt(len(difference))
    verdict = "no better and no worse than two standard errors can tell"
    if len(both) == len(pairs):
        verdict = "the same model, but for the order of the pairs"
    elif abs(difference.mean()) > spread:
        verdict = "clearly better" if difference.mean() < 0 else "clearly worse"
    names = prepared.X_train.columns
    rows = [(_pair_name(names, pair), "yes" if pair in both else "") for pair in pairs]
    only_theirs = [_pair_name(names, pair) for pair in findings.fast_pairs if pair not in both]
    return section(
        heading,
        paragraph(
            f"Test {_loss(is_regression)} {ours.loss:.4g} with our {len(pairs)} pairs, "
            f"{theirs.loss:.4g} with as many of FAST's: {verdict}. {len(both)} pairs are the same."
        ),
        table(("our pairs, strongest first", "FAST's too"), rows),
        paragraph(f"FAST's alone: {', '.join(only_theirs)}." if only_theirs else ""),
    )


def occlusion(findings, is_regression):
    """Compare training with and without RelDrop as columns are taken away."""
    plain, dropped = (findings.curves[name] for name in (OUR_NAME, RELDROP_NAME))
    score = _score(is_regression)
    return section(
        "When columns are taken away",
        paragraph(
            f"Each test row loses its most relevant columns first. The mean {score} along the way "
            f"is {plain.area:.3f} for the network as trained and {dropped.area:.3f} with RelDrop, "
            f"which drops relevant columns in training; with all columns there it is "
            f"{plain.scores[0]:.3f} against {dropped.scores[0]:.3f}."
        ),
        figures(
            (
                draw_occlusion(findings.curves, f"test {score}"),
                "Occluded cells take the column's typical value.",
            )
        ),
        paragraph(
            f"Nine tenths of a prediction rest on {plain.n_effective:.1f} columns as trained, on "
            f"{dropped.n_effective:.1f} with RelDrop.",
            "note",
        ),
    )


def embeddings(findings, prepared, recipe, n_maps):
    """Draw maps of categories."""
    heading = "Maps of categories"
    names = recipe.mapped(n_maps)
    if not names:
        words = "No column of categories has three levels or more, so there is nothing to place."
        return section(heading, paragraph(words))
    drawn = []
    for name in names:
        vectors = findings.embeddings[name]
        levels = prepared.X_train[name].value_counts()
        levels = [level for level in levels.index if level in vectors.index]
        caption = f"{named(name)}: {len(levels):,} levels."
        drawn.append((draw_embedding_map(vectors.loc[levels].to_numpy(), levels, name), caption))
    return section(
        heading,
        paragraph(
            "Levels that mean the same for the target lie close together. The vectors are those "
            f"of an EmbeddingEncoder. Of more than {n_maps} columns those with most levels are "
            "drawn, of more than 60 levels the most frequent ones."
        ),
        figures(*drawn),
    )


def _explained(y):
    if y.dtype == float:
        return "the target"
    classes = sorted(y.unique())
    return (
        f"the log-odds of {named(classes[1])}"
        if len(classes) == 2
        else f"the score of {named(classes[0])}"
    )


def _loss(is_regression):
    return "RMSE" if is_regression else "log-loss"


def _score(is_regression):
    return "R²" if is_regression else "accuracy"


def _is_level(s, best):
    difference = s.losses - best.losses
    return difference.mean() <= 2 * difference.std() / np.sqrt(len(difference))


def _score_of(findings, name):
    return next(s for s in findings.scores if s.name == name)


def _pair_name(names, pair):
    return " × ".join(named(short(names[column], 40)) for column in pair)

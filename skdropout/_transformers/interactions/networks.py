"""What is fitted to which target: networks that detect, and what they are compared with."""

import numpy as np
from scipy.stats import norm
from sklearn import get_config
from sklearn.base import is_classifier, is_regressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import Pipeline

from skdropout._estimators import kind_of_target
from skdropout._table import readable

TARGET_TYPES = {"auto", "continuous", "classes"}
# Counts and rounded measurements soon have more values, classes rarely do.
_MOST_CLASSES = 50
# The largest first; how many times the least validation loss a larger rate may cost.
_RATES = (0.15, 0.0)
_LITTLE_HARM = 1.2
# How many times that loss the library's own defaults must stay below to be taken instead.
_LESS = 0.98
# Columns from which on factors of inputs are learnt; up to which bins are affordable.
_MANY_COLUMNS = 100
_FEW_COLUMNS = 32
# These are the library's own defaults, with one rate for all networks.
_DEFAULTS = {"dropout": 0.1, "n_members": 4, "screening": None}
NETWORKS = {
    "activation": "silu",
    "n_members": 4,
    "numeric_encoding": "standard",
    # pairs of any columns are looked for
    "screening": None,
    # more than predictions need, and longer: networks agree better on which pairs there are
    "learning_rate_init": 2e-2,
}


def as_target(y, name):
    """Return the target given to the transformer of that ``name``, as NumPy can read it."""
    if y is None:
        raise ValueError(f"{name} requires y to be passed, but the target y is None.")
    y = readable(y, "y")
    if hasattr(y, "toarray"):
        raise ValueError("y is a sparse matrix; pass y.toarray().")
    if not np.asarray(y).ndim:
        raise ValueError(f"y={y!r} must be an array with one target, or more, for each row.")
    return y


def refuse(y, n_interactions, output, max_order, estimator):
    """Refuse what cannot be done with any table."""
    if n_interactions == "auto" and isinstance(estimator, FrozenEstimator):
        raise ValueError(
            "n_interactions='auto' fits the estimator once more, which a FrozenEstimator "
            "cannot; give a number, or an estimator that is not frozen."
        )
    if output == "hessian" and max_order > 2:
        raise ValueError(
            f"output='hessian' is about pairs, but max_order={max_order}; give max_order=2, or "
            "output='product'."
        )
    n_outputs = np.asarray(y).size // max(len(np.asarray(y)), 1)
    for name, value, is_given, other in (
        ("n_interactions", "auto", n_interactions == "auto", "a number"),
        ("output", "hessian", output == "hessian", "'product'"),
    ):
        if is_given and n_outputs > 1:
            raise ValueError(
                f"{name}={value!r} needs a single output, but y has {n_outputs}; give {other}, "
                "or one transformer for each output."
            )


def has_classes(y, target_type, estimator=None):
    """Return whether ``y`` is a target of classes.

    A classifier or regressor that is given decides. Else "auto" is what scikit-learn's
    ``type_of_target`` says, but that whole numbers of more than 50 values, or in several columns,
    are numbers.
    """
    if estimator is not None and (is_classifier(estimator) or is_regressor(estimator)):
        own_type = "classes" if is_classifier(estimator) else "continuous"
        if target_type not in ("auto", own_type):
            raise ValueError(
                f"target_type={target_type!r} contradicts estimator={type(estimator).__name__}, "
                f"which takes its target for {own_type}; leave it at 'auto', or give another "
                "estimator."
            )
        return own_type == "classes"
    if target_type != "auto":
        return target_type == "classes"
    kind = kind_of_target(y)
    if kind.startswith("continuous"):
        return False
    values = np.asarray(y)
    if values.dtype.kind not in "iuf" or kind in ("binary", "multilabel-indicator"):
        return True
    return values.ndim == 1 and len(np.unique(values)) <= _MOST_CLASSES


def for_table(n_samples, n_columns):
    """Return what depends on the size of the table.

    Epochs are fewer where they take longer. Factors of inputs grow with main effects, and so would
    the errors of pairs; but among many columns they find those that matter.
    """
    n_epochs = 9000 / n_samples**0.5 / max(n_columns / 50, 1)
    n_epochs = round(min(max(n_epochs, 12), 200))
    is_wide = n_columns > _MANY_COLUMNS
    return {
        "hidden_layer_sizes": (128, 128) if is_wide else (256, 256),
        "input_scaling": 20.0 if is_wide else 0.0,
        "max_iter": n_epochs,
        "n_iter_no_change": n_epochs,
    }


def detecting_networks(kind, n_samples=1, n_columns=1, **options):
    """Return ensembles to choose from.

    Parameters
    ----------
    kind : type
        An estimator of the library.
    n_samples, n_columns : int
        Size of the table they will see.
    **options
        More of its parameters.

    Returns
    -------
    candidates : list of estimator
        One for each dropout rate, the one with most first, and, for up to 32 columns, the
        library's defaults.
    """
    networks = {**for_table(n_samples, n_columns), **NETWORKS, **options}
    candidates = [kind(**networks, dropout=rate) for rate in _RATES]
    if n_columns <= _FEW_COLUMNS:
        candidates.append(kind(**_DEFAULTS, **options))
    if get_config()["enable_metadata_routing"]:
        candidates = [model.set_fit_request(sample_weight=True) for model in candidates]
    return candidates


def choose(candidates):
    """Return the fitted candidate to look for interactions in.

    Where the target is noisy, dropout removes interactions that are not there without lowering the
    validation loss; where it is not, dropout multiplies that loss. So the first one whose loss is
    little above the least is taken. The defaults, whose numbers go through bins, show pairs less
    well, but where columns act in steps or places, as on maps, they learn so much more that they
    are better at this too.
    """
    rates, defaults = candidates[: len(_RATES)], candidates[len(_RATES) :]
    least = min(map(_loss, rates))
    for model in defaults:
        if _loss(model) < _LESS * least:
            return model
    return next(model for model in rates if _loss(model) <= _LITTLE_HARM * least)


def _loss(model):
    return -model.best_validation_score_


def is_interrupted(fitted):
    """Return whether Ctrl-C ended the training of an estimator, as far as it tells."""
    fitted = fitted[-1] if isinstance(fitted, Pipeline) else fitted
    net = getattr(fitted, "net_", None)
    # skorch's callbacks end a training by the same exception, but between epochs
    if net is None or not getattr(net, "interrupted_", False):
        return False
    return net.finished_ < net.epoch_


def whole(fitted):
    """Return what has been fitted; where Ctrl-C cut it short, no more is to be fitted."""
    if is_interrupted(fitted):
        raise KeyboardInterrupt
    return fitted


_OPTIONS = {"interaction_cst": "no_interactions", "max_iter": 300, "early_stopping": True}


def additive_target(table, y, are_classes, random_state):
    """Draw a target like ``y`` from a model in which every column acts by itself.

    Parameters
    ----------
    table : ndarray of shape (n_rows, n_columns)
        Numbers, codes in place of categories.
    y : ndarray of shape (n_rows,)
    are_classes : bool
    random_state : RandomState

    Returns
    -------
    target : ndarray of shape (n_rows,)
        Boosted one-column trees plus their own residuals (those of rows left out) in another
        order, mirrored at zero if ``y`` is never negative, which some losses rely on; or classes
        drawn with the probabilities of such trees.
    """
    options = {**_OPTIONS, "random_state": random_state.randint(2**31)}
    if are_classes:
        model = HistGradientBoostingClassifier(**options).fit(table, y)
        below = model.predict_proba(table).cumsum(1)
        drawn = (random_state.random_sample((len(y), 1)) > below[:, :-1]).sum(1)
        return model.classes_[drawn]
    model = HistGradientBoostingRegressor(**options)
    residuals = y - cross_val_predict(model, table, y)
    drawn = model.fit(table, y).predict(table) + random_state.permutation(residuals)
    return drawn if y.min() < 0 else np.abs(drawn)


# Probability that n_interactions="auto" keeps any pair where there are no interactions at all.
_ERROR_RATE = 0.05


def n_above_noise(measured, null):
    """Return how many interactions are stronger than what was found where none interact."""
    level = noise_level(null.interaction_strengths, _ERROR_RATE)
    return int((measured.interaction_strengths > level).sum())


def noise_level(strengths, error_rate):
    """Return what none of ``strengths``, of pairs that do not interact, exceeds by chance.

    Their logarithms are taken as normal; all pairs together exceed the level with a probability
    of about ``error_rate``.
    """
    logs = np.log(strengths[strengths > 0])
    if len(logs) < 3:
        return strengths.max(initial=0.0)
    return np.exp(logs.mean() + norm.isf(error_rate / len(strengths)) * logs.std(ddof=1))

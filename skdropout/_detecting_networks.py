"""Networks trained to show interactions: which ones, and how much dropout they get."""

from sklearn import get_config

__all__ = ["NETWORKS", "detecting_networks", "for_table", "least_harmed"]

# The largest first; how many times the least validation loss a larger rate may cost.
_RATES = (0.15, 0.0)
_LITTLE_HARM = 1.2
_MANY_COLUMNS = 100
NETWORKS = {
    "activation": "silu",
    "n_members": 4,
    "numeric_encoding": "standard",
    # more than predictions need, and longer: networks agree better on which pairs there are
    "learning_rate_init": 2e-2,
}


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
    """Return ensembles to choose from, one for each dropout rate.

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
        The one with most dropout first.
    """
    options = {**for_table(n_samples, n_columns), **NETWORKS, **options}
    candidates = [kind(**options, dropout=rate) for rate in _RATES]
    if get_config()["enable_metadata_routing"]:
        candidates = [model.set_fit_request(sample_weight=True) for model in candidates]
    return candidates


def least_harmed(candidates):
    """Return the first fitted candidate whose validation loss is little above the least.

    Where the target is noisy, dropout removes interactions that are not there without lowering the
    validation loss; where it is not, dropout multiplies that loss.
    """
    losses = [-model.best_validation_score_ for model in candidates]
    acceptable = _LITTLE_HARM * min(losses)
    return next(m for m, loss in zip(candidates, losses, strict=True) if loss <= acceptable)

"""Networks trained to show interactions: which ones, and how much dropout they get."""

from sklearn import get_config

__all__ = ["NETWORKS", "detecting_networks", "epochs", "least_harmed"]

# The largest first; how many times the least validation loss a larger rate may cost.
_RATES = (0.15, 0.0)
_LITTLE_HARM = 1.2
NETWORKS = {
    "hidden_layer_sizes": (256, 256),
    "activation": "silu",
    "n_members": 4,
    "numeric_encoding": "standard",
    # factors of inputs grow with main effects, and so would the errors of pairs
    "input_scaling": 0.0,
    # more than predictions need, and longer: networks agree better on which pairs there are
    "learning_rate_init": 2e-2,
}


def epochs(n_samples):
    """Return how long to train on so many rows: fewer epochs of more, but not fewer steps."""
    n_epochs = round(min(max(9000 / n_samples**0.5, 20), 200))
    return {"max_iter": n_epochs, "n_iter_no_change": n_epochs}


def detecting_networks(kind, n_samples, **options):
    """Return ensembles to choose from, one for each dropout rate.

    Parameters
    ----------
    kind : type
        An estimator of the library.
    n_samples : int
        How many rows they will see.
    **options
        More of its parameters.

    Returns
    -------
    candidates : list of estimator
        The one with most dropout first.
    """
    options = {**epochs(n_samples), **NETWORKS, **options}
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

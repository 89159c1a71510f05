"""What fit checks before anything is trained, and how it splits rows."""

import warnings
from numbers import Integral, Real

import numpy as np
from sklearn.model_selection import train_test_split

from skdropout._sklearn_private import check_sample_weight
from skdropout._table import is_frame, spread

# In units of a column's spread.
_FAR = 10.0
_MOST_UNITS = 2**31


def hidden_sizes(hidden_layer_sizes):
    """Return the layer sizes as a tuple; one number stands for one layer."""
    sizes = np.atleast_1d(np.asarray(hidden_layer_sizes, dtype=object)).tolist()
    if any(not isinstance(size, Integral) or not 1 <= size < _MOST_UNITS for size in sizes):
        raise ValueError(
            f"hidden_layer_sizes={hidden_layer_sizes!r} must be positive integers below 2**31."
        )
    return tuple(map(int, sizes))


# Whether rates fall, are the same or rise from the first layer to the last.
PROFILES = {"front": 1, "flat": 0, "back": -1}


def profiled(rate, n_layers, profile):
    """Return the rates of layers whose mean is ``rate``; see the parameter ``dropout_profile``."""
    fall = PROFILES[profile]
    rates = [
        float(rate) * (1 + fall * (n_layers - 1 - 2 * k) / (n_layers + 1)) for k in range(n_layers)
    ]
    if max(rates, default=0) >= 1:
        raise ValueError(
            f"dropout={rate!r} with dropout_profile={profile!r} gives the {n_layers} hidden layers "
            f"the rates {[round(value, 3) for value in rates]}, which must be below 1; lower "
            "dropout, or set dropout_profile='flat'."
        )
    return tuple(rates)


def layer_rates(dropout, n_layers, n_members, profile="flat"):
    """Return each member's dropout rates, one per hidden layer."""
    if isinstance(dropout, Real):
        return [profiled(dropout, n_layers, profile)] * n_members
    if profile != "flat":
        raise ValueError(
            f"dropout_profile={profile!r} shares one rate out among the layers, but dropout="
            f"{dropout!r} has a rate for each; give one number, or set dropout_profile='flat'."
        )
    try:
        rates = np.array(dropout, dtype=float)
    except (TypeError, ValueError):
        rates = np.array(np.nan)
    if rates.ndim not in (1, 2) or not ((rates >= 0) & (rates < 1)).all():
        raise ValueError(f"dropout={dropout!r} must hold rates in [0, 1).")
    if rates.shape[-1] != n_layers:
        raise ValueError(
            f"dropout={dropout!r} has {rates.shape[-1]} rates for {n_layers} hidden layers; give "
            "one number, or one per layer."
        )
    if rates.ndim == 2 and len(rates) != n_members:
        raise ValueError(
            f"dropout={dropout!r} has rates for {len(rates)} networks, but n_members={n_members}; "
            "give one row per network."
        )
    return [tuple(row) for row in np.broadcast_to(rates, (n_members, n_layers)).tolist()]


def column_rates(input_dropout, n_members):
    """Return each member's dropout rate of columns."""
    try:
        rates = np.array(input_dropout, dtype=float)
    except (TypeError, ValueError):
        rates = np.array(np.nan)
    if not ((rates >= 0) & (rates < 1)).all():
        raise ValueError(f"input_dropout={input_dropout!r} must hold rates in [0, 1).")
    if rates.shape not in ((), (n_members,)):
        raise ValueError(
            f"input_dropout={input_dropout!r} has the shape {rates.shape}, but "
            f"n_members={n_members}; give one number, or one per network."
        )
    return np.broadcast_to(rates, n_members).tolist()


def of_members(name, value, n_members, is_allowed, allowed):
    """Return one value of a parameter for each member.

    Parameters
    ----------
    name : str
    value : object
        For all of them, or array-like with one for each.
    n_members : int
    is_allowed : callable
        Says whether an entry can be used.
    allowed : str
        What can, for the message.
    """
    if isinstance(value, str) or np.ndim(value) == 0:
        value = value.item() if isinstance(value, np.generic | np.ndarray) else value
        return [value] * n_members  # checked as a parameter
    values = np.asarray(value, dtype=object)
    if values.shape != (n_members,):
        raise ValueError(
            f"{name}={value!r} has the shape {values.shape}, but there are {n_members} networks; "
            "give one for all, or one for each network."
        )
    values = [entry.item() if isinstance(entry, np.generic) else entry for entry in values]
    bad = [entry for entry in values if isinstance(entry, bool) or not is_allowed(entry)]
    if bad:
        raise ValueError(f"{name}={value!r} holds {bad[0]!r}; each entry must be {allowed}.")
    return values


def embedding_dims(embedding_dim, encoder):
    """Return the length of the vectors of each categorical column."""
    n_levels = np.array(encoder.n_levels, dtype=float)
    dims = np.clip(2 ** np.ceil(np.log2(1.5 * np.maximum(n_levels, 1) ** 0.5)), 2, 32)
    dims = dims.astype(int).tolist()
    if isinstance(embedding_dim, Integral):
        if embedding_dim >= _MOST_UNITS:
            raise ValueError(f"embedding_dim={embedding_dim!r} must be below 2**31.")
        return [int(embedding_dim)] * len(dims)
    if isinstance(embedding_dim, dict):
        columns = [encoder.names_[j] for j in encoder.categorical_]
        positions = encoder.categorical_
        for key, dim in embedding_dim.items():
            if key not in columns and key not in positions:
                raise ValueError(
                    f"embedding_dim names {key!r}, which is no categorical column; those are "
                    f"{columns}."
                )
            if not isinstance(dim, Integral) or not 1 <= dim < _MOST_UNITS:
                raise ValueError(
                    f"embedding_dim[{key!r}]={dim!r} must be a positive integer below 2**31."
                )
            dims[columns.index(key) if key in columns else positions.index(key)] = int(dim)
    return dims


def check_callbacks(callbacks):
    """Refuse what is no skorch callback (or pair of a name and one)."""
    for callback in callbacks or ():
        is_pair = isinstance(callback, tuple) and len(callback) == 2
        inner = callback[1] if is_pair else callback
        if isinstance(inner, type) or not hasattr(inner, "on_epoch_end"):
            raise ValueError(
                f"callbacks holds {callback!r}, which is no instance of a skorch callback (nor a "
                "pair of a name and one)."
            )


def check_weights(sample_weight, X):
    """Return weights as float64 numbers near one at most, or None if there are none."""
    if sample_weight is None:
        return None
    try:
        weight = check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"sample_weight cannot be used: {error} Give one number for each row, none of them "
            "negative."
        ) from error
    if not weight.any():
        raise ValueError(
            "sample_weight holds nothing but zeros; give at least one row a positive weight."
        )
    return near_one(weight)


def near_one(weights):
    """Return weights of which only ratios count, the largest near one."""
    # to divide by a power of two is exact
    return np.ldexp(weights, 1 - np.frexp(weights.max())[1])


def check_validation_rows(estimator, X, X_val, y_val, sample_weight_val):
    """Refuse rows to stop by that are not complete, or are not read as ``X`` is."""
    for value, name, other in ((X_val, "X_val", "y_val"), (y_val, "y_val", "X_val")):
        if value is None:
            given = other if sample_weight_val is None else "sample_weight_val"
            raise ValueError(f"{given} is given but {name} is not; give both X_val and y_val.")
    if not estimator.early_stopping:
        raise ValueError(
            "X_val and y_val are given but early_stopping=False; set early_stopping=True."
        )
    named = [is_frame(table) or getattr(table, "columns", None) is not None for table in (X_val, X)]
    if named[0] != named[1]:
        kinds = ["a data frame" if has_names else "an array" for has_names in named]
        raise ValueError(
            f"X_val is {kinds[0]} but X is {kinds[1]}; give both alike. In a Pipeline, "
            "transform_input=['X_val'] sends X_val through the steps that X goes through."
        )


def warn_if_far(numeric, encoder):
    """Say which columns of X_val, in units of X's location and spread, look like others."""
    location, scale = spread(numeric)
    is_far = (np.abs(location) > _FAR) | (scale > _FAR)
    if is_far.any():
        names = [encoder.names_[j] for j in np.array(encoder.numeric_)[is_far]]
        warnings.warn(
            f"X_val differs from X by more than {_FAR:g} times its spread in the columns {names}. "
            "Is it scaled as X is? In a Pipeline, transform_input=['X_val'] sees to that.",
            stacklevel=6,
        )


def still_improves(net, patience):
    """Whether training ended at its last epoch while some network's validation loss fell."""
    best = dict(net.callbacks_)["best_epoch"]
    return net.epoch_ == net.max_epochs and bool((best.best_epoch_ > net.epoch_ - patience).any())


def split_rows(n_rows, fraction, strata, seed):
    """Split row numbers at random into training and validation rows.

    Parameters
    ----------
    n_rows : int
    fraction : float
        Share of the validation rows; at least one row goes to either side.
    strata : ndarray of shape (n_rows,) or None
        Classes to keep in proportion. Rows of a class that occurs once are trained on.
    seed : int

    Returns
    -------
    train, valid : ndarray of int
    """
    rows = np.arange(n_rows)
    n_valid = min(max(1, round(fraction * n_rows)), n_rows - 1)
    if strata is not None:
        _, members, counts = np.unique(strata, return_inverse=True, return_counts=True)
        alone = counts[members] == 1
        n_classes = int((counts > 1).sum())
        if n_classes <= n_valid <= (~alone).sum() - n_classes:
            train, valid = train_test_split(
                rows[~alone], test_size=n_valid, stratify=members[~alone], random_state=seed
            )
            return np.sort(np.concatenate([train, rows[alone]])), np.sort(valid)
    train, valid = train_test_split(rows, test_size=n_valid, random_state=seed)
    return np.sort(train), np.sort(valid)

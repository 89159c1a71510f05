"""Parameters and attributes that several estimators share, documented once."""

import inspect

__all__ = ["documented"]

PARAMETERS = {
    "hidden_layer_sizes": """\
array-like of int, default=(256, 256)
    Number of units of each hidden layer; ``()`` gives a linear model.""",
    "dropout": """\
float or array-like of float, default=0.1
    Probability, in [0, 1), that a hidden unit is dropped in a training step: one number, one
    per hidden layer, or an array of shape (n_members, n_layers). Kept units are divided by
    ``1 - dropout``, so the layer's mean is preserved. Rates are drawn with a resolution of
    1/65536.""",
    "input_dropout": """\
float, default=0.0
    Probability, in [0, 1), that a column is dropped in a training step. All inputs that come
    from the column then take their typical value: the median of a numeric column, the
    "unknown" level of a categorical one. Kept deviations from the typical value are divided by
    ``1 - input_dropout``.""",
    "activation": """\
{"relu", "gelu", "silu", "mish", "tanh", "identity"}, default="relu"
    Function applied by each hidden unit.""",
    "loss": """\
{"squared_error", "absolute_error", "poisson", "quantile"}, default="squared_error"
    Loss to train on and to stop by. "poisson" has a log link and needs ``y >= 0``; "quantile"
    is the pinball loss of ``quantile``.""",
    "quantile": """\
float, default=None
    Which quantile to estimate with ``loss="quantile"``, in (0, 1).""",
    "class_weight": """\
dict, "balanced" or None, default=None
    Weights of the classes, as in scikit-learn's classifiers; they multiply ``sample_weight``.
    Not for multilabel targets.""",
    "n_members": """\
int, default=1
    Number of networks, trained at once as one stack and averaged. Each has its own initial
    weights, row order, dropout masks and, unless validation rows are given to ``fit``,
    its own validation split.""",
    "numeric_encoding": """\
{"standard"}, default="standard"
    How numbers enter the network. "standard": distance from the median in robust units of
    spread, beyond ten units clipped; a missing number is typical, with an indicator beside it
    if the column had missing cells in training.""",
    "categorical_features": """\
"from_dtype", None, or array-like of {int, str, bool}, default="from_dtype"
    Which columns hold categories. "from_dtype": a data frame's columns of dtype category, and
    columns of strings. Otherwise column indices, column names, a mask, or None for none at all.
    Each category gets a learnt vector, trained with the network; missing cells have one of
    their own, and so have categories that fit never saw.""",
    "embedding_dim": """\
int, dict or "auto", default="auto"
    Length of the categories' vectors: for all columns, or a dict from column name (index, if
    columns have no names) to length. "auto", also for columns that the dict leaves out, is the
    next power of two above ``1.5 * sqrt(n_levels)``, between 2 and 32.""",
    "learning_rate_init": """\
float, default=0.001
    Largest learning rate of AdamW.""",
    "learning_rate": """\
{"cosine", "constant"}, default="cosine"
    Learning rate over the steps of ``max_iter`` epochs: a short rise and a cosine fall to
    zero, or constant.""",
    "weight_decay": """\
float, default=0.01
    AdamW's decoupled weight decay.""",
    "max_grad_norm": """\
float or None, default=None
    Longer gradients are shortened to this norm, each network's by itself.""",
    "batch_size": """\
int or "auto", default="auto"
    Training rows a step and network. "auto": the power of two next to a thirtieth of the
    training rows, between 16 and 256.""",
    "max_iter": """\
int, default=100
    Largest number of epochs.""",
    "early_stopping": """\
bool, default=True
    Whether to set rows aside, stop a network when its loss on them no longer falls, and give
    it back the weights of its best epoch. If False, all ``max_iter`` epochs are run on all rows
    and the last weights are kept.""",
    "validation_fraction": """\
float, default=0.1
    Share of the training rows set aside if ``early_stopping``; stratified for classifiers. Not
    used where ``fit`` is given ``X_val``.""",
    "n_iter_no_change": """\
int, default=20
    A network stops after this many epochs without improvement of its validation loss.""",
    "tol": """\
float, default=0.0
    Smaller improvements do not count; in units of the loss of the standardised target.""",
    "warm_start": """\
bool, default=False
    Whether ``fit`` goes on from the networks of the last fit, which also keep their
    preprocessing, instead of starting anew.""",
    "device": """\
str or torch.device, default="auto"
    Where to train and predict; "auto" is CUDA if there is a GPU, else the CPU.""",
    "callbacks": """\
list or None, default=None
    skorch callbacks, called during training. They see the stack: parameters have the networks
    as their first axis, and ``history`` holds the mean ``train_loss`` and ``valid_loss``.""",
    "random_state": """\
int, RandomState instance or None, default=None
    Fixes splits, initial weights, row order and masks. On a CPU the same number gives the same
    predictions to the bit. None takes fresh entropy: unlike scikit-learn, NumPy's global random
    state, like torch's, is neither read nor changed.""",
    "verbose": """\
int, default=0
    1 shows a progress bar with epoch and losses.""",
}


ATTRIBUTES = """\
Attributes
----------
{classes}n_features_in_ : int
    Number of columns seen in fit.

feature_names_in_ : ndarray of shape (n_features_in_,)
    Names of the columns, where they are all strings.

n_iter_ : int
    Number of epochs run.

loss_curve_ : list of float
    Training loss of each epoch, dropout on, averaged over the networks still in training. A
    regression target is standardised, so 1 is the squared error of its mean.

validation_scores_ : list of float or None
    Minus the loss on the validation rows after each epoch, averaged over the networks still in
    training, in the units of ``loss_curve_``; None without early stopping.

best_validation_score_ : float or None
    Minus the validation loss of the weights kept, averaged over the networks.

embeddings_ : dict of str to DataFrame
    For each categorical column the learnt vectors: one row per level, then "missing" and
    "unknown". Needs pandas.

net_ : skorch.NeuralNet
    The trained net; ``net_.module_`` is the stack of networks.

device_ : torch.device
    Where the networks are."""

_CLASSES = """\
classes_ : ndarray of shape (n_classes,)
    The classes, or the numbers of the labels.

"""


def documented(cls):
    """Write the class's parameters, in the order of its signature, into its docstring."""
    entries = []
    for name in inspect.signature(cls).parameters:
        first, _, rest = PARAMETERS[name].partition("\n")
        entries.append(f"{name} : {first}\n{rest}")
    attributes = ATTRIBUTES.format(classes=_CLASSES if hasattr(cls, "predict_proba") else "")
    doc = inspect.cleandoc(cls.__doc__)
    doc = doc.replace("{parameters}", "\n\n".join(entries)).replace("{attributes}", attributes)
    cls.__doc__ = doc
    return cls

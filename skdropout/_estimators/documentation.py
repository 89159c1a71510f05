"""Parameters and attributes that several estimators share, documented once."""

import inspect

__all__ = ["documented"]

PARAMETERS = {
    "hidden_layer_sizes": """\
array-like of int, default=(128, 128)
    Number of units of each hidden layer; ``()`` gives a linear model.""",
    "dropout": """\
float or array-like of float, default=0.1
    Probability, in [0, 1), that a hidden unit is dropped in a training step: one number, one
    per hidden layer, or an array of shape (n_members, n_layers). Kept units are divided by
    ``1 - dropout``, so the layer's mean is preserved. Rates are drawn with a resolution of
    1/65536.""",
    "input_dropout": """\
float or array-like of float, default=0.0
    Probability, in [0, 1), that a column is dropped in a training step: one number, or an array
    of shape (n_members,). All inputs that come from the column then take their typical value:
    the median of a numeric column, the "unknown" level of a categorical one. Kept deviations
    from the typical value are divided by ``1 - input_dropout``.""",
    "alpha": """\
float, default=0.5
    Share of chance, in [0, 1], in the choice of columns to drop. 0: by relevance alone; 1: by
    chance alone, at rate ``beta``.""",
    "beta": """\
float, default=0.15
    Strength, in [0, 1]. With r the relevance of a column for a row, from 0 for the row's least
    to 1 for its most relevant column, it is dropped with probability
    ``(alpha + beta - 1 + (1 - alpha) * r) / alpha``, cut off at 0 and 1. The most relevant
    column is thus dropped with probability ``beta / alpha``: with ``alpha = beta = 0.5``, the
    paper's setting for point clouds, always; by default three times in ten.""",
    "probability": """\
float, default=1.0
    Share, in [0, 1], of the rows of a training step whose columns may be dropped.""",
    "rule": """\
str, Rule, or sequence of them, default="gradient_x_input"
    How an output is attributed to the inputs: "gradient_x_input", "integrated_gradients", or
    layer by layer with "epsilon", "zplus", "gamma", "wsquare" or a
    :class:`skdropout.functional.Rule`; a sequence has one of these for each layer, the first
    layer first. With ``activation="relu"`` "epsilon" is "gradient_x_input", which is faster.
    Inputs count by what they differ from their typical value.""",
    "warmup": """\
int, default=0
    Number of epochs before columns are dropped.""",
    "schedule": """\
{"constant", "linear"}, default="constant"
    "linear": after ``warmup``, ``beta`` rises from 0 in equal steps over ``max_iter // 2``
    epochs.""",
    "module": """\
torch.nn.Module, callable or None, default=None
    One's own network, in the place of the perceptrons, for images or point clouds: a module that
    maps ``(n_rows, *feature_shape)`` to values or logits (one for two classes), which is copied, or
    a callable without arguments that makes one. Inputs are in standard units of their channel;
    pixels and points are dropped whole, to their channels' means. There is one network, and
    parameters of the perceptrons, ``dropout`` and ``n_members`` among them, are not used.""",
    "feature_shape": """\
tuple of int or None, default=None
    How ``module`` sees the columns of a row: (n_channels, height, width) or
    (n_points, n_coordinates).""",
    "occlusion": """\
{"element", "block"}, default="element"
    What ``module`` learns to do without: relevant pixels or points one by one, or a rectangle
    around an image's most relevant pixel, in a share ``probability`` of the rows; then ``alpha``
    and ``beta`` are not used. See :func:`skdropout.functional.relevance_block_mask`.""",
    "dropouts": """\
int or array-like of float, default=10
    Dropout rates of hidden units to choose from, the same for all hidden layers; a number of
    rates stands for as many from 0 to 0.9 at equal distances.""",
    "input_dropouts": """\
int, array-like of float or None, default=None
    Dropout rates of columns to choose from, in the same way; None keeps all columns.""",
    "grid": """\
{"product", "paired"}, default="product"
    Whether to try every one of ``dropouts`` with every one of ``input_dropouts``, or the first
    with the first, the second with the second and so on.""",
    "cv": """\
int, splitter, iterable or None, default=None
    How to make folds, as in ``GridSearchCV``; None is five folds, stratified for classifiers.""",
    "scoring": """\
str, callable or None, default=None
    What to choose by: the name of a scorer, or a callable ``scorer(estimator, X, y)``, larger
    is better. None is minus the loss that the networks are trained on.""",
    "refit": """\
bool, default=True
    Whether to train on all rows with the rate chosen; without it there is nothing to predict
    with.""",
    "racing": """\
bool, default=False
    Whether rates that are clearly beaten on the rows their networks stop by leave the stack
    early, see the notes.""",
    "one_standard_error": """\
bool, default=False
    Whether to choose, in place of the best rate, the highest one whose mean score is within one
    standard error of the best.""",
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
int, default=4
    Number of networks, trained at once as one stack and averaged. Each has its own initial
    weights, row order, dropout masks and, unless validation rows are given to ``fit``,
    its own validation split.""",
    "numeric_encoding": """\
{"standard", "quantile", "piecewise_linear", "periodic"}, default="piecewise_linear"
    How numbers enter the network, by statistics of each network's own training rows.
    "standard": distance from the median in robust units of spread, beyond ten units clipped.
    "quantile": the normal quantile of the number's rank. "piecewise_linear": the standard number
    and, for each of 4 to 32 bins with equally many rows (one bin for 80 rows), how much of it
    lies below, from 0 to 1 [4]_.
    "periodic": the standard number and three learnt sums of learnt cosines of it [4]_ [5]_.
    A missing number is the median, with an indicator beside it if the column had missing cells
    in training.""",
    "input_scaling": """\
float, default=20.0
    Every input of the first layer is multiplied by a factor that is learnt, this many times as
    fast as the weights [5]_, so inputs that say little soon count little. 0: no factors, which
    leaves a network more even-handed to be looked into.""",
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
    as their first axis, and ``history`` holds the mean ``train_loss`` and ``valid_loss``.
    ``net.estimator_so_far()`` gives an estimator that predicts by the networks as they are.""",
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
{search}{classes}n_features_in_ : int
    Number of columns seen in fit.

feature_names_in_ : ndarray of shape (n_features,)
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
_SEARCH = """\
dropout_, input_dropout_ : float
    The rates chosen.

dropouts_, input_dropouts_ : ndarray of shape (n_candidates,)
    The rates tried, in the order of ``cv_results_``.

scores_ : ndarray of shape (n_candidates, n_folds)
    Score of each rate on each fold.

cv_results_ : dict of str to array
    Scores, means, deviations and ranks of all rates, in the manner of ``GridSearchCV``, on the
    folds (``"mean_test_score"``) and on the rows given to training (``"mean_train_score"``).
    ``"stopped_by_racing"`` says which rates left early: their scores are those of the epochs
    they had, their ranks come last. Loads into ``pandas.DataFrame``.

best_index_ : int
    Place of the rates chosen in ``cv_results_``.

best_score_ : float
    Mean score over the folds of the rates chosen.

n_splits_ : int
    Number of folds.

"""
_NOTES = """\
With an integer as ``random_state`` all networks of the search start from the same seed, and the
final one is what the plain estimator gives at the rates chosen and the same ``random_state``.
``callbacks`` are called in the final training only. The search runs in slices of the grid that
take at most 1 GiB, or half of a GPU's free memory; when a GPU's memory does not suffice the slice
is halved.

With ``racing``, from the fourth epoch on, each rate is compared with the one of least mean
validation loss. It leaves when its networks' least losses so far are worse than those that the
leader had after half as many epochs, by a one-sided paired t-test over the folds at the five per
cent level and by more than the standard error of the leader's mean. Half the time, because more
dropout learns more slowly.

On one machine a stack makes use of all that one process can have, so leave ``n_jobs`` of what is
around it at 1 on a GPU: workers would share it. For several machines, or for a search over other
parameters too, ``GridSearchCV`` with the plain estimator works under any joblib backend, as in
``joblib.parallel_config("dask")``. joblib's and dask's worker processes divide the cores among them
and torch keeps to its share; in workers that are threads, call ``torch.set_num_threads(1)``."""
_REFERENCES = """\
.. [1] N. Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from
   Overfitting", JMLR 15, 2014.
.. [2] B. Lengerich, E. Xing, R. Caruana, "Dropout as a Regularizer of Interaction Effects",
   AISTATS 2022.
.. [3] J. Friedman, T. Hastie, R. Tibshirani, "Regularization Paths for Generalized Linear
   Models via Coordinate Descent", JSS 33, 2010 (the rule of one standard error).
.. [4] Y. Gorishniy, I. Rubachev, A. Babenko, "On Embeddings for Numerical Features in Tabular
   Deep Learning", NeurIPS 2022.
.. [5] D. Holzmüller, L. Grinsztajn, I. Steinwart, "Better by Default: Strong Pre-Tuned MLPs and
   Boosted Trees on Tabular Data", NeurIPS 2024."""


def documented(cls):
    """Write the class's parameters, in the order of its signature, into its docstring."""
    entries = []
    for name in inspect.signature(cls).parameters:
        first, _, rest = PARAMETERS[name].partition("\n")
        entries.append(f"{name} : {first}\n{rest}")
    attributes = ATTRIBUTES.format(
        search=_SEARCH if hasattr(cls, "one_standard_error") else "",
        classes=_CLASSES if hasattr(cls, "predict_proba") else "",
    )
    doc = inspect.cleandoc(cls.__doc__)
    doc = doc.replace("{parameters}", "\n\n".join(entries)).replace("{attributes}", attributes)
    cls.__doc__ = doc.replace("{notes}", _NOTES).replace("{references}", _REFERENCES)
    return cls

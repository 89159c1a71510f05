"""EmbeddingEncoder: categories as vectors that a network has learnt, for any other model."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from numbers import Integral
from typing import Any, Literal, Self

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping
from sklearn.utils.validation import check_is_fitted

from skdropout._device import draw_seeds
from skdropout._estimators import (
    Adopting,
    DropoutMLPClassifier,
    DropoutMLPRegressor,
    InnerSplit,
    OnFolds,
    check_groups,
    check_workers,
    make_splits,
    spread,
    train_folds,
)
from skdropout._sklearn_private import StrOptions, fit_context, route_to_splitter
from skdropout._table import (
    TableEncoder,
    TableLike,
    as_numbers,
    column_of,
    is_frame,
    looks_categorical,
    readable,
)
from skdropout._transformers.embedding.levels import LevelPlan, LevelTables, align, level_vectors
from skdropout._transformers.interactions.target import TARGET_TYPES, as_target, has_classes

_NETWORK = DropoutMLPRegressor._parameter_constraints


@dataclass(eq=False, repr=False)
class EmbeddingEncoder(Adopting, LevelTables, TransformerMixin, BaseEstimator):
    """Replace each category by a vector that a network has learnt, for use in any other model.

    A small network is trained to predict the target from all columns. Each category has a vector
    there; categories that mean the same for the target get vectors that lie close together. Here
    these vectors become columns: "city" becomes "city_0", "city_1", ... in its place, and all
    other columns are passed on as they are.

    ``fit_transform`` gives training rows vectors of networks that did not see these rows' targets
    (cross fitting, as scikit-learn's ``TargetEncoder``), so that a model trained on them cannot
    take for a signal what is only the target itself. So ``fit(X, y).transform(X)`` is not
    ``fit_transform(X, y)``; pipelines call the latter.

    Parameters
    ----------
    hidden_layer_sizes : array-like of int, default=(64,)
        Number of units of each hidden layer of the network; ``()`` gives a linear model.
    dropout : float or array-like of float, default=0.1
        Probability, in [0, 1), that a hidden unit is dropped in a training step.
    categorical_features : "from_dtype" or array-like of {int, str, bool}, default="from_dtype"
        Which columns to encode. "from_dtype": a data frame's columns of dtype category, and columns
        of strings; where there are none, and in arrays, every column. Otherwise column indices,
        column names, or a mask.
    embedding_dim : int, dict or "auto", default="auto"
        Length of the categories' vectors: for all columns, or a dict from column name (index, if
        columns have no names) to length. "auto", also for columns that the dict leaves out, is the
        next power of two above ``1.5 * sqrt(n_levels)``, between 2 and 32. Vectors are never longer
        than it takes to tell the levels apart, one less than there are.
    target_type : {"auto", "continuous", "classes"}, default="auto"
        What the target is taken for. "auto" takes whole numbers for classes, as scikit-learn's
        ``type_of_target`` does, but not if they are more than 50 different ones.
    cv : int, splitter, iterable or None, default=5
        How ``fit_transform`` makes folds. A number stands for as many folds, shuffled, and
        stratified for classes; None for five. Each row must be in one test fold.
    learning_rate_init : float, default=0.001
        Largest learning rate of AdamW.
    max_iter : int, default=100
        Largest number of epochs. A tenth of the rows is set aside to stop by, and the weights of
        the best epoch are kept.
    device : str or torch.device, default="auto"
        Where to train; "auto" is CUDA if there is a GPU, else the CPU.
    random_state : int, RandomState instance or None, default=None
        Fixes folds, splits, initial weights, row order and masks.
    n_jobs : int or None, default=None
        How many workers of joblib share the networks of ``fit_transform``, -1 for all processors;
        None is 1, or what ``joblib.parallel_config`` says. Results are the same, to the bit.
    verbose : int, default=0
        1 shows a progress bar.

    Attributes
    ----------
    embeddings_ : dict of str to DataFrame
        The vectors by which ``transform`` replaces each categorical column: one row per level, then
        "missing" and "unknown". Needs pandas.

    estimator_ : DropoutMLPRegressor or DropoutMLPClassifier
        The network trained on all rows.

    n_iter_ : int
        Number of epochs it was trained.

    n_features_in_ : int
        Number of columns seen in fit.

    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns, where they are all strings.

    See Also
    --------
    DropoutMLPRegressor : Encodes categories inside, for its own use.

    Notes
    -----
    A vector tells what its level adds to the units of the network's first hidden layer, so its
    distances are those that the network sees; it is given in principal coordinates, and the
    mean over rows is zero. The networks of the folds start from the same weights as the one
    trained on all rows, and their vectors are turned, as a whole, to lie as close to its vectors
    as they can (orthogonal Procrustes).

    Missing cells have a vector of their own if fit saw any; otherwise, like levels that fit did
    not see, they have the vector "unknown", which is trained on a hundredth of the symbols.

    References
    ----------
    .. [1] C. Guo, F. Berkhahn, "Entity Embeddings of Categorical Variables", arXiv 1604.06737,
       2016.
    .. [2] P. Schönemann, "A Generalized Solution of the Orthogonal Procrustes Problem",
       Psychometrika 31, 1966.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from skdropout import EmbeddingEncoder
    >>> cities = ["Bergen", "Oslo", "Rome", "Turin"]
    >>> X = pd.DataFrame({"city": np.tile(cities, 50), "year": np.arange(200)})
    >>> y = X["city"].isin(["Rome", "Turin"]) + 0.1 * np.sin(np.arange(200))
    >>> encoder = EmbeddingEncoder(learning_rate_init=0.01, max_iter=20, random_state=0)
    >>> encoder.fit_transform(X, y).shape
    (200, 4)
    >>> encoder.get_feature_names_out()
    array(['city_0', 'city_1', 'city_2', 'year'], dtype=object)
    >>> encoder.most_similar("city", "Rome", k=1).index.tolist()
    ['Turin']
    """

    hidden_layer_sizes: int | Sequence[int] = (64,)
    _: KW_ONLY
    dropout: float | Sequence[float] | np.ndarray = 0.1
    categorical_features: Literal["from_dtype"] | ArrayLike = "from_dtype"
    embedding_dim: int | dict | Literal["auto"] = "auto"
    target_type: Literal["auto", "continuous", "classes"] = "auto"
    cv: Any = 5
    learning_rate_init: float = 1e-3
    max_iter: int = 100
    device: str | torch.device = "auto"
    random_state: int | np.random.RandomState | None = None
    n_jobs: int | None = None
    verbose: int = 0

    _parameter_constraints = {  # noqa: RUF012
        "hidden_layer_sizes": _NETWORK["hidden_layer_sizes"],
        "dropout": _NETWORK["dropout"],
        "categorical_features": ["array-like", StrOptions({"from_dtype"})],
        "embedding_dim": _NETWORK["embedding_dim"],
        "target_type": [StrOptions(TARGET_TYPES)],
        "cv": ["cv_object"],
        "learning_rate_init": _NETWORK["learning_rate_init"],
        "max_iter": _NETWORK["max_iter"],
        "device": _NETWORK["device"],
        "random_state": ["random_state"],
        "n_jobs": [Integral, None],
        "verbose": ["verbose"],
    }

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: TableLike, y: ArrayLike | None = None) -> Self:
        """Train the network on all rows.

        For training rows of another model use ``fit_transform``.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Numbers and categories; cells may be missing.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.

        Returns
        -------
        self : EmbeddingEncoder
            The fitted encoder.

        Raises
        ------
        ValueError
            If a parameter, a column or the target cannot be used.
        """
        y, encoder, network, *_ = self._prepared(X, y)
        found, _ = self._found(X, encoder, network.fit(X, y))
        return self._adopt(found)

    @fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X: TableLike, y: ArrayLike | None = None, **params: Any) -> np.ndarray:
        """Train on all rows, and return each row encoded without knowledge of its target.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Numbers and categories; cells may be missing.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        **params : dict
            ``groups`` for the splitter; with metadata routing, what the splitter requests.

        Returns
        -------
        X_new : ndarray of shape (n_samples, n_features_out)
            Vectors in the place of categories, other columns as they are.

        Raises
        ------
        ValueError
            If a parameter, a column or the target cannot be used, or if ``cv`` does not
            test each row once.
        """
        check_workers(self.n_jobs)
        y, encoder, network, seed, n_rows = self._prepared(X, y)
        for_splitter = route_to_splitter(self, params)
        groups = check_groups(for_splitter.get("groups"), n_rows)
        splits = self._splits(X, y, n_rows, seed, for_splitter)
        on_folds = OnFolds(network, X, y, splits, InnerSplit.like(splits, groups))
        tasks = [(_fit_whole, network, X, y), *((train_folds, *task) for task in on_folds.tasks)]
        fitted, *nets = spread(_call, tasks, self.n_jobs)
        found, codes = self._found(X, encoder, fitted)
        references, of_folds = found["_plan"].vectors, on_folds.fitted(nets)
        columns = [np.empty((len(codes), v.shape[1])) for v in references]
        for k, fold in enumerate(on_folds.folds):
            for c, (column, reference) in enumerate(zip(columns, references, strict=True)):
                counts = np.bincount(codes[fold.fit, c], minlength=len(reference))
                vectors = level_vectors(of_folds.net_.module_, k, c, counts, reference.shape[1])
                vectors = align(vectors, reference, counts)
                column[fold.test] = vectors[codes[fold.test, c]]
        output = self._put_together(X, columns, encoder)
        self._adopt(found)
        return output

    def transform(self, X: TableLike) -> np.ndarray:
        """Replace categories by their vectors.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Rows of the layout seen in fit, but not those that ``fit`` was given: for these use
            ``fit_transform``.

        Returns
        -------
        X_new : ndarray of shape (n_samples, n_features_out)
            Vectors in the place of categories, other columns as they are.
        """
        check_is_fitted(self)
        _, codes = self._plan.encoder.transform(X, self)
        return self._put_together(
            X,
            [vectors[column] for vectors, column in zip(self._plan.vectors, codes.T, strict=True)],
            self._plan.encoder,
        )

    def get_metadata_routing(self) -> MetadataRouter:
        """Say that ``fit_transform`` passes ``groups`` and the like on to the splitter.

        Returns
        -------
        routing : MetadataRouter
            Where metadata go.
        """
        split = MethodMapping().add(caller="fit_transform", callee="split")
        router = MetadataRouter(owner=self)
        return router.add(splitter=self.cv, method_mapping=split)

    def _prepared(self, X, y):
        """Return target, reader of columns, network, seed of folds, and the number of rows."""
        y = as_target(y, type(self).__name__)
        encoder = TableEncoder(self._chosen_columns(X)).fit(X, self._bare())
        if not encoder.categorical_:
            raise ValueError(
                f"categorical_features={self.categorical_features!r} chooses no column; name one "
                "or more."
            )
        seed, seed_of_folds = draw_seeds(self.random_state, 2)
        return y, encoder, self._network(y, encoder, seed), seed_of_folds, len(y)

    def _found(self, X, encoder, fitted):
        """Return what to adopt of the network of all rows, and the rows' codes."""
        _, codes = encoder.transform(X, fitted)
        vectors = []
        for c, n_levels in enumerate(encoder.n_levels):
            counts = np.bincount(codes[:, c], minlength=n_levels + 2)
            vectors.append(level_vectors(fitted.net_.module_, 0, c, counts))
        found = {
            **fitted._plan.seen,
            "_plan": LevelPlan(encoder, vectors),
            "estimator_": fitted,
            "n_iter_": fitted.n_iter_,
        }
        return found, codes

    def _chosen_columns(self, X):
        if not isinstance(self.categorical_features, str):
            return self.categorical_features
        if is_frame(X):
            names = enumerate(X.columns)
            mask = [looks_categorical(column_of(X, j), name) for j, name in names]
            if any(mask):
                return mask
        shape = np.asarray(readable(X)).shape
        # what has not two dimensions is refused by the table encoder
        return np.ones(shape[1] if len(shape) == 2 else 0, dtype=bool)

    def _network(self, y, encoder, seed):
        kind = DropoutMLPClassifier if has_classes(y, self.target_type) else DropoutMLPRegressor
        names = ("dropout", "embedding_dim", "learning_rate_init", "max_iter", "device", "verbose")
        return kind(
            self.hidden_layer_sizes,
            n_members=1,
            numeric_encoding="standard",
            input_scaling=0.0,
            screening=None,
            categorical_features=encoder.categorical_features,
            random_state=seed,
            **{name: getattr(self, name) for name in names},
        )

    def _splits(self, X, y, n_rows, seed, params):
        # two rows at least: networks stop by rows that they are not trained on
        options = {"shuffle": True, "random_state": seed, "least": 2}
        are_classes = has_classes(y, self.target_type)
        splits = make_splits(self.cv, X, y, are_classes, n_rows, params, **options)
        tested = np.concatenate([test for _, test in splits])
        if not np.array_equal(np.sort(tested), np.arange(n_rows)):
            raise ValueError(
                f"cv={self.cv!r} must test each row exactly once, so that each gets one vector; "
                "take KFold, StratifiedKFold or GroupKFold."
            )
        return splits

    def _put_together(self, X, vectors, encoder):
        """Return the output: ``vectors`` in the place of categories, and the other columns."""
        X = X if is_frame(X) else np.asarray(readable(X))
        blocks = dict(zip(encoder.categorical_, vectors, strict=True))
        for j in encoder.numeric_:
            blocks[j] = as_numbers(column_of(X, j), encoder.names_[j])[:, None]
        return np.hstack([blocks[j] for j in range(len(encoder.names_))])

    def __sklearn_tags__(self):
        """Declare missing cells, categories, and that a target is needed."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        return tags


def _call(task, *arguments):
    return task(*arguments)


def _fit_whole(network, X, y):
    """Fit the network of all rows; Ctrl-C ends it all, as those of the folds are to come."""
    network.fit(X, y)
    if network.net_.interrupted_:
        raise KeyboardInterrupt
    return network

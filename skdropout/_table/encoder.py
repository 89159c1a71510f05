"""Tables in, arrays out: numbers in safe units, categories as codes."""

import copy
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import issparse
from sklearn.utils.validation import validate_data

from skdropout._table.column import (
    are_plain_numbers,
    as_levels,
    as_numbers,
    column_of,
    is_frame,
    looks_categorical,
    readable,
    rows_of,
    spread,
)
from skdropout._table.stored import sampled_rows
from skdropout.datasets._inner import TableOnDisk

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    from scipy.sparse import sparray, spmatrix

    # what every public method takes for a table
    TableLike: TypeAlias = (
        ArrayLike | pd.DataFrame | pl.DataFrame | sparray | spmatrix | TableOnDisk
    )
else:
    TableLike = ArrayLike


# A table is read by parts of so many cells.
_CELLS_AT_ONCE = 2**20


class TableEncoder:
    """Read tables of one layout as two arrays: numbers and category codes.

    Numbers are put into units in which float32 loses nothing; statistics that a network uses are
    each member's own (see ``NumericEncoding``). A categorical column with L levels has codes
    0 .. L-1, then L for missing and L+1 for unknown.

    Parameters
    ----------
    categorical_features : "from_dtype", None, or array-like of int, str or bool
    accepts_sparse : bool, default=False
        Whether a table may be a sparse matrix, of numbers.

    Attributes
    ----------
    numeric_, categorical_ : list of int
        Positions of the columns of either kind.
    levels_ : list of list
        For each categorical column, its levels in sorted order.
    names_ : list of str
        Of all columns.
    left_out_ : list of int
        Positions of categorical columns that are not read.
    """

    left_out_ = ()

    def __init__(self, categorical_features, accepts_sparse=False):
        self.categorical_features = categorical_features
        self.accepts_sparse = accepts_sparse

    def fit(self, X, owner):
        """Learn the layout of ``X``; sets the number and names of features of ``owner``.

        Messages name the class of ``owner``, an estimator that has not been fitted.
        """
        if isinstance(X, TableOnDisk):
            return self._fit_on_disk(X, owner)
        X = self._validate(X, owner, reset=True)
        X = X.tocsc() if issparse(X) else X
        n_columns = X.shape[1]
        names = getattr(owner, "feature_names_in_", None)
        self.names_ = [f"x{j}" for j in range(n_columns)] if names is None else list(names)
        chosen = self._categorical_mask(X)
        self.categorical_ = np.flatnonzero(chosen).tolist()
        self.numeric_ = np.flatnonzero(~chosen).tolist()
        self._know([self._levels(X, j)[1] for j in self.categorical_])
        parts = [spread(self._numbers(X, some)) for some in self._at_once(X)]
        self._location, self._scale = map(np.concatenate, zip(*parts, strict=True))
        return self

    def _fit_on_disk(self, X, owner):
        """Learn the layout of the first block, levels of all rows, units of some rows."""
        numbers, seen, start = [], None, 0
        sampled = sampled_rows(len(X))
        for block in X.blocks():
            if seen is None:
                self.fit(block, owner)
                seen = [set() for _ in self.categorical_]
            rows = sampled[slice(*np.searchsorted(sampled, (start, start + len(block))))] - start
            numbers.append(self._numbers(rows_of(block, rows)))
            for levels, j in zip(seen, self.categorical_, strict=True):
                levels.update(self._levels(block, j)[1])
            start += len(block)
        self._know(seen)
        self._location, self._scale = spread(np.concatenate(numbers))
        return self

    def _know(self, levels):
        """Take the levels of each categorical column, in any order."""
        self.levels_ = [self._sorted(*each) for each in zip(levels, self.categorical_, strict=True)]
        self._code_of = [
            {level: code for code, level in enumerate(of_column)} for of_column in self.levels_
        ]

    def _at_once(self, X):
        """Split the numeric columns so that a sparse matrix never becomes dense as a whole."""
        if not issparse(X) or not self.numeric_:
            return [self.numeric_]
        step = max(1, _CELLS_AT_ONCE // X.shape[0])
        return [self.numeric_[k : k + step] for k in range(0, len(self.numeric_), step)]

    def only(self, kept):
        """Return an encoder that reads some of the columns, and what it keeps of either kind.

        Parameters
        ----------
        kept : bool ndarray of shape (n_columns,)

        Returns
        -------
        encoder : TableEncoder
            Takes the same tables. Other columns' cells are not looked at.
        numeric, codes : list of int
            Places among the numeric and among the categorical columns.
        """
        numeric = np.flatnonzero(kept[self.numeric_]).tolist()
        codes = np.flatnonzero(kept[self.categorical_]).tolist()
        encoder = copy.copy(self)
        encoder.numeric_ = [self.numeric_[k] for k in numeric]
        encoder.categorical_ = [self.categorical_[k] for k in codes]
        encoder.left_out_ = [
            *self.left_out_,
            *(j for j in self.categorical_ if j not in encoder.categorical_),
        ]
        encoder.levels_ = [self.levels_[k] for k in codes]
        encoder._code_of = [self._code_of[k] for k in codes]
        encoder._location, encoder._scale = self._location[numeric], self._scale[numeric]
        return encoder, numeric, codes

    def transform(self, X, owner, dtype=np.float64):
        """Return ``numeric`` (n_rows, n_numeric) and ``codes`` (n_rows, n_categorical)."""
        X = self._validate(X, owner, reset=False)
        numeric = np.empty((X.shape[0], len(self.numeric_)), dtype=dtype)
        codes = np.empty((X.shape[0], len(self.categorical_)), dtype=np.int64)
        with np.errstate(over="ignore"):
            for rows in self._slices(X):
                numeric[rows], codes[rows] = self._encoded(rows_of(X, rows))
        return numeric, codes

    def parts(self, X, owner, multiple=1):
        """Yield what ``transform`` returns, a part at a time: a table's copy may be too large.

        Every part but the last has a ``multiple`` of so many rows, but of a table on disk, where
        they are as they are read.
        """
        if isinstance(X, TableOnDisk):
            for block in X.blocks():
                yield self._encoded(self._validate(block, owner, reset=False))
            return
        X = self._validate(X, owner, reset=False)
        for rows in self._slices(X, multiple):
            yield self._encoded(rows_of(X, rows))

    @staticmethod
    def _slices(X, multiple=1):
        step = multiple * max(_CELLS_AT_ONCE // (X.shape[1] * multiple), 1)
        return [slice(start, start + step) for start in range(0, X.shape[0], step)]

    def _encoded(self, X):
        X = X.toarray() if issparse(X) else X
        # halves, whose difference is finite; what no float holds is infinite, and clipped later
        with np.errstate(over="ignore"):
            numeric = (self._numbers(X) / 2 - self._location / 2) / (self._scale / 2)
        codes = np.zeros((X.shape[0], len(self.categorical_)), dtype=np.int64)
        for c, j in enumerate(self.categorical_):
            found, levels = self._levels(X, j)
            missing, unknown = len(self.levels_[c]), len(self.levels_[c]) + 1
            # one more entry at the end, where the code -1 of a missing cell points
            lookup = [self._code_of[c].get(level, unknown) for level in levels] + [missing]
            codes[:, c] = np.array(lookup)[found]
        return numeric, codes

    @property
    def n_levels(self):
        """Number of levels of each categorical column, the special ones not counted."""
        return [len(levels) for levels in self.levels_]

    def _validate(self, X, owner, reset):
        if is_frame(X):
            if X.shape[0] and len(set(map(str, X.columns))) < X.shape[1]:
                seen = list(map(str, X.columns))
                twice = sorted({name for name in seen if seen.count(name) > 1})
                raise ValueError(f"X has duplicate column names: {twice}; rename or drop them.")
            if not X.shape[0] or not X.shape[1]:
                raise ValueError(
                    f"Found array with {X.shape[0]} sample(s) and {X.shape[1]} feature(s) "
                    f"(shape={tuple(X.shape)}) while a minimum of 1 is required."
                )
            validate_data(owner, X, reset=reset, skip_check_array=True)
            return X
        # cells may be anything here: each column is read by itself, by its name
        options = {"dtype": None, "ensure_all_finite": False}
        options["accept_sparse"] = "csr" if self.accepts_sparse else False
        return validate_data(owner, readable(X), reset=reset, **options)

    def _numbers(self, X, some=None):
        """Return the numeric columns, or some of them, as numbers."""
        some = self.numeric_ if some is None else some
        if not is_frame(X) and X.dtype.kind in "fiub":
            X = X if len(some) == X.shape[1] else X[:, some]
            return (X.toarray() if issparse(X) else X).astype(np.float64, copy=False)
        if some and are_plain_numbers(X, some):
            X = X if len(some) == X.shape[1] else X.iloc[:, some]
            return np.ascontiguousarray(X.to_numpy(dtype=np.float64))
        columns = [as_numbers(column_of(X, j), self.names_[j]) for j in some]
        return np.stack(columns, axis=1) if columns else np.empty((X.shape[0], 0))

    def _levels(self, X, j):
        try:
            return as_levels(column_of(X, j))
        except TypeError as error:
            raise TypeError(
                f"Column {self.names_[j]!r} cannot be read as categories ({error}); the argument "
                "must be of strings or of numbers."
            ) from error

    def _sorted(self, levels, j):
        try:
            return sorted(levels)
        except (TypeError, ArithmeticError):  # decimals that are no numbers
            types = sorted({type(level).__name__ for level in levels})
            raise ValueError(
                f"Categorical column {self.names_[j]!r} mixes {' and '.join(types)}; convert it "
                "to one type, for example by .astype(str)."
            ) from None

    def _categorical_mask(self, X):
        chosen, n_columns = self.categorical_features, X.shape[1]
        mask = np.zeros(n_columns, dtype=bool)
        if chosen is None:
            return mask
        if isinstance(chosen, str):
            if is_frame(X):
                for j, name in enumerate(self.names_):
                    mask[j] = looks_categorical(column_of(X, j), name)
            return mask
        chosen = np.asarray(chosen)
        if chosen.size == 0:
            return mask
        if chosen.dtype.kind == "b":
            if chosen.shape != (n_columns,):
                raise ValueError(
                    f"categorical_features is a mask of shape {chosen.shape}, but X has "
                    f"{n_columns} columns; give one entry per column."
                )
            return chosen
        if chosen.dtype.kind in "iu":
            if chosen.min() < 0 or chosen.max() >= n_columns:
                raise ValueError(
                    f"categorical_features={chosen.tolist()} must be column indices from 0 to "
                    f"{n_columns - 1}."
                )
            mask[chosen] = True
            return mask
        if chosen.dtype.kind in "OUT" and chosen.ndim == 1:
            unknown = sorted(set(map(str, chosen)) - set(map(str, self.names_)))
            if unknown or not is_frame(X):
                where = f"X has the columns {self.names_}" if is_frame(X) else "X has no names"
                raise ValueError(
                    f"categorical_features names columns {unknown or chosen.tolist()}, but {where}."
                )
            return np.isin(np.array(self.names_, dtype=object), chosen.astype(object))
        raise ValueError(
            f"categorical_features={self.categorical_features!r} must be 'from_dtype', None, or "
            "an array of column indices, column names or booleans."
        )

"""How large errors are where: trees that are fitted to the errors of each fold's networks."""

from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor

# Trees take so many levels of a column; columns of more count as numbers.
_MOST_LEVELS = 250
_LARGEST = 1e30
# Of the typical error, a share that no spread is below: where rows are few trees tell too much.
_LEAST = 0.2


@dataclass(frozen=True, eq=False)
class Spreads:
    """The size of errors as a function of columns and prediction, for each fold by itself.

    What is learnt for a fold is learnt from the rows that its networks were fitted on alone, and
    from what these networks say of them.

    Attributes
    ----------
    columns : list of ndarray of int
        Of the joined numbers and codes, which ones the networks of each fold see.
    trees : list of list of HistGradientBoostingRegressor
        Of each fold, and of each output.
    """

    columns: list[np.ndarray]
    trees: list[list[HistGradientBoostingRegressor]]

    @classmethod
    def learn(cls, cells, n_levels, columns, fitted, predictions, errors):
        """Learn from the errors of each fold's networks on rows that they were fitted on.

        Parameters
        ----------
        cells : ndarray of shape (n_rows, n_columns)
            Numbers, then codes.
        n_levels : list of int
            Of each column of codes.
        columns : list of ndarray of int
        fitted : list of ndarray of int
            Rows of each fold.
        predictions : list of ndarray of shape (n_fitted, n_outputs)
            What its networks say of them, in units of the target.
        errors : list of ndarray of shape (n_fitted, n_outputs)
            Their sizes.
        """
        n_numbers = cells.shape[1] - len(n_levels)
        few = np.array([*([False] * n_numbers), *(n <= _MOST_LEVELS for n in n_levels)], bool)
        trees = []
        for own, rows, *of_fold in zip(columns, fitted, predictions, errors, strict=True):
            part, has_levels = cells[np.ix_(rows, own)], [*few[own], False]
            trees.append(
                [
                    _fitted(joined(part, predicted), has_levels, sizes)
                    for predicted, sizes in zip(*(part.T for part in of_fold), strict=True)
                ]
            )
        return cls(columns, trees)

    def __call__(self, cells, predictions):
        """Return spreads (n_folds, n_rows, n_outputs), one where errors are of typical size.

        Parameters
        ----------
        cells : ndarray of shape (n_rows, n_columns)
        predictions : ndarray of shape (n_folds, n_rows, n_outputs)
            In units of the target.
        """
        found = np.ones(predictions.shape)
        for k, (own, trees) in enumerate(zip(self.columns, self.trees, strict=True)):
            for output, of_output in enumerate(trees):
                if of_output is not None:
                    known = joined(cells[:, own], predictions[k, :, output])
                    found[k, :, output] = _LEAST + (1 - _LEAST) * of_output.predict(known)
        return found


def joined(*columns):
    """Return columns side by side; infinite numbers are large, as these have a middle."""
    return np.column_stack(columns).clip(-_LARGEST, _LARGEST)


def _fitted(cells, has_levels, sizes):
    """Return trees of the sizes, in units of their mean; None where there is nothing to learn."""
    mean = sizes.mean()
    if not 0 < mean < np.inf:
        return None
    trees = HistGradientBoostingRegressor(
        loss="poisson",
        learning_rate=0.05,
        max_iter=50,
        max_leaf_nodes=15,
        categorical_features=has_levels,
        early_stopping=False,
        random_state=0,
    )
    return trees.fit(np.where(np.isnan(cells).all(0), 0, cells), sizes / mean)

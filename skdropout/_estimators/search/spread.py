"""How large errors are where: trees that are fitted to the errors of each fold's networks."""

from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor

# Trees take so many levels of a column; columns of more count as numbers.
_MOST_LEVELS = 250
_LARGEST = 1e30
# Of the typical error, a share that no spread is below: where rows are few trees tell too much.
_LEAST = 0.3


@dataclass(frozen=True, eq=False)
class Spreads:
    """The size of errors as a function of the columns, for each fold by itself.

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
    def learn(cls, cells, n_levels, columns, fitted, errors):
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
        errors : list of ndarray of shape (n_fitted, n_outputs)
            Their sizes.
        """
        n_numbers = cells.shape[1] - len(n_levels)
        few = np.array([*([False] * n_numbers), *(n <= _MOST_LEVELS for n in n_levels)], bool)
        trees = []
        for own, rows, of_fold in zip(columns, fitted, errors, strict=True):
            part = cells[np.ix_(rows, own)]
            trees.append([_fitted(part, few[own], size) for size in of_fold.T])
        return cls(columns, trees)

    def __call__(self, cells):
        """Return spreads (n_folds, n_rows, n_outputs), one where errors are of typical size."""
        return np.stack(
            [
                np.stack(
                    [_LEAST + (1 - _LEAST) * _predicted(one, cells[:, own]) for one in trees], -1
                )
                for own, trees in zip(self.columns, self.trees, strict=True)
            ]
        )


def joined(numbers, codes):
    """Return numbers and codes side by side; infinite ones are large, or they have no middle."""
    return np.column_stack([numbers, codes]).clip(-_LARGEST, _LARGEST)


def _fitted(cells, has_levels, sizes):
    """Return trees of the sizes, in units of their mean; None where there is nothing to learn."""
    mean = sizes.mean()
    if not cells.shape[1] or not 0 < mean < np.inf:
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


def _predicted(trees, cells):
    return np.ones(len(cells)) if trees is None else trees.predict(cells)

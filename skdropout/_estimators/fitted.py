"""What a fitted estimator answers by: its networks, its plan, and predictions made already."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted

from skdropout._device import draw_seeds
from skdropout._estimators.plan import Adopting
from skdropout._estimators.screening import TESTS, Screening
from skdropout._stack import MaskSource, Predictor
from skdropout._table import TableLike


@dataclass(frozen=True, eq=False)
class Known:
    """Predictions that were made already: a search makes them of all networks in one pass.

    Attributes
    ----------
    rows : array or data frame
        The very object that they are of; no other table is taken for it.
    predictions : Tensor of shape (n_members, n_rows, n_outputs)
    """

    rows: Any
    predictions: torch.Tensor


class FittedNetworks(Adopting):
    """The half of an estimator that needs ``net_``, ``_plan`` and ``_predictor`` alone.

    Attributes
    ----------
    n_features_in_ : int
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
    kept_columns_ : ndarray of bool of shape (n_features,)
        Which columns enter the networks, see ``screening``; the others' cells are never looked at.
    screening_ : DataFrame
        A row for each column: its "p_value" in the analysis of variance; p-values, adjusted for the
        number of columns or of products by Benjamini and Hochberg, of the column "alone",
        "beside_others" and "with_others", NaN where it was not tested; and whether it is "kept".
        Needs pandas.
    member_weights_ : ndarray of shape (n_networks,)
        What each network counts in a prediction; they sum to one.
    dropout_ : float or ndarray of shape (n_layers,)
        Rate of hidden units that the networks were trained with, in their weighted mean; an array
        where layers differ, and where their rates were learnt.
    recipes_ : DataFrame
        A row for each recipe that was tried: its "dropout", "learning_rate_init",
        "learning_rate", "weight_decay", "batch_size", "input_dropout" where there is one, whether
        "bins" of numbers enter, whether the networks are "linear" in what enters, how many
        "networks" are kept of it, and what these "weigh" together. Needs pandas.
    embeddings_ : dict of str to DataFrame
        For each categorical column that is kept the learnt vectors: one row per level, then
        "missing" and "unknown". Needs pandas.
    net_ : skorch.NeuralNet
        The trained net; ``net_.module_`` is the stack of networks.
    device_ : torch.device
        Where the networks are.
    """

    # what a search gives the estimators that scorers see
    _known: Known | None = None

    @property
    def embeddings_(self):
        """Learnt vectors of each categorical column's levels, as labelled tables."""
        check_is_fitted(self)
        return _embedding_tables(self.net_.module_.encoding, self._plan.encoder)

    @property
    def screening_(self):
        """What the tests of the columns found, as a table."""
        check_is_fitted(self)
        pd, names = import_pandas("screening_"), self._plan.encoder.names_
        screening = self._plan.screening or Screening.none(len(names))
        nothing = np.full(len(screening.kept), np.nan)
        tests = {name: screening.tests.get(name, nothing) for name in TESTS}
        index = pd.Index(names, name="column")
        return pd.DataFrame({**tests, "kept": screening.kept}, index=index)

    @property
    def recipes_(self):
        """What the networks were trained by, and what each recipe weighs, as a table."""
        check_is_fitted(self)
        pd, recipes = import_pandas("recipes_"), self._plan.recipes
        rows = []
        for recipe in recipes if self._plan.tried is None else self._plan.tried.values():
            own = [recipe == kept for kept in recipes]
            rates = recipe["dropout"]
            rates = rates[0] if len({*rates}) == 1 else rates
            shown = {"bins": True, "linear": False, **recipe, "dropout": rates}
            weight = float(self.member_weights_[own].sum())
            learnt = [name for name in shown if self._plan.terms.get(name) == "learnt"]
            shown |= dict.fromkeys(learnt, "learnt")
            row = {**shown, "networks": sum(own), "weigh": weight}
            rows += [] if row in rows else [row]
        return pd.DataFrame(rows)

    def _forward(self, X, combine=None):
        """Return each member's predictions, (n_members, n_rows, n_outputs), as a tensor.

        Or, by parts, what ``combine`` makes of them.
        """
        check_is_fitted(self)
        if self._known is not None and self._known.rows is X:
            known = self._known.predictions
            return combine(known) if combine else known
        return self._predictor(self._parts(X), combine)

    def _forward_log_probabilities(self, X, combine):
        check_is_fitted(self)
        if self._known is not None and self._known.rows is X:
            return combine(self._known.predictions.log())
        return self._predictor.log_probabilities(self._parts(X), combine)

    def _mean(self, predictions):
        """Average predictions (n_members, n_rows, n_outputs) over the networks."""
        # one after the other: torch's own sums give a row other bits in other company
        return sum(w * p for w, p in zip(self.member_weights_.tolist(), predictions, strict=True))

    def _parts(self, X):
        return self._plan.encoder.parts(X, self, self._predictor.block)

    def _decode(self, predictions):
        return self._plan.target.decode(predictions)

    def sample_predictions(
        self,
        X: TableLike,
        n_samples: int = 100,
        random_state: int | np.random.RandomState | None = None,
    ) -> np.ndarray:
        """Draw predictions with dropout left on (Monte-Carlo dropout).

        Each draw is the prediction of one network under one draw of its dropout masks; with
        several networks, the draws take turns among them.

        The spread of the draws is not a calibrated uncertainty: it grows with the order of
        interaction of the function learnt, also where the data have no noise [1]_. All `k` inputs
        of a product have to be kept, so its draws have variance ``(1 - p)**-k - 1`` times its
        square. How far several networks differ among themselves is another quantity:
        ``predict(X, return_std=True)`` of a regressor with ``n_members > 1``.

        Parameters
        ----------
        X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
            Rows to predict.
        n_samples : int, default=100
            Number of draws.
        random_state : int, RandomState instance or None, default=None
            Fixes the draws.

        Returns
        -------
        draws : ndarray of shape (n_samples, n_rows) or (n_samples, n_rows, n_outputs)
            Predictions in units of the target, or probabilities of the classes.

        Raises
        ------
        ValueError
            If nothing is random: all dropout rates are zero and there is one network.

        References
        ----------
        .. [1] B. Lengerich, E. Xing, R. Caruana, "Dropout as a Regularizer of Interaction
           Effects", AISTATS 2022.
        """
        check_is_fitted(self)
        if not isinstance(n_samples, (int, np.integer)) or n_samples < 1:
            raise ValueError(f"n_samples={n_samples!r} must be a positive integer.")
        module = self.net_.module_
        if module.n_members == 1 and not module.drops:
            raise ValueError(
                "All dropout rates are zero and there is one network, so draws do not differ; "
                "fit with dropout > 0, dropout of columns or n_members > 1."
            )
        masks = MaskSource(*draw_seeds(random_state, 1), self.device_)
        draws = self._predictor.draw(self._parts(X), n_samples, masks, self.member_weights_)
        return self._decode(draws)

    def __getstate__(self):
        """Leave out what the net has already, and rows that a scorer was to be spared."""
        state = super().__getstate__()
        left_out = "_predictor", "_known"
        return {name: value for name, value in state.items() if name not in left_out}

    def __setstate__(self, state):
        """Follow the networks to the device they could be loaded on."""
        super().__setstate__(state)
        if hasattr(self, "net_"):
            self.device_ = torch.device(self.net_.device)
            self._predictor = Predictor(self.net_)


def import_pandas(caller):
    """Return ``pandas``, or raise an ImportError that says how to get it."""
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError(f"{caller} needs pandas: pip install 'skdropout[plot]'") from error
    return pd


def _embedding_tables(encoding, encoder):
    """Return {column name: DataFrame}, one row per level, then "missing" and "unknown".

    Parameters
    ----------
    encoding : TableEncoding
    encoder : TableEncoder

    Returns
    -------
    tables : dict of str to pandas.DataFrame
        Columns are the vectors' coordinates; with several members (member, coordinate).
    """
    pd = import_pandas("embeddings_")
    tables = {}
    for embedding, columns in zip(encoding.embeddings, encoding.embedded_columns, strict=True):
        vectors = embedding.weight.detach().cpu().numpy()
        n_members, _, dim = vectors.shape
        for c, start in zip(columns, embedding.first_row.tolist(), strict=True):
            labels = [*encoder.levels_[c], "missing", "unknown"]
            rows = vectors[:, start : start + len(labels)]
            if n_members == 1:
                header = range(dim)
            else:
                header = pd.MultiIndex.from_product(
                    [range(n_members), range(dim)], names=["member", "coordinate"]
                )
            name = encoder.names_[encoder.categorical_[c]]
            table = rows.transpose(1, 0, 2).reshape(len(labels), -1)
            tables[name] = pd.DataFrame(table, index=pd.Index(labels, name=name), columns=header)
    return {encoder.names_[j]: tables[encoder.names_[j]] for j in encoder.categorical_}

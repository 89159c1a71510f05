"""From tables as users give them to a plan and tensors."""

from abc import abstractmethod
from dataclasses import replace
from itertools import chain

import numpy as np
import torch
from sklearn.utils import check_consistent_length

from skdropout._device import product_dtype, resolve_device
from skdropout._estimators.checks import (
    check_callbacks,
    check_weights,
    embedding_dims,
    hidden_sizes,
    warn_if_far,
)
from skdropout._estimators.plan import Plan, TrainingData, check_same_terms
from skdropout._estimators.screening import Screening
from skdropout._table import StoredTable, TableEncoder, TableTensors, readable
from skdropout.datasets._inner import TableOnDisk


class ReadsTables:
    """The half of ``fit`` before anything is built: what cannot be used is refused here."""

    # The precision of training; predictions have prediction_dtype.
    _dtype = torch.float32

    def _read(self, parts, former=None, announced=None):
        """Turn rows as the user gives them into a plan and tensors.

        Parameters
        ----------
        parts : list of (X, y, sample_weight)
            Rows to train on, and perhaps rows to stop by.
        former : estimator, default=None
            The fitted estimator whose networks are trained further.
        announced : array-like, default=None
            Classes that may come later.
        """
        sizes = hidden_sizes(self.hidden_layer_sizes)
        terms, recipes = self._terms(sizes), self._recipes(sizes, former)
        if former is not None:
            check_same_terms(terms, former._plan.terms)
        check_callbacks(self.callbacks)
        device = resolve_device(self.device)
        product_dtype(self.precision, device)
        criterion = self._criterion()
        owner = self._bare() if former is None else former
        if former is None:
            encoder = TableEncoder(self.categorical_features, accepts_sparse=True).fit(
                parts[0][0], owner
            )
        else:
            encoder = former._plan.encoder
        on_disk = any(isinstance(X, TableOnDisk) for X, *_ in parts)
        arrays, target = [], None if former is None else former._plan.target
        for k, (X, y, weight) in enumerate(parts):
            if y is None:
                raise ValueError(
                    f"{type(self).__name__} requires y to be passed, but the target y is None."
                )
            y = readable(y, "y")
            check_consistent_length(X, y, weight)
            if on_disk:
                cells = encoder.parts(X, owner)
            else:
                cells = encoder.transform(X, owner, np.float32)
                if k == 1:
                    warn_if_far(cells[0], encoder)
            weight = check_weights(weight, X)
            if target is None:
                target = self._learn_target(y, weight, criterion, announced)
            encoded = target.encode(y)
            arrays.append((cells, encoded, target.weigh(encoded, weight)))
        plan = Plan(
            seen=owner._seen(),
            encoder=encoder,
            target=target,
            terms=terms,
            hidden_layer_sizes=sizes,
            dims=(
                embedding_dims(self.embedding_dim, encoder) if former is None else former._plan.dims
            ),
            recipes=recipes,
            device=device,
            screening=(former and former._plan.screening) or Screening.none(len(encoder.names_)),
            weights=None if former is None else former._plan.weights,
            tried=self._tried(sizes, former),
            kinds=None if former is None else former._plan.kinds,
        )
        self._check_plan(plan)
        return plan, TrainingData(self._table(encoder, arrays, on_disk), len(arrays[0][1]))

    def _screened(self, plan, rows, former=None):
        """Return both without the columns that tell nothing of the target.

        Networks that are trained further keep theirs.
        """
        if former is not None:
            return plan, rows
        screening = self._screening(plan, rows.table, slice(rows.n_train))
        plan, table = plan.only(screening, rows.table)
        return plan, replace(rows, table=table)

    def _screening(self, plan, table, rows):
        """Test the columns on some rows."""
        return plan.screening if self.screening is None else plan.test(table, rows)

    def _terms(self, sizes):
        """Return the parameters that networks once built are bound to."""
        names = (
            *("n_members", "activation", "numeric_encoding", "input_scaling"),
            *("categorical_features", "embedding_dim", "screening", *self._target_parameters),
        )
        return {"hidden_layer_sizes": sizes, **{name: getattr(self, name) for name in names}}

    def _tried(self, sizes, former):
        """Return what members took of each recipe that was tried for ``former``, None of none."""

    def _check_plan(self, plan):
        """Check what only table and parameters together can show."""

    @abstractmethod
    def _criterion(self):
        """Return the loss."""

    @abstractmethod
    def _learn_target(self, y, weight, criterion, announced):
        """Return how targets like ``y`` are read."""

    def _table(self, encoder, arrays, on_disk):
        """Join the arrays of each part into one table of tensors, or what is on disk into one."""
        cells, targets, weights = zip(*arrays, strict=True)
        target = targets[0] if len(targets) == 1 else np.concatenate(targets)
        target = torch.as_tensor(target, dtype=self._dtype if target.dtype.kind == "f" else None)
        weight = None
        if any(part is not None for part in weights):
            weight = np.concatenate(
                [
                    np.ones(len(rows)) if part is None else part
                    for part, rows in zip(weights, targets, strict=True)
                ]
            )
            weight = torch.as_tensor(weight, dtype=self._dtype)
        unknown = torch.tensor(encoder.n_levels, dtype=torch.long) + 1
        if on_disk:
            return StoredTable(chain(*cells), target, weight, unknown, self._dtype)
        numeric, codes = map(np.concatenate, zip(*cells, strict=True))
        numeric = torch.as_tensor(numeric, dtype=self._dtype)
        return TableTensors(numeric, torch.as_tensor(codes), target, weight, unknown)

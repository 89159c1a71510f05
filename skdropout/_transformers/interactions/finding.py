"""How interactions are found: networks are fitted, looked into, and what they say is tested."""

import warnings
from typing import Any, cast

import numpy as np
from sklearn import get_config
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_consistent_length
from sklearn.utils.metadata_routing import process_routing

from skdropout._device import draw_seeds
from skdropout._estimators import check_workers
from skdropout._table import TableEncoder
from skdropout._transformers.interactions.networks import fit_detecting
from skdropout._transformers.interactions.pair_columns import (
    ColumnValues,
    FinderPlan,
    LocalHessians,
    main_direction,
    pair_names,
)
from skdropout._transformers.interactions.target import as_target, has_classes, refuse
from skdropout._transformers.interactions.unseen import unseen, whole
from skdropout.inspection import interaction_strengths, interaction_tests
from skdropout.inspection._inner import as_table, check_measurement

_OPTIONS = ("method", "max_order", "exhaustive", "sigma", "n_perturbations", "n_points", "exclude")
_MOST_TESTED = 500


class Finds:
    """The half of the finder that works on values and changes nothing."""

    def _find(self, X, y, fit_params):
        """Return what ``fit`` adopts."""
        y = as_target(y, type(self).__name__)
        refuse(y, self.n_interactions, self.output, self.max_order, self.estimator)
        check_workers(self.n_jobs)
        seeds = draw_seeds(self.random_state, 5)
        owner = self._bare()
        categorical = getattr(self.estimator, "categorical_features", "from_dtype")
        encoder = TableEncoder(categorical).fit(X, owner)
        check_consistent_length(X, y)
        options = {name: getattr(self, name) for name in _OPTIONS}
        check_measurement(X, **options)
        cells = encoder.transform(X, owner)
        are_classes = has_classes(y, self.target_type, self.estimator)
        if self.estimator is None:
            fitted = self._fit_default(X, y, cells, are_classes, seeds[0], fit_params)
        else:
            fitted = self._fit(self.estimator, X, y, fit_params)
        measured = interaction_strengths(fitted, X, **options, random_state=seeds[1])
        kept, tests = np.arange(len(measured.interactions)), None
        if self.n_interactions == "auto":
            tests = self._tests(whole(fitted), X, y, measured.interactions, fit_params, seeds)
            kept = kept[: len(tests.q_values)][tests.q_values <= self.error_rate]
            if not len(kept):
                _warn_of_the_nearest(tests, measured.feature_names, self.error_rate)
        else:
            kept = kept[: self.n_interactions]
        interactions = [measured.interactions[k] for k in kept]
        if self.output == "product":
            columns = ColumnValues(encoder).fit(*cells, main_direction(y, are_classes))
        else:
            columns = LocalHessians(
                fitted,
                as_table(X),
                dict(zip(pair_names(encoder.names_, interactions), interactions, strict=True)),
                sigma=self.sigma,
                n_perturbations=self.n_perturbations,
                random_state=np.random.RandomState(seeds[4]),
            )
        return {
            **owner._seen(),
            "_plan": FinderPlan(encoder, columns),
            "estimator_": fitted,
            "strengths_": measured.strengths,
            "dependence_": measured.dependence,
            "interactions_": interactions,
            "interaction_strengths_": measured.interaction_strengths[kept],
            "interaction_errors_": measured.interaction_errors[kept],
            "interaction_shares_": measured.interaction_shares[kept],
            "q_values_": None if tests is None else tests.q_values[kept],
            "tests_": tests,
        }

    def _tests(self, fitted, X, y, interactions, fit_params, seeds):
        random_state = np.random.RandomState(seeds[2])
        estimators, rows = unseen(fitted, X, y, fit_params, random_state, self.n_jobs)
        return interaction_tests(
            estimators,
            X,
            y,
            rows,
            interactions=interactions[:_MOST_TESTED],
            n_hypotheses=max(len(interactions), 1),
            random_state=seeds[3],
        )

    def _fit_default(self, X, y, cells, are_classes, seed, fit_params):
        size = len(cells[0]), sum(part.shape[1] for part in cells)
        options = {"device": self.device, "random_state": seed, "verbose": self.verbose}
        with warnings.catch_warnings():  # they are meant to go through all their epochs
            warnings.simplefilter("ignore", ConvergenceWarning)
            return fit_detecting(
                lambda model: whole(self._fit(model, X, y, fit_params)),
                are_classes,
                *size,
                **options,
            )

    def _fit(self, estimator, X, y, fit_params):
        if get_config()["enable_metadata_routing"]:
            fit_params = process_routing(self, "fit", **fit_params).estimator.fit
        return cast(Any, clone(estimator)).fit(X, y, **fit_params)


def _warn_of_the_nearest(tests, names, error_rate):
    """Say that nothing is kept, and what came nearest."""
    if not len(tests.q_values):
        return
    nearest = int(tests.q_values.argmin())
    columns = " and ".join(repr(names[j]) for j in tests.interactions[nearest])
    warnings.warn(
        f"No interaction passes at error_rate={error_rate}; the nearest is {columns}, at a false "
        f"discovery rate of {tests.q_values[nearest]:.2g}.",
        UserWarning,
        stacklevel=5,
    )

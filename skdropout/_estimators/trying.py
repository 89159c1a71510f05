"""How a fit tries recipes: it trains their networks side by side, and keeps the best."""

from dataclasses import replace
from itertools import cycle

import numpy as np

from skdropout._device import draw_seeds
from skdropout._estimators.parameters import LEARNING, is_auto
from skdropout._estimators.recipes import are_few, portfolio
from skdropout._estimators.trial import Trial, disjoint, n_folds


class TriesRecipes:
    """A base before the network's: with ``dropout="auto"``, recipes are tried and weighed."""

    _trial = Trial

    def _portfolio(self, n_rows):
        """Return the recipes to try on so many rows."""
        return portfolio(n_rows)

    def _terms(self, sizes):
        given = {name: getattr(self, name) for name in ("dropout", "input_dropout")}
        kinds = {
            name: value if isinstance(value, str) else "rates that were given"
            for name, value in given.items()
        }
        return {**super()._terms(sizes), **kinds}

    def _recipes(self, sizes, former=None):
        recipes = super()._recipes(sizes)
        if not is_auto(self.dropout):
            return recipes
        for name in (*LEARNING, "input_dropout"):
            value = getattr(self, name)
            if not isinstance(value, str) and np.ndim(value):
                raise ValueError(
                    f"{name}={value!r} has an entry for each network, but which networks there are "
                    f"is what dropout='auto' finds out; give one {name} for all, or dropout rates."
                )
        if former is None or former._plan.kinds is None:
            return recipes
        return [kind.of(recipes[0]) for kind in former._plan.kinds]

    def _tried(self, sizes, former):
        if former is None or former._plan.tried is None:
            return None
        # by the parameters of today
        first, *_ = super()._recipes(sizes)
        return {kind: kind.of(first) for kind in former._plan.tried}

    def _cast(self, plan, rows, former):
        if former is not None or not (is_auto(self.dropout) and self.early_stopping):
            return super()._cast(plan, rows, former)
        first, fraction = plan.recipes[0], self.validation_fraction
        tried = {kind: kind.of(first) for kind in self._portfolio(rows.n_train)}
        n_turns = n_folds(self.n_members, fraction)
        (seed,) = draw_seeds(self.random_state, 1)
        parts = cycle(disjoint(rows.n_train, fraction, rows.table.strata, seed, n_turns))
        kinds = [kind for kind in tried for _ in range(n_turns)]
        plan = replace(plan, recipes=[kind.of(first) for kind in kinds], tried=tried, kinds=kinds)
        members, mask_seed = self._members(plan, rows, lambda *_: next(parts))
        corrects = are_few(rows.n_train)
        trial = self._trial(len(tried), members, rows.table, plan.target.criterion, corrects)
        return plan, members, mask_seed, trial

    def _chosen(self, plan, net, trial):
        if trial is None:
            return plan
        places, weights = trial.choose(net, self.n_members)
        net.keep_for_good(places.tolist())
        recipes, kinds = ([part[k] for k in places] for part in (plan.recipes, plan.kinds))
        remembered = self._remembered(trial, places)
        return replace(plan, recipes=recipes, kinds=kinds, weights=weights, **remembered)

    def _remembered(self, trial, places):
        """Return what else the plan knows of the networks that are kept."""
        return {}

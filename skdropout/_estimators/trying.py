"""How a fit tries recipes: it trains their networks side by side, and keeps the best."""

from dataclasses import replace
from itertools import cycle

import numpy as np

from skdropout._device import draw_seeds
from skdropout._estimators.parameters import LEARNING, is_auto
from skdropout._estimators.recipes import PORTFOLIO
from skdropout._estimators.trial import Trial, disjoint, n_folds


class TriesRecipes:
    """A base before the network's: with ``dropout="auto"``, recipes are tried and weighed."""

    def _terms(self, sizes):
        kind = "auto" if is_auto(self.dropout) else "rates that were given"
        return {**super()._terms(sizes), "dropout": kind}

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

    def _with_trials(self, plan, rows):
        if not (is_auto(self.dropout) and self.early_stopping):
            return super()._with_trials(plan, rows)
        first, fraction = plan.recipes[0], self.validation_fraction
        tried = [recipe.of(first) for recipe in PORTFOLIO]
        n_turns = n_folds(self.n_members, fraction)
        (seed,) = draw_seeds(self.random_state, 1)
        parts = cycle(disjoint(rows.n_train, fraction, rows.table.strata, seed, n_turns))
        kinds = [kind for kind in PORTFOLIO for _ in range(n_turns)]
        plan = replace(plan, recipes=[kind.of(first) for kind in kinds], tried=tried, kinds=kinds)
        return plan, lambda *_: next(parts)

    def _trial(self, plan, table, members):
        if plan.tried is None:
            return None
        return Trial(len(plan.tried), members, table, plan.target.criterion)

    def _chosen(self, plan, net, trial):
        if trial is None:
            return plan
        places, weights = trial.choose(net, self.n_members)
        net.keep_for_good(places.tolist())
        recipes, kinds = ([part[k] for k in places] for part in (plan.recipes, plan.kinds))
        return replace(plan, recipes=recipes, kinds=kinds, weights=weights)

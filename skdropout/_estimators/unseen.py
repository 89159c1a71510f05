"""The networks of a fit that have not seen some of its rows, as an estimator."""

from dataclasses import replace

import numpy as np
import torch


def networks_by_unseen_rows(estimator):
    """Return estimators of some of the networks each, and the rows that none of these has seen.

    Parameters
    ----------
    estimator : BaseDropoutMLP
        Fitted, its plan knows which rows each network was not trained on; networks have the same
        such rows, or none in common.

    Returns
    -------
    estimators : list of BaseDropoutMLP
    rows : list of ndarray
    """
    plan, net = estimator._plan, estimator.net_
    networks = {}
    for k, rows in enumerate(plan.unseen):
        networks.setdefault(rows.tobytes(), []).append(k)
    estimators = []
    for places in networks.values():
        recipes, kinds, unseen = (
            [of_networks[k] for k in places]
            for of_networks in (plan.recipes, plan.kinds, plan.unseen)
        )
        weights = np.full(len(places), 1 / len(places))
        own = replace(plan, recipes=recipes, kinds=kinds, unseen=unseen, weights=weights)
        some = net.snapshot(torch.tensor(places, device=net.device))
        estimators.append(estimator._bare()._adopt(estimator._found(own, None, net, some)))
    return estimators, [plan.unseen[places[0]] for places in networks.values()]

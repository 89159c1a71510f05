"""Detectors of interactions to compare with.

Each takes X, y (whole numbers are two classes), a seed and the number of columns of the groups
looked for, and returns their strengths {group: value}; groups it says nothing of are left out.
"""

from functools import partial
from itertools import combinations, pairwise
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from skdropout import DropoutMLPRegressor, SmoothHessInteractions

__all__ = ["CONTENDERS"]


class Contender(NamedTuple):
    """What finds strengths, the packages it depends on, and what it can find."""

    find: Any
    packages: tuple
    orders: tuple = (2,)
    takes_classes: bool = True


def has_classes(y):
    return y.dtype.kind in "iu"


def groups_of(X, order):
    return combinations(range(X.shape[1]), order)


def ours(X, y, seed, order, **options):
    """Return the strengths found with all defaults."""
    # all groups that are measured are ranked, whatever the number that is kept
    finder = SmoothHessInteractions(
        n_interactions=10**6, max_order=order, device="cpu", random_state=seed, **options
    ).fit(X, y)
    if order == 2:
        return {pair: finder.strengths_[pair] for pair in groups_of(X, 2)}
    return dict(zip(finder.interactions_, finder.interaction_strengths_, strict=True))


def plain_smooth_hessian(X, y, seed, order):
    """Mean absolute smoothed Hessian of one ReLU network, 50 draws a point."""
    from skdropout.functional import smooth_hessian

    plain = {"numeric_encoding": "standard", "input_scaling": 0.0, "dropout": 0.0}
    options = {"n_members": 1, "screening": None, "random_state": seed, "device": "cpu"}
    net = DropoutMLPRegressor(**plain, **options).fit(X, y)
    module = net.net_.module_
    numeric = torch.as_tensor(net._plan.encoder.transform(X, net)[0], dtype=torch.float32)
    x = module.encoding(numeric[None], torch.zeros(1, len(X), 0, dtype=torch.long))[0].detach()
    generator = torch.Generator().manual_seed(seed)
    x = x[torch.randperm(len(x), generator=generator)[:500]]
    hessian = smooth_hessian(
        module.member(0),
        x,
        sigma=0.5 * x.std(0),
        n_perturbations=50,
        method="stein",
        generator=generator,
    )
    strengths = hessian.abs().mean(0).numpy()
    return {pair: strengths[pair] for pair in groups_of(X, order)}


def boosting_machine(y, seed, **options):
    from interpret import glassbox

    kind = f"ExplainableBoosting{'Classifier' if has_classes(y) else 'Regressor'}"
    return getattr(glassbox, kind)(random_state=seed, n_jobs=1, **options)


def fast(X, y, seed, order, on_residuals=True):
    """FAST on the residuals of an additive boosting machine, or on the target.

    The latter is how ``measure_interactions`` is called without further thought.
    """
    from interpret.utils import measure_interactions

    additive = boosting_machine(y, seed, interactions=0).fit(X, y) if on_residuals else None
    found = measure_interactions(X, y, init_score=additive)
    return {tuple(sorted(pair)): value for pair, value in found}


def ebm_all_pairs(X, y, seed, order, **options):
    """Importance of the pair terms of a boosting machine that has all of them."""
    machine = boosting_machine(y, seed, interactions=[*groups_of(X, 2)], **options).fit(X, y)
    found = zip(machine.term_features_, machine.term_importances(), strict=True)
    return {term: value for term, value in found if len(term) == 2}


def lightgbm_h(X, y, seed, order, n_points=100):
    """Friedman's H (not divided by the variance) of LightGBM, for groups of any size."""
    import lightgbm

    kind = lightgbm.LGBMClassifier if has_classes(y) else lightgbm.LGBMRegressor
    model = kind(n_estimators=500, learning_rate=0.05, random_state=seed, n_jobs=1, verbose=-1)
    model.fit(X, y)
    rows = X[np.random.RandomState(seed).permutation(len(X))[:n_points]]

    def partial_dependence(columns):
        table = np.tile(rows, (len(rows), 1))
        table[:, columns] = np.repeat(rows[:, columns], len(rows), axis=0)
        values = model.booster_.predict(table, num_threads=1, raw_score=True)
        values = values.reshape(len(rows), -1).mean(1)
        return values - values.mean()

    of = {u: partial_dependence([*u]) for k in range(1, order + 1) for u in groups_of(X, k)}
    return {
        u: np.mean(
            sum((-1) ** k * of[v] for k in range(order) for v in combinations(u, order - k)) ** 2
        )
        ** 0.5
        for u in groups_of(X, order)
    }


def nid(X, y, seed, order, rates=(1e-3, 5e-3)):
    """Neural interaction detection (Tsang, Cheng, Liu, ICLR 2018, sections 4 and 5).

    A ReLU network of 140-100-60-20 units with small networks of 10 units beside it for the main
    effects, L1 on its weights; a first-layer unit interacts its inputs by the smallest of their
    absolute weights, times what the absolute weights above make of the unit. Of two learning rates
    that of the smaller validation error is taken, as neither is the better one throughout.
    """
    _, weights = min((_nid_weights(X, y, seed, rate) for rate in rates), key=lambda of: of[0])
    influence = np.linalg.multi_dot(weights[:0:-1])[0]
    return {u: influence @ weights[0][:, u].min(1) for u in groups_of(X, order)}


def _nid_weights(X, y, seed, rate, penalty=5e-5, n_epochs=200, patience=10):
    """Return the least validation error, and the absolute weights of the network there."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.as_tensor((X - X.mean(0)) / X.std(0), dtype=torch.float32)
    t = y if has_classes(y) else (y - y.mean()) / y.std()
    t = torch.as_tensor(t, dtype=torch.float32)[:, None]
    error_of = nn.functional.mse_loss
    if has_classes(y):
        error_of = nn.functional.binary_cross_entropy_with_logits
    d = x.shape[1]
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        widths = [d, 140, 100, 60, 20, 1]
        linears = [nn.Linear(a, b) for a, b in pairwise(widths)]
        net = nn.Sequential(*[m for linear in linears for m in (linear, nn.ReLU())][:-1])
        mains = nn.ModuleList(
            nn.Sequential(nn.Linear(1, 10), nn.ReLU(), nn.Linear(10, 1)) for _ in range(d)
        )

    def predict(rows):
        alone = [main(rows[:, [j]]) for j, main in enumerate(mains)]
        return net(rows) + torch.stack(alone).sum(0)

    order = torch.randperm(len(x), generator=generator)
    train, valid = order[len(x) // 5 :], order[: len(x) // 5]
    optimizer = torch.optim.Adam([*net.parameters(), *mains.parameters()], rate)
    best, best_weights, waited = np.inf, None, 0
    for _ in range(n_epochs):
        for batch in train[torch.randperm(len(train), generator=generator)].split(100):
            loss = error_of(predict(x[batch]), t[batch])
            loss = loss + penalty * sum(linear.weight.abs().sum() for linear in linears)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            error = float(error_of(predict(x[valid]), t[valid]))
        waited += 1
        if error < best:
            best, waited = error, 0
            best_weights = [linear.weight.detach().abs().numpy() for linear in linears]
        if waited >= patience:
            break
    return best, best_weights


_OURS, _EBM = ("skdropout", "torch"), ("interpret-core",)
CONTENDERS = {
    "ours": Contender(ours, _OURS, (2, 3)),
    "ours, smooth_hessian": Contender(partial(ours, method="smooth_hessian"), _OURS),
    "FAST on residuals": Contender(fast, _EBM),
    "FAST": Contender(partial(fast, on_residuals=False), _EBM),
    "LightGBM + H": Contender(lightgbm_h, ("lightgbm",), (2, 3)),
    "NID": Contender(nid, ("torch",), (2, 3)),
    "plain SmoothHess": Contender(plain_smooth_hessian, _OURS, takes_classes=False),
    "EBM, all pairs, one bag": Contender(partial(ebm_all_pairs, outer_bags=1), _EBM),
    "EBM, all pairs": Contender(ebm_all_pairs, _EBM),
}

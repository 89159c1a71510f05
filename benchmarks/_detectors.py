"""Detectors of interactions to compare with: X and y in, strengths of the pairs out."""

from functools import partial
from itertools import combinations, pairwise

import numpy as np
import torch
from torch import nn

from skdropout import DropoutMLPRegressor, SmoothHessInteractions

__all__ = ["DETECTORS"]


def ours(X, y, seed):
    """Return the strengths found with all defaults."""
    return SmoothHessInteractions(device="cpu", random_state=seed).fit(X, y).strengths_


def ours_smooth_hessian(X, y, seed):
    finder = SmoothHessInteractions(method="smooth_hessian", device="cpu", random_state=seed)
    return finder.fit(X, y).strengths_


def plain_smooth_hessian(X, y, seed):
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
    return hessian.abs().mean(0).numpy()


def fast(X, y, seed):
    """FAST on the residuals of an additive boosting machine."""
    from interpret.glassbox import ExplainableBoostingRegressor
    from interpret.utils import measure_interactions

    additive = ExplainableBoostingRegressor(interactions=0, random_state=seed, n_jobs=1).fit(X, y)
    return _matrix(measure_interactions(X, y, init_score=additive), X.shape[1])


def fast_raw(X, y, seed):
    """FAST on the target, as ``measure_interactions`` is called without further thought."""
    from interpret.utils import measure_interactions

    return _matrix(measure_interactions(X, y), X.shape[1])


def ebm_all_pairs(X, y, seed, **options):
    """Importance of the pair terms of a boosting machine that has all of them."""
    from interpret.glassbox import ExplainableBoostingRegressor

    pairs = list(combinations(range(X.shape[1]), 2))
    options = {"interactions": pairs, "random_state": seed, "n_jobs": 1, **options}
    ebm = ExplainableBoostingRegressor(**options).fit(X, y)
    found = zip(ebm.term_features_, ebm.term_importances(), strict=True)
    return _matrix([(term, value) for term, value in found if len(term) == 2], X.shape[1])


def lightgbm_h(X, y, seed, n_points=100):
    """Friedman's H (not divided by the variance) of LightGBM."""
    import lightgbm

    model = lightgbm.LGBMRegressor(
        n_estimators=500, learning_rate=0.05, random_state=seed, n_jobs=1, verbose=-1
    ).fit(X, y)
    rows = X[np.random.RandomState(seed).permutation(len(X))[:n_points]]

    def partial_dependence(columns):
        table = np.tile(rows, (len(rows), 1))
        table[:, columns] = np.repeat(rows[:, columns], len(rows), axis=0)
        values = model.booster_.predict(table, num_threads=1)
        values = values.reshape(len(rows), -1).mean(1)
        return values - values.mean()

    alone = [partial_dependence([j]) for j in range(X.shape[1])]
    return _matrix(
        [
            ((i, j), np.mean((partial_dependence([i, j]) - alone[i] - alone[j]) ** 2) ** 0.5)
            for i, j in combinations(range(X.shape[1]), 2)
        ],
        X.shape[1],
    )


def nid(X, y, seed, rates=(1e-3, 5e-3)):
    """Neural interaction detection (Tsang, Cheng, Liu, ICLR 2018, sections 4 and 5).

    A ReLU network of 140-100-60-20 units with small networks of 10 units beside it for the main
    effects, L1 on its weights; a first-layer unit interacts its inputs by the smaller of two
    absolute weights, times what the absolute weights above make of the unit. Of two learning rates
    that of the smaller validation error is taken, as neither is the better one throughout.
    """
    _, weights = min((_nid_weights(X, y, seed, rate) for rate in rates), key=lambda of: of[0])
    influence = np.linalg.multi_dot(weights[:0:-1])[0]
    first = weights[0]
    pairs = combinations(range(X.shape[1]), 2)
    found = [((i, j), influence @ np.minimum(first[:, i], first[:, j])) for i, j in pairs]
    return _matrix(found, X.shape[1])


def _nid_weights(X, y, seed, rate, penalty=5e-5, n_epochs=200, patience=10):
    """Return the least validation error, and the absolute weights of the network there."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.as_tensor((X - X.mean(0)) / X.std(0), dtype=torch.float32)
    t = torch.as_tensor((y - y.mean()) / y.std(), dtype=torch.float32)[:, None]
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
            loss = nn.functional.mse_loss(predict(x[batch]), t[batch])
            loss = loss + penalty * sum(linear.weight.abs().sum() for linear in linears)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            error = float(nn.functional.mse_loss(predict(x[valid]), t[valid]))
        waited += 1
        if error < best:
            best, waited = error, 0
            best_weights = [linear.weight.detach().abs().numpy() for linear in linears]
        if waited >= patience:
            break
    return best, best_weights


def _matrix(found, d):
    strengths = np.zeros((d, d))
    for (i, j), value in found:
        strengths[i, j] = strengths[j, i] = value
    return strengths


DETECTORS = {
    "ours": ours,
    "ours, smooth_hessian": ours_smooth_hessian,
    "FAST on residuals": fast,
    "FAST": fast_raw,
    "LightGBM + H": lightgbm_h,
    "NID": nid,
    "plain SmoothHess": plain_smooth_hessian,
    "EBM, all pairs, one bag": partial(ebm_all_pairs, outer_bags=1),
    "EBM, all pairs": ebm_all_pairs,
}

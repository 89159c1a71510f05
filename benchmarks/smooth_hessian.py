"""Gradients and time that a smoothed Hessian takes, ours against the plain estimator.

    python benchmarks/smooth_hessian.py [--nets 64-64/50 ...] [--points 64] [--rounds 4] [--no-save]
    python benchmarks/smooth_hessian.py --stream  # memory that ten million perturbed points take

Both estimators are unbiased, so the error of each is the spread of repeated runs: no reference is
needed. The plain one is the mirrored Stein estimator (`method="stein"`), timed in the same blocks
of points. Error is the relative Frobenius error of one run, root mean square over points and runs;
"calls" are gradient evaluations per point. The error of the plain estimator falls with the square
root of its calls, so at equal error it takes (error plain / error)^2 times the calls, and that many
times the seconds per call over ours.
"""

import argparse
import resource
import time
from itertools import pairwise

import torch
from _results import append_rows, median_and_spread, show
from torch import nn

from skdropout.functional import smooth_hessian

NETS = {
    "64/10": ([10, 64, 1], "table"),
    "64/50": ([50, 64, 1], "table"),
    "64-64/50": ([50, 64, 64, 1], "table"),
    "128-128-128/10": ([10, 128, 128, 128, 1], "table"),
    "256-128-64-32/50": ([50, 256, 128, 64, 32, 1], "table"),
    "500-300-250-250-250/784": ([784, 500, 300, 250, 250, 250, 10], "digits"),
}
SIGMAS = (0.1, 0.3, 1.0)  # of the standard deviation of the inputs


def make_table(n=4000, d=50, seed=0):
    """Normal features, a target with pairs, a triple and main effects, and no noise."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, d, generator=generator, dtype=torch.float64)
    y = x[:, 0] * x[:, 1] + x[:, 2] * x[:, 3] + torch.sin(2 * x[:, 0] * x[:, 2]) + x[:, 1]
    y = y + (x[:, 3] + x[:, 4]).relu() + x[:, 5] * x[:, 6] * x[:, 7]
    return x, (y - y.mean()) / y.std()


def make_digits():
    """Scikit-learn's handwritten digits, resized to 28 x 28."""
    from sklearn.datasets import load_digits

    data = load_digits()
    images = torch.tensor(data.images, dtype=torch.float64)[:, None] / 16
    x = nn.functional.interpolate(images, (28, 28), mode="bilinear").flatten(1)
    return x, torch.tensor(data.target)


def trained(widths, kind, epochs=30, seed=0):
    """A ReLU network fitted to its data, and the data."""
    x, y = make_table(d=widths[0]) if kind == "table" else make_digits()
    torch.manual_seed(seed)
    modules = [m for a, b in pairwise(widths) for m in (nn.Linear(a, b), nn.ReLU())][:-1]
    net = nn.Sequential(*modules)
    optimizer = torch.optim.AdamW(net.parameters(), 1e-3)
    data, labels = x.float(), y.float() if kind == "table" else y
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(64):
            output = net(data[rows])
            if kind == "table":
                loss = nn.functional.mse_loss(output[:, 0], labels[rows])
            else:
                loss = nn.functional.cross_entropy(output, labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return net.double().eval().requires_grad_(False), x


def compare(name, n_points, rounds):
    """Yield (setting, {metric: (value, spread)}), estimators and rounds in turn."""
    widths, kind = NETS[name]
    net, x = trained(widths, kind)
    d, unit = widths[0], float(x.std())
    generator = torch.Generator().manual_seed(1)
    points = x[torch.randperm(len(x), generator=generator)[:n_points]]
    target = net(points).argmax(1) if widths[-1] > 1 else None
    flops_per_call = 4 * sum(a * b for a, b in pairwise(widths))
    peak = peak_flops()

    def run(sigma, calls, method):
        start = time.perf_counter()
        hessian = smooth_hessian(
            net,
            points,
            sigma=sigma * unit,
            n_perturbations=calls,
            target=target,
            method=method,
            generator=generator,
        )
        return hessian, (time.perf_counter() - start) / n_points / calls

    for sigma in SIGMAS:
        for calls in (2 * d, 8 * d) if d < 500 else (d, 2 * d, 4 * d):
            times = []
            runs = {"ours": [], "plain": []}
            for turn in range(rounds + 1):
                ours, seconds = run(sigma, calls, "orthogonal")
                plain, seconds_plain = run(sigma, calls, "stein")
                if turn:  # the first turn warms up
                    runs["ours"].append(ours)
                    runs["plain"].append(plain)
                    times.append((seconds, seconds_plain))
            size = torch.stack(runs["ours"]).mean(0).flatten(1).norm(dim=1)
            error = relative_error(runs["ours"], size)
            error_plain = relative_error(runs["plain"], size)
            fewer = ratio_of_squares(error_plain, error)
            seconds, seconds_plain = torch.tensor(times).T
            yield (
                f"{name}, sigma {sigma}, {calls} calls",
                {
                    "error": error,
                    "error plain": error_plain,
                    "times fewer calls": fewer,
                    "times faster": tuple(
                        value * float((seconds_plain / seconds).median()) for value in fewer
                    ),
                    "ms per point": median_and_spread(1e3 * calls * seconds),
                    "share of peak": median_and_spread(flops_per_call / seconds / peak),
                    "share of peak plain": median_and_spread(flops_per_call / seconds_plain / peak),
                },
            )


def stream(name="128-128-128/10", n_points=100, calls=100_000):
    """Yield how far the peak of memory rises while many perturbed points pass through."""
    net, x = trained(*NETS[name], epochs=1)
    options = {"sigma": 0.3, "method": "orthogonal", "generator": torch.Generator().manual_seed(0)}
    smooth_hessian(net, x[:n_points], n_perturbations=100, **options)
    before, start = peak_memory(), time.perf_counter()
    smooth_hessian(net, x[:n_points], n_perturbations=calls, **options)
    metrics = {
        "MiB above before": (peak_memory() - before, 0.0),
        "seconds": (time.perf_counter() - start, 0.0),
    }
    yield f"{name}, {n_points} points x {calls:,} calls", metrics


def peak_memory():
    """Return the most memory this process ever held, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def relative_error(runs, size):
    """Error of one run, root mean square over points, and its standard error."""
    squared = torch.stack(runs).var(0).sum((1, 2)) / size**2
    mean, spread = float(squared.mean()), float(squared.std()) / len(squared) ** 0.5
    return mean**0.5, spread / 2 / mean**0.5 if mean else 0.0


def ratio_of_squares(plain, ours):
    if ours[0] == 0:
        return float("inf"), 0.0
    ratio = (plain[0] / ours[0]) ** 2
    return ratio, 2 * ratio * ((plain[1] / plain[0]) ** 2 + (ours[1] / ours[0]) ** 2) ** 0.5


def peak_flops(n=768):
    """Floating-point operations per second of a large matrix product, in float64."""
    a = torch.randn(n, n, dtype=torch.float64)
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        a @ a
        seconds.append(time.perf_counter() - start)
    return 2 * n**3 / min(seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nets", nargs="+", default=list(NETS), choices=list(NETS))
    parser.add_argument("--points", type=int, default=64, help="for d = 784: one eighth of it")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--no-save", action="store_true")
    parser.add_argument("--stream", action="store_true", help="memory only")
    arguments = parser.parse_args()
    for name in ["stream"] if arguments.stream else arguments.nets:
        if arguments.stream:
            table = dict(stream())
        else:
            n_points = arguments.points if NETS[name][0][0] < 500 else arguments.points // 8
            table = dict(compare(name, n_points, arguments.rounds))
        metrics = list(next(iter(table.values())))
        show(
            ["network", *metrics],
            [
                [setting, *(f"{value:.3g}" for value, _ in row.values())]
                for setting, row in table.items()
            ],
        )
        if not arguments.no_save:
            append_rows(
                "smooth_hessian",
                [
                    (setting, metric, value, spread)
                    for setting, row in table.items()
                    for metric, (value, spread) in row.items()
                ],
            )


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()

r"""
A smoothed second derivative where there is none
================================================

A product of two numbers whose factor changes from quadrant to quadrant has no second derivative at
the origin. Smoothed with Gaussian noise it has one, the same for every :math:`\sigma`, and known in
closed form: :math:`12 / \pi` on the diagonal and :math:`2.5` beside it (dotted). The estimates of
the former close in on it; the latter is found by any number of gradients.
"""

import matplotlib.pyplot as plt
import numpy as np
import torch

from skdropout.functional import smooth_hessian


def four_quadrants(x):
    right, up = x[:, 0] > 0, x[:, 1] > 0
    factor = torch.where(right, torch.where(up, 5.0, 3.0), torch.where(up, -10.0, 12.0))
    return factor * x[:, 0] * x[:, 1]


counts = [16, 64, 256, 1024, 4096]
origin = torch.zeros(1, 2, dtype=torch.float64)
estimates = [
    smooth_hessian(
        four_quadrants,
        origin,
        sigma=0.5,
        n_perturbations=n,
        return_error=True,
        generator=torch.Generator().manual_seed(n),
    )
    for n in counts
]

side = np.linspace(-2, 2, 81)
places = torch.as_tensor(np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2))
surface = four_quadrants(places).reshape(81, 81).numpy()

figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 3.8), layout="constrained")
image = left.pcolormesh(side, side, surface, cmap="RdBu_r", vmin=-40, vmax=40)
figure.colorbar(image, ax=left, label="f")
left.set(title="the function", xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
for (i, j), value, color in [((0, 0), 12 / np.pi, "#0072B2"), ((0, 1), 2.5, "#D55E00")]:
    found = [float(hessian[0, i, j]) for hessian, _ in estimates]
    errors = [2 * float(error[0, i, j]) for _, error in estimates]
    right.errorbar(counts, found, errors, fmt="o", color=color, label=f"$H_{{{i + 1}{j + 1}}}$")
    right.axhline(value, color=color, linestyle=":")
right.set(
    title="smoothed second derivatives at the origin",
    xscale="log",
    xlabel="gradients, each bar two standard errors",
)
right.spines[["top", "right"]].set_visible(False)
right.legend(frameon=False)
plt.show()

for hessian, error in estimates:
    assert abs(hessian[0, 0, 0] - 12 / np.pi) < 3 * error[0, 0, 0]
    assert abs(hessian[0, 0, 1] - 2.5) < 1e-9

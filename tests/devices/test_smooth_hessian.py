"""The smoothed Hessian on a device that nobody has seen: looks at arguments, none at draws."""

from collections import Counter

import pytest
import torch
from torch import nn

from skdropout.functional import smooth_gradient, smooth_hessian, smooth_hessian_parts
from tests.devices.unseen import META, TO_DEVICE, TO_HOST, Watch


def _draws_gamma_on_meta():
    try:
        torch._standard_gamma(torch.ones(1, device=META))
    except NotImplementedError:
        return False
    return True


pytestmark = pytest.mark.skipif(
    not _draws_gamma_on_meta(), reason="this torch has no gamma draws on meta"
)
PERTURBATION, STAND_IN = "functional/_perturbation.py", "functional/_mean_field.py"
# the deviations of the noise, and which of the inputs move
SIGMA = Counter({(TO_DEVICE, f"{PERTURBATION}:__init__"): 2})
UNITS = Counter({(TO_HOST, f"{STAND_IN}:_most_bent"): 1})  # how many are bent
# the points and weights of two integrals for each layer, if its activation needs them
INTEGRALS = Counter({(TO_DEVICE, "functional/_activations.py:<genexpr>"): 8})
SHARES = Counter({(TO_DEVICE, "functional/_smooth_hessian.py:smooth_hessian"): 1})  # of the parts
FUNCTIONS = {
    "hessian": (smooth_hessian, {"method": "orthogonal"}, UNITS),
    "plain": (smooth_hessian, {"method": "stein"}, Counter()),
    "of values": (smooth_hessian, {"method": "function_values"}, Counter()),
    "error": (smooth_hessian, {"return_error": True}, UNITS + SHARES),
    "parts": (smooth_hessian_parts, {}, UNITS),
    "gradient": (smooth_gradient, {}, UNITS),
}


def on_meta(d, activation, n_outputs=1):
    layers = nn.Linear(d, 12), activation(), nn.Linear(12, 8), activation(), nn.Linear(8, n_outputs)
    return nn.Sequential(*layers).to(META).eval(), torch.zeros(60, d, device=META)


@pytest.mark.parametrize("activation", [nn.ReLU, nn.Tanh])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_copies_do_not_grow_with_draws(name, activation):
    function, options, looks = FUNCTIONS[name]
    f, x = on_meta(5, activation)
    for n_perturbations in (40, 5000):  # in one step and in three
        watch = Watch()
        with watch.on():
            function(
                f,
                x,
                sigma=0.5,
                n_perturbations=n_perturbations,
                generator=torch.Generator(),
                **options,
            )
        integrals = INTEGRALS if activation is nn.Tanh and looks >= UNITS else Counter()
        assert watch.copies == SIGMA + looks + integrals


def test_arguments_that_lie_on_the_device():
    """Each is looked at once: outputs and deviations of single inputs, of which one is zero."""
    f, x = on_meta(5, nn.ReLU, n_outputs=3)
    watch = Watch()
    with watch.on():
        target = torch.arange(60).remainder(3).to(META)
        sigma = torch.tensor([0.5, 0.0, 0.1, 0.2, 0.3]).to(META)
        watch.copies.clear()
        smooth_hessian(
            f, x, sigma=sigma, target=target, n_perturbations=80, generator=torch.Generator()
        )
    at_target = Counter({(way, f"{PERTURBATION}:check_target"): 1 for way in (TO_HOST, TO_DEVICE)})
    at_sigma = Counter({(TO_HOST, f"{PERTURBATION}:__init__"): 1})
    moving = Counter({(TO_DEVICE, f"{PERTURBATION}:__init__"): 1})
    assert watch.copies == SIGMA + UNITS + at_target + at_sigma + moving

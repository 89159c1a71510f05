"""How far smoothed derivatives are from the truth, and what is said of it."""

import pytest
import torch
from scipy.stats import t as student
from torch import nn

from skdropout.functional import smooth_gradient, smooth_hessian
from tests.functional.networks import F64, make_network, make_points

pytestmark = pytest.mark.usefixtures("untouched_random_state")


def steep_network(d):
    """Two hidden layers, bent at distances shorter than the noise."""
    net = make_network([d, 16, 16, 1], nn.Tanh, seed=3)
    with torch.no_grad():
        for layer in net[::2]:
            layer.weight *= 3
    return net


@pytest.mark.parametrize("layers", ["seen", "hidden"])
@pytest.mark.parametrize("d", [1, 2, 3, 8])
def test_gradient_beside_a_hessian_is_no_worse_than_alone(d, layers):
    """With as many calls, over 1,000 repetitions; mean squared errors within four of their own."""
    net, n_copies = steep_network(d), 1000
    f = net if layers == "seen" else lambda x: net(x)
    x = make_points(1, d).expand(n_copies, d)
    options = {"sigma": 1.0, "generator": torch.Generator().manual_seed(0)}
    _, beside = smooth_hessian(f, x, n_perturbations=8 * d, return_gradient=True, **options)
    alone = smooth_gradient(f, x, n_perturbations=8 * d, **options)
    # 30,000 times the draws of one repetition: no error to speak of
    truth = smooth_gradient(lambda x: net(x), x[:300], n_perturbations=800 * d, **options).mean(0)
    beside, alone = ((found - truth).square().sum(1) for found in (beside, alone))
    margin = 4 * ((beside.var() + alone.var()) / n_copies).sqrt()
    assert beside.mean() <= alone.mean() + margin


@pytest.mark.parametrize("with_gradient", [False, True])
def test_closed_form_has_an_error_of_zero(with_gradient):
    net, x = make_network([3, 8, 1]), make_points(4, 3)
    options = {"sigma": 0.5, "n_perturbations": 0, "return_gradient": with_gradient}
    found = smooth_hessian(net, x, return_error=True, **options)
    expected = smooth_hessian(net, x, **options)
    for part, known in zip(found, expected if with_gradient else [expected], strict=False):
        torch.testing.assert_close(part, known)
    assert torch.equal(found[-1], torch.zeros(4, 3, 3, dtype=F64))


@pytest.mark.parametrize(("n_blocks", "n_parts"), [(2, 2), (4, 4), (40, 8)])
def test_errors_follow_a_t_law_with_as_many_parts(n_blocks, n_parts):
    """95 of 100 intervals hold the truth, for one entry at each of 3,000 copies of a point.

    The share of 3,000 has a standard error of 0.004; parts of few draws are not quite normal.
    """
    net, d = make_network([3, 16, 16, 1], nn.Tanh), 3
    x = make_points(1, d).expand(3000, d)
    options = {"sigma": 0.5, "generator": torch.Generator().manual_seed(0)}
    truth = smooth_hessian(net, x[:300], n_perturbations=2000, **options).mean(0)
    found, error = smooth_hessian(
        lambda x: net(x), x, n_perturbations=2 * d * n_blocks, return_error=True, **options
    )
    width = student.ppf(0.975, n_parts - 1) * error
    share = ((found - truth).abs() < width)[:, 0, 1].double().mean()
    assert 0.93 < share < 0.97


def test_law_of_the_errors_is_documented():
    assert "t law" in smooth_hessian.__doc__ or "Student" in smooth_hessian.__doc__

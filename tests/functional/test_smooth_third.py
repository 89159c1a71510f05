"""Smoothed third derivatives against automatic ones and closed forms."""

import pytest
import torch
from torch import nn
from torch.autograd.functional import hessian

import skdropout.functional._smooth_third as third_derivatives
from skdropout.functional import smooth_third
from tests.functional.networks import F64, make_network, make_points

pytestmark = pytest.mark.usefixtures("untouched_random_state")


def draws(seed=0):
    return torch.Generator().manual_seed(seed)


def quartic(x):
    """Its third derivatives are linear, so noise of mean zero leaves their means as they are."""
    a, b, c = x.unbind(1)
    return a * b * c + 0.5 * a**2 * b**2 - b * c**3 + c**2 + 3 * a


def by_autograd(f, x):
    """Third derivatives of one point after the other: (n, d, d, d)."""
    one = lambda point: f(point[None])[0]  # noqa: E731
    return torch.stack(
        [
            torch.autograd.functional.jacobian(lambda p: hessian(one, p, create_graph=True), point)
            for point in x
        ]
    )


COVARIANCE = torch.tensor([[0.5, 0.2, 0.0], [0.2, 0.4, -0.1], [0.0, -0.1, 0.3]], dtype=F64)


@pytest.mark.parametrize(
    "sigma", [0.7, torch.tensor([0.3, 0.6, 1.0], dtype=F64), COVARIANCE], ids=["one", "d", "d x d"]
)
def test_agrees_with_automatic_differentiation(sigma):
    x = make_points(5, 3)
    found, error = smooth_third(
        quartic, x, sigma=sigma, n_perturbations=40_000, return_error=True, generator=draws()
    )
    # Student's t of 8 parts: beyond 7.9 errors once in ten thousand entries, and these are 50
    assert ((found - by_autograd(quartic, x)).abs() <= 7.9 * error + 1e-9).all()
    assert error.max() < 0.3
    for axes in ((0, 2, 1, 3), (0, 3, 2, 1), (0, 1, 3, 2)):
        torch.testing.assert_close(found, found.permute(axes))


def test_error_of_a_product_is_what_its_moments_say():
    """A pair says (z0^2 z1^2 + z0^2 z2^2 + z1^2 z2^2) / 3, of mean 1 and variance 4."""
    n_pairs, n_copies = 500, 400
    x = torch.zeros(n_copies, 3, dtype=F64)
    options = {"sigma": 1.0, "n_perturbations": 2 * n_pairs, "return_error": True}
    found, error = (
        part[:, 0, 1, 2]
        for part in smooth_third(lambda x: x.prod(1), x, generator=draws(), **options)
    )
    expected = 2 / n_pairs**0.5
    assert abs(found.mean() - 1) < 4 * expected / n_copies**0.5
    # deviations of a standard deviation: heavy tails double those of a normal law
    assert abs(found.std() / expected - 1) < 4 * 2 / (2 * n_copies) ** 0.5
    assert abs(error.square().mean().sqrt() / expected - 1) < 4 * 2 / (2 * 7 * n_copies) ** 0.5


@pytest.mark.parametrize("slope", [0.0, 1e6])
def test_no_bias_from_the_fewest_draws_and_none_of_a_steep_slope(slope):
    """Of sin(a x) the mean is -a a a cos(a x) exp(-s^2 |a|^2 / 2)."""
    a = torch.tensor([0.8, -0.5, 0.3], dtype=F64)
    x = torch.full((30_000, 3), 0.2, dtype=F64)
    f = lambda x: torch.sin(x @ a) + slope * x.sum(1)  # noqa: E731
    found = smooth_third(f, x, sigma=0.9, n_perturbations=4, generator=draws())
    damped = -torch.cos(x[0] @ a) * torch.exp(-0.405 * (a @ a))
    expected = damped * torch.einsum("i,j,k->ijk", a, a, a)
    error = found.std(0) / len(x) ** 0.5
    assert ((found.mean(0) - expected).abs() <= 4.5 * error).all()


def test_inputs_that_do_not_move_have_none():
    sigma = torch.tensor([0.5, 0.0, 0.5], dtype=F64)
    found = smooth_third(
        quartic, make_points(2, 3), sigma=sigma, n_perturbations=64, generator=draws()
    )
    assert not found[:, 1].any()
    assert not found[:, :, 1].any()
    assert found[:, 2, 2, 2].all()


def test_each_point_has_its_own_output():
    two = lambda x: torch.stack([x.prod(1), -2 * x.prod(1)], 1)  # noqa: E731
    options = {"sigma": 1.0, "n_perturbations": 64}
    x = make_points(4, 3)
    mixed = smooth_third(two, x, target=torch.tensor([0, 1, 0, 1]), generator=draws(), **options)
    first = smooth_third(two, x, target=0, generator=draws(), **options)
    torch.testing.assert_close(mixed[::2], first[::2])
    torch.testing.assert_close(mixed[1::2], -2 * first[1::2])


@pytest.mark.parametrize("dtype", [torch.float32, F64])
def test_same_generator_same_result_and_dtype_kept(dtype):
    net, x = make_network([3, 8, 1], dtype=dtype), make_points(3, 3, dtype)
    options = {"sigma": 0.5, "n_perturbations": 16, "return_error": True}
    runs = [smooth_third(net, x, generator=draws(7), **options) for _ in range(2)]
    for first, second in zip(*runs, strict=True):
        assert first.dtype == dtype
        assert not first.requires_grad
        assert torch.equal(first, second)


def test_blocks_of_points_leave_no_trace(monkeypatch):
    x = torch.zeros(200, 3, dtype=F64)
    options = {"sigma": 1.0, "n_perturbations": 100}
    product = lambda x: x.prod(1)  # noqa: E731
    whole = smooth_third(product, x, generator=draws(), **options)
    monkeypatch.setattr(third_derivatives, "ELEMENTS_AT_ONCE", {"cpu": 1000})
    blocks = smooth_third(product, x, generator=draws(), **options)
    # two estimates of variance 4 / 50, at 200 points each
    assert abs(whole[:, 0, 1, 2].mean() - blocks[:, 0, 1, 2].mean()) < 4 * (8 / 50 / 200) ** 0.5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_perturbations": 2}, "n_perturbations=2 is too few for a covariance; give at least 4"),
        ({"n_perturbations": 6, "return_error": True}, "with an error; give at least 8"),
        ({"n_perturbations": 5}, "n_perturbations=5 must be an even integer"),
        ({"sigma": -1.0}, "sigma=-1.0 must be positive"),
        ({"return_error": "yes"}, "return_error='yes'"),
        ({"target": 3}, "target=3 does not exist"),
        ({"f": nn.Sequential(nn.Linear(3, 1), nn.Dropout()).double()}, "training mode"),
        ({"generator": 0}, "generator=0"),
    ],
)
def test_refused_by_name(options, message):
    given = {"f": quartic, "x": make_points(2, 3), "sigma": 0.5, "n_perturbations": 16}
    given |= options
    with pytest.raises(ValueError, match=message):
        smooth_third(given.pop("f"), given.pop("x"), **given)

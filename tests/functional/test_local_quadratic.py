import pytest
import torch

from skdropout.functional import perturbation_mse, second_order_attack


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


def _symmetric(n, d, generator):
    a = torch.randn(n, d, d, generator=generator, dtype=torch.float64)
    return (a + a.mT) / 2


def _model(step, gradient, hessian):
    return (gradient * step).sum(-1) + (step[..., None, :] @ hessian @ step[..., None])[
        ..., 0, 0
    ] / 2


@pytest.mark.parametrize("law", ["radius", "ball"])
def test_a_quadratic_function_is_its_own_model(law, generator):
    hessian = _symmetric(1, 4, generator)
    x = torch.randn(3, 4, generator=generator, dtype=torch.float64)
    mse = perturbation_mse(
        lambda x: _model(x, torch.ones(4, dtype=torch.float64), hessian[0]),
        x,
        1 + (x[:, None] @ hessian)[:, 0],
        hessian.expand(3, 4, 4),
        radius=2.0,
        law=law,
        generator=generator,
    )
    assert mse.max() < 1e-24


@pytest.mark.parametrize(("law", "moment"), [("radius", 1 / 5), ("ball", 6 / 10)])
def test_lengths_follow_the_law(law, moment, generator):
    # For f = |x|^2 and no model the error is |D|^4: r^4/5 for |D| ~ U(0, r), r^4 d/(d+4) in a ball.
    n = 40_000
    mse = perturbation_mse(
        lambda x: (x**2).sum(1),
        torch.zeros(1, 6, dtype=torch.float64),
        torch.zeros(1, 6, dtype=torch.float64),
        torch.zeros(1, 6, 6, dtype=torch.float64),
        radius=3.0,
        law=law,
        n_perturbations=n,
        generator=generator,
    )
    # |D|^4 / r^4 lies in [0, 1], so its standard deviation is at most 1/2.
    assert abs(mse.item() / 81 - moment) < 4 * 0.5 / n**0.5


def test_perturbation_mse_explains_the_target_of_each_point(generator):
    x = torch.zeros(2, 3)
    mse = perturbation_mse(
        lambda x: torch.stack([x[:, 0], x[:, 0] + x[:, 1] ** 2], 1),
        x,
        torch.tensor([[1.0, 0, 0], [1.0, 0, 0]]),
        torch.zeros(2, 3, 3),
        radius=1.0,
        target=torch.tensor([0, 1]),
        generator=generator,
    )
    assert mse[0] < 1e-12 < 1e-3 < mse[1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"radius": -1.0}, "radius=-1.0"),
        ({"n_perturbations": 0}, "n_perturbations=0"),
        ({"law": "cube"}, "law='cube'"),
        ({"gradient": torch.zeros(2, 3)}, "hessian must have shape"),
        ({"hessian": torch.full((1, 3, 3), torch.nan)}, "hessian holds nan"),
    ],
)
def test_perturbation_mse_refuses(change, message):
    arguments = {
        "x": torch.zeros(1, 3),
        "gradient": torch.zeros(1, 3),
        "hessian": torch.zeros(1, 3, 3),
        "radius": 1.0,
    } | change
    with pytest.raises(ValueError, match=message):
        perturbation_mse(lambda x: x.sum(1), **arguments)


@pytest.mark.parametrize("radius", [0.05, 1.0, 20.0])
def test_attack_satisfies_the_optimality_conditions(radius, generator):
    hessian = _symmetric(50, 6, generator)
    hessian[:10] = hessian[:10] @ hessian[:10]  # some that are positive definite
    gradient = torch.randn(50, 6, generator=generator, dtype=torch.float64)
    step = second_order_attack(gradient, hessian, radius=radius)
    length = step.norm(dim=1)
    assert (length <= radius * (1 + 1e-9)).all()
    # (H + mu I) D = -g with mu >= 0, H + mu I >= 0, and mu > 0 only at the boundary.
    force = -gradient - (hessian @ step[..., None])[..., 0]
    mu = (force * step).sum(1) / length**2
    torch.testing.assert_close(force, mu[:, None] * step, atol=1e-8, rtol=1e-8)
    assert (mu > -1e-9).all()
    assert (torch.linalg.eigvalsh(hessian)[:, 0] + mu > -1e-8).all()
    assert ((mu < 1e-8) | (length > radius * (1 - 1e-9))).all()


def test_attack_beats_every_random_step(generator):
    hessian, gradient = _symmetric(1, 3, generator), torch.ones(1, 3, dtype=torch.float64)
    step = second_order_attack(gradient, hessian, radius=1.5)
    others = torch.randn(20_000, 3, generator=generator, dtype=torch.float64)
    others *= 1.5 / others.norm(dim=1, keepdim=True)
    assert _model(step, gradient, hessian[0]) <= _model(others, gradient, hessian[0]).min()


def test_attack_hard_case():
    # The gradient has no part along the lowest eigenvector: with mu = 2 the second entry is
    # -1 / (1 + 2), and the rest of the length goes along the first axis.
    hessian = torch.diag(torch.tensor([-2.0, 1.0], dtype=torch.float64))[None]
    step = second_order_attack(torch.tensor([[0.0, 1.0]], dtype=torch.float64), hessian, radius=1.0)
    expected = torch.tensor([(1 - 1 / 9) ** 0.5, -1 / 3], dtype=torch.float64)
    torch.testing.assert_close(torch.stack([step[0, 0].abs(), step[0, 1]]), expected)


def test_attack_without_gradient():
    zero = torch.zeros(2, 2, dtype=torch.float64)
    saddle_and_bowl = torch.stack([torch.diag(torch.tensor([-1.0, 1.0])), torch.eye(2)]).double()
    step = second_order_attack(zero, saddle_and_bowl, radius=0.5)
    torch.testing.assert_close(step.abs(), torch.tensor([[0.5, 0.0], [0.0, 0.0]]).double())


@pytest.mark.parametrize(
    ("gradient", "hessian", "radius"),
    [
        (torch.zeros(3), torch.zeros(1, 3, 3), 1.0),
        (torch.zeros(1, 3), torch.zeros(1, 2, 2), 1.0),
        (torch.zeros(1, 3), torch.zeros(1, 3, 3), 0.0),
    ],
)
def test_attack_refuses(gradient, hessian, radius):
    with pytest.raises(ValueError, match=r"gradient|radius"):
        second_order_attack(gradient, hessian, radius=radius)

import pytest
import torch
from torch import nn

from skdropout.functional import gradient_x_input, integrated_gradients, relevance


def net(n_out=1):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Dropout(), nn.Linear(8, n_out)).double()


X = torch.randn(6, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def test_gradient_times_input_of_a_product():
    x = torch.tensor([[2.0, 3.0, 5.0]])
    torch.testing.assert_close(gradient_x_input(lambda x: x.prod(1), x), torch.full((1, 3), 30.0))


def test_gradients_sum_to_the_difference_from_the_baseline():
    f = net().eval()
    baseline = torch.full((4,), 0.3, dtype=torch.float64)
    got = integrated_gradients(f, X, baseline=baseline, n_steps=400)
    difference = (f(X) - f(baseline)).detach().squeeze(1)
    # midpoint rule: the error falls with the square of the number of steps
    torch.testing.assert_close(got.sum(1), difference, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("target", [None, torch.tensor([2, 1, 0, 0, 1, 2])])
def test_integrated_gradients_equal_captum(target):
    captum = pytest.importorskip("captum.attr")
    f = net(3).eval()
    explained = f(X).argmax(1) if target is None else target
    expected = captum.IntegratedGradients(f).attribute(
        X, target=explained, n_steps=16, method="riemann_middle"
    )
    torch.testing.assert_close(integrated_gradients(f, X, target=target, n_steps=16), expected)


@pytest.mark.parametrize("rule", ["gradient_x_input", "integrated_gradients"])
def test_dropout_is_off_and_modes_and_chance_are_as_before_even_after_an_error(rule):
    f = net()
    f[1].eval()
    torch.testing.assert_close(relevance(f, X, rule=rule), relevance(f, X, rule=rule))
    assert [m.training for m in f] == [True, False, True, True]

    class Failing(nn.Module):
        def forward(self, x):
            assert not self.training
            torch.rand(1)
            raise RuntimeError("broken")

    failing, state = Failing(), torch.get_rng_state()
    with pytest.raises(RuntimeError, match="broken"):
        relevance(failing, X, rule=rule)
    assert failing.training
    assert torch.equal(torch.get_rng_state(), state)


def test_works_without_grad_mode_and_leaves_gradients_alone():
    f = net()
    with torch.no_grad():
        gradient_x_input(f, X)
    assert all(p.grad is None for p in f.parameters())


def test_bad_number_of_steps():
    with pytest.raises(ValueError, match="n_steps=0 must be an integer of at least 1"):
        integrated_gradients(net(), X, n_steps=0)

import numpy as np
import pytest
import torch
from sklearn.metrics import (
    log_loss,
    mean_absolute_error,
    mean_pinball_loss,
    mean_poisson_deviance,
    mean_squared_error,
)

from skdropout._stack.losses import (
    AbsoluteError,
    LogLoss,
    MultilabelLogLoss,
    Pinball,
    Poisson,
    Quantiles,
    SquaredError,
)

RNG = np.random.default_rng(0)
RAW = torch.as_tensor(RNG.normal(size=(2, 50, 1)))
Y = torch.as_tensor(RNG.gamma(2.0, size=(2, 50, 1)))


@pytest.mark.parametrize(
    ("loss", "metric"),
    [
        (SquaredError(), mean_squared_error),
        (AbsoluteError(), mean_absolute_error),
        (Pinball(0.2), lambda y, p: mean_pinball_loss(y, p, alpha=0.2)),
        (Pinball(0.5), lambda y, p: mean_absolute_error(y, p) / 2),
    ],
    ids=["squared", "absolute", "quantile", "median"],
)
def test_regression_losses_are_sklearns(loss, metric):
    for k in range(2):
        assert loss(RAW, Y)[k].mean().item() == pytest.approx(metric(Y[k], RAW[k]))


def test_poisson_is_half_the_deviance_up_to_a_constant_of_y():
    loss = Poisson()

    def gap(raw):
        mean = loss.inverse_link(raw)[0].flatten().numpy()
        return loss(raw, Y)[0].mean().item() - mean_poisson_deviance(Y[0].flatten(), mean) / 2

    assert gap(RAW) == pytest.approx(gap(RAW * 2 + 1))


@pytest.mark.parametrize("n_classes", [2, 5])
def test_log_loss_is_sklearns(n_classes):
    loss = LogLoss()
    raw = torch.as_tensor(RNG.normal(size=(2, 50, 1 if n_classes == 2 else n_classes)))
    y = torch.as_tensor(RNG.integers(n_classes, size=(2, 50)))
    probabilities = loss.inverse_link(raw)
    torch.testing.assert_close(probabilities.sum(-1), torch.ones(2, 50, dtype=torch.float64))
    for k in range(2):
        expected = log_loss(y[k], probabilities[k], labels=range(n_classes))
        assert loss(raw, y)[k].mean().item() == pytest.approx(expected)


def test_multilabel_log_loss_is_the_mean_over_labels():
    loss = MultilabelLogLoss()
    raw = torch.as_tensor(RNG.normal(size=(1, 50, 3)))
    y = torch.as_tensor(RNG.integers(2, size=(1, 50, 3))).double()
    p = loss.inverse_link(raw)[0].numpy()
    expected = np.mean([log_loss(y[0, :, j], p[:, j], labels=[0, 1]) for j in range(3)])
    assert loss(raw, y).mean().item() == pytest.approx(expected)


def test_probabilities_survive_extreme_logits():
    log_p = LogLoss().log_probabilities(torch.tensor([[[800.0], [-800.0]]], dtype=torch.float64))
    assert torch.isfinite(log_p).all()
    torch.testing.assert_close(log_p[0, 0], torch.tensor([-800.0, 0.0], dtype=torch.float64))


@pytest.mark.parametrize("loss", [SquaredError(), AbsoluteError(), Pinball(0.3)])
def test_standardisation_is_weighted(loss):
    y = RNG.normal(size=(40, 2))
    weight = RNG.integers(1, 4, size=40).astype(float)
    repeated = np.repeat(y, weight.astype(int), axis=0)
    for a, b in zip(
        loss.standardisation(y, weight), loss.standardisation(repeated, None), strict=True
    ):
        np.testing.assert_allclose(a, b)


def test_constant_targets_have_scale_one():
    _, scale = SquaredError().standardisation(np.full((9, 1), 0.1), None)
    assert scale.tolist() == [1]


@pytest.mark.parametrize("n_outputs", [1, 3])
@pytest.mark.parametrize(
    "loss",
    [SquaredError(), AbsoluteError(), Pinball(0.2), Poisson(), LogLoss(), MultilabelLogLoss()],
)
def test_gradients_are_autograds(loss, n_outputs):
    rng = np.random.default_rng(1)
    raw = torch.as_tensor(rng.normal(size=(2, 30, n_outputs))).requires_grad_()
    target = torch.as_tensor(rng.gamma(2.0, size=raw.shape))
    if isinstance(loss, LogLoss):
        target = torch.as_tensor(rng.integers(max(n_outputs, 2), size=raw.shape[:2]))
    elif isinstance(loss, MultilabelLogLoss):
        target = (target > 1).double()
    loss(raw, target).sum().backward()
    found = loss.gradient(raw.detach(), target)
    torch.testing.assert_close(found, raw.grad, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("loss", "n_outputs"),
    [
        (SquaredError(), 2),
        (AbsoluteError(), 1),
        (Pinball(0.3), 1),
        (Poisson(), 2),
        (LogLoss(), 1),
        (LogLoss(), 4),
        (MultilabelLogLoss(), 3),
    ],
)
def test_links_are_inverse_and_finite(loss, n_outputs):
    """What a network is sure of is not lost: its loss stays a number, and a small one."""
    raw = torch.as_tensor(np.random.default_rng(1).normal(size=(2, 30, n_outputs)))
    again = loss.inverse_link(loss.link(loss.inverse_link(raw)))
    torch.testing.assert_close(again, loss.inverse_link(raw))
    sure = loss.inverse_link(1e4 * raw.float()).clamp(max=1e30)
    assert loss.link(sure).isfinite().all()
    if isinstance(loss, LogLoss):
        predicted = sure.argmax(-1)
        assert (loss(loss.link(sure), predicted) < 1e-3).all()


def test_quantiles_never_cross_and_their_losses_are_summed():
    levels = (0.1, 0.5, 0.8)
    loss = Quantiles(levels)
    raw, y = (torch.as_tensor(RNG.normal(size=(2, 30, n))) for n in (3, 1))
    predictions = loss.inverse_link(raw)
    assert (predictions.diff(dim=-1) >= 0).all()
    one_by_one = [Pinball(q)(predictions[..., [j]], y) for j, q in enumerate(levels)]
    torch.testing.assert_close(loss(raw, y), sum(one_by_one))
    # crossing ones are worse, in the sum
    crossing = sum(Pinball(q)(raw[..., [j]], y) for j, q in enumerate(levels))
    assert (loss(raw, y) <= crossing + 1e-12).all()
    raw.requires_grad_()
    loss(raw, y).sum().backward()
    torch.testing.assert_close(loss.gradient(raw.detach(), y), raw.grad, rtol=0, atol=1e-12)

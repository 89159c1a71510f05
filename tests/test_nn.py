import copy
import pickle

import numpy as np
import pytest
import torch
from torch import nn

from skdropout.functional import relevance, relevance_mask
from skdropout.nn import RelevanceDropout


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def table_net(n_out=1):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Dropout(), nn.Linear(16, n_out))


def image_net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 3))


class PointNet(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.point, self.head = nn.Linear(3, 16), nn.Linear(16, 4)

    def forward(self, x):
        return self.head(self.point(x).relu().amax(1))


X = torch.randn(64, 5, generator=seeded(1))


def relevance_of_size(model, x, **options):
    """Of the absolute value: that of the value, its sign turned where the value is negative."""
    sign = torch.where(model.eval()(x) < 0, -1.0, 1.0).detach()
    model.train()
    return sign * relevance(model, x, **options)


def test_draws_the_relevance_mask():
    model = table_net()
    got = RelevanceDropout(model, alpha=0.3, beta=0.6, generator=seeded())(X)
    mask = relevance_mask(relevance_of_size(model, X), alpha=0.3, beta=0.6, generator=seeded())
    assert torch.equal(got, X.masked_fill(mask, 0.0))
    assert 0 < mask.double().mean() < 1


def test_true_classes_are_explained():
    model, y = table_net(3), torch.arange(64) % 3
    got = RelevanceDropout(model, alpha=0.0, beta=0.5)(X, y)
    mask = relevance_mask(relevance(model, X, target=y), alpha=0.0, beta=0.5)
    assert torch.equal(got, X.masked_fill(mask, 0.0))


def test_without_chance_the_most_relevant_input_goes():
    model = table_net()
    got = RelevanceDropout(model, alpha=0.0, beta=1e-5)(X)
    dropped = relevance_of_size(model, X).argmax(1)
    assert (got.gather(1, dropped[:, None]) == 0).all()
    assert ((got == 0).sum(1) == 1).all()


def test_identity_in_evaluation_mode_and_during_the_warmup():
    drop = RelevanceDropout(table_net(), warmup=2)
    drop.eval()
    assert drop(X) is X
    drop.train()
    assert drop(X) is X
    assert drop(X) is X
    assert not torch.equal(drop(X), X)


def test_groups_go_as_a_whole():
    groups = torch.tensor([0, 1, 1, 2, 0])
    drop = RelevanceDropout(table_net(), groups=groups, generator=seeded())
    dropped = drop(X) == 0
    for g in range(3):
        members = dropped[:, groups == g]
        assert torch.equal(members.any(1), members.all(1))
    assert 0 < dropped.double().mean() < 1


@pytest.mark.parametrize("probability", [0.5, 1.0])
def test_fill_per_column(probability):
    fill = torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0])
    got = RelevanceDropout(table_net(), fill=fill, probability=probability)(X)
    assert torch.equal(torch.where(got == X, X, fill), got)
    assert not torch.equal(got, X)


def test_probability_is_the_share_of_samples_treated():
    n = 4000
    x = torch.randn(n, 5, generator=seeded(2))
    model = table_net()
    drop = RelevanceDropout(model, alpha=0.0, beta=0.5, probability=0.3, generator=seeded())
    got = drop(x)
    treated = (got != x).any(1)
    assert abs(treated.double().mean() - 0.3) < 5 * (0.21 / n) ** 0.5  # five standard errors
    always = RelevanceDropout(model, alpha=0.0, beta=0.5)(x)
    assert torch.equal(got[treated], always[treated])


def test_probability_0_is_the_identity():
    assert RelevanceDropout(table_net(), probability=0.0)(X) is X


@pytest.mark.parametrize("occlusion", ["element", "block"])
def test_pixels_go_with_all_their_channels(occlusion):
    x = torch.randn(32, 2, 8, 8, generator=seeded(1))
    drop = RelevanceDropout(image_net(), occlusion=occlusion, generator=seeded())
    dropped = drop(x, torch.arange(32) % 3) == 0
    assert torch.equal(dropped[:, 0], dropped[:, 1])
    assert 0 < dropped.double().mean() < 1
    if occlusion == "block":
        rows, columns = dropped[:, 0].any(2), dropped[:, 0].any(1)
        assert torch.equal(dropped[:, 0], rows[:, :, None] & columns[:, None, :])


@pytest.mark.parametrize("rule", ["gradient_x_input", "integrated_gradients"])
def test_points_go_with_all_their_coordinates_for_any_module(rule):
    x = torch.randn(16, 20, 3, generator=seeded(1))
    dropped = RelevanceDropout(PointNet(), rule=rule)(x, torch.arange(16) % 4) == 0
    assert torch.equal(dropped.any(2), dropped.all(2))
    assert 0 < dropped.double().mean() < 1


@pytest.mark.parametrize("rule", ["epsilon", "gradient_x_input"])
def test_model_and_random_state_are_as_before(rule):
    model = table_net(2)
    model[2].eval()
    hooks = []
    model[0].register_forward_hook(lambda *_: hooks.append(1))
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    state = torch.get_rng_state()
    drop = RelevanceDropout(model, rule=rule)
    drop(X, torch.arange(64) % 2)
    with pytest.raises(ValueError, match="y holds 7"):
        drop(X, torch.full((64,), 7))
    assert torch.equal(torch.get_rng_state(), state)
    assert [m.training for m in model] == [True, True, False, True]
    assert all((p.grad == 1).all() for p in model.parameters())
    assert len(model[0]._forward_hooks) == 1
    assert not model[0]._backward_hooks


def test_the_model_is_not_a_submodule_and_may_contain_the_dropout():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = table_net()
            self.drop = RelevanceDropout(self.body)

        def forward(self, x):
            return self.body(self.drop(x))

    net = Net()
    assert len(list(net.parameters())) == 4
    assert list(net.state_dict()) == [f"body.{name}" for name in net.body.state_dict()]
    net.eval()
    assert torch.equal(net(X), net.body(X))
    twin = copy.deepcopy(net)
    assert twin.drop._model[0] is twin.body


def test_pickle_round_trip():
    drop = RelevanceDropout(table_net(), groups=torch.arange(5), alpha=0.0)
    assert torch.equal(pickle.loads(pickle.dumps(drop))(X), drop(X))


def test_inputs_may_come_from_a_trained_embedding():
    embedded = X.clone().requires_grad_()
    got = RelevanceDropout(table_net(), probability=0.5, generator=seeded())(embedded)
    got.sum().backward()
    assert torch.equal(embedded.grad == 0, got == 0)


def test_training_spreads_the_relevance():
    """Two columns carry the same signal; weights start on the first one only."""
    x = torch.randn(512, 1, generator=seeded(1)).expand(512, 2).contiguous()

    def share_of_the_first(dropout):
        model = nn.Sequential(nn.Linear(2, 1, bias=False))
        model[0].weight.data = torch.tensor([[1.0, 0.0]])
        drop = RelevanceDropout(model, alpha=0.5, beta=0.5, generator=seeded())
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        for _ in range(100):
            optimizer.zero_grad()
            (model(drop(x) if dropout else x) - x[:, :1]).square().mean().backward()
            optimizer.step()
        weight = model[0].weight.detach().abs().flatten()
        return (weight[0] / weight.sum()).item()

    assert share_of_the_first(dropout=False) > 0.99
    assert share_of_the_first(dropout=True) < 0.7


def test_in_a_skorch_net():
    skorch = pytest.importorskip("skorch")
    seen = []

    class RelevanceNet(skorch.NeuralNetClassifier):
        def train_step_single(self, batch, **fit_params):
            x, y = batch
            drop = RelevanceDropout(self.module_)
            seen.append((drop(x, y) == 0).double().mean().item())
            return super().train_step_single((drop(x, y), y), **fit_params)

    x = X.numpy()
    y = (x[:, 0] > 0).astype(np.int64)
    net = RelevanceNet(
        table_net(2),
        criterion=nn.CrossEntropyLoss,
        lr=0.1,
        max_epochs=3,
        train_split=None,
        verbose=0,
    )
    net.fit(x, y)
    assert len(seen) == 3
    assert min(seen) > 0.2


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"alpha": 1.5}, r"alpha=1\.5 must be a number in \[0, 1\]"),
        ({"beta": -1}, r"beta=-1 must be a number in \[0, 1\]"),
        ({"probability": 2}, r"probability=2 must be a number in \[0, 1\]"),
        ({"occlusion": "patch"}, "occlusion='patch' is unknown"),
        ({"occlusion": "block", "groups": torch.arange(5)}, "groups has no meaning"),
    ],
)
def test_bad_parameters(parameters, message):
    with pytest.raises(ValueError, match=message):
        RelevanceDropout(table_net(), **parameters)


def test_bad_batches():
    with pytest.raises(ValueError, match="PointNet is none of them; use rule='gradient_x_input'"):
        RelevanceDropout(PointNet())(torch.randn(2, 4, 3))
    with pytest.raises(ValueError, match=r"groups of shape \(4,\) does not fit"):
        RelevanceDropout(table_net(), groups=torch.arange(4))(X)
    with pytest.raises(ValueError, match="is not a batch of images"):
        RelevanceDropout(table_net(), occlusion="block")(X)
    with pytest.raises(ValueError, match="labels 0 and 1, or none for a regression"):
        RelevanceDropout(table_net())(X, X[:, 0])


def test_a_batch_that_fails_is_not_counted():
    """So that one more try is dropped as the batch would have been."""
    drop = RelevanceDropout(lambda x: x, rule="gradient_x_input", warmup=1)
    drop(X)
    with pytest.raises(ValueError, match="no batch"):
        drop(X[0])
    assert drop.n_batches == 1

"""Of a regression the size of the output is explained, from the row's own output on."""

import numpy as np
import pytest
import torch
from torch import nn

from skdropout import RelDropRegressor
from skdropout.functional import relevance, relevance_mask
from skdropout.nn import RelevanceDropout
from tests.functional.networks import make_network, make_points

pytestmark = pytest.mark.usefixtures("untouched_random_state")


@pytest.mark.parametrize("rule", ["epsilon", "gradient_x_input", "integrated_gradients"])
def test_dropout_in_ones_own_loop_starts_from_the_size(rule):
    """Signed values would drop a column more often where it raises the output."""
    net, x = make_network([4, 16, 1], nn.Tanh), make_points(200, 4)
    size = net(x).detach().sign() * relevance(net, x, rule=rule)
    seeds = [torch.Generator().manual_seed(0) for _ in range(2)]
    found = RelevanceDropout(net, alpha=0.3, beta=0.5, rule=rule, generator=seeds[0])(x)
    mask = relevance_mask(size, alpha=0.3, beta=0.5, generator=seeds[1])
    assert torch.equal(found, x.masked_fill(mask, 0.0))


@pytest.mark.parametrize("rule", ["epsilon", "gradient_x_input"])
def test_labels_of_a_single_logit_turn_the_sign(rule):
    """As the size does where the predicted class is the true one."""
    net, x = make_network([4, 16, 1], nn.Tanh), make_points(200, 4)
    predicted = (net(x)[:, 0] > 0).long()
    found = RelevanceDropout(net, alpha=0.0, beta=0.5, rule=rule)(x, predicted)
    size = net(x).detach().sign() * relevance(net, x, rule=rule)
    assert torch.equal(found, x.masked_fill(relevance_mask(size, alpha=0.0, beta=0.5), 0.0))


class Additive(nn.Module):
    """A sum of functions of one column each, which keeps the rows it has seen.

    Integrated gradients of each column are then the differences of its own function, whatever the
    way there.
    """

    seen = []  # noqa: RUF012

    def __init__(self):
        super().__init__()
        self.unit = nn.Parameter(torch.ones(()))

    def forward(self, x):
        z = x[..., 0]
        self.seen.append((self.training and torch.is_grad_enabled(), z.detach().double()))
        return self.unit * (self.terms(z).sum(1, keepdim=True) + 0.8)

    @staticmethod
    def terms(z):
        return torch.stack([1.5 * z[:, 0], z[:, 1] ** 3, 2 * torch.tanh(2 * z[:, 2])], 1)


def test_integrated_gradients_are_complete_where_the_output_changes_sign():
    """Without chance the column goes whose function adds most to the size of the row's output."""
    X = np.random.default_rng(0).normal(size=(200, 3))
    Additive.seen.clear()
    model = RelDropRegressor(
        module=Additive,
        feature_shape=(3, 1),
        rule="integrated_gradients",
        alpha=0.0,
        beta=1e-6,
        learning_rate_init=1e-9,
        weight_decay=0.0,
        n_members=1,
        max_iter=1,
        early_stopping=False,
        device="cpu",
        random_state=0,
    )
    model.fit(X, X[:, 0])
    occluded = torch.cat([rows for in_training, rows in Additive.seen if in_training])
    Additive.seen.clear()
    model.predict(X)
    whole = torch.cat([rows for _, rows in Additive.seen])

    differs = (occluded[:, None] - whole).abs() > 1e-5
    row = differs.sum(2).argmin(1)
    dropped = differs[torch.arange(len(row)), row]
    assert (dropped.sum(1) == 1).all()

    whole = whole[row]
    # dropped columns have gone to the typical row
    typical = torch.stack([occluded[dropped[:, j], j].unique().squeeze() for j in range(3)])
    terms = Additive.terms
    output = terms(whole).sum(1, keepdim=True) + 0.8
    gain = output.sign() * (terms(whole) - terms(typical[None]))
    assert torch.equal(dropped.int().argmax(1), gain.argmax(1))

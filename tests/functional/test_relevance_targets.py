"""What is explained, given as one index for all samples."""

import pytest
import torch

from skdropout.functional import gradient_x_input, integrated_gradients, relevance
from tests.functional.networks import make_network, make_points

pytestmark = pytest.mark.usefixtures("untouched_random_state")

EXPLAIN = [
    pytest.param(relevance, id="layer by layer"),
    pytest.param(
        lambda f, x, target: relevance(f, x, target=target, rule="gradient_x_input"), id="rule"
    ),
    gradient_x_input,
    integrated_gradients,
]


@pytest.mark.parametrize("explain", EXPLAIN)
@pytest.mark.parametrize("target", [0, 2])
def test_int_is_the_index_of_the_output_for_all(explain, target):
    f, x = make_network([4, 8, 3]), make_points(5, 4)
    torch.testing.assert_close(
        explain(f, x, target=target), explain(f, x, target=torch.full((5,), target))
    )


@pytest.mark.parametrize("explain", EXPLAIN)
def test_index_0_of_a_single_output_is_its_value(explain):
    """As ``smooth_hessian`` has it: an index, where a tensor of labels would turn signs."""
    f, x = make_network([4, 8, 1]), make_points(5, 4)
    torch.testing.assert_close(explain(f, x, target=0), explain(f, x, target=None))


@pytest.mark.parametrize("explain", EXPLAIN)
@pytest.mark.parametrize("target", [3, -1])
def test_index_that_does_not_exist(explain, target):
    f, x = make_network([4, 8, 3]), make_points(5, 4)
    with pytest.raises(ValueError, match="target"):
        explain(f, x, target=target)


def test_one_sample_has_one_index():
    """The gradient at a point is that of the chosen output, input by input."""
    f, x = make_network([2, 2]).float(), torch.ones(1, 2)
    f[0].weight.data, f[0].bias.data = torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.zeros(2)
    assert gradient_x_input(f, x, target=1).tolist() == [[3.0, 4.0]]

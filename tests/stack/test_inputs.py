"""Numbers that are encoded once a fit are those that are encoded batch by batch."""

import numpy as np
import pytest
import torch

from skdropout._stack import inputs as room
from skdropout._stack.build import Member
from skdropout._stack.inputs import encode_rows
from tests.conftest import make_table, train_stack

CPU = torch.device("cpu")


def trained(mixed_table, sizes, kind="piecewise_linear"):
    encoder, table = make_table(*mixed_table)
    rng = np.random.default_rng(0)
    rows = [rng.permutation(300)[:size] for size in sizes]
    members = [Member(k, rows[i], rows[i][:0], (0.0, 0.0)) for k, i in enumerate((0, 1, 0))]
    net = train_stack(encoder, table, members, epochs=1, numeric_encoding=kind)
    return net.module_.encoding, table


@pytest.mark.parametrize("kind", ["standard", "quantile", "piecewise_linear"])
def test_encoded_once(mixed_table, kind):
    """Bit for bit, and members with the same training rows share a table."""
    encoding, table = trained(mixed_table, (200, 150), kind)
    inputs = encode_rows(encoding, table, CPU)
    assert inputs.first_row.flatten().tolist() == [0, 300, 0]
    rows = torch.tensor([[5, 7], [299, 0], [5, 8]])
    found = inputs.values[inputs.places(rows)]
    width = encoding.n_constant
    for k in range(3):
        expected = encoding(table.numeric[None, rows[k]], table.codes[None, rows[k]])[k]
        assert torch.equal(found[k, :, :width], expected[:, :width])
    assert found.shape[-1] == encoding.width  # with room for vectors
    part = inputs.select(torch.tensor([1]))
    assert torch.equal(inputs.values[part.places(rows[1:2])], found[1:2])


def test_numbers_that_are_learnt_are_not(mixed_table):
    encoding, table = trained(mixed_table, (200, 150), "periodic")
    assert encoding.n_constant == 0
    assert encode_rows(encoding, table, CPU) is None


def test_too_large_a_table_goes_batch_by_batch(mixed_table, monkeypatch):
    """With the same results, to the bit."""
    encoding, table = trained(mixed_table, (200, 150))
    at_once = [p.detach().clone() for p in encoding.parameters()]
    monkeypatch.setattr(room, "memory_budget", lambda _: 2000)
    again, _ = trained(mixed_table, (200, 150))
    assert encode_rows(again, table, CPU) is None
    assert all(map(torch.equal, again.parameters(), at_once))

"""Batches of a table on disk: every epoch gives each member each of its rows once."""

import numpy as np
import pytest
import torch

from skdropout._stack import predict_rows
from skdropout._stack.batches import Batches
from skdropout._stack.blocks import BlockBatches, batches_of
from skdropout._stack.build import Member
from skdropout._table import Rows, StoredTable
from tests.conftest import make_table, train_stack

ROOM = "skdropout._table.stored"
CPU = torch.device("cpu")
N = 100


class Encoding:
    """Gives numbers as they are."""

    n_constant = 0

    def numbers(self, numeric):
        return numeric

    def places(self, codes):
        return []


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(f"{ROOM}._ROWS", 8)
    monkeypatch.setattr(f"{ROOM}._CELLS_TOGETHER", 8 * 2 * 3)


def rows_of(index, weight=None, n_columns=2):
    numeric = np.repeat(np.arange(N, dtype=np.float32)[:, None], n_columns, 1)
    parts = [(numeric, np.empty((N, 0)))]
    target = torch.arange(N).float().unsqueeze(1)
    table = StoredTable(parts, target, weight, torch.empty(0, dtype=torch.long), torch.float32)
    return Rows(table, [torch.as_tensor(part) for part in index])


def one_epoch(made):
    """Return the rows that each member was given, with their weights, and how many steps."""
    seen = [[] for _ in made.rows.index]
    n_steps = 0
    for x, y, share in made:
        n_steps += 1
        weight = y.get("weight", torch.ones(len(seen), y["target"].shape[1]))
        assert torch.equal(x["numbers"][..., :1], y["target"])
        for k, of_member in enumerate(seen):
            real = weight[k] > 0
            of_member += y["target"][k, real, 0].int().tolist()
            assert share[k] == 1 / max(1, real.sum())
    return seen, n_steps


@pytest.mark.parametrize("shuffled", [True, False])
def test_each_row_once(shuffled):
    rng = np.random.default_rng(0)
    index = [rng.permutation(N)[:70], np.arange(90), np.arange(40, 55)]
    generators = [torch.Generator().manual_seed(k) for k in range(3)] if shuffled else None
    made = batches_of(rows_of(index), [5] * 3, CPU, Encoding(), generators)
    assert isinstance(made, BlockBatches)
    epochs = [one_epoch(made) for _ in range(2)]
    for seen, n_steps in epochs:
        assert n_steps <= len(made)
        assert made.steps == [len(made)] * 3
        for own, rows in zip(seen, index, strict=True):
            assert sorted(own) == sorted(rows.tolist())
        if not shuffled:
            assert seen[1] == index[1].tolist()
    assert (epochs[0][0] != epochs[1][0]) is shuffled
    assert made.n_rows.tolist() == [70, 90, 15]


def test_rows_side_by_side_are_not_learnt_side_by_side():
    """Blocks of a group are drawn: its rows are no run of the file."""
    generator = torch.Generator().manual_seed(0)
    made = batches_of(rows_of([np.arange(N)]), [4], CPU, Encoding(), [generator])
    firsts = [int(next(iter(part.table.target))) // 8 for part in made.pieces()]
    assert firsts != sorted(firsts)
    spans = [np.ptp(part.table.target.numpy()) for part in made.pieces()]
    assert np.median(spans) > 24


def test_weights_are_in_units_of_the_whole_table():
    weight = torch.rand(N, generator=torch.Generator().manual_seed(0)) + 0.1
    index = np.arange(10, 90)
    made = batches_of(rows_of([index], weight), [7], CPU, Encoding(), None)
    found = torch.cat([y["weight"][0] for _, y, _ in made])
    expected = weight[10:90] / weight[10:90].mean()
    torch.testing.assert_close(found[found > 0], expected)


def test_read_at_once_it_is_a_table_in_memory(monkeypatch):
    monkeypatch.setattr(f"{ROOM}._CELLS_TOGETHER", 10**6)
    rows = rows_of([np.arange(5, 80)])
    whole = Rows(rows.table.read(np.arange(13)), rows.index)
    both = [
        batches_of(part, [8], CPU, Encoding(), [torch.Generator().manual_seed(0)])
        for part in (rows, whole)
    ]
    assert isinstance(both[1], Batches)
    assert both[0].steps == both[1].steps
    for one, other in zip(*both, strict=True):
        assert torch.equal(one[0]["numbers"], other[0]["numbers"])


def test_batch_sizes_that_differ_are_refused():
    generators = [torch.Generator(), torch.Generator()]
    with pytest.raises(ValueError, match="batch_size differs between networks"):
        batches_of(rows_of([[0], [1]]), [5, 6], CPU, Encoding(), generators)


def test_predictions_by_blocks(mixed_table):
    encoder, table = make_table(*mixed_table)
    train = np.arange(200)
    members = [Member(k, train, train[:0], (0.1, 0.1)) for k in range(2)]
    net = train_stack(encoder, table, members, epochs=1)
    cells = [(table.numeric.numpy(), table.codes.numpy())]
    on_disk = StoredTable(cells, table.target, table.weight, table.unknown, table.dtype)
    index = [torch.arange(50, 300), torch.arange(0, 300, 7)]
    expected = predict_rows(net, Rows(table, index))
    for one, other in zip(predict_rows(net, Rows(on_disk, index)), expected, strict=True):
        torch.testing.assert_close(one, other)

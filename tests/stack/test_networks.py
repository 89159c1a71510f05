"""A member of a stack is what it would be alone."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from skdropout._stack.build import Member
from skdropout._stack.columns import RandomColumns, RelevantColumns
from skdropout._stack.layers import ScaledLinear, StackLinear
from skdropout._stack.losses import SquaredError
from tests.conftest import make_table, train_stack


def members_of(rng, n_rows, sizes, rate=0.0, n_valid=0):
    members = []
    for seed, size in enumerate(sizes):
        rows = rng.permutation(n_rows)
        rates = (rate, rate / 2)
        members.append(Member(seed + 1, rows[:size], rows[size : size + n_valid], rates, rate / 2))
    return members


def told_columns(n_members):
    """Drop by chance, of networks that are told which numbers are missing."""
    columns = RandomColumns(n_members)
    columns.marks = True
    return columns


def relevant_columns(n_members):
    return RelevantColumns(n_members, SquaredError().share, rule="epsilon")


def outputs(net, table):
    net.module_.eval()
    with torch.no_grad():
        raw = net.module_(table.numeric[None], table.codes[None])
    return net.module_.natural(raw, net.criterion_)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    "sizes",
    [(200, 200, 200), (200, 199, 150), (193, 192, 161, 160, 33)],
    ids=["equal", "unequal", "unequal-steps"],
)
def test_member_equals_the_same_member_alone(mixed_table, sizes, weighted):
    """At dropout 0, to 1e-8 in float64 after three epochs, whatever the others are."""
    rng = np.random.default_rng(0)
    weight = rng.uniform(0.5, 2, 300) if weighted else None
    encoder, table = make_table(*mixed_table, weight=weight)
    members = members_of(rng, 300, sizes)
    together = outputs(train_stack(encoder, table, members, max_grad_norm=1.0), table)
    for k, member in enumerate(members):
        alone = outputs(train_stack(encoder, table, [member], max_grad_norm=1.0), table)
        torch.testing.assert_close(together[k], alone[0], rtol=0, atol=1e-8)


def test_member_with_a_pace_of_its_own_equals_the_same_member_alone(mixed_table):
    """Learning rates, decay and schedules are each member's; so are rows that stop it."""
    rng = np.random.default_rng(3)
    encoder, table = make_table(*mixed_table)
    members = members_of(rng, 300, (200, 200, 160, 160), n_valid=40)
    paces = [(1e-2, 1e-2, "cosine"), (3e-2, 0.0, "cosine"), (3e-2, 0.0, "constant"), (1e-3, 0.1)]
    together = outputs(train_stack(encoder, table, members, patience=2, paces=paces), table)
    for k, (member, pace) in enumerate(zip(members, paces, strict=True)):
        alone = train_stack(encoder, table, [member], patience=2, paces=[pace])
        torch.testing.assert_close(together[k], outputs(alone, table)[0], rtol=0, atol=1e-8)
    assert not torch.allclose(together[1], together[2])


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_linear_member_among_others(mixed_table, activation):
    """It is what it would be alone, and a straight line between any two encoded rows."""
    rng = np.random.default_rng(4)
    encoder, table = make_table(*mixed_table)
    members = members_of(rng, 300, (200, 160, 120, 60), n_valid=40, rate=0.0)
    members[1:3] = [replace(member, linear=True) for member in members[1:3]]
    options = {"epochs": 30, "patience": 3, "paces": [(3e-2, 1e-2, "constant")] * 4}
    options["activation"] = activation
    net = train_stack(encoder, table, members, **options)
    assert len(net.members_) < len(members), "the stack was never cut down"
    together = outputs(net, table)
    for k, member in enumerate(members):
        alone = outputs(train_stack(encoder, table, [member], **options), table)
        torch.testing.assert_close(together[k], alone[0], rtol=0, atol=1e-8)
    with torch.no_grad():
        rows = net.module_.encoding(table.numeric[None], table.codes[None])
        respond = net.module_.respond
        middle = respond((rows + rows.flip(1)) / 2)
        bent = (middle - (respond(rows) + respond(rows.flip(1))) / 2).abs().amax((1, 2))
    is_straight = bent < 1e-12
    assert is_straight.tolist() == [False, True, True, False]


def test_member_that_stops_early_equals_the_same_member_alone(mixed_table):
    """Early stopping, the best epoch and the cutting down of the stack are each member's own."""
    rng = np.random.default_rng(1)
    encoder, table = make_table(*mixed_table)
    members = members_of(rng, 300, (200, 160, 120, 60, 40), n_valid=40)
    options = {"epochs": 60, "patience": 3, "paces": [(3e-2, 1e-2, "constant")] * 5}
    together = train_stack(encoder, table, members, **options)
    epochs = dict(together.callbacks_)["best_epoch"].best_epoch_
    assert len(set(epochs.tolist())) > 1
    assert together.module_.n_members == len(members)
    assert len(together.members_) < len(members), "the stack was never cut down"
    for k, member in enumerate(members):
        alone = train_stack(encoder, table, [member], **options)
        assert dict(alone.callbacks_)["best_epoch"].best_epoch_[0] == epochs[k]
        torch.testing.assert_close(
            outputs(together, table)[k], outputs(alone, table)[0], rtol=0, atol=1e-8
        )


def test_best_epoch_is_the_one_kept(mixed_table):
    encoder, table = make_table(*mixed_table)
    members = members_of(np.random.default_rng(2), 300, (100, 100), n_valid=50)
    net = train_stack(
        encoder, table, members, epochs=40, patience=5, paces=[(3e-2, 1e-2, "cosine")] * 2
    )
    best = dict(net.callbacks_)["best_epoch"]
    module = net.module_
    for k, member in enumerate(members):
        prediction = outputs(net, table)[k, member.valid]
        error = (prediction - table.target[member.valid]) / module.target_scale[k]
        torch.testing.assert_close(
            error.square().mean(), best.best_loss_[k].double(), atol=1e-6, rtol=1e-5
        )


def test_dropout_in_a_stack_has_the_law_of_dropout_alone(mixed_table):
    """With dropout a member's outputs are equal to those alone in distribution.

    Twenty members that differ in their masks alone: the mean loss over them together and over
    twenty runs alone are two means of twenty draws of one law; they differ by more than four
    standard errors with probability below 1e-4.
    """
    encoder, table = make_table(*mixed_table)
    member = members_of(np.random.default_rng(3), 300, (200,), rate=0.3)[0]
    n = 20
    together = train_stack(encoder, table, [member] * n, epochs=2).losses_["train"]
    alone = [train_stack(encoder, table, [member], epochs=2, mask_seed=k) for k in range(n)]
    alone = torch.cat([net.losses_["train"] for net in alone])
    error = (together.var() / n + alone.var() / n).sqrt()
    assert together.std() > 0
    assert abs(together.mean() - alone.mean()) < 4 * error


def test_rates_are_each_members_own(mixed_table):
    """A member with rate zero in a stack with others that drop is still exactly as if alone."""
    encoder, table = make_table(*mixed_table)
    rng = np.random.default_rng(4)
    still = members_of(rng, 300, (200,))[0]
    wild = members_of(rng, 300, (200,), rate=0.5)[0]
    together = outputs(train_stack(encoder, table, [wild, still, wild]), table)
    alone = outputs(train_stack(encoder, table, [still]), table)
    torch.testing.assert_close(together[1], alone[0], rtol=0, atol=1e-8)


def test_statistics_are_each_members_own(mixed_table):
    """Centres, scales, known levels and target units come from a member's training rows alone."""
    X, y = mixed_table
    encoder, table = make_table(X, y)
    rome = np.flatnonzero(X["city"] == "Rome")
    rest = np.flatnonzero(X["city"] != "Rome")
    none = np.array([], dtype=int)
    members = [Member(k, rows, none, (0.0, 0.0), 0.0) for k, rows in enumerate((rome, rest))]
    module = train_stack(encoder, table, members, epochs=1).module_
    centers = module.encoding.numeric.center[:, 0]
    for k, rows in enumerate((rome, rest)):
        expected = torch.nanquantile(table.numeric[rows], 0.5, dim=0)
        torch.testing.assert_close(centers[k], expected)
        torch.testing.assert_close(module.target_location[k, 0], table.target[rows].mean(0))
    code = encoder.levels_[0].index("Rome")
    unknown = len(encoder.levels_[0]) + 1
    embedding = module.encoding.embeddings[0]
    assert embedding.row_of[0, code] == code
    assert embedding.row_of[1, code] == unknown


def test_relevant_columns_are_each_members_own(mixed_table):
    """Without chance (alpha 0) members of different strength are exactly as if alone."""
    encoder, table = make_table(*mixed_table)
    members = [
        replace(member, alpha=alpha, beta=beta)
        for member, alpha, beta in zip(
            members_of(np.random.default_rng(5), 300, (200, 150, 120)),
            (0.5, 0.0, 0.0),
            (0.0, 0.4, 0.9),
            strict=True,
        )
    ]
    together = outputs(train_stack(encoder, table, members, columns=relevant_columns), table)
    for k, member in enumerate(members):
        alone = outputs(train_stack(encoder, table, [member], columns=relevant_columns), table)
        torch.testing.assert_close(together[k], alone[0], rtol=0, atol=1e-8)
    plain = outputs(train_stack(encoder, table, members[:2], columns=told_columns), table)
    torch.testing.assert_close(together[0], plain[0], rtol=0, atol=1e-7)
    assert (together[1] - plain[1]).abs().max() > 0.1


def test_dropout_of_relevant_columns_in_a_stack_has_the_law_of_it_alone(mixed_table):
    """As above for dropout: two kinds of members, each kind against itself alone."""
    encoder, table = make_table(*mixed_table)
    start = members_of(np.random.default_rng(6), 300, (200,))[0]
    kinds = [replace(start, alpha=0.5, beta=0.5), replace(start, alpha=1.0, beta=0.2)]
    n = 15
    together = train_stack(encoder, table, kinds * n, epochs=2, columns=relevant_columns)
    for k, kind in enumerate(kinds):
        loss = together.losses_["train"][k::2]
        alone = [
            train_stack(
                encoder, table, [kind], epochs=2, mask_seed=seed, columns=relevant_columns
            ).losses_["train"]
            for seed in range(n)
        ]
        alone = torch.cat(alone)
        error = (loss.var() / n + alone.var() / n).sqrt()
        assert loss.std() > 0
        assert abs(loss.mean() - alone.mean()) < 4 * error


def test_first_layer_learns_how_much_each_input_counts(mixed_table):
    """Literally: the factor is ``1 + 20 gain``, one at the start, and is folded into a member."""
    encoder, table = make_table(*mixed_table)
    members = members_of(np.random.default_rng(5), 300, (200, 200))
    net = train_stack(encoder, table, members, input_scaling=20.0)
    module, first = net.module_, net.module_.hidden[0]
    factor = 1 + 20 * first.gain
    assert (factor != 1).any(dim=1).all()
    x = module.encoding(table.numeric[None], table.codes[None])
    product = (x * factor.transpose(1, 2)) @ first.unscaled + first.bias
    torch.testing.assert_close(first(x), product)
    torch.testing.assert_close(module.member(1)[0](x[1]), product[1])
    like = ScaledLinear(3, 2, [torch.Generator().manual_seed(k) for k in (0, 1)], 20.0)
    torch.testing.assert_close(like.weight, like.unscaled)
    torch.testing.assert_close(
        like.weight, StackLinear(3, 2, [torch.Generator().manual_seed(k) for k in (0, 1)]).weight
    )

"""Numbers by rank, in quantile bins, as waves: by closed forms and by what holds for any column."""

import copy
import pickle
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
import torch

from skdropout import DropoutMLPClassifierCV, DropoutMLPRegressor
from skdropout._stack.build import Member
from skdropout._stack.layers import select_members
from skdropout._stack.numbers import NUMERIC_ENCODINGS
from skdropout.inspection import interaction_strengths
from tests.conftest import make_table, train_stack
from tests.stack.test_encoding import encode_with
from tests.stack.test_networks import members_of, outputs

KINDS = pytest.mark.parametrize("kind", list(NUMERIC_ENCODINGS))
NEW = [kind for kind in NUMERIC_ENCODINGS if kind != "standard"]
RANKED = pytest.mark.parametrize("kind", ["quantile", "piecewise_linear"])
COLUMNS = {
    "normal": np.random.default_rng(0).normal(size=500),
    "heavy": np.random.default_rng(1).standard_cauchy(size=500),
    "few values": np.random.default_rng(2).integers(0, 4, size=500).astype(float),
    "two values": np.random.default_rng(3).integers(0, 2, size=500).astype(float),
    "mostly zero": np.where(np.random.default_rng(4).random(500) < 0.05, 7.0, 0.0),
    "constant": np.full(500, 3.25),
    "one cell": np.where(np.arange(500) == 7, 1.5, np.nan),
    "nothing": np.full(500, np.nan),
    "infinite": np.where(np.arange(500) == 7, np.inf, np.arange(500.0)),
}
SHAPES = pytest.mark.parametrize("column", list(COLUMNS.values()), ids=list(COLUMNS))


def encoded(encoding, values):
    x = torch.as_tensor(np.asarray(values, dtype=float)).view(1, -1, 1)
    return encoding.double()(x)[0].detach().numpy()


# --- ranks ----------------------------------------------------------------------------------


def test_quantile_encoding_is_the_normal_quantile_of_the_mid_rank():
    """Literally: of each training cell, the cells below it and half of those equal to it."""
    column = np.random.default_rng(0).integers(0, 40, size=200).astype(float) ** 3
    law = NormalDist()
    ranks = [np.mean(column < x) + np.mean(column == x) / 2 for x in column]
    expected = [law.inv_cdf(rank) for rank in ranks]
    found = encoded(encode_with("quantile", column[:, None]), column)[:, 0]
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_quantile_encoding_is_linear_between_values_and_constant_beyond():
    column = np.array([0.0, 1.0, 1.0, 5.0])
    encoding = encode_with("quantile", column[:, None])
    at = dict(zip([0, 1, 5], encoded(encoding, [0, 1, 5])[:, 0], strict=True))
    found = encoded(encoding, [0.25, 4, -9, 1e300])[:, 0]
    expected = [0.75 * at[0] + 0.25 * at[1], 0.25 * at[1] + 0.75 * at[5], at[0], at[5]]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_quantile_encoding_makes_any_continuous_column_normal():
    """Quartiles and 5 % tails of 20,000 rows, read off 256 knots: within half a knot's width."""
    column = np.random.default_rng(0).exponential(size=20_000) ** 2
    found = encoded(encode_with("quantile", column[:, None]), column)[:, 0]
    orders = [0.05, 0.25, 0.5, 0.75, 0.95]
    expected = [NormalDist().inv_cdf(order) for order in orders]
    np.testing.assert_allclose(np.quantile(found, orders), expected, atol=0.02)


@pytest.mark.parametrize("transform", [np.exp, np.cbrt, lambda x: 5 * x - 2])
def test_quantile_encoding_of_training_cells_knows_their_order_alone(transform):
    column = np.random.default_rng(0).normal(size=100)
    before = encoded(encode_with("quantile", column[:, None]), column)
    after = encoded(encode_with("quantile", transform(column)[:, None]), transform(column))
    np.testing.assert_allclose(after, before, rtol=1e-9, atol=1e-9)


# --- bins -----------------------------------------------------------------------------------


def test_initial_weights_do_not_depend_on_the_length_of_the_table(mixed_table):
    """A column's first bins have the weights that they have in a table with room for more."""
    weights = []
    for X, y in ((mixed_table[0], mixed_table[1]), (pd.concat([mixed_table[0]] * 9), None)):
        y = np.tile(mixed_table[1], 9) if y is None else y
        encoder, table = make_table(X.reset_index(drop=True), y)
        member = Member(0, np.arange(len(y)), np.arange(0), (0.0, 0.0))
        net = train_stack(encoder, table, [member], epochs=0, numeric_encoding="piecewise_linear")
        module = net.module_
        by_column = [
            module.hidden[0].weight.detach()[0, module.encoding.groups == column]
            for column in range(module.encoding.n_columns)
        ]
        weights.append(by_column)
    lengths = [[len(part) for part in by_column] for by_column in weights]
    assert sum(lengths[0]) < sum(lengths[1])
    for short, long in zip(*weights, strict=True):
        n_same = min(len(short), 4)  # what comes last may be the indicator of missing cells
        assert torch.equal(short[:n_same], long[:n_same])


@pytest.mark.parametrize(("n_rows", "n_bins"), [(100, 4), (1000, 12), (3000, 32)])
def test_piecewise_linear_encoding_equals_its_definition(n_rows, n_bins):
    """Equation 1 of the paper, but for the first and last bin, which end at their edges here."""
    column = np.random.default_rng(0).exponential(size=n_rows)
    values = np.concatenate([column[:50], [-3.0, 0.0, 99.0]])
    edges = np.quantile(column, np.linspace(0, 1, n_bins + 1))
    expected = np.zeros((len(values), n_bins))
    for row, x in enumerate(values):
        for t in range(n_bins):
            if x >= edges[t + 1]:
                expected[row, t] = 1.0
            elif x > edges[t]:
                expected[row, t] = (x - edges[t]) / (edges[t + 1] - edges[t])
    found = encoded(encode_with("piecewise_linear", column[:, None]), values)
    np.testing.assert_allclose(found[:, 1:], expected, rtol=1e-9, atol=1e-12)
    standard = encoded(encode_with("standard", column[:, None]), values)
    np.testing.assert_allclose(found[:, :1], standard, rtol=1e-12)


def test_piecewise_linear_bins_of_few_values_are_between_them():
    found = encoded(encode_with("piecewise_linear", np.array([[3.0], [1.0], [7.0]])), [1, 2, 3, 7])
    np.testing.assert_allclose(found[:, 1:], [[0, 0], [0.5, 0], [1, 0], [1, 1]])
    binary = np.array([[3.0], [1.0], [3.0]])
    assert encoded(encode_with("piecewise_linear", binary), [1, 3]).shape == (2, 1)


@RANKED
@SHAPES
def test_encodings_by_rank_never_fall(kind, column):
    values = np.linspace(-20, 600, 400)
    found = encoded(encode_with(kind, column[:, None]), values)
    assert (np.diff(found[:, : -1 if np.isnan(column).any() else None], axis=0) >= 0).all()


def test_a_value_that_fills_a_bin_is_an_edge_and_leaves_the_others_to_the_rest():
    """Nine cells in ten are zero: quantiles of all cells would leave three bins to the others."""
    column = np.concatenate([np.zeros(9000), 1 + np.arange(1000.0)])
    rest = np.quantile(column[9000:], np.linspace(0, 1, 32))
    x = np.array([rest[4], (rest[4] + rest[5]) / 2])
    found = encoded(encode_with("piecewise_linear", column[:, None]), x)
    np.testing.assert_allclose(found[:, 1:].sum(1), [5, 5.5])


def test_members_may_have_different_numbers_of_bins():
    """The layout is the whole table's; bins that a member lacks are zero."""
    few, many = np.array([[1.0], [2.0], [3.0]]), np.arange(4000.0)[:, None]
    both = encode_with("piecewise_linear", few, many)(torch.tensor([[[1.25]], [[1.25]]]))
    alone = [encoded(encode_with("piecewise_linear", part), [1.25])[0] for part in (few, many)]
    assert [len(part) for part in alone] == [1 + 2, 1 + 32]
    np.testing.assert_allclose(both[0, 0], [*alone[0], *[0] * 30])
    np.testing.assert_allclose(both[1, 0], alone[1])


# --- waves ----------------------------------------------------------------------------------


def test_periodic_encoding_equals_its_definition():
    rng = np.random.default_rng(0)
    tables = [rng.normal(size=(50, 3)) * k + k for k in (1, 5)]
    encoding = encode_with("periodic", *tables)
    x = torch.as_tensor(rng.normal(size=(1, 7, 3)))
    found = encoding(x)
    frequency, phase, mixing, offset = (
        p.detach() for p in (encoding.frequency, encoding.phase, encoding.mixing, encoding.offset)
    )
    for k in range(2):
        for c in range(3):
            for row in range(7):
                z = (x[0, row, c] - encoding.center[k, 0, c]) / encoding.scale[k, 0, c]
                waves = torch.cos(2 * np.pi * (frequency[k, c, 0] * z + phase[k, c, 0]))
                sums = waves @ mixing[k, c] + offset[k, c, 0]
                expected = torch.cat([z[None], sums])
                torch.testing.assert_close(found[k, row, 4 * c : 4 * c + 4].detach(), expected)


def test_periodic_encoding_learns_and_draws_from_the_members_generator(mixed_table):
    encoder, table = make_table(*mixed_table)
    members = members_of(np.random.default_rng(0), 300, (200, 200))
    before = encode_with("periodic", *[table.numeric.numpy()] * 2)
    after = train_stack(encoder, table, members, numeric_encoding="periodic").module_
    assert not torch.equal(before.frequency[0], before.frequency[1])
    moved = after.encoding.numeric.frequency - after.encoding.numeric.frequency.mean()
    assert moved.abs().max() > 0
    assert before.mixing.shape == (2, 2, 16, 3)


# --- what holds for all of them -------------------------------------------------------------


@KINDS
@SHAPES
def test_any_column_is_encoded_finitely_in_both_precisions(kind, column):
    encoding = encode_with(kind, column[:, None])
    values = np.array([0, 1, 3.25, -1e300, 1e300, np.inf, -np.inf, np.nan])
    double = encoded(encoding, values)
    assert np.isfinite(double).all()
    single = encoding.float()(torch.as_tensor(values, dtype=torch.float32).view(1, -1, 1))
    assert torch.isfinite(single).all()
    assert double.shape[1] == len(encoding.columns)
    assert len(encoding.column) <= encoding.inputs_per_column


@KINDS
def test_a_missing_number_is_the_median_and_has_an_indicator(kind):
    column = np.random.default_rng(0).exponential(size=301)
    column[::7] = np.nan
    missing, median = encoded(encode_with(kind, column[:, None]), [np.nan, np.nanmedian(column)])
    np.testing.assert_allclose(missing[:-1], median[:-1], rtol=1e-9, atol=1e-9)
    assert (missing[-1], median[-1]) == (1, 0)


@pytest.mark.parametrize("kind", NEW)
@pytest.mark.parametrize("sizes", [(200, 200, 200), (193, 160, 33)], ids=["equal", "unequal"])
def test_member_equals_the_same_member_alone(mixed_table, kind, sizes):
    encoder, table = make_table(*mixed_table)
    members = members_of(np.random.default_rng(0), 300, sizes, n_valid=40)
    options = {"numeric_encoding": kind, "patience": 2, "epochs": 8, "lr": 3e-2}
    together = outputs(train_stack(encoder, table, members, **options), table)
    for k, member in enumerate(members):
        alone = outputs(train_stack(encoder, table, [member], **options), table)
        torch.testing.assert_close(together[k], alone[0], rtol=0, atol=1e-8)


@pytest.mark.parametrize("kind", NEW)
def test_columns_are_dropped_as_groups(mixed_table, kind):
    """A dropped number and its indicator are those of the median, whatever the cell was."""
    encoder, table = make_table(*mixed_table)
    rows, none = np.arange(300), np.array([], dtype=int)
    members = [Member(seed, rows, none, (0.0, 0.0), 0.3) for seed in (1, 2)]
    net = train_stack(encoder, table, members, numeric_encoding=kind)
    encoding = net.module_.encoding
    inputs = encoding(table.numeric[None], table.codes[None])
    medians = torch.nanquantile(table.numeric, 0.5, dim=0)[None, None]
    of_medians = encoding(medians, table.codes[None, :1])
    for column in range(2):
        factor = torch.ones(2, 300, 4, dtype=torch.float64)
        factor[..., column] = 0
        kept, group = encoding.keep(inputs, factor), encoding.groups == column
        expected = of_medians[..., group].expand(-1, 300, -1)
        torch.testing.assert_close(kept[..., group], expected)
        torch.testing.assert_close(kept[..., ~group], inputs[..., ~group])


@pytest.mark.parametrize("kind", NEW)
def test_statistics_are_of_a_members_own_rows(mixed_table, kind):
    """Cells of other rows do not change a member's encoding."""
    X, y = mixed_table
    other = X.copy()
    other.loc[150:, "a"] = 1e3
    rows, none = np.arange(150), np.array([], dtype=int)
    member = Member(0, rows, none, (0.0, 0.0), 0.0)
    found = []
    for frame in (X, other):
        encoder, table = make_table(frame, y)
        net = train_stack(encoder, table, [member], numeric_encoding=kind)
        found.append(outputs(net, table)[0, :150])
    torch.testing.assert_close(found[0], found[1], rtol=0, atol=1e-8)


@pytest.mark.parametrize("kind", NEW)
def test_selected_members_are_what_they_were(mixed_table, kind):
    encoder, table = make_table(*mixed_table)
    members = members_of(np.random.default_rng(0), 300, (200, 150, 100))
    net = train_stack(encoder, table, members, numeric_encoding=kind, epochs=1)
    before = outputs(net, table)
    single = net.module_.member(1)(net.module_.encoding(table.numeric[None], table.codes[None])[1])
    raw = (before[1] - net.module_.target_location[1]) / net.module_.target_scale[1]
    torch.testing.assert_close(single, raw)
    select_members(net.module_, torch.tensor([2, 0]))
    torch.testing.assert_close(outputs(net, table), before[[2, 0]])


@pytest.mark.parametrize("kind", NEW)
def test_estimators_live_with_any_encoding(mixed_table, kind):
    X, y = mixed_table
    options = {"numeric_encoding": kind, "n_members": 2, "max_iter": 5, "random_state": 0}
    model = DropoutMLPRegressor((16,), input_dropout=0.2, **options).fit(X, y)
    expected = model.predict(X)
    assert np.isfinite(expected).all()
    for copied in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        np.testing.assert_array_equal(copied.predict(X), expected)
    np.testing.assert_allclose(model.predict(X.iloc[:3]), expected[:3], rtol=1e-12)
    assert model.embeddings_["city"].shape[0] == 6
    assert model.sample_predictions(X, 3, random_state=0).shape == (3, 300)
    for method in ("superset", "smooth_hessian"):
        found = interaction_strengths(model, X, method=method, n_points=20, random_state=0)
        assert found.strengths.shape == (4, 4)
        assert np.isfinite(found.strengths).all()
    wild = X.assign(a=np.where(np.arange(300) == 0, np.inf, X["a"]))
    assert np.isfinite(model.predict(wild)).all()
    resumed = model.set_params(warm_start=True).fit(X, y)
    assert np.isfinite(resumed.predict(X)).all()


@pytest.mark.parametrize("kind", NEW)
def test_search_over_folds_with_any_encoding(mixed_table, kind):
    X, y = mixed_table
    search = DropoutMLPClassifierCV(
        (8,), dropouts=[0, 0.3], cv=3, max_iter=3, numeric_encoding=kind, random_state=0
    )
    assert np.isfinite(search.fit(X, y > np.median(y)).scores_).all()


def test_warm_start_refuses_another_encoding():
    X = pd.DataFrame({"a": np.arange(20.0)})
    model = DropoutMLPRegressor((4,), max_iter=2, warm_start=True, random_state=0).fit(X, X["a"])
    had = model.numeric_encoding
    other = next(kind for kind in NUMERIC_ENCODINGS if kind != had)
    with pytest.raises(ValueError, match=f"numeric_encoding='{other}', but .* '{had}'"):
        model.set_params(numeric_encoding=other).fit(X, X["a"])


def test_bins_show_what_one_number_hides():
    """sin(4 x) of a heavy-tailed number: ten epochs of sixteen units on the number alone fail."""
    rng = np.random.default_rng(0)
    X = rng.standard_t(3, size=(2000, 1))
    y = np.sin(4 * X[:, 0])
    options = {"dropout": 0, "learning_rate_init": 1e-2, "max_iter": 10, "random_state": 0}
    scores = {}
    for kind in ("standard", "quantile", "piecewise_linear"):
        model = DropoutMLPRegressor((16,), numeric_encoding=kind, **options)
        scores[kind] = model.fit(X[:1500], y[:1500]).score(X[1500:], y[1500:])
    assert scores["piecewise_linear"] > 0.8 > 0.3 > max(scores["standard"], scores["quantile"])

"""Groups of any size against closed forms: their own variances, candidates, and what is refused."""

from itertools import combinations

import numpy as np
import pytest

from skdropout.inspection import interaction_strengths
from skdropout.inspection._groups import grown, without_larger

pytestmark = pytest.mark.usefixtures("untouched_random_state")
OPTIONS = {"method": "superset", "normalize": False, "random_state": 0}


@pytest.fixture(scope="module")
def signs():
    """Independent signs: a product of any number of them has variance one."""
    return np.random.default_rng(2).choice([-1.0, 1.0], size=(2000, 6))


def effects(X):
    a, b, c, d, e, f = np.asarray(X).T
    return 2 * a * b + 3 * a * b * c + 4 * b * c * d * e + 5 * f + 2.5 * d * f


@pytest.mark.parametrize("exhaustive", [False, True])
def test_strength_is_the_deviation_of_the_own_effect(signs, exhaustive):
    options = {**OPTIONS, "max_order": 4, "exhaustive": exhaustive, "n_points": 2000}
    found = interaction_strengths(effects, signs, **options)
    own = {(0, 1): 2.0, (0, 1, 2): 3.0, (1, 2, 3, 4): 4.0, (3, 5): 2.5}
    assert {*found.interactions[:4]} == {*own}
    for group, strength, error in zip(
        found.interactions, found.interaction_strengths, found.interaction_errors, strict=True
    ):
        # a variance below zero by chance is shown as none
        assert abs(strength - own.get(group, 0.0)) < 5 * error + 1e-5
    assert (np.diff(found.interaction_strengths) <= 0).all()
    if exhaustive:
        every = [u for k in (2, 3, 4) for u in combinations(range(6), k)]
        assert sorted(found.interactions) == sorted(every)


@pytest.mark.parametrize("options", [{"max_order": 4}, {"max_order": 4, "normalize": True}])
def test_shares_are_of_the_variance_of_the_output(signs, options):
    found = interaction_strengths(effects, signs, **{**OPTIONS, **options, "n_points": 2000})
    share = dict(zip(found.interactions, found.interaction_shares, strict=True))
    total = 4 + 9 + 16 + 25 + 6.25
    for group, variance in {(0, 1): 4, (0, 1, 2): 9, (1, 2, 3, 4): 16, (3, 5): 6.25}.items():
        assert share[group] == pytest.approx(variance / total, abs=0.03)
    pairs = interaction_strengths(effects, signs, **OPTIONS)
    share = dict(zip(pairs.interactions, pairs.interaction_shares, strict=True))
    assert share[0, 1] == pytest.approx((4 + 9) / total, abs=0.03)


def test_effects_of_more_columns_stay_with_the_largest_groups(signs):
    found = interaction_strengths(effects, signs, max_order=3, n_points=2000, **OPTIONS)
    strength = dict(zip(found.interactions, found.interaction_strengths, strict=True))
    for triple in combinations((1, 2, 3, 4), 3):
        assert strength[triple] == pytest.approx(4.0, rel=0.1)


def test_pairs_are_the_same_whatever_the_order(signs):
    two, three = (
        interaction_strengths(effects, signs, max_order=order, **OPTIONS) for order in (2, 3)
    )
    np.testing.assert_array_equal(two.strengths, three.strengths)
    assert two.pairs == two.interactions == three.pairs
    first, second = np.transpose(two.pairs)
    np.testing.assert_array_equal(two.interaction_strengths, two.strengths[first, second])


@pytest.mark.parametrize("method", ["superset", "auto"])
def test_a_triple_without_pairs_is_found_by_growing(signs, method):
    def f(X):
        return X[:, 1] * X[:, 3] * X[:, 4] + X[:, 0]

    options = {**OPTIONS, "method": method, "max_order": 3, "n_points": 2000}
    found = interaction_strengths(f, signs, **options)
    assert found.interactions[0] == (1, 3, 4)
    assert found.interaction_strengths[0] == pytest.approx(1, rel=0.1)
    # of its pairs only chance is left
    assert (found.interaction_strengths[1:] < 5 * found.interaction_errors[1:] + 1e-6).all()


def test_groups_grow_where_all_subsets_are_strong(monkeypatch):
    pairs = {(0, 1): 3.0, (0, 2): 1.0, (1, 2): 2.0, (1, 3): 4.0, (2, 3): 5.0, (0, 4): 9.0}
    assert grown(pairs) == [(0, 1, 2), (1, 2, 3)]
    monkeypatch.setattr("skdropout.inspection._groups.MOST_OF_AN_ORDER", 1)
    assert grown(pairs) == [(1, 2, 3)]  # its weakest pair is the stronger one


def test_own_variances_add_up():
    """Mixed from the sums over all groups above, own variances are what they were."""
    groups = [u for k in (2, 3, 4, 5) for u in combinations(range(5), k)]
    own = np.random.default_rng(0).random(len(groups))
    above = [sum(v for w, v in zip(groups, own, strict=True) if {*u} <= {*w}) for u in groups]
    np.testing.assert_allclose(np.array(above) @ without_larger(groups).numpy(), own)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_order": 6}, "max_order=6 must be at most 5"),
        ({"max_order": 1}, "max_order=1"),
        ({"exhaustive": "all"}, "exhaustive='all'"),
        ({"max_order": 5, "exhaustive": True}, "exhaustive=True takes 68405 groups"),
    ],
)
def test_refused_by_name(options, message):
    X = np.zeros((10, 25))
    with pytest.raises(ValueError, match=message):
        interaction_strengths(lambda X: X[:, 0], X, method="superset", **options)

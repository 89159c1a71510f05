"""Rates of dropout that change over the training, and over the layers."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_friedman1

from skdropout import (
    DropoutMLPClassifier,
    DropoutMLPRegressor,
    DropoutMLPRegressorCV,
    RelDropRegressor,
)

SMALL = {
    "hidden_layer_sizes": (16, 8),
    "n_members": 2,
    "max_iter": 6,
    "learning_rate_init": 0.01,
    "random_state": 0,
}


@pytest.fixture(scope="module")
def data():
    return make_friedman1(n_samples=150, random_state=0)


def half(progress):
    return 0.5


def never(progress):
    return 0.0


def after_three_epochs(progress):
    return float(progress > 3 / 6 - 1e-9)


def curve(model, data):
    return model.fit(*data).loss_curve_


@pytest.mark.parametrize("factor", [0.0, 0.5])
def test_factor_times_rate_is_that_rate(data, factor):
    """To the bit, of units, of columns and of RelDrop's beta."""
    schedule = half if factor else never
    plain = {"dropout": 0.25, "input_dropout": 0.5}
    scaled = {name: factor * rate for name, rate in plain.items()}
    assert curve(DropoutMLPRegressor(**SMALL, **plain, dropout_schedule=schedule), data) == curve(
        DropoutMLPRegressor(**SMALL, **scaled), data
    )
    relevant = {"dropout": 0.25, "beta": 0.5}
    scaled = {name: factor * rate for name, rate in relevant.items()}
    assert curve(RelDropRegressor(**SMALL, **relevant, dropout_schedule=schedule), data) == curve(
        RelDropRegressor(**SMALL, **scaled, dropout_schedule="constant"), data
    )


@pytest.mark.parametrize("early_stopping", [True, False])
def test_late_dropout_begins_as_none(data, early_stopping):
    """Of six epochs "late" drops nothing in the first two, and "early" nothing in the last four."""
    options = {**SMALL, "early_stopping": early_stopping}
    none = curve(DropoutMLPRegressor(**options, dropout=0.0), data)
    late = curve(DropoutMLPRegressor(**options, dropout=0.4, dropout_schedule="late"), data)
    assert late[:2] == none[:2]
    assert (np.array(late[2:]) > none[2:]).all()


def test_networks_have_schedules_of_their_own(data):
    """A network is the same whatever schedule the others have, if these draw no masks."""
    options = {**SMALL, "early_stopping": False}
    model = DropoutMLPRegressor(
        **options, dropout=[[0.3, 0.3], [0.0, 0.0]], dropout_schedule=["early", "ramp"]
    )
    other = DropoutMLPRegressor(**options, dropout=0.0)
    second = model.fit(*data)._forward(data[0])[1]
    np.testing.assert_allclose(second, other.fit(*data)._forward(data[0])[1], atol=1e-5)
    assert model.recipes_["dropout_schedule"].tolist() == ["early", "ramp"]


def test_networks_with_batches_of_their_own(data):
    """Each has the factors of its own steps, so a schedule that ends is over for all."""
    options = {**SMALL, "early_stopping": False, "batch_size": [8, 64], "dropout": 0.4}
    constant = curve(DropoutMLPRegressor(**options), data)
    late = curve(DropoutMLPRegressor(**options, dropout_schedule=after_three_epochs), data)
    none = curve(DropoutMLPRegressor(**{**options, "dropout": 0.0}), data)
    assert late[:3] == none[:3]
    assert late[3] != none[3]
    assert late[:3] != constant[:3]


def test_recipes_take_the_schedule_and_the_profile(data):
    model = DropoutMLPRegressor(
        **{**SMALL, "n_members": 4}, dropout_schedule="decay", dropout_profile="front"
    ).fit(*data)
    assert {*model.recipes_["dropout_schedule"]} == {"decay"}
    for rates in model.recipes_["dropout"]:
        assert rates[0] == pytest.approx(2 * rates[1])


def test_warm_start_begins_the_schedule_anew(data):
    options = {**SMALL, "early_stopping": False, "learning_rate": "constant", "warm_start": True}
    model = DropoutMLPRegressor(**options, dropout=0.4, dropout_schedule="early").fit(*data)
    other = DropoutMLPRegressor(**options, dropout=0.4, dropout_schedule="early").fit(*data)
    model.fit(*data)
    other.set_params(dropout_schedule=after_three_epochs).fit(*data)
    assert model.loss_curve_[:6] == other.loss_curve_[:6]
    # again on at first, where the other has none
    assert model.loss_curve_[6] > other.loss_curve_[6]


def test_draws_are_at_the_rates_given(data):
    """Whatever factor training ended with."""
    X, y = data
    model = DropoutMLPRegressor(**SMALL, dropout=0.4, dropout_schedule="early").fit(X, y)
    assert model.dropout_ == 0.4
    assert model.sample_predictions(X, 4, random_state=0).std(0).max() > 0


def test_partial_fit_refuses_schedules(data):
    model = DropoutMLPRegressor(**SMALL, dropout=0.1, dropout_schedule="decay")
    with pytest.raises(ValueError, match=r"dropout_schedule='decay'.*partial_fit"):
        model.partial_fit(*data)
    assert not hasattr(model, "net_")


@pytest.mark.parametrize("refit", [True, "bag", "ensemble"])
def test_candidates_differ_in_schedule(data, refit):
    schedules = ["constant", "early", half]
    search = DropoutMLPRegressorCV(
        **SMALL, dropouts=[0.2, 0.4], dropout_schedules=schedules, cv=3, refit=refit
    ).fit(*data)
    results = search.cv_results_
    assert search.scores_.shape == (6, 3)
    assert search.dropout_schedules_ == 2 * schedules
    assert search.dropout_schedule_ == search.dropout_schedules_[search.best_index_]
    assert results["params"][4] == {
        "dropout": 0.4,
        "input_dropout": 0.0,
        "dropout_schedule": "early",
    }
    if refit is True:
        plain = DropoutMLPRegressor(**SMALL).set_params(**results["params"][search.best_index_])
        np.testing.assert_array_equal(search.predict(data[0]), plain.fit(*data).predict(data[0]))


def test_the_simplest_candidate_drops_most_over_the_whole_training(data):
    """All scores are within a standard error: the highest rate, and that all the time."""
    search = DropoutMLPRegressorCV(
        **SMALL,
        dropouts=[0.0, 0.3],
        dropout_schedules=["early", "constant", "late"],
        cv=3,
        scoring=lambda estimator, X, y: 0.0,
        one_standard_error=True,
        refit=False,
    ).fit(*data)
    assert (search.dropout_, search.dropout_schedule_) == (0.3, "constant")


@pytest.mark.parametrize(
    ("profile", "sizes", "expected"),
    [
        ("front", (4, 4), [0.4, 0.2]),
        ("back", (4, 4), [0.2, 0.4]),
        ("front", (4, 4, 4), [0.45, 0.3, 0.15]),
        ("front", (4,), [0.3]),
        ("flat", (4, 4), [0.3, 0.3]),
    ],
)
def test_profiles_keep_the_mean(data, profile, sizes, expected):
    options = {**SMALL, "hidden_layer_sizes": sizes, "max_iter": 1}
    for make in (DropoutMLPRegressor, RelDropRegressor):
        model = make(**options, dropout=0.3, dropout_profile=profile).fit(*data)
        np.testing.assert_allclose(model.net_.module_.dropout, [expected] * 2, rtol=1e-6)
    search = DropoutMLPRegressorCV(**options, dropouts=[0.3], dropout_profile=profile, cv=3)
    search.fit(*data)
    np.testing.assert_allclose(search.net_.module_.dropout, [expected] * 2, rtol=1e-6)
    assert search.dropout_ == 0.3


@pytest.mark.parametrize(
    ("make", "parameters", "message"),
    [
        (DropoutMLPRegressor, {"dropout_schedule": "steps"}, "'dropout_schedule' parameter"),
        (DropoutMLPRegressor, {"dropout_schedule": ["early"]}, "n_members|2 networks"),
        (DropoutMLPRegressor, {"dropout_schedule": ["early", "no"]}, "holds 'no'"),
        (DropoutMLPClassifier, {"dropout_schedule": lambda p: 2 * p}, r"returns 1 at progress"),
        (DropoutMLPRegressor, {"dropout_profile": "middle"}, "'dropout_profile' parameter"),
        (DropoutMLPRegressor, {"dropout": 0.8, "dropout_profile": "front"}, "must be below 1"),
        (DropoutMLPRegressor, {"dropout": [0.1, 0.2], "dropout_profile": "back"}, "rate for each"),
        (DropoutMLPRegressorCV, {"dropout_profile": "front"}, "must be below 1"),
        (DropoutMLPRegressorCV, {"dropout_schedules": []}, "at least one schedule"),
        (DropoutMLPRegressorCV, {"dropout_schedules": ["no"]}, "dropout_schedules=.* holds 'no'"),
        (
            DropoutMLPRegressorCV,
            {"dropout_schedules": ["late"], "dropout_schedule": "late"},
            "give one of them",
        ),
    ],
)
def test_bad_input_is_refused_before_training(data, make, parameters, message):
    X, y = data
    model = make(**{**SMALL, **({} if make is DropoutMLPRegressorCV else {"dropout": 0.1})})
    with pytest.raises(ValueError, match=message):
        model.set_params(**parameters).fit(X, y > 14 if make is DropoutMLPClassifier else y)
    assert not hasattr(model, "net_")


def test_one_schedule_for_all_where_recipes_are_tried(data):
    with pytest.raises(ValueError, match="has an entry for each network"):
        DropoutMLPRegressor(**SMALL, dropout_schedule=["early", "late"]).fit(*data)


def test_relevant_columns_are_dropped_early_unless_said(data):
    """ "auto" is "early" for beta alone, and constant in passes that know of no end."""
    options = {**SMALL, "dropout": 0.2, "early_stopping": False}
    auto = RelDropRegressor(**options, beta=0.8).fit(*data)
    assert auto.net_.schedules[0] == ("constant", "decay")
    steady = RelDropRegressor(**options, beta=0.8, dropout_schedule="constant")
    auto, steady = (model.partial_fit(*data) for model in (clone(auto), steady))
    np.testing.assert_array_equal(auto.predict(data[0]), steady.predict(data[0]))


# --- what goes by deprecation ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "strengths"),
    [
        ({"warmup": 2}, [0, 0, 1, 1, 1, 1]),
        ({"schedule": "linear"}, [0.25, 0.5, 0.75, 1, 1, 1]),
        ({"warmup": 1, "schedule": "linear"}, [0, 0.25, 0.5, 0.75, 1, 1]),
        ({"schedule": "constant", "warmup": 0}, [1, 1, 1, 1, 1, 1]),
    ],
)
def test_warmup_and_schedule_do_what_they_did(data, old, strengths):
    """Of beta alone; a new stack at each epoch's beta gives the same loss in its first epoch."""
    options = {**SMALL, "dropout": 0.2, "early_stopping": False}
    with pytest.warns(FutureWarning, match="go in version 0.3"):
        model = RelDropRegressor(**options, **old, beta=0.8).fit(*data)
    (units, columns), *_ = model.net_.schedules
    assert units == "constant"
    if set(strengths) == {1}:
        assert columns == "constant"
    else:
        assert [columns(epoch / 6) for epoch in range(6)] == strengths
    constant = {**options, "dropout_schedule": "constant"}
    first = RelDropRegressor(**constant, beta=0.8 * strengths[0]).fit(*data)
    assert model.loss_curve_[0] == pytest.approx(first.loss_curve_[0], rel=1e-6)


def test_old_and_new_schedules_are_not_mixed(data):
    with pytest.raises(ValueError, match="give dropout_schedule alone"):
        RelDropRegressor(**SMALL, warmup=1, dropout_schedule="late").fit(*data)

"""Odd arguments of the makers of data."""

import pytest

from skdropout.datasets import (
    load_bike_sharing,
    make_four_quadrants,
    make_interactions,
    make_pure_interaction,
)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: make_interactions(["F1"]), "name=.* is unknown"),
        (lambda: make_interactions(correlation="a"), "correlation='a' must be at least 0"),
        (lambda: make_interactions(n_samples=2.0), "n_samples=2.0 must be an integer"),
        (lambda: make_four_quadrants(0), "n_samples=0 must be an integer of at least 1"),
        (lambda: make_four_quadrants(noise="a"), "noise='a' must be 0 or more"),
        (lambda: make_four_quadrants(random_state=-1), "random_state=-1 must be None"),
        (lambda: make_four_quadrants(random_state="a"), "random_state='a' must be None"),
        (lambda: make_pure_interaction(order=0), "order=0 must be an integer"),
        (lambda: make_pure_interaction(n_features="a"), "n_features='a' must be an integer"),
        (lambda: load_bike_sharing(return_X_y="a"), "return_X_y='a' must be True or False"),
    ],
)
def test_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_more_rows_than_any_machine_holds():
    with pytest.raises(MemoryError, match="n_samples=1000000000000000000"):
        make_interactions(n_samples=10**18)

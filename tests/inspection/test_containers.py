"""The same cells in NumPy, pandas and polars: the same is found."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skdropout import DropoutMLPRegressor
from skdropout.inspection import (
    effective_number_of_features,
    explain_global,
    explain_local,
    interaction_order_spectrum,
    interaction_strengths,
    occlusion_curve,
    perturbation_mse,
    supported_orders,
)

pytestmark = pytest.mark.usefixtures("untouched_random_state")

_RNG = np.random.default_rng(0)
NUMBERS = pd.DataFrame(_RNG.normal(size=(120, 3)), columns=list("abc"))
CITIES = pd.Series(_RNG.choice(["Rome", "Oslo", "Lima"], 120), name="city")
TABLES = {
    "strings": NUMBERS.assign(city=CITIES.astype(object)),
    "categories": NUMBERS.assign(city=CITIES.astype("category")),
    "numbers": NUMBERS,
}
Y = (NUMBERS["a"] * NUMBERS["b"] + NUMBERS["c"]).to_numpy()
MODEL = DropoutMLPRegressor((8,), n_members=1, max_iter=2, random_state=0)
SEEDED = {"random_state": 0}


def terms(explanation):
    return np.concatenate([np.ravel(explanation.data(k)["scores"]) for k in range(3)])


FINDS = {
    "strengths": lambda model, X: interaction_strengths(model, X, **SEEDED).strengths,
    "superset": lambda model, X: (
        interaction_strengths(model, X, method="superset", **SEEDED).strengths
    ),
    "spectrum": lambda model, X: (
        interaction_order_spectrum(model, X, n_evaluations=2000, **SEEDED).variances
    ),
    "distillation": lambda model, X: (
        interaction_order_spectrum(model, X, max_order=1, method="distillation", **SEEDED).variances
    ),
    "occlusion": lambda model, X: occlusion_curve(model, X, Y, fractions=3, **SEEDED).scores,
    "columns used": lambda model, X: effective_number_of_features(model, X, Y),
    "supported": lambda model, X: supported_orders(model, X, Y, n_evaluations=2000, **SEEDED).table[
        "covariance_with_data"
    ],
    "perturbations": lambda model, X: (
        perturbation_mse(model, X, n_perturbations=20, **SEEDED).quadratic
    ),
    "global": lambda model, X: terms(
        explain_global(model, X, interactions=[(0, 1)], n_grid=4, n_points=20, **SEEDED)
    ),
    "local": lambda model, X: terms(
        explain_local(model, X[:3], background=X, interactions=[(0, 1)], n_points=20, **SEEDED)
    ),
}


def found(name, table):
    return FINDS[name](MODEL.fit(table, Y), table)


@pytest.mark.parametrize("name", FINDS)
def test_arrays_as_frames_of_pandas(name):
    np.testing.assert_allclose(
        found(name, NUMBERS.to_numpy()), found(name, NUMBERS), rtol=1e-10, atol=1e-12
    )


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("name", FINDS)
def test_frames_of_polars_as_those_of_pandas(name, kind):
    table = TABLES[kind]
    expected = found(name, table)
    np.testing.assert_allclose(found(name, pl.from_pandas(table)), expected, rtol=1e-10, atol=1e-12)


def test_functions_get_frames_of_polars():
    """A function of the table is asked about tables like the one it was given with."""

    def product(table):
        return (table["a"] * table["b"]).to_numpy()

    spectrum = interaction_order_spectrum(
        product, pl.from_pandas(TABLES["strings"]), n_evaluations=2000, random_state=0
    )
    expected = interaction_order_spectrum(
        product, TABLES["strings"], n_evaluations=2000, random_state=0
    )
    np.testing.assert_allclose(spectrum.variances, expected.variances, rtol=1e-10, atol=1e-12)

"""Vectors of levels: distances as in the first layer, and one set of coordinates for all folds."""

import numpy as np
import pandas as pd
import torch
from scipy.spatial.distance import pdist

from skdropout import DropoutMLPRegressor
from skdropout._transformers.embedding.levels import align, level_vectors


def small_network(mixed_table, **options):
    X, y = mixed_table
    X = X.assign(colour=np.where(np.arange(len(X)) % 3, "red", "blue"))
    model = DropoutMLPRegressor((16,), dropout=0.1, max_iter=3, random_state=0, **options).fit(X, y)
    _, codes = model._plan.encoder.transform(X, model)
    return model, codes


def first_layer(model, numeric, codes, member):
    """Return the first layer's sums of given rows, computed by the network itself."""
    module = model.net_.module_
    with torch.no_grad():
        inputs = module.encoding(numeric[None].float(), codes[None])
        return module.hidden[0](inputs)[member].double().numpy()


def test_distances_are_those_of_the_first_layer(mixed_table):
    # three columns, of which two share one dimension, after two numbers, one with an indicator
    model, codes = small_network(mixed_table, n_members=2, embedding_dim={"grade": 8, "colour": 2})
    for member in range(2):
        for column, n_levels in enumerate(model._plan.encoder.n_levels):
            rows = torch.zeros(n_levels, 3, dtype=torch.long)
            rows[:, column] = torch.arange(n_levels)
            sums = first_layer(model, torch.zeros(n_levels, 2), rows, member)
            counts = np.bincount(codes[:, column], minlength=n_levels + 2)
            vectors = level_vectors(model.net_.module_, member, column, counts)
            np.testing.assert_allclose(pdist(vectors[:n_levels]), pdist(sums), rtol=1e-4)


def test_principal_coordinates(mixed_table):
    model, codes = small_network(mixed_table)
    counts = np.bincount(codes[:, 1], minlength=9)
    vectors = level_vectors(model.net_.module_, 0, 1, counts)
    np.testing.assert_allclose(counts @ vectors, 0, atol=1e-4)
    covariance = vectors.T @ (counts[:, None] * vectors)
    variances = np.diag(covariance)
    assert (np.diff(variances) <= 0).all()
    np.testing.assert_allclose(covariance, np.diag(variances), atol=1e-4)
    # two levels differ along one line
    assert level_vectors(model.net_.module_, 0, 2, np.array([200, 100, 0, 0])).shape == (4, 1)


def test_no_more_coordinates_than_units():
    X = pd.DataFrame({"city": list("abcdefgh") * 10})
    model = DropoutMLPRegressor((), max_iter=2, random_state=0).fit(X, np.arange(80.0) % 8)
    counts = np.array([10] * 8 + [0, 0])
    assert level_vectors(model.net_.module_, 0, 0, counts).shape == (10, 1)


def test_align_undoes_a_rotation():
    rng = np.random.default_rng(0)
    reference = rng.normal(size=(9, 4))
    rotation, _ = np.linalg.qr(rng.normal(size=(4, 4)))
    counts = rng.integers(1, 9, 9)
    turned = reference @ rotation
    turned[0] += 5.0  # a level without rows does not count
    counts[0] = 0
    aligned = align(turned, reference, counts)
    np.testing.assert_allclose(aligned[1:], reference[1:], atol=1e-12)
    np.testing.assert_allclose(pdist(aligned), pdist(turned))

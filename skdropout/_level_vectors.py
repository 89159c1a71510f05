"""What networks have learnt of a column's levels, as vectors that can be compared."""

import numpy as np
from scipy.linalg import orthogonal_procrustes
from sklearn.metrics.pairwise import cosine_similarity, euclidean_distances
from sklearn.utils.extmath import svd_flip

__all__ = ["SIMILARITIES", "align", "level_vectors"]

SIMILARITIES = {"cosine": cosine_similarity, "euclidean": euclidean_distances}


def level_vectors(module, member, column, counts, n_coordinates=None):
    """Return one vector per level, whose distances are those that the network sees.

    The network's first layer multiplies a learnt vector by its weights. What counts is the
    product, what a level adds to each hidden unit: it is given here in its principal coordinates,
    the mean over rows being zero.

    Parameters
    ----------
    module : StackMLP
    member : int
        Which of its networks.
    column : int
        Place of the column among the categorical ones.
    counts : ndarray of shape (n_levels + 2,)
        How many training rows have each level, are missing, are unknown.
    n_coordinates : int, default=None
        Length of the vectors. None is as many as were learnt, but one less than there are
        different rows, which span no more.

    Returns
    -------
    vectors : ndarray of shape (n_levels + 2, n_coordinates)
        In the order of ``counts``. A level that this network never saw has the vector of
        "unknown".
    """
    learnt, weight = _learnt(module, member, column)
    added = learnt @ weight
    added = added - np.average(added, axis=0, weights=counts)
    if n_coordinates is None:
        n_coordinates = min(max((counts > 0).sum() - 1, 1), *weight.shape)
    left, _, axes = np.linalg.svd(np.sqrt(counts)[:, None] * added, full_matrices=False)
    _, axes = svd_flip(left, axes, u_based_decision=False)
    return added @ axes[:n_coordinates].T


def _learnt(module, member, column):
    """Return a column's embedding (n_levels + 2, dim), and the weights it meets (dim, n_units)."""
    encoding = module.encoding
    embedded = list(zip(encoding.embeddings, encoding.embedded_columns, strict=True))
    # embeddings come after the numbers
    start = encoding.width - sum(e.weight.shape[-1] * len(columns) for e, columns in embedded)
    for embedding, columns in embedded:
        dim = embedding.weight.shape[-1]
        if column in columns:
            break
        start += dim * len(columns)
    place = columns.index(column)
    rows = slice(embedding.first_row[place], embedding.unknown_row[place] + 1)
    inputs = slice(start + dim * place, start + dim * (place + 1))
    layer = module.hidden[0] if len(module.hidden) else module.output
    parts = embedding.weight[member, embedding.row_of[member, rows]], layer.weight[member, inputs]
    return [part.detach().double().cpu().numpy() for part in parts]


def align(vectors, reference, counts):
    """Turn ``vectors`` about the origin so that they lie as close to ``reference`` as they can.

    Orthogonal Procrustes, each level weighing as much as it has rows: no distance or angle within
    ``vectors`` changes.
    """
    root = np.sqrt(counts)[:, None]
    rotation, _ = orthogonal_procrustes(root * vectors, root * reference)
    return vectors @ rotation

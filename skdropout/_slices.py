"""How many networks train at once in a bounded share of the memory."""

from itertools import pairwise

import torch

from skdropout._batches import rows_of_step

__all__ = ["bytes_of_member", "memory_budget"]

_CPU_BYTES = 2**30


def memory_budget(device):
    """Return how many bytes a stack in training may take: half of what is free on a GPU."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0] // 2
    return _CPU_BYTES


def bytes_of_member(widths, n_embedded, n_rows, n_valid, batch_size, dtype):
    """Estimate what one network of a stack takes in training.

    Parameters
    ----------
    widths : sequence of int
        Inputs, units of each hidden layer, outputs.
    n_embedded : int
        Numbers in the vectors of categories.
    n_rows, n_valid : int
        Rows to train on and to stop by.
    batch_size : int or "auto"
    dtype : torch.dtype
    """
    n_weights = n_embedded + sum((a + 1) * b for a, b in pairwise(widths))
    # weights, gradients, two moments, the best epoch, and a copy on its way there
    of_weights = 6 * n_weights
    # of each layer the product, its activation, the mask, the masked units; twice for gradients
    of_step = 8 * sum(widths) * min(rows_of_step(n_rows, batch_size), n_rows)
    of_evaluation = 2 * sum(widths) * n_valid
    order = 8 * n_rows
    return dtype.itemsize * (of_weights + max(of_step, of_evaluation)) + order

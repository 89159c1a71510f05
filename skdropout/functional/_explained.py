"""The one number per sample that is explained."""

import torch
from torch import Tensor


def explained(output: Tensor, target: Tensor | None) -> Tensor:
    """The explained value in its place of `output`, 0 elsewhere; a class 0 of two turns signs."""
    if is_single(output):
        if target is None:
            return output
        _check_labels(target, output.numel(), 2, "labels 0 and 1, or none for a regression")
        return torch.where(target.reshape(output.shape) == 1, output, -output)
    if target is None:
        target = output.argmax(-1)
    n_outputs = output.shape[-1]
    _check_labels(target, output.numel() // n_outputs, n_outputs, "class indices")
    index = target.long().reshape(*output.shape[:-1], 1)
    return torch.zeros_like(output).scatter(-1, index, output.gather(-1, index))


def is_single(output: Tensor) -> bool:
    return output.ndim == 1 or output.shape[-1] == 1


def _check_labels(target: Tensor, n_labels: int, n_classes: int, remedy: str) -> None:
    if target.numel() != n_labels:
        raise ValueError(
            f"target of shape {tuple(target.shape)} does not fit an output for {n_labels} samples; "
            "pass one label per sample."
        )
    # elsewhere the look at the values would wait for the device at every training step
    if target.device.type == "cpu" and n_labels:
        outside = (target < 0) | (target >= n_classes) | (target != target.long())
        if outside.any():
            raise ValueError(
                f"target holds {target[outside][0].item()!r}, and the network has "
                f"{n_classes} classes; pass {remedy}."
            )

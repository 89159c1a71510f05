"""Values and input gradients of one output of a network, row by row."""

import torch
from torch import Tensor, nn

__all__ = ["check_network", "output_gradient", "output_value"]


def output_value(f, x: Tensor, target: Tensor | None) -> Tensor:
    """The chosen output of ``f`` at each row of ``x``: (n,)."""
    output = f(x)
    if output.shape[:1] != x.shape[:1] or output.ndim > 2:
        raise ValueError(
            f"f must map (n, d) to (n,) or (n, n_outputs); for input {tuple(x.shape)} it returned "
            f"{tuple(output.shape)}."
        )
    if output.ndim == 1:
        output = output[:, None]
    if target is None:
        if output.shape[1] > 1:
            raise ValueError(
                f"f has {output.shape[1]} outputs; choose one with target=<index>, or give one "
                "index per point."
            )
        return output[:, 0]
    if int(target.max()) >= output.shape[1]:
        raise ValueError(
            f"target={int(target.max())} does not exist: f has {output.shape[1]} outputs."
        )
    return output.gather(1, target[:, None])[:, 0]


def output_gradient(f, x: Tensor, target: Tensor | None) -> Tensor:
    """Gradient of the chosen output of ``f`` at each row of ``x``: (n, d).

    Where the device runs out of memory the rows are taken in two halves.
    """
    try:
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            value = output_value(f, x, target)
            if not value.requires_grad:
                raise ValueError(
                    "f gives no gradient with respect to its input (is it detached, or computed "
                    'outside torch?). Use method="function_values", which needs none.'
                )
            (gradient,) = torch.autograd.grad(value.sum(), x, materialize_grads=True)
        return gradient
    except torch.cuda.OutOfMemoryError:
        if len(x) == 1:
            raise
    half = len(x) // 2
    targets = (None, None) if target is None else (target[:half], target[half:])
    return torch.cat(
        [output_gradient(f, x[:half], targets[0]), output_gradient(f, x[half:], targets[1])]
    )


def check_network(f, x: Tensor) -> None:
    """Refuse a network that depends on chance or on the rest of a batch, or does not fit ``x``."""
    if not isinstance(f, nn.Module):
        return
    for name, module in f.named_modules():
        is_random = isinstance(module, nn.modules.dropout._DropoutNd)
        if module.training and (is_random or isinstance(module, nn.modules.batchnorm._BatchNorm)):
            raise ValueError(
                f"f is in training mode: its layer {name!r} ({type(module).__name__}) makes it "
                "random. Call f.eval() first."
            )
    weight = next((p for p in f.parameters() if p.is_floating_point()), x)
    if (weight.dtype, weight.device) != (x.dtype, x.device):
        raise ValueError(
            f"x is {x.dtype} on {x.device} but f is {weight.dtype} on {weight.device}; convert one "
            "of them with .to()."
        )

"""Layer-wise relevance of an `nn.Sequential`: one sweep forward, one back, no hooks."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeAlias, cast, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from skdropout.functional._asked import applied, check_output
from skdropout.functional._checks import brief
from skdropout.functional._relevance_rules import (
    BLIND_RULES,
    Pull,
    RelevanceRule,
    Rule,
    RuleName,
    as_rule,
    dense,
    redistribute,
    stabilised,
)

COMPOSITES = ("epsilon_plus", "epsilon_plus_flat")

# Relevance passes an activation unchanged. All of these are 0 at 0: one that is not (a sigmoid)
# would make a unit near 0 carry relevance that no contribution explains.
_ACTIVATIONS = (
    nn.CELU,
    nn.ELU,
    nn.GELU,
    nn.Hardswish,
    nn.Hardtanh,
    nn.LeakyReLU,
    nn.Mish,
    nn.PReLU,
    nn.ReLU,
    nn.SELU,
    nn.SiLU,
    nn.Softsign,
    nn.Tanh,
)
_NO_OPS = (nn.AlphaDropout, nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Identity)
_RESHAPES = (nn.Flatten, nn.Unflatten)
_MAX_POOLS = (nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.MaxPool1d, nn.MaxPool2d)
_MEAN_POOLS = (nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AvgPool1d, nn.AvgPool2d)
_Weighted: TypeAlias = nn.Linear | nn.Conv1d | nn.Conv2d
_BatchNorm: TypeAlias = nn.BatchNorm1d | nn.BatchNorm2d
_SUPPORTED = (
    *get_args(_Weighted),
    *get_args(_BatchNorm),
    *_ACTIVATIONS,
    *_MAX_POOLS,
    *_MEAN_POOLS,
    *_RESHAPES,
    *_NO_OPS,
)


def relevance_sweep(
    f: nn.Module,
    x: Tensor,
    start: Callable[[Tensor], Tensor],
    rule: RelevanceRule,
) -> Tensor:
    """Relevance of `x`, given the relevance ``start(f(x))`` of the output."""
    modules = deque(_flattened(f))
    rules = deque(_rule_of_each(rule, [m for m in modules if isinstance(m, _Weighted)]))
    if rules and rules[0].name == "flat":
        _refuse_equal_features(modules, x)
    # A unit that is off has no relevance to hand back, so that nothing needs its value before the
    # ReLU; except if a rule above that does not look at its inputs gives it some.
    in_place = all(rule.name not in BLIND_RULES for rule in list(rules)[1:])
    pulls, given = [], x
    with torch.no_grad():
        with applied(f, x):
            while modules:
                module = modules.popleft()
                if isinstance(module, _Weighted):
                    norm = _take_norm(module, modules, x)
                    x, pull = _weighted(module, norm, x, rules.popleft())
                    if in_place and modules and type(modules[0]) is nn.ReLU:
                        modules.popleft()
                        x.relu_()
                else:
                    x, pull = _unweighted(module, x)
                pulls.append(pull)
        check_output(x, given)
        relevance = start(x)
        while pulls:  # popped, so that a layer's memory is free for the next
            relevance = pulls.pop()(relevance)
    return relevance


def _flattened(f: nn.Module) -> Iterator[nn.Module]:
    if isinstance(f, nn.Sequential) and type(f).forward is nn.Sequential.forward:
        for module in f:
            yield from _flattened(module)
    elif getattr(f, "padding_mode", "zeros") != "zeros":
        raise ValueError(
            f"relevance by layers needs convolutions with padding_mode='zeros', and {f} is none; "
            "change it or use rule='gradient_x_input'."
        )
    elif not isinstance(f, _SUPPORTED) or getattr(f, "return_indices", False):
        raise ValueError(
            "relevance by layers needs an nn.Sequential of linear, convolution, activation, "
            "pooling, flatten, dropout and batch-norm layers that ends at the logits, and "
            f"{type(f).__name__} is none of them; use rule='gradient_x_input' or "
            "rule='integrated_gradients', which take any differentiable callable."
        )
    elif not isinstance(f, _NO_OPS):
        yield f


def _rule_of_each(rule: RelevanceRule, layers: Sequence[nn.Module]) -> list[Rule]:
    if isinstance(rule, str) and rule in COMPOSITES:
        names: list[RuleName] = ["epsilon" if isinstance(m, nn.Linear) else "zplus" for m in layers]
        if rule == "epsilon_plus_flat" and names and names[0] == "zplus":
            names[0] = "flat"
        return [Rule(name) for name in names]
    if not isinstance(rule, str | Rule | list | tuple):
        raise ValueError(
            f"rule={brief(rule)} must be the name of a rule, a functional.Rule, or a list of them."
        )
    rules = [rule] * len(layers) if isinstance(rule, str | Rule) else rule
    if len(rules) != len(layers):
        raise ValueError(
            f"rule has {len(rules)} entries and the network {len(layers)} linear and convolution "
            "layers; pass one rule for each, first layer first, or a single one for all."
        )
    return [as_rule(cast("RuleName | Rule", each)) for each in rules]


def _refuse_equal_features(modules: Sequence[nn.Module], x: Tensor) -> None:
    first = next(m for m in modules if isinstance(m, _Weighted))
    point_by_point = x.ndim > 2 and first is modules[0]
    if isinstance(first, nn.Linear) and not point_by_point:
        raise ValueError(
            "rule='flat' in a fully connected first layer gives every feature the same relevance; "
            "use 'epsilon', 'gamma' or 'wsquare' there."
        )


def _weighted(
    module: _Weighted, norm: _BatchNorm | None, x: Tensor, rule: Rule
) -> tuple[Tensor, Pull]:
    """Output of a layer with weights, and the map from its relevance to the input's."""
    weight, bias = module.weight, module.bias
    if norm is not None:
        scale, shift = _scale_and_shift(norm)
        weight = weight * scale.view(-1, *[1] * (weight.ndim - 1))
        bias = shift if bias is None else bias * scale + shift
    if isinstance(module, nn.Linear):
        linear, weight = dense, weight.mT
    else:
        linear = partial(_convolution, module)
    output, pull = linear(x, weight, bias)
    return output, partial(redistribute, rule, linear, x, weight, bias, output, pull)


def _unweighted(module: nn.Module, x: Tensor) -> tuple[Tensor, Pull]:
    """Output of a layer without weights, and the map from its relevance to the input's."""
    if isinstance(module, _BatchNorm):
        scale, shift = (t.view(-1, *[1] * (x.ndim - 2)) for t in _scale_and_shift(module))
        output = x * scale + shift
        return output, lambda relevance: x * scale * relevance / stabilised(output)
    if isinstance(module, _ACTIVATIONS):
        # `forward`, not a call, so that nobody's hooks run; the input must outlive `inplace=True`
        kept = x.clone() if getattr(module, "inplace", False) else x
        return module.forward(kept), lambda relevance: relevance
    if isinstance(module, _RESHAPES):
        return module.forward(x), lambda relevance: relevance.reshape(x.shape)
    output, pull = _with_transpose(module.forward, x)
    if isinstance(module, _MAX_POOLS):
        return output, pull
    return output, lambda relevance: x * pull(relevance / stabilised(output))


def _take_norm(module: _Weighted, modules: deque[nn.Module], x: Tensor) -> _BatchNorm | None:
    """Take out of what follows the batch norm that folds into this layer, if it is next."""
    following = modules[0] if modules else None
    # after a linear layer on (n, channels, length) a batch norm acts on another axis
    folds = x.ndim == 2 or not isinstance(module, nn.Linear)
    if folds and isinstance(following, _BatchNorm):
        modules.popleft()
        return following
    return None


def _scale_and_shift(norm: _BatchNorm) -> tuple[Tensor, Tensor]:
    """Batch norm in evaluation mode is ``x * scale + shift``, channel by channel."""
    if norm.running_var is None or norm.running_mean is None:
        raise ValueError(
            f"relevance by layers needs running statistics, and {norm} has none; build it with "
            "track_running_stats=True or use rule='gradient_x_input'."
        )
    scale = (norm.running_var + norm.eps).rsqrt()
    if norm.weight is not None:
        scale = scale * norm.weight
    shift = -norm.running_mean * scale
    return scale, shift if norm.bias is None else shift + norm.bias


def _convolution(
    module: nn.Conv1d | nn.Conv2d, x: Tensor, weight: Tensor, bias: Tensor | None
) -> tuple[Tensor, Pull]:
    function: Callable[..., Tensor] = F.conv1d if isinstance(module, nn.Conv1d) else F.conv2d
    convolve = partial(
        function,
        weight=weight,
        bias=bias,
        stride=module.stride,
        padding=module.padding,
        dilation=module.dilation,
        groups=module.groups,
    )
    return _with_transpose(convolve, x)


def _with_transpose(layer: Callable[[Tensor], Tensor], x: Tensor) -> tuple[Tensor, Pull]:
    output, transpose, *_ = torch.func.vjp(layer, x)
    return output, lambda relevance: transpose(relevance)[0]

"""How one linear map hands the relevance of its outputs back to its inputs."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import torch
from torch import Tensor

from skdropout.functional._checks import as_number, brief, check_choice

RuleName: TypeAlias = Literal["epsilon", "zplus", "gamma", "flat", "wsquare"]
RULES = get_args(RuleName)
BLIND_RULES = ("flat", "wsquare")  # do not look at the inputs

Pull = Callable[[Tensor], Tensor]
LinearMap = Callable[[Tensor, Tensor, Tensor | None], tuple[Tensor, Pull]]


@dataclass(frozen=True)
class Rule:
    """A rule of layer-wise relevance propagation with its constants.

    Parameters
    ----------
    name : {"epsilon", "zplus", "gamma", "flat", "wsquare"}, default="epsilon"
        See :func:`linear_relevance` for the equations.
    epsilon : float, default=1e-6
        Keeps denominators from 0; in the units of the layer's outputs.
    gamma : float, default=0.25
        How much the contributions that agree with an output's sign are favoured; "gamma" only.

    Raises
    ------
    ValueError
        If `name` is unknown, `epsilon` is not positive or `gamma` is negative.

    Examples
    --------
    >>> from skdropout.functional import Rule
    >>> Rule("gamma", gamma=0.1)
    Rule(name='gamma', epsilon=1e-06, gamma=0.1)
    """

    name: RuleName = "epsilon"
    epsilon: float = 1e-6
    gamma: float = 0.25

    def __post_init__(self):
        check_choice("rule", self.name, RULES)
        as_number("epsilon", self.epsilon, "positive, for example 1e-6", lambda v: 0 < v < math.inf)
        as_number("gamma", self.gamma, "0 or more, for example 0.25", lambda v: 0 <= v < math.inf)


RelevanceRule: TypeAlias = (
    RuleName
    | Literal["epsilon_plus", "epsilon_plus_flat", "gradient_x_input", "integrated_gradients"]
    | Rule
    | Sequence[RuleName | Rule]
)


def dense_relevance(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    relevance_out: Tensor,
    *,
    rule: RuleName | Rule = "epsilon",
    output: Tensor | None = None,
) -> Tensor:
    """`linear_relevance` of what is known to fit, under the caller's grad mode."""
    rule = as_rule(rule)
    if output is None:
        output, pull = dense(x, weight, bias)
    else:
        pull = _dense_pull(weight)
    return redistribute(rule, dense, x, weight, bias, output, pull, relevance_out)


def as_rule(rule: RuleName | Rule) -> Rule:
    """A rule, given by its name too."""
    if not isinstance(rule, str | Rule):
        raise ValueError(
            f"rule={brief(rule)} must be one of {', '.join(RULES)}, or a functional.Rule."
        )
    return Rule(rule) if isinstance(rule, str) else rule


def redistribute(
    rule: Rule,
    linear: LinearMap,
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    output: Tensor,
    pull: Pull,
    relevance_out: Tensor,
) -> Tensor:
    """The equation of `linear_relevance` for any linear map.

    ``linear(x, weight, bias)`` returns the map's output and its transpose, a function from outputs
    to inputs; `output` and `pull` are what it returned for the layer's own weights.
    """
    if rule.name in BLIND_RULES:
        share = torch.ones_like(weight) if rule.name == "flat" else weight.square()
        total, pull_share = linear(torch.ones_like(x), share, None)
        return pull_share(relevance_out / (total + rule.epsilon))
    epsilon = _with_sign_of(output, rule.epsilon)
    if rule.name == "epsilon":
        total = epsilon.add_(output)
        return pull(torch.div(relevance_out, total, out=total)).mul_(x)
    a, b = (0.5, 0.5) if rule.name == "zplus" else (1 + rule.gamma / 2, rule.gamma / 2)
    total, pull_total = linear(x.abs(), weight.abs(), None if bias is None else bias.abs())
    sign = _with_sign_of(output, 1.0)
    quotient = relevance_out / (a * output + b * sign * total + epsilon)
    return a * x * pull(quotient) + b * x.abs() * pull_total(sign * quotient)


def dense(x: Tensor, weight: Tensor, bias: Tensor | None) -> tuple[Tensor, Pull]:
    output = x @ weight
    return output if bias is None else output.add_(bias.unsqueeze(-2)), _dense_pull(weight)


def stabilised(z: Tensor, epsilon: float = 1e-6) -> Tensor:
    return _with_sign_of(z, epsilon).add_(z)


def _dense_pull(weight: Tensor) -> Pull:
    return lambda quotient: quotient @ weight.mT


def _with_sign_of(z: Tensor, magnitude: float) -> Tensor:
    return torch.full((), magnitude, dtype=z.dtype, device=z.device).copysign(z)

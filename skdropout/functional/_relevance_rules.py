"""How one linear map hands the relevance of its outputs back to its inputs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import torch
from torch import Tensor

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
        if self.name not in RULES:
            raise ValueError(f"rule={self.name!r} is unknown; use one of {', '.join(RULES)}.")
        if not self.epsilon > 0:
            raise ValueError(f"epsilon={self.epsilon!r} must be positive, for example 1e-6.")
        if not self.gamma >= 0:
            raise ValueError(f"gamma={self.gamma!r} must be 0 or more, for example 0.25.")


RelevanceRule: TypeAlias = (
    RuleName
    | Literal["epsilon_plus", "epsilon_plus_flat", "gradient_x_input", "integrated_gradients"]
    | Rule
    | Sequence[RuleName | Rule]
)


@torch.no_grad()
def linear_relevance(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    relevance_out: Tensor,
    *,
    rule: RuleName | Rule = "epsilon",
    output: Tensor | None = None,
) -> Tensor:
    r"""Relevance of the inputs of a dense layer, given that of its outputs.

    With contributions :math:`c_{ij} = x_i w_{ij}`, outputs :math:`z_j = \sum_i c_{ij} + b_j` and
    :math:`s_j = \operatorname{sign}(z_j)`, where sign(0) = +1:

    .. math::

        R_i = \sum_j \frac{a\,c_{ij} + s_j b\,|c_{ij}|}
              {a\,z_j + s_j b\,(\sum_k |c_{kj}| + |b_j|) + s_j \epsilon} R_j

    - "epsilon": a = 1, b = 0.
    - "gamma": a = 1 + gamma/2, b = gamma/2. The contributions whose sign is that of :math:`z_j`
      count 1 + gamma times. For inputs >= 0 and :math:`z_j > 0` it is the rule with the weights
      ``w + gamma * max(w, 0)``; inputs of either sign are allowed.
    - "zplus": a = b = 1/2, the limit of "gamma" for large gamma: only contributions whose sign is
      that of :math:`z_j`, hence the positive ones of a unit that is on. (At a negative output it
      is the negative ones: they made it so, and the order of the features does not flip.)

    Two rules ignore the inputs: "flat" shares :math:`R_j` equally, "wsquare" in proportion to
    :math:`w_{ij}^2`. Without a bias, relevance is conserved but for epsilon. No autograd graph is
    made.

    Parameters
    ----------
    x : Tensor of shape (..., n_samples, n_in)
        The layer's inputs.
    weight : Tensor of shape (..., n_in, n_out)
        Leading dimensions stand for the members of a stack and broadcast against those of `x`.
    bias : Tensor of shape (..., n_out) or None
        It takes part in the denominator; its share is discarded.
    relevance_out : Tensor of shape (..., n_samples, n_out)
        Relevance of the layer's outputs.
    rule : str or Rule, default="epsilon"
        One of the names above, or a :class:`Rule` with its constants.
    output : Tensor of shape (..., n_samples, n_out), optional
        ``x @ weight + bias`` where the caller has it already; saves a matrix product. After a
        ReLU its outputs do as well if units that are off have no relevance (they have none unless
        the layer above is "flat" or "wsquare").

    Returns
    -------
    Tensor of shape (..., n_samples, n_in)

    Raises
    ------
    ValueError
        If `rule` is unknown or `x` and `weight` do not fit.

    References
    ----------
    Bach et al. (2015), *On pixel-wise explanations for non-linear classifier decisions by
    layer-wise relevance propagation*, PLOS ONE 10(7). Montavon et al. (2019), *Layer-wise
    relevance propagation: an overview*. The generalised gamma rule: Andeol et al. (2021),
    *Learning domain invariant representations by joint Wasserstein distance minimization*.

    Examples
    --------
    >>> import torch
    >>> from skdropout.functional import linear_relevance
    >>> x, weight = torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0], [-1.0]])
    >>> linear_relevance(x, weight, None, relevance_out=torch.tensor([[1.0]]))
    tensor([[ 3.0000, -2.0000]])
    >>> linear_relevance(x, weight, None, torch.tensor([[1.0]]), rule="zplus")
    tensor([[1.0000, 0.0000]])
    """
    if x.ndim < 2 or weight.ndim < 2 or x.shape[-1] != weight.shape[-2]:
        raise ValueError(
            f"x of shape {tuple(x.shape)} does not fit weight of shape {tuple(weight.shape)}; "
            "pass x as (..., n_samples, n_in) and weight as (..., n_in, n_out)."
        )
    rule = Rule(rule) if isinstance(rule, str) else rule
    if output is None:
        output, pull = dense(x, weight, bias)
    else:
        pull = _dense_pull(weight)
    return redistribute(rule, dense, x, weight, bias, output, pull, relevance_out)


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

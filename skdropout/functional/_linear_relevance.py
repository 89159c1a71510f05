"""The rules of relevance for a dense layer, of whatever one has at hand."""

import torch
from torch import Tensor

from skdropout.functional._asked import memory_errors
from skdropout.functional._checks import check_fits, check_like, check_tensor
from skdropout.functional._relevance_rules import Rule, RuleName, dense_relevance


@memory_errors()
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
    check_tensor("x", x, "(..., n_samples, n_in)")
    check_tensor("weight", weight, "(..., n_in, n_out)")
    if x.ndim < 2 or weight.ndim < 2 or x.shape[-1] != weight.shape[-2]:
        raise ValueError(
            f"x of shape {tuple(x.shape)} does not fit weight of shape {tuple(weight.shape)}; "
            "pass x as (..., n_samples, n_in) and weight as (..., n_in, n_out)."
        )
    check_like("weight", weight, "x", x)
    members, n_out = _broadcast(x, weight), weight.shape[-1]
    outputs = (*members, x.shape[-2], n_out)
    for name, value, shape in (
        ("bias", bias, (*members, n_out)),
        ("relevance_out", relevance_out, outputs),
        ("output", output, outputs),
    ):
        if value is not None or name == "relevance_out":
            check_tensor(name, value, f"that broadcasts to {tuple(shape)}")
            check_like(name, value, "x", x)
            check_fits(name, value, shape, "the layer's outputs")
    bias = None if bias is None else bias.expand(*members, n_out)
    relevance_out = relevance_out.expand(outputs)
    output = None if output is None else output.expand(outputs)
    return dense_relevance(x, weight, bias, relevance_out, rule=rule, output=output)


def _broadcast(x: Tensor, weight: Tensor) -> torch.Size:
    try:
        return torch.broadcast_shapes(x.shape[:-2], weight.shape[:-2])
    except RuntimeError:
        raise ValueError(
            f"x of shape {tuple(x.shape)} and weight of shape {tuple(weight.shape)} have leading "
            "dimensions that do not broadcast."
        ) from None

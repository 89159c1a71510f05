"""Stacks of networks: K members of one shape, computed together by batched products.

Every parameter and every per-member buffer has the members as its first axis, so a stack can be
cut down to some of its members (:func:`select_members`) and a member can be told apart by index.
"""

from abc import abstractmethod
from itertools import pairwise

import torch
from torch import nn

from skdropout._column_dropout import RandomColumns
from skdropout._masks import KeepLaw

__all__ = [
    "ACTIVATIONS",
    "ScaledLinear",
    "Stack",
    "StackLinear",
    "StackMLP",
    "copy_members",
    "replace_members",
    "select_members",
]

ACTIVATIONS = {
    "relu": nn.ReLU(),
    "gelu": nn.GELU(),
    "silu": nn.SiLU(),
    "mish": nn.Mish(),
    "tanh": nn.Tanh(),
    "identity": nn.Identity(),
}


class StackLinear(nn.Module):
    """One linear layer per member: ``y[k] = x[k] @ weight[k] + bias[k]``.

    Parameters
    ----------
    n_inputs, n_outputs : int
    generators : list of torch.Generator
        One per member; each member's weights come from its own, so they do not depend on which
        other members there are.
    """

    def __init__(self, n_inputs, n_outputs, generators):
        super().__init__()
        weight, bias = _draw_layer(n_inputs, n_outputs, generators)
        self.weight, self.bias = nn.Parameter(weight), nn.Parameter(bias)

    def forward(self, x):
        """Map (n_members, n_rows, n_inputs) to (n_members, n_rows, n_outputs)."""
        return torch.baddbmm(self.bias, x, self.weight)


class ScaledLinear(StackLinear):
    """A linear layer that learns apart, and faster, how much each input counts.

    The weights of an input are multiplied by a factor of its own [1]_, which starts at one and is
    written ``1 + speed * gain``: AdamW's steps have the size of the learning rate in ``gain``,
    ``speed`` times that in the factor, and its decay pulls the factor to one.

    Parameters
    ----------
    n_inputs, n_outputs : int
    generators : list of torch.Generator
    speed : float

    References
    ----------
    .. [1] D. Holzmüller, L. Grinsztajn, I. Steinwart, "Better by Default: Strong Pre-Tuned MLPs
       and Boosted Trees on Tabular Data", NeurIPS 2024, arXiv 2407.04491 (the scaling layer).
    """

    def __init__(self, n_inputs, n_outputs, generators, speed):
        nn.Module.__init__(self)
        self.speed = speed
        weight, bias = _draw_layer(n_inputs, n_outputs, generators)
        self.unscaled, self.bias = nn.Parameter(weight), nn.Parameter(bias)
        self.gain = nn.Parameter(torch.zeros_like(weight[..., :1]))

    @property
    def weight(self):
        """The weights, each input's times its factor."""
        return self.unscaled * (1 + self.speed * self.gain)


def _draw_layer(n_inputs, n_outputs, generators):
    """Draw weights (n_members, n_inputs, n_outputs) and biases (n_members, 1, n_outputs)."""
    bound = max(n_inputs, 1) ** -0.5
    draws = [
        torch.empty(n_inputs + 1, n_outputs, dtype=torch.float64).uniform_(
            -bound, bound, generator=generator
        )
        for generator in generators
    ]
    both = torch.stack(draws)
    return both[:, :-1].contiguous(), both[:, -1:].contiguous()


class Stack(nn.Module):
    """K networks on one table, whatever comes after the first layer's inputs.

    Parameters
    ----------
    encoding : nn.Module
        Turns the table's numbers and codes into the first layer's inputs.
    n_members, n_hidden, n_outputs : int
    columns : RandomColumns or RelevantColumns
        Which columns are dropped in training.

    Attributes
    ----------
    dropout : Tensor of shape (n_members, n_hidden)
        Probability of dropping a hidden unit; zero until set.
    target_location, target_scale : Tensor of shape (n_members, 1, n_outputs)
        Units that the targets are standardised by.
    """

    def __init__(self, encoding, n_members, n_hidden, n_outputs, columns):
        super().__init__()
        self.encoding = encoding
        self.columns = columns
        self.register_buffer("dropout", torch.zeros(n_members, n_hidden))
        self.register_buffer("target_location", torch.zeros(n_members, 1, n_outputs))
        self.register_buffer("target_scale", torch.ones(n_members, 1, n_outputs))
        self.stop_dropping()

    @property
    def n_members(self):
        """How many networks the stack holds."""
        return len(self.dropout)

    @property
    def drops(self):
        """Whether anything is dropped in training."""
        return bool(self.dropout.any()) or self.columns.drops

    def drop_with(self, masks):
        """Drop by masks from ``masks`` (a MaskSource) whenever in training mode."""
        self._masks = masks
        self.columns.prepare()

    def stop_dropping(self):
        """Forget the source of masks: the network is deterministic in either mode."""
        self._masks = None

    def standardise(self, target):
        """Put targets in the units each member is trained on; class codes stay as they are."""
        if not target.is_floating_point():
            return target
        return (target - self.target_location) / self.target_scale

    def natural(self, raw, criterion):
        """Map raw outputs to predictions in the units of the targets."""
        return criterion.inverse_link(raw) * self.target_scale + self.target_location

    def forward(self, numeric, codes, target=None):
        """Return raw outputs (n_members, n_rows, n_outputs).

        Parameters
        ----------
        numeric : Tensor of shape (n_members or 1, n_rows, n_numeric)
        codes : Tensor of shape (n_members or 1, n_rows, n_categorical)
        target : Tensor of shape (n_members, n_rows) or (n_members, n_rows, n_outputs)
            For training alone: what columns may be found relevant for.
        """
        x = self.encoding(numeric, codes)
        if not self.training or self._masks is None:
            return self.respond(x)
        return self.respond_dropping(self.columns(x, self, target, self._masks))

    @abstractmethod
    def respond(self, x):
        """Return raw outputs of encoded inputs (n_members, n_rows, width), dropout off."""

    @abstractmethod
    def respond_dropping(self, x):
        """Return raw outputs of encoded inputs, dropout on."""


class StackMLP(Stack):
    """K multilayer perceptrons on one table, each with dropout rates of its own.

    Parameters
    ----------
    encoding : TableEncoding
    hidden_layer_sizes : sequence of int
    n_outputs : int
    activation : str
        A key of ``ACTIVATIONS``.
    generators : list of torch.Generator
        One per member, for the initial weights.
    columns : RandomColumns or RelevantColumns, default=None
        Which columns are dropped in training; None is by chance.
    input_scaling : float, default=0.0
        ``speed`` of the first layer, see ``ScaledLinear``; 0: an ordinary layer.
    """

    def __init__(
        self,
        encoding,
        hidden_layer_sizes,
        n_outputs,
        activation,
        generators,
        columns=None,
        input_scaling=0.0,
    ):
        n_members = len(generators)
        columns = RandomColumns(n_members) if columns is None else columns
        super().__init__(encoding, n_members, len(hidden_layer_sizes), n_outputs, columns)
        widths = [encoding.width, *hidden_layer_sizes]
        self.input_scaling = input_scaling
        self.hidden = nn.ModuleList(
            StackLinear(*shape, generators)
            if i or not input_scaling
            else ScaledLinear(*shape, generators, input_scaling)
            for i, shape in enumerate(pairwise(widths))
        )
        self.output = StackLinear(widths[-1], n_outputs, generators)
        self.activation = activation

    @property
    def hidden_layer_sizes(self):
        """Number of units of each hidden layer."""
        return tuple(layer.weight.shape[-1] for layer in self.hidden)

    @property
    def widest(self):
        """Most numbers that a row takes in any layer."""
        return max(layer.weight.shape[1] for layer in (*self.hidden, self.output))

    def member(self, k):
        """Return network ``k`` by itself, sharing its weights but the first layer's.

        It maps encoded inputs (n_rows, width) to raw outputs, dropout off, and is a plain
        ``nn.Sequential``, whose layers ``smooth_hessian`` can see.
        """
        first, *others = (_linear(layer, k) for layer in (*self.hidden, self.output))
        modules = [first]
        for layer in others:
            modules += [ACTIVATIONS[self.activation], layer]
        return nn.Sequential(*modules).eval()

    def drop_with(self, masks):
        """Drop units by masks from ``masks`` (a MaskSource) whenever in training mode."""
        super().drop_with(masks)
        like = self.output.weight
        self._laws = [
            KeepLaw.from_rates(rates, like.device, like.dtype) if bool(rates.any()) else None
            for rates in self.dropout.unbind(1)
        ]

    def respond(self, x):
        """Return raw outputs of encoded inputs (n_members, n_rows, width), dropout off."""
        for layer in self.hidden:
            x = self.activate(layer(x))
        return self.output(x)

    def respond_dropping(self, x):
        """Return raw outputs of encoded inputs, dropout on."""
        for layer, law in zip(self.hidden, self._laws, strict=True):
            x = self.activate(layer(x))
            if law is not None:
                x = x * self._masks.draw(law, x.shape)
        return self.output(x)

    def activate(self, x):
        """Apply the hidden units' function."""
        return ACTIVATIONS[self.activation](x)


def _linear(layer, k):
    """Return member ``k`` of a StackLinear as an ordinary layer."""
    weight, bias = layer.weight.detach()[k].T, layer.bias.detach()[k, 0]
    linear = nn.utils.skip_init(nn.Linear, *weight.shape[::-1], device=weight.device)
    linear.weight = nn.Parameter(weight, requires_grad=False)
    linear.bias = nn.Parameter(bias, requires_grad=False)
    return linear


def _member_tensors(module):
    """Yield (owner, name, tensor) of everything that has the members as its first axis."""
    for part in module.modules():
        for name, tensor in part.named_parameters(recurse=False):
            yield part, name, tensor
        for name, tensor in part.named_buffers(recurse=False):
            if name not in getattr(part, "shared_buffers", ()):
                yield part, name, tensor


def select_members(module, members):
    """Cut ``module`` down, in place, to ``members`` (a tensor of indices), in that order."""
    replace_members(module, [tensor.detach()[members] for *_, tensor in _member_tensors(module)])


def copy_members(module):
    """Return a copy of every tensor that has the members as its first axis."""
    return [tensor.detach().clone() for *_, tensor in _member_tensors(module)]


def replace_members(module, tensors):
    """Put ``tensors`` in the place of the module's own, whatever their number of members."""
    for (part, name, old), new in zip(list(_member_tensors(module)), tensors, strict=True):
        if isinstance(old, nn.Parameter):
            old.data, old.grad = new, None
        else:
            setattr(part, name, new)

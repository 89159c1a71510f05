"""Which inputs the outputs of a stack rest on: all networks in one pass forward and one back."""

import torch
from torch import nn

from skdropout._stack.by_hand import rectify_
from skdropout._stack.schedules import Laws, Strengths
from skdropout.functional import Rule, relevance_block_mask
from skdropout.functional._inner import (
    dense_relevance,
    is_dropped,
    relevance_from,
    sum_by_group,
)

_BY_GRADIENT = ("gradient_x_input", "integrated_gradients")


@torch.no_grad()
def stack_relevance(stack, encoded, share, rule):
    """Return the relevance of every encoded input, dropout off.

    It is the relevance of what the row's output has over that of the typical row, to which
    dropped columns go: inputs count by their deviation from typical.

    Parameters
    ----------
    stack : StackMLP
    encoded : Tensor of shape (n_members, n_rows, width)
    share : callable
        Maps raw outputs to the share of each, 1, 0 or -1, in what is explained.
    rule : str, Rule or sequence of them
        "gradient_x_input", "integrated_gradients", or rules of ``linear_relevance`` for all or
        for each of the layers.

    Returns
    -------
    relevance : Tensor of the shape of ``encoded``
    """
    typical = stack.encoding.typical()
    deviation = encoded - typical
    if not isinstance(rule, str) or rule not in _BY_GRADIENT:
        return _layer_by_layer(stack, deviation, typical, share, rule)
    if rule == "gradient_x_input" and stack.activation == "relu":
        return deviation.mul_(_relu_gradient(stack, encoded, share))

    with torch.inference_mode(False):  # predictions are made within it
        return relevance_from(lambda x: stack.respond(typical + x), deviation.clone(), share, rule)


def _relu_gradient(stack, x, share):
    """Autograd's result by hand and in place; this is most of what RelDrop costs."""
    units = []
    for layer in stack.hidden:
        x = rectify_(layer(x), stack.least)
        units.append(x)
    gradient = share(stack.output(x)) @ stack.output.weight.mT
    for layer in reversed(stack.hidden):
        is_on = units.pop().sign_()
        if stack.least is not None:
            is_on.abs_()
        gradient = gradient.mul_(is_on) @ layer.weight.mT
    return gradient


def _layer_by_layer(stack, deviation, typical, share, rule):
    layers = [*stack.hidden, stack.output]
    rules = [rule] * len(layers) if isinstance(rule, str | Rule) else rule
    # in terms of deviations the first layer's bias is its output for the typical row
    biases = [layers[0](typical), *(layer.bias for layer in layers[1:])]
    inputs, outputs, x = [], [], deviation
    for layer, bias in zip(layers, biases, strict=True):
        inputs.append(x)
        outputs.append(torch.baddbmm(bias, x, layer.weight))
        x = stack.activate(outputs[-1])
    raw = outputs[-1]
    relevance = share(raw) * raw
    for layer, bias, rule in zip(layers[::-1], biases[::-1], rules[::-1], strict=True):
        relevance = dense_relevance(
            inputs.pop(),
            layer.weight,
            bias.squeeze(1),
            relevance,
            rule=rule,
            output=outputs.pop(),
        )
    return relevance


class RandomColumns(nn.Module):
    """Drop columns by chance, and scale up what the others deviate from typical.

    Attributes
    ----------
    input_dropout : Tensor of shape (n_members,)
        Probability of dropping a column; zero until set.
    """

    learns = is_relaxed = marks = False

    def go_on_from(self, former):
        """Nothing was learnt."""

    def __init__(self, n_members):
        super().__init__()
        self.register_buffer("input_dropout", torch.zeros(n_members))
        self.stop()

    @property
    def drops(self):
        """Whether any network drops anything."""
        return bool(self.input_dropout.any())

    def set_rates(self, members):
        """Take each network's rate from its member."""
        rates = [member.input_dropout for member in members]
        self.input_dropout = self.input_dropout.new_tensor(rates)

    def prepare(self, factors=None, learns=False):
        """Get ready to drop at the present rates, multiplied by factors (n_places, n_members)."""
        like = self.input_dropout
        self._laws = Laws(like.cpu(), factors, like.device, like.dtype)
        self.go_to(0)

    def go_to(self, place):
        """Let rates be those of a step, whose place ``Factors.place`` gives."""
        self._law = self._laws.at(place)

    def stop(self):
        """Forget at which rates to drop."""
        self._laws = self._law = None

    @property
    def is_idle(self):
        """Whether nothing is dropped now."""
        return self._law is None

    def forward(self, encoded, stack, target, masks):
        """Return the encoded batch with some columns dropped, drawn from a MaskSource."""
        if self.is_idle:
            return encoded
        kept = masks.draw(self._law, (*encoded.shape[:2], stack.encoding.n_columns))
        return stack.encoding.keep(encoded, kept)


class RelevantColumns(nn.Module):
    """Drop columns on which the networks' present outputs rest; others stay as they are.

    Parameters
    ----------
    n_members : int
    share : callable
        Maps raw outputs and targets (or None) to each output's share in what is explained.
    rule : str, Rule or sequence of them
    probability : float
        Share of the rows that are treated at all.

    Attributes
    ----------
    alpha, beta : Tensor of shape (n_members, 1, 1)
        Share of chance and strength, see ``relevance_mask``.
    """

    learns = is_relaxed = False
    # networks are told which numbers are dropped, or else they take them for medians
    marks = True

    def go_on_from(self, former):
        """Nothing was learnt."""

    def __init__(self, n_members, share, *, rule, probability=1.0):
        super().__init__()
        self.register_buffer("alpha", torch.ones(n_members, 1, 1))
        self.register_buffer("beta", torch.zeros(n_members, 1, 1))
        self.share = share
        self.rule = rule
        self.probability = probability
        self.stop()

    @property
    def drops(self):
        """Whether any network drops anything."""
        return bool(self.beta.any()) and self.probability > 0

    def set_rates(self, members):
        """Take each network's alpha and beta from its member."""
        for name in ("alpha", "beta"):
            values = [getattr(member, name) for member in members]
            setattr(self, name, getattr(self, name).new_tensor(values).view(-1, 1, 1))

    def prepare(self, factors=None, learns=False):
        """Get ready to drop, ``beta`` multiplied by factors (n_places, n_members)."""
        self._strengths = Strengths(factors, self.beta) if self.drops else None
        self.go_to(0)

    def go_to(self, place):
        """Let strengths be those of a step, whose place ``Factors.place`` gives."""
        self._place = place
        self._strength = None if self._strengths is None else self._strengths.at(place)

    def stop(self):
        """Forget how much to drop."""
        self._strengths = self._strength = None

    @property
    def is_idle(self):
        """Whether nothing is dropped now."""
        return self._strength is None

    def forward(self, encoded, stack, target, masks):
        """Return the encoded batch with some columns dropped, drawn from a MaskSource."""
        if self.is_idle:
            return encoded
        encoding = stack.encoding
        relevance = stack_relevance(
            stack, encoded.detach(), lambda raw: self.share(raw, target), self.rule
        )
        relevance = sum_by_group(relevance, encoding.groups, encoding.n_columns)
        dropped = self._draw(relevance, masks)
        return encoding.keep(encoded, (~dropped).to(encoded.dtype))

    def _draw(self, relevance, masks):
        """Draw which columns to drop, (n_members, n_rows, n_columns)."""
        draw = masks.uniform(relevance.shape, relevance.dtype)
        dropped = is_dropped(relevance, draw, self.alpha, self.beta * self._strength)
        if self.probability < 1:
            rows = (*relevance.shape[:2], 1)
            dropped &= masks.uniform(rows, relevance.dtype) < self.probability
        return dropped


class RelevantBlocks(RelevantColumns):
    """Drop a rectangle of an image around its most relevant pixel.

    Parameters
    ----------
    height, width : int
    **options
        Those of ``RelevantColumns``, for one network.
    """

    def __init__(self, height, width, share, **options):
        super().__init__(1, share, **options)
        self._size = height, width

    @property
    def drops(self):
        """Whether the network drops anything."""
        return self.probability > 0

    def _draw(self, relevance, masks):
        (strength,) = self._strengths.numbers[self._place]
        blocks = relevance_block_mask(
            relevance[0].unflatten(1, self._size),
            probability=self.probability * strength,
            generator=masks.generator,
        )
        return blocks.flatten(1).unsqueeze(0)

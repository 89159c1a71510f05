"""Stacks of networks: K multilayer perceptrons of one shape."""

from abc import abstractmethod
from functools import partial
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F

from skdropout._stack.by_hand import Pass
from skdropout._stack.columns import RandomColumns
from skdropout._stack.layers import ACTIVATIONS, BlockedLinear, ScaledLinear, StackLinear, sliced
from skdropout._stack.learnt import LEARN_EVERY, LearntRates
from skdropout._stack.schedules import Laws


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
    precision : torch.dtype or None
        Of matrix products in training, if not that of the weights.
    rows_of_product : int or None
        A row's prediction does not depend on which others there are where their number is a
        multiple of this; None: where it is always the same.
    """

    def __init__(self, encoding, n_members, n_hidden, n_outputs, columns):
        super().__init__()
        self.encoding = encoding
        self.columns = columns
        self.register_buffer("dropout", torch.zeros(n_members, n_hidden))
        self.register_buffer("target_location", torch.zeros(n_members, 1, n_outputs))
        self.register_buffer("target_scale", torch.ones(n_members, 1, n_outputs))
        self.stop_dropping()
        self.precision = self.rows_of_product = None

    @property
    def product_dtype(self):
        """The precision of matrix products in training."""
        return self.precision or self.dropout.dtype

    @property
    def n_members(self):
        """How many networks the stack holds."""
        return len(self.dropout)

    @property
    def drops(self):
        """Whether anything is dropped in training."""
        return bool(self.dropout.any()) or self.columns.drops

    def drop_with(self, masks, factors=None, learns=False):
        """Drop by masks from ``masks`` (a MaskSource) whenever in training mode.

        Rates are those of the first step if they are to be multiplied by ``factors`` (Factors).
        Where they are learnt masks are relaxed if this is training (``learns``).
        """
        self._masks = masks
        self.columns.prepare(None if factors is None else factors.of_columns, learns)

    def go_to(self, place):
        """Let rates be those of a step, whose place ``Factors.place`` gives."""
        self.columns.go_to(place)

    def stop_dropping(self):
        """Forget the source of masks: the network is deterministic in either mode."""
        self._masks = None
        self.columns.stop()

    def standardise(self, target):
        """Put targets in the units each member is trained on; class codes stay as they are."""
        if not target.is_floating_point():
            return target
        return (target - self.target_location) / self.target_scale

    def natural(self, raw, criterion):
        """Map raw outputs to predictions in the units of the targets."""
        return criterion.inverse_link(raw) * self.target_scale + self.target_location

    def forward(self, numeric, codes):
        """Return raw outputs (n_members, n_rows, n_outputs), dropout off.

        Parameters
        ----------
        numeric : Tensor of shape (n_members or 1, n_rows, n_numeric)
        codes : Tensor of shape (n_members or 1, n_rows, n_categorical)
        """
        return self.respond(self.encoding(numeric, codes))

    def evaluate(self, numbers, places):
        """Return raw outputs, dropout off, of rows of which all that is not learnt is known.

        Parameters
        ----------
        numbers : Tensor
        places : list of Tensor
            As the encoding's methods of these names give them.
        """
        encoding = self.encoding
        return self.respond(encoding.join(numbers, encoding.learnt(numbers, places)))

    def train_on(self, numbers, places, target):
        """Return raw outputs, dropout on, and what takes their gradient back.

        Parameters
        ----------
        numbers : Tensor
        places : list of Tensor
            As the encoding's methods of these names give them; ``numbers`` may be overwritten.
        target : Tensor of shape (n_members, n_rows) or (n_members, n_rows, n_outputs)
            What columns may be found relevant for.

        Returns
        -------
        raw : Tensor of shape (n_members, n_rows, n_outputs)
        back : callable
            Maps the gradient of ``raw`` to nothing: the parameters have theirs then.
        """
        raw = self.respond_dropping(self._some_columns(numbers, places, target))
        return raw.detach(), raw.backward

    def _some_columns(self, numbers, places, target):
        x = self.encoding.join(numbers, self.encoding.learnt(numbers, places))
        return self.columns(x, self, target, self._masks)

    def draw(self, x):
        """Return raw outputs of encoded inputs under masks as in training."""
        return self.respond_dropping(self.columns(x, self, None, self._masks))

    def for_predictions(self):
        """Return what predicts the same, faster; it may share tensors with this one."""
        return self

    def by_hand(self):
        """Return the parameters whose gradients come without autograd."""
        return ()

    learns = False

    def settle(self):
        """Let rates be those that were learnt; none are."""

    def rates_learnt(self):
        """Return the rates of units and of columns that are learnt, or None of each."""
        return None, None

    def running(self):
        """Return the modules whose buffer ``value`` training changes besides the parameters."""
        return ()

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
    learns : bool, default=False
        Whether each layer's rate is learnt.
    linear : sequence of bool, default=()
        Of each network, whether its hidden units do not bend: it is linear in its inputs.

    Attributes
    ----------
    least : Tensor of shape (n_members, 1, 1) or None
        What rectified hidden units are at least: minus infinity of linear networks, else 0. None:
        no network is linear.
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
        learns=False,
        linear=(),
    ):
        n_members = len(generators)
        columns = RandomColumns(n_members) if columns is None else columns
        super().__init__(encoding, n_members, len(hidden_layer_sizes), n_outputs, columns)
        places, n_drawn = encoding.drawn
        shapes = list(pairwise([n_drawn, *hidden_layer_sizes, n_outputs]))
        layers = [partial(StackLinear, *shape, generators) for shape in shapes]
        if input_scaling and hidden_layer_sizes:
            layers[0] = partial(ScaledLinear, *shapes[0], generators, input_scaling)
        first, *others = layers
        *hidden, self.output = first(places=places), *(layer() for layer in others)
        self.hidden = nn.ModuleList(hidden)
        self.input_scaling = input_scaling
        self.activation = activation
        self.learnt = LearntRates(n_members, len(self.hidden)) if learns else None
        if any(linear):
            least = [-torch.inf if is_linear else 0.0 for is_linear in linear]
            self.register_buffer("least", torch.tensor(least).view(-1, 1, 1))
        else:
            self.least = None

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
        is_linear = self.least is not None and bool(self.least[k].isinf())
        modules, activation = [first], "identity" if is_linear else self.activation
        for layer in others:
            modules += [ACTIVATIONS[activation], layer]
        return nn.Sequential(*modules).eval()

    def for_predictions(self):
        """Return a stack whose layers multiply rows in blocks, factors of inputs in the weights."""
        if self.dropout.device.type != "cpu":
            return self
        part = sliced(self, slice(None))
        part.hidden = nn.ModuleList(map(BlockedLinear, self.hidden))
        part.output = BlockedLinear(self.output)
        part.rows_of_product = BlockedLinear.ROWS
        return part

    def by_hand(self):
        """Return the layers' parameters: see ``Pass``."""
        learnt = [part.value for part in self._learnt_parts()]
        return (*self.hidden.parameters(), *self.output.parameters(), *learnt)

    @property
    def learns(self):
        """Whether any rates are learnt."""
        return bool(self._learnt_parts())

    def _learnt_parts(self):
        parts = [self.learnt] if self.learnt is not None else []
        return [*parts, self.columns.learnt] if self.columns.learns else parts

    def _take_turns(self):
        """Let rates be learnt in one step of some, for masks that are relaxed take their time."""
        turn = self._n_steps % LEARN_EVERY
        self._n_steps += 1
        self._learns_now = turn == 0
        if turn > 1:
            return
        if self.learnt is not None:
            self._laws = self.learnt.laws(self._learns_now)
        if self.columns.learns:
            self.columns.relax(self._learns_now)

    def add_prior(self, strength):
        """Add to the gradients of rates those of minus their entropies, times ``strength``.

        Of a layer once for each of its units, of a column for each input that comes of it.
        """
        if not self._learns_now:
            return  # the gradients of the last step that had any stay
        if self.learnt is not None:
            widths = self.dropout.new_tensor(self.hidden_layer_sizes)
            self.learnt.add_prior(strength, widths)
        if self.columns.learns:
            self.columns.learnt.add_prior(strength, self.encoding.n_inputs)

    def rates_learnt(self):
        """Return the rates of units and of columns that are learnt, or None of each."""
        parts = self.learnt, self.columns.learnt if self.columns.learns else None
        return [None if part is None else part.rates().double().cpu().numpy() for part in parts]

    def settle(self):
        """Let rates be those that were learnt, of which networks draw once training is over."""
        if self.learnt is not None:
            self.dropout = self.learnt.rates()
        if self.columns.learns:
            self.columns.settle()

    def drop_with(self, masks, factors=None, learns=False):
        """Drop units and columns by masks from ``masks`` (a MaskSource); see ``Stack``."""
        super().drop_with(masks, factors, learns)
        if learns and self.learns:
            self._n_steps = 0
            if self.learnt is not None:
                self._laws_of_training = self._laws = ()
                return
        like, of_units = self.output.weight, None if factors is None else factors.of_units
        self._laws_of_training = [
            Laws(rates, of_units, like.device, like.dtype) for rates in self.dropout.cpu().unbind(1)
        ]
        self.go_to(0)

    def stop_dropping(self):
        """Forget the source of masks, and their laws."""
        super().stop_dropping()
        self._laws_of_training = self._laws = ()

    def go_to(self, place):
        """Let rates be those of a step, whose place ``Factors.place`` gives."""
        super().go_to(place)
        if self._laws_of_training:
            self._laws = [laws.at(place) for laws in self._laws_of_training]

    def respond(self, x):
        """Return raw outputs of encoded inputs (n_members, n_rows, width), dropout off."""
        for layer in self.hidden:
            x = self.activate(layer(x))
        return self.output(x)

    def respond_dropping(self, x):
        """Return raw outputs of encoded inputs, dropout on, from which there is no way back."""
        return Pass(self, x, self._laws, self._masks).raw

    def train_on(self, numbers, places, target):
        """Return raw outputs, dropout on, and what takes their gradient back."""
        if self.learns:
            self._take_turns()
        start, width = self.encoding.n_constant, self.encoding.width
        if self.columns.is_idle and start and numbers.shape[-1] == width:
            return self._train_on_all_columns(numbers, places)
        x = self._some_columns(numbers, places, target)
        through = Pass(self, x.detach(), self._laws, self._masks)

        def back(gradient):
            first = 0 if self.columns.is_relaxed else start
            of_learnt = through.back(gradient, first if x.requires_grad else None)
            if of_learnt is not None:
                x.backward(F.pad(of_learnt, (first, 0)))
            if self.columns.is_relaxed:
                self.columns.learn()

        return through.raw, back

    def _train_on_all_columns(self, numbers, places):
        """As ``train_on``, without autograd: ``numbers`` have room for the vectors."""
        encoding, start = self.encoding, self.encoding.n_constant
        with torch.no_grad():
            encoding.fill(numbers, places)
        through = Pass(self, numbers, self._laws, self._masks, is_own=True)

        def back(gradient):
            of_vectors = through.back(gradient, start if places else None)
            if places:
                encoding.learn(places, of_vectors)

        return through.raw, back

    def activate(self, x):
        """Apply the hidden units' function."""
        bent = ACTIVATIONS[self.activation](x)
        return bent if self.least is None else torch.where(self.least.isinf(), x, bent)


def _linear(layer, k):
    """Return member ``k`` of a StackLinear as an ordinary layer."""
    weight, bias = layer.weight.detach()[k].T, layer.bias.detach()[k, 0]
    linear = nn.utils.skip_init(nn.Linear, *weight.shape[::-1], device=weight.device)
    linear.weight = nn.Parameter(weight, requires_grad=False)
    linear.bias = nn.Parameter(bias, requires_grad=False)
    return linear

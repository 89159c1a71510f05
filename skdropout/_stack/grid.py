"""A user's own network, for images or point clouds, as a stack of one."""

import copy

import torch
from torch import nn
from torch.func import functional_call

from skdropout._device import seeded
from skdropout._stack.networks import Stack
from skdropout._stack.numbers import CLIP

# In standard units: no cell is so large that outputs are not finite.
_FARTHEST = 1e4


class GridEncoding(nn.Module):
    """Numbers in standard units of their channel; missing ones are the channel's mean.

    What belongs together, and is dropped together, are the channels of a pixel or the coordinates
    of a point.

    Parameters
    ----------
    numeric : Tensor of shape (n_rows, n_columns)
        Rows to learn means and deviations from.
    feature_shape : tuple of int
        (n_channels, height, width), or (n_points, n_coordinates).
    """

    shared_buffers = ("groups",)
    embeddings = ()

    def __init__(self, numeric, feature_shape):
        super().__init__()
        channel = 0 if len(feature_shape) == 3 else 1
        cells = torch.where(numeric.isfinite(), numeric, torch.nan)
        cells = cells.view(-1, *feature_shape).movedim(channel + 1, 0).flatten(1)
        center = cells.nanmean(1).nan_to_num(0.0)
        scale = (cells - center.unsqueeze(1)).square().nanmean(1).sqrt()
        scale = torch.where(scale > 0, scale, 1.0)
        aligned = [1] * len(feature_shape)
        aligned[channel] = -1
        for name, value in (("center", center), ("scale", scale)):
            of_column = value.view(aligned).expand(feature_shape).reshape(1, 1, -1)
            self.register_buffer(name, of_column.contiguous())
        places = feature_shape[1:] if channel == 0 else feature_shape[:1]
        self.n_columns = torch.Size(places).numel()
        self.n_constant = self.width = len(scale.view(aligned).expand(feature_shape).flatten())
        groups = torch.arange(self.n_columns).view(places).unsqueeze(channel)
        self.register_buffer("groups", groups.expand(feature_shape).flatten())

    def forward(self, numeric, codes):
        """Encode rows, (1, n_rows, n_columns)."""
        return self.numbers(numeric)

    def numbers(self, numeric):
        """Encode rows, (1, n_rows, n_columns): nothing of it is learnt."""
        cells = (numeric - self.center) / self.scale
        cells = cells.nan_to_num(nan=0.0, posinf=CLIP, neginf=-CLIP)
        return cells.clamp(-_FARTHEST, _FARTHEST).to(self.center.dtype)

    def places(self, codes):
        """Return what there is not: vectors."""
        return []

    def learnt(self, numbers, places):
        """Return what there is not: inputs that are learnt."""
        return []

    def join(self, numbers, learnt):
        """Return rows that are encoded already."""
        return numbers

    def typical(self):
        """Return the channels' means, all zeros."""
        return torch.zeros_like(self.center)

    def keep(self, encoded, factor):
        """Drop the pixels or points whose ``factor`` is 0; see ``TableEncoding.keep``."""
        return encoded * factor.index_select(-1, self.groups)


class GridNetwork(Stack):
    """A network that looks like a stack to what trains it and predicts with it.

    Its parameters and buffers have the members' axis in front; the module itself is but the plan
    by which they are used.

    Parameters
    ----------
    encoding : GridEncoding
    module : nn.Module
        Maps (n_rows, *feature_shape) to raw outputs (n_rows, n_outputs) or (n_rows,).
    feature_shape : tuple of int
    n_outputs : int
    columns : RelevantColumns or RelevantBlocks
    """

    hidden, hidden_layer_sizes, activation = (), (), None

    def __init__(self, encoding, module, feature_shape, n_outputs, columns):
        super().__init__(encoding, 1, 0, n_outputs, columns)
        self.feature_shape = feature_shape
        plan = copy.deepcopy(module)
        # in a tuple, lest torch registers the plan beside what is built by it
        self._plan = (plan,)
        self._names = [name for name, _ in (*plan.named_parameters(), *plan.named_buffers())]
        self.weights = nn.ParameterList(
            nn.Parameter(p.detach().clone()[None], p.requires_grad) for p in plan.parameters()
        )
        self.states = nn.ModuleList(_State(b.detach().clone()[None]) for b in plan.buffers())

    def running(self):
        """Return what holds the user's own buffers, such as running means."""
        return self.states

    @property
    def widest(self):
        """A guess of the most numbers that a row takes in any layer."""
        return 64 * len(self.encoding.groups)

    def respond(self, x):
        """Return raw outputs of encoded inputs (1, n_rows, width), in evaluation mode."""
        return self._call(x, drops=False)

    def respond_dropping(self, x):
        """Return raw outputs of encoded inputs, by the module's own dropout layers too."""
        with seeded(self._masks.next_seed(), x.device):
            return self._call(x, drops=True)

    def _call(self, x, drops):
        plan = self._plan[0] if self.training else _with_the_same_tensors(self._plan[0])
        plan.train(drops)
        if not self.training:
            for part in plan.modules():
                if isinstance(part, nn.modules.batchnorm._NormBase):
                    part.eval()  # predictions neither change running statistics nor go by a batch's
        tensors = [*self.weights, *(state.value for state in self.states)]
        by_name = {name: tensor[0] for name, tensor in zip(self._names, tensors, strict=True)}
        output = functional_call(plan, by_name, (x[0].unflatten(1, self.feature_shape),))
        return output.reshape(1, x.shape[1], -1)


def _with_the_same_tensors(module):
    """Copy a module but not its tensors; for threads, as a functional call swaps them in place."""
    tensors = (*module.parameters(), *module.buffers())
    return copy.deepcopy(module, {id(tensor): tensor for tensor in tensors})


class _State(nn.Module):
    def __init__(self, value):
        super().__init__()
        self.register_buffer("value", value)

"""What lets an estimator train a user's own torch module on images or point clouds."""

import copy
import math
from numbers import Integral

import torch
from torch import nn

from skdropout._stack import GridEncoding, GridNetwork, RelevantBlocks, finish_stack

__all__ = ["OwnModule"]


class OwnModule:
    """A base before the network's: with ``module``, it takes the perceptrons' place."""

    def _set_rates(self):
        super()._set_rates()
        if self.module is None and (self.feature_shape is not None or self.occlusion != "element"):
            raise ValueError(
                f"feature_shape={self.feature_shape!r} and occlusion={self.occlusion!r} are for "
                "one's own module; give module=, a torch module or a callable that makes one."
            )
        if self.module is not None:
            self._rates, self._column_rates = [()], self._column_rates[:1]
            self._check_grid()

    def _check_grid(self):
        shape = self.feature_shape
        if (
            not isinstance(shape, list | tuple)
            or len(shape) not in (2, 3)
            or not all(isinstance(size, Integral) and size > 0 for size in shape)
        ):
            raise ValueError(
                f"feature_shape={shape!r} must be (n_channels, height, width) or (n_points, "
                "n_coordinates) where module is given."
            )
        if self.occlusion == "block" and len(shape) != 3:
            raise ValueError(
                f"occlusion='block' needs images, but feature_shape={shape!r}; give (n_channels, "
                "height, width), or occlusion='element'."
            )
        if self.rule not in ("gradient_x_input", "integrated_gradients"):
            raise ValueError(
                f"rule={self.rule!r} needs layers that are known; with module use "
                "'gradient_x_input' or 'integrated_gradients', or skdropout.nn.RelevanceDropout."
            )

    def _start(self, X, resumes):
        super()._start(X, resumes)
        if self.module is None:
            return
        if self._encoder.categorical_:
            names = [self._encoder.names_[j] for j in self._encoder.categorical_]
            raise ValueError(f"module takes numbers only, but {names} hold categories.")
        if math.prod(self.feature_shape) != self.n_features_in_:
            raise ValueError(
                f"feature_shape={self.feature_shape!r} has {math.prod(self.feature_shape)} "
                f"entries, but X has {self.n_features_in_} columns."
            )

    def _check_same_networks(self):
        if self.module is None:
            super()._check_same_networks()

    def _columns(self, n_members):
        if self.occlusion == "block":
            size = self.feature_shape[1:]
            return RelevantBlocks(*size, self._criterion().share, **self._dropping())
        return super()._columns(n_members)

    def _build(self, table, members, criterion):
        if self.module is None:
            return super()._build(table, members, criterion)
        train = torch.as_tensor(members[0].train)
        network = GridNetwork(
            GridEncoding(table.numeric[train], tuple(self.feature_shape)),
            self._own_module(members[0].seed),
            tuple(self.feature_shape),
            self._n_raw_outputs,
            self._columns(1),
        )
        network = finish_stack(network, table, members, criterion)
        self._check_output(network, table)
        return network

    def _own_module(self, seed):
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            made = copy.deepcopy(self.module)
            made = made if isinstance(made, nn.Module) else made()
        if not isinstance(made, nn.Module):
            raise ValueError(
                f"module={self.module!r} made a {type(made).__name__}; it must be a torch module "
                "or make one without arguments."
            )
        return made

    def _check_output(self, network, table):
        rows = table.numeric[None, :2]
        with torch.no_grad():
            raw = network.respond(network.encoding(rows, None))
        if raw.shape != (1, rows.shape[1], self._n_raw_outputs):
            raise ValueError(
                f"module gives {raw.numel() // rows.shape[1]} outputs a row, but y needs "
                f"{self._n_raw_outputs}."
            )

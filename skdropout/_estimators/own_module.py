"""A network of the user's own, for images and point clouds, in the place of the perceptrons."""

import copy
import math
from numbers import Integral

import torch
from torch import nn

from skdropout._device import seeded
from skdropout._stack import GridEncoding, GridNetwork, RelevantBlocks, finish_stack


class OwnModule:
    """A base before the network's: with ``module``, it takes the perceptrons' place."""

    def _rates(self, sizes):
        rates = super()._rates(sizes)
        if self.module is None:
            if self.feature_shape is not None or self.occlusion != "element":
                raise ValueError(
                    f"feature_shape={self.feature_shape!r} and occlusion={self.occlusion!r} are "
                    "for one's own module; give module=, a torch module or a callable that makes "
                    "one."
                )
            return rates
        self._check_grid()
        return [{**rates[0], "dropout": ()}]

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
        if self.precision != "float32":
            raise ValueError(
                f"precision={self.precision!r} is for the library's own layers; with module use "
                "'float32', and torch.autocast within the module."
            )

    def _terms(self, sizes):
        if self.module is None:
            return super()._terms(sizes)
        names = ("feature_shape", *self._target_parameters)
        return {name: getattr(self, name) for name in names}

    def _check_plan(self, plan):
        if self.module is None:
            return
        encoder, n_columns = plan.encoder, plan.seen["n_features_in_"]
        if encoder.categorical_:
            names = [encoder.names_[j] for j in encoder.categorical_]
            raise ValueError(f"module takes numbers only, but {names} hold categories.")
        if math.prod(self.feature_shape) != n_columns:
            raise ValueError(
                f"feature_shape={self.feature_shape!r} has {math.prod(self.feature_shape)} "
                f"entries, but X has {n_columns} columns."
            )

    def _screening(self, plan, table, rows):
        # a module of one's own has its shape
        return super()._screening(plan, table, rows) if self.module is None else plan.screening

    def _droppers(self, n_members, plan):
        if self.occlusion == "block":
            size = self.feature_shape[1:]
            return RelevantBlocks(*size, plan.target.criterion.share, **self._dropping())
        return super()._droppers(n_members, plan)

    def _build(self, plan, table, members):
        if self.module is None:
            return super()._build(plan, table, members)
        (member,) = members
        rows = torch.as_tensor(table.looked_at(member.train))
        network = GridNetwork(
            GridEncoding(table.sample.numeric[rows], tuple(self.feature_shape)),
            self._own_module(member.seed, plan.device),
            tuple(self.feature_shape),
            plan.target.n_raw_outputs,
            self._droppers(1, plan),
        )
        network = finish_stack(network, table, members, plan.target.criterion)
        self._check_output(network, table, plan.target.n_raw_outputs)
        return network

    def _own_module(self, seed, device):
        with seeded(seed, device):
            made = copy.deepcopy(self.module)
            made = made if isinstance(made, nn.Module) else made()
        if not isinstance(made, nn.Module):
            raise ValueError(
                f"module={self.module!r} made a {type(made).__name__}; it must be a torch module "
                "or make one without arguments."
            )
        return made

    def _check_output(self, network, table, n_outputs):
        rows = table.sample.numeric[None, :2]
        with torch.no_grad():
            raw = network.respond(network.encoding(rows, None))
        if raw.shape != (1, rows.shape[1], n_outputs):
            raise ValueError(
                f"module gives {raw.numel() // rows.shape[1]} outputs a row, but y needs "
                f"{n_outputs}."
            )

"""Relevance-driven input dropout for anyone's own training loop."""

from collections.abc import Callable
from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn

from skdropout.functional import relevance_block_mask, relevance_mask
from skdropout.functional._inner import (
    RelevanceRule,
    as_count,
    as_number,
    as_tensor,
    brief,
    check_choice,
    check_finite,
    check_fits,
    check_groups,
    check_tensor,
    memory_errors,
    occlusion_share,
    relevance_from,
    resolve_generator,
    sum_by_group,
)

__all__ = ["RelevanceDropout"]


class RelevanceDropout(nn.Module):
    r"""Occlude the inputs that a network relies on, before each training step.

    Two lines in a training loop, one before and one in it::

        drop = RelevanceDropout(model)
        for x, y in batches:
            loss = criterion(model(drop(x, y)), y)
            ...

    For every batch the present network's output for the true classes, or the size of its value in a
    regression, is attributed to the inputs, the relevant ones are replaced by `fill` more often
    than others, and the ordinary step follows. No rescaling; with ``alpha=1`` it is plain input
    dropout at rate `beta`. In evaluation mode (``drop.eval()``) inputs pass unchanged.

    Inputs of a sample are dropped by groups. They are the columns of a table
    ``(n_samples, n_columns)``, the pixels of images ``(n_samples, channels, height, width)`` and
    the points of point clouds ``(n_samples, n_points, coordinates)``, unless `groups` says
    otherwise.

    The model is left as it was, whatever happens: no hooks, its modes and the ``.grad`` of its
    parameters untouched, and so is torch's random state. It is not a submodule of this one: its
    parameters are not listed twice and ``drop.train()`` does not reach it. It may itself contain
    this module.

    Parameters
    ----------
    model : nn.Sequential or callable
        What is trained; see :func:`skdropout.functional.relevance`.
    alpha : float, default=0.5
        Share of chance in the choice of inputs, from 0 (relevance only) to 1 (chance only).
    beta : float, default=0.5
        Strength: an input of relevance r in [0, 1] is dropped with probability
        ``clip((alpha + beta - 1 + (1 - alpha) * r) / alpha, 0, 1)``.
    probability : float, default=1.0
        Probability that a sample is treated at all; only treated samples cost time. The authors
        take 0.3 with alpha 0.3 for pixels, 1 for points and 0.5 for blocks.
    rule : str, Rule or sequence, default="epsilon_plus"
        How to attribute; "gradient_x_input" and "integrated_gradients" take any model.
    groups : Tensor of int64, of the shape of one sample, optional
        The number of the group that each input belongs to, from 0: a one-hot block or an encoding
        of one column, say.
    fill : float or Tensor that broadcasts to a batch, default=0.0
        What occluded inputs become; 0 is the mean of standardised inputs.
    warmup : int, default=0
        Number of batches that first pass unchanged.
    occlusion : {"element", "block"}, default="element"
        "block", for images: drop one rectangle around the most relevant pixel, by
        :func:`skdropout.functional.relevance_block_mask`; `alpha` and `beta` are not used.
    generator : torch.Generator, optional
        Source of chance, on the inputs' device, for results that repeat. None: seeded anew.

    Raises
    ------
    ValueError
        If a parameter is out of its range; at a call if `model` does not fit `rule`, `groups` or
        the labels do not fit the batch, or relevance is not finite (labels and relevance are looked
        at on a CPU only: elsewhere it would mean waiting for the device at every step).

    References
    ----------
    Gururaj et al. (2025), *Relevance-driven Input Dropout*, arXiv 2505.21595.

    Examples
    --------
    A step of a classifier of three classes:

    >>> import torch
    >>> from skdropout.nn import RelevanceDropout
    >>> generator = torch.Generator().manual_seed(0)
    >>> x, y = torch.randn(8, 4, generator=generator), torch.arange(8) % 3
    >>> model = torch.nn.Sequential(
    ...     torch.nn.Linear(4, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3)
    ... )
    >>> drop = RelevanceDropout(model, alpha=0.5, beta=0.5, generator=generator)
    >>> loss = torch.nn.functional.cross_entropy(model(drop(x, y)), y)

    With skorch, override one step (for a regression, ``drop(x)`` without y)::

        class RelevanceNet(NeuralNetClassifier):
            def train_step_single(self, batch, **fit_params):
                x, y = batch
                drop = RelevanceDropout(self.module_)
                return super().train_step_single((drop(x, y), y), **fit_params)
    """

    groups: Tensor | None
    fill: Tensor

    def __init__(
        self,
        model: Callable[[Tensor], Tensor],
        *,
        alpha: float = 0.5,
        beta: float = 0.5,
        probability: float = 1.0,
        rule: RelevanceRule = "epsilon_plus",
        groups: Tensor | None = None,
        fill: float | Tensor = 0.0,
        warmup: int = 0,
        occlusion: Literal["element", "block"] = "element",
        generator: torch.Generator | None = None,
    ):
        super().__init__()
        if not callable(model):
            raise ValueError(f"model={brief(model)} must be a torch module or a function.")
        alpha, beta, probability = (
            as_number(name, value, "a number in [0, 1]", lambda v: 0 <= v <= 1)
            for name, value in (("alpha", alpha), ("beta", beta), ("probability", probability))
        )
        check_choice("occlusion", occlusion, ("element", "block"))
        if groups is not None:
            check_groups(groups)
        filling = as_tensor("fill", fill)
        check_finite("fill", filling)
        if not isinstance(fill, Tensor):
            filling = filling.to(torch.get_default_dtype())
        resolve_generator(generator, torch.device("cpu"))
        if occlusion == "block" and groups is not None:
            raise ValueError("groups has no meaning with occlusion='block'; leave it out.")
        # in a tuple, lest torch registers it as a submodule
        self._model = (model,)
        self.alpha, self.beta, self.probability = alpha, beta, probability
        self.rule: RelevanceRule = rule
        self.warmup = as_count("warmup", warmup, 0)
        self.occlusion = occlusion
        self.generator = generator
        self.n_batches = 0
        self.register_buffer("groups", groups, persistent=False)
        self.register_buffer("fill", filling, persistent=False)
        self._n_groups = None if groups is None else int(groups.max()) + 1

    @memory_errors()
    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """Return the batch with its relevant inputs occluded.

        Parameters
        ----------
        x : Tensor of shape (n_samples, ...)
            A batch as the model takes it.
        y : Tensor of shape (n_samples,) or (n_samples, 1), optional
            True classes; labels 0 and 1 for a model with one logit. Left out for a regression,
            where the size of the value is explained, its distance from 0 (so standardise targets:
            from signed values on, a missing input would come to mean a high value); left out for a
            classifier, the predicted class is explained.

        Returns
        -------
        Tensor of the shape of x
            A new tensor, or `x` itself where nothing is to be done.
        """
        if self.training:
            self._check_batch(x, y)
            x = x if self.n_batches < self.warmup else self._treated(x, y)
            self.n_batches += 1
        return x

    def _treated(self, x: Tensor, y: Tensor | None) -> Tensor:
        generator = resolve_generator(self.generator, x.device)
        if self.probability == 1:
            return self._occluded(x, y, generator)
        chance = torch.rand(len(x), device=x.device, generator=generator)
        rows = (chance < self.probability).nonzero().squeeze(1)
        if not len(rows):
            return x
        occluded = self._occluded(x[rows], None if y is None else y[rows], generator)
        return x.index_copy(0, rows, occluded)

    def _check_batch(self, x: Tensor, y: Tensor | None) -> None:
        check_tensor("x", x, "(n_samples, ...)")
        if y is not None and (not isinstance(y, Tensor) or y.shape[:1] != x.shape[:1]):
            raise ValueError(
                f"y={brief(y)} must be a tensor with one label for each of the {len(x)} samples."
            )
        if self.occlusion == "block" and x.ndim != 4:
            raise ValueError(
                f"x of shape {tuple(x.shape)} is not a batch of images, which occlusion='block' "
                "needs; pass (n_samples, channels, height, width)."
            )
        if self.groups is not None and self.groups.shape != x.shape[1:]:
            raise ValueError(
                f"groups of shape {tuple(self.groups.shape)} does not fit samples of shape "
                f"{tuple(x.shape[1:])}; pass one group number for each input of a sample."
            )
        check_fits("fill", self.fill, x.shape, "x")

    def extra_repr(self) -> str:
        return (
            f"alpha={self.alpha}, beta={self.beta}, probability={self.probability}, "
            f"rule={self.rule!r}, occlusion={self.occlusion!r}"
        )

    def _occluded(self, x: Tensor, y: Tensor | None, generator: torch.Generator) -> Tensor:
        share = partial(occlusion_share, target=y)
        shares = relevance_from(self._model[0], x, share, self.rule)
        if self.groups is not None:
            groups = self.groups.to(x.device)
            mask = self._draw(sum_by_group(shares, groups, self._n_groups), generator)[:, groups]
        elif x.ndim == 2:
            mask = self._draw(shares, generator)
        else:
            together = 2 if x.ndim == 3 else 1
            mask = self._draw(shares.sum(together), generator).unsqueeze(together)
        return torch.where(mask, self.fill.to(x), x)

    def _draw(self, relevance: Tensor, generator: torch.Generator) -> Tensor:
        if self.occlusion == "block":
            return relevance_block_mask(relevance, probability=1.0, generator=generator)
        options = {"alpha": self.alpha, "beta": self.beta, "generator": generator}
        return relevance_mask(relevance.flatten(1), **options).view_as(relevance)

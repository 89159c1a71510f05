"""Scores as more is dropped: units and columns in training, columns of fitted models."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, is_classifier
from sklearn.utils import Bunch

from skdropout._table import TableLike
from skdropout.inspection._occlusion import occlusion_curve
from skdropout.inspection._plot.axes import axes_of, import_pyplot

if TYPE_CHECKING:
    from matplotlib.axes import Axes


_PARTS = (("train", "training rows", "#0072B2"), ("test", "held-out folds", "#D55E00"))
# by whether the rate is of columns
_OF_RATES = {False: "dropout rate of hidden units", True: "dropout rate of columns"}
_OF_KEPT = (("--", "#009E73"), ("-.", "#CC79A7"))
_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_OF_COLUMNS = {
    "relevant": "share of columns occluded, the most relevant first",
    "random": "share of columns occluded, in an order of chance",
    "irrelevant": "share of columns occluded, the least relevant first",
}


@dataclass(eq=False, repr=False)
class DropoutPathDisplay:
    """What a search for the dropout rate found: too little, enough, too much.

    It is recommended to use :meth:`from_estimator`. All parameters are stored as attributes.

    Parameters
    ----------
    dropouts, input_dropouts : array-like of shape (n_candidates,)
        Rates tried, of hidden units and of columns.
    train_scores, test_scores : array-like of shape (n_candidates, n_folds)
        Scores on the rows trained on and on the held-out folds.
    chosen : int
        Index of the candidate chosen.
    stopped : array-like of bool of shape (n_candidates,), default=None
        Candidates that racing stopped early; drawn hollow, or crossed out.
    score_name : str, default="score"
        Label of the scores. Scores whose names begin with ``"neg_"`` are drawn as what they
        are minus of.
    kept_scores : dict of str to float, default=None
        Mean scores over the folds of what may be kept of the networks, "bag" or "ensemble", being
        chosen anew for each fold by the others.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure drawn on.
    ax_ : matplotlib Axes
        The axes drawn on.
    lines_ : dict of str to matplotlib Line2D, or None
        Mean scores, by "train" and "test", and those of ``kept_scores``; None for a map.
    image_ : matplotlib AxesImage or None
        The map of mean scores on the held-out folds; None where one rate varies.
    chosen_ : matplotlib Line2D
        The mark of the rates chosen.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from sklearn.datasets import make_friedman1
    >>> from skdropout import DropoutMLPRegressorCV
    >>> from skdropout.inspection import DropoutPathDisplay
    >>> X, y = make_friedman1(n_samples=150, random_state=0)
    >>> search = DropoutMLPRegressorCV((16,), dropouts=4, cv=3, max_iter=10, random_state=0)
    >>> display = DropoutPathDisplay.from_estimator(search.fit(X, y))
    >>> display.ax_.get_xlabel()
    'dropout rate of hidden units'
    """

    _: KW_ONLY
    dropouts: ArrayLike
    input_dropouts: ArrayLike
    train_scores: ArrayLike
    test_scores: ArrayLike
    chosen: int
    stopped: ArrayLike | None = None
    score_name: str = "score"
    kept_scores: Mapping[str, float] | None = None

    @classmethod
    def from_estimator(cls, estimator: BaseEstimator, *, ax: "Axes | None" = None) -> Self:
        """Draw what a fitted search found; of several schedules, the one chosen.

        Beside the rates stand the bag or the ensemble that is kept, if one is.

        Parameters
        ----------
        estimator : DropoutMLPRegressorCV or DropoutMLPClassifierCV
            Fitted, with or without ``refit``.
        ax : matplotlib Axes, default=None
            Axes to draw on; a new figure if None.

        Returns
        -------
        display : DropoutPathDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If ``estimator`` is not a fitted search for the dropout rate.
        """
        if not (hasattr(estimator, "dropouts_") and hasattr(estimator, "cv_results_")):
            raise ValueError(
                f"estimator={estimator!r} holds no search; give a DropoutMLPRegressorCV or "
                "DropoutMLPClassifierCV, fitted."
            )
        results = estimator.cv_results_
        schedules = estimator.dropout_schedules_
        shown = np.array([one == estimator.dropout_schedule_ for one in schedules])
        folds = range(estimator.n_splits_)
        train, test = (
            np.stack([results[f"split{k}_{part}_score"][shown] for k in folds], axis=1)
            for part, *_ in _PARTS
        )
        return cls(
            dropouts=estimator.dropouts_[shown],
            input_dropouts=estimator.input_dropouts_[shown],
            train_scores=train,
            test_scores=test,
            chosen=int(shown[: estimator.best_index_].sum()),
            stopped=results["stopped_by_racing"][shown],
            score_name=_score_name(estimator),
            kept_scores=_kept_scores(estimator),
        ).plot(ax=ax)

    def plot(self, *, ax: "Axes | None" = None) -> Self:
        """Draw lines if one rate varies (or both together), a map if each does.

        Lines are means over the folds, bands one standard deviation to either side.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; a new figure if None.

        Returns
        -------
        display : DropoutPathDisplay
            The display, drawn.
        """
        import_pyplot("DropoutPathDisplay")
        ax = axes_of(ax)
        self.ax_, self.figure_ = ax, ax.figure
        self.lines_ = self.image_ = None
        n_distinct = [len(np.unique(rates)) for rates in (self.dropouts, self.input_dropouts)]
        if min(n_distinct) > 1 and np.prod(n_distinct) == len(self.dropouts):
            self._draw_map()
        else:
            self._draw_lines(of_columns=n_distinct[0] == 1 < n_distinct[1])
        return self

    def _draw_lines(self, of_columns):
        ax = self.ax_
        rates = np.asarray(self.input_dropouts if of_columns else self.dropouts, float)
        order = np.argsort(rates, kind="stable")
        x, stopped = rates[order], self._stopped()[order]
        self.lines_ = {}
        for part, label, color in _PARTS:
            scores = self._shown(getattr(self, f"{part}_scores"))[order]
            mean, spread = scores.mean(1), scores.std(1)
            (self.lines_[part],) = ax.plot(x, mean, "-", color=color, label=label)
            ax.plot(x[~stopped], mean[~stopped], "o", color=color)
            ax.plot(x[stopped], mean[stopped], "o", color=color, markerfacecolor="white")
            ax.fill_between(x, mean - spread, mean + spread, color=color, alpha=0.15, linewidth=0)
        if stopped.any():
            ax.plot([], [], "o", color="0.4", markerfacecolor="white", label="left the race early")
        for (name, score), (style, color) in zip(self._kept(), _OF_KEPT, strict=False):
            self.lines_[name] = ax.axhline(score, color=color, linestyle=style)
            self.lines_[name].set_label(f"{name}, chosen by other folds")
        rate = rates[self.chosen]
        self.chosen_ = ax.axvline(rate, color="0.4", linestyle=":", zorder=0)
        self.chosen_.set_label(f"chosen: {rate:.3g}")
        ax.set(xlabel=_OF_RATES[of_columns], ylabel=self._label())
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(frameon=False)

    def _draw_map(self):
        ax = self.ax_
        (rows, y), (columns, x) = (
            np.unique(rates, return_inverse=True) for rates in (self.dropouts, self.input_dropouts)
        )
        mean = np.empty((len(rows), len(columns)))
        mean[y, x] = self._shown(self.test_scores).mean(1)
        # bright is good
        cmap = "viridis_r" if self._is_loss() else "viridis"
        self.image_ = ax.imshow(mean, origin="lower", aspect="auto", cmap=cmap)
        lost = self._stopped()
        ax.plot(x[lost], y[lost], "x", color="white", markersize=5)
        (self.chosen_,) = ax.plot(
            x[self.chosen], y[self.chosen], "*", color="#D55E00", markersize=15, markeredgecolor="w"
        )
        ax.set_xticks(np.arange(len(columns)), [f"{rate:.3g}" for rate in columns])
        ax.set_yticks(np.arange(len(rows)), [f"{rate:.3g}" for rate in rows])
        ax.set(xlabel=_OF_RATES[True], ylabel=_OF_RATES[False])
        title = f"star: chosen, {rows[y[self.chosen]]:.3g} and {columns[x[self.chosen]]:.3g}"
        title += "; crosses: left the race early" if lost.any() else ""
        kept = [f"{name} {score:.4g}" for name, score in self._kept()]
        ax.set_title("\n".join([title, ", ".join(kept)] if kept else [title]), fontsize=10)
        self.figure_.colorbar(self.image_, ax=ax, label=f"{self._label()}, held-out folds")

    def _stopped(self):
        return np.zeros(len(self.dropouts), bool) if self.stopped is None else self.stopped

    def _kept(self):
        """Return names and scores as drawn of what may be kept, where they are numbers."""
        scores = [(name, float(self._shown(s))) for name, s in (self.kept_scores or {}).items()]
        return [(name, score) for name, score in scores if np.isfinite(score)]

    def _shown(self, scores):
        return -np.asarray(scores) if self._is_loss() else np.asarray(scores)

    def _is_loss(self):
        return self.score_name.startswith("neg_")

    def _label(self):
        return self.score_name.removeprefix("neg_").replace("_", " ")


@dataclass(eq=False, repr=False)
class OcclusionDisplay:
    """Whose score lasts longest as columns are taken away.

    It is recommended to use :meth:`from_estimators`. All parameters are stored as attributes.

    Parameters
    ----------
    curves : dict of str to Bunch
        Results of :func:`skdropout.inspection.occlusion_curve` by the name of the model.
    order : {"relevant", "random", "irrelevant"}, default="relevant"
        The order that they are in; for the label.
    score_name : str, default="score"
        Label of the scores.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure drawn on.
    ax_ : matplotlib Axes
        The axes drawn on.
    lines_ : dict of str to matplotlib Line2D
        The curves by the name of the model.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from sklearn.datasets import make_friedman1
    >>> from skdropout import DropoutMLPRegressor, RelDropRegressor
    >>> from skdropout.inspection import OcclusionDisplay
    >>> X, y = make_friedman1(n_samples=200, random_state=0)
    >>> models = {
    ...     "plain": DropoutMLPRegressor((16,), max_iter=10, random_state=0).fit(X, y),
    ...     "RelDrop": RelDropRegressor((16,), beta=0.3, max_iter=10, random_state=0).fit(X, y),
    ... }
    >>> display = OcclusionDisplay.from_estimators(models, X, y)
    >>> display.ax_.get_ylabel()
    'score'
    """

    curves: Mapping[str, Bunch]
    _: KW_ONLY
    order: Literal["relevant", "random", "irrelevant"] = "relevant"
    score_name: str = "score"

    @classmethod
    def from_estimators(
        cls,
        estimators: BaseEstimator | Mapping[str, BaseEstimator],
        X: TableLike,
        y: ArrayLike,
        *,
        order: Literal["relevant", "random", "irrelevant"] = "relevant",
        fractions: int | Sequence[float] | np.ndarray = 11,
        fill: Literal["typical", "missing"] | Sequence[Any] | np.ndarray = "typical",
        scoring: str | Callable[..., float] | None = None,
        random_state: int | np.random.RandomState | None = None,
        ax: "Axes | None" = None,
    ) -> Self:
        """Measure and draw the curves of one or more fitted estimators.

        Parameters
        ----------
        estimators : estimator, or dict of str to estimator
            Fitted.
        X : DataFrame or array of shape (n_samples, n_columns)
            Rows to score, not those trained on.
        y : array-like of shape (n_samples,)
            Their targets.
        order : {"relevant", "random", "irrelevant"}, default="relevant"
            Which columns go first.
        fractions : int or array-like of float, default=11
            Shares of the columns to occlude.
        fill : {"typical", "missing"} or sequence of length n_columns, default="typical"
            What occluded cells become; see :func:`skdropout.inspection.occlusion_curve`.
        scoring : str, callable or None, default=None
            As in scikit-learn; None is the estimators' own ``score``.
        random_state : int, RandomState instance or None, default=None
            Source of randomness of the order "random".
        ax : matplotlib Axes, default=None
            Axes to draw on; a new figure if None.

        Returns
        -------
        display : OcclusionDisplay
            The display, drawn.
        """
        if not isinstance(estimators, Mapping):
            estimators = {type(estimators).__name__: estimators}
        curves = {
            name: occlusion_curve(
                estimator,
                X,
                y,
                order=order,
                fractions=fractions,
                fill=fill,
                scoring=scoring,
                random_state=random_state,
            )
            for name, estimator in estimators.items()
        }
        score_name = scoring.replace("_", " ") if isinstance(scoring, str) else "score"
        return cls(curves, order=order, score_name=score_name).plot(ax=ax)

    def plot(self, *, ax: "Axes | None" = None) -> Self:
        """Draw one line per model, with the area under it.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; a new figure if None.

        Returns
        -------
        display : OcclusionDisplay
            The display, drawn.
        """
        import_pyplot("OcclusionDisplay")
        ax = axes_of(ax)
        self.ax_, self.figure_, self.lines_ = ax, ax.figure, {}
        for k, (name, curve) in enumerate(self.curves.items()):
            (self.lines_[name],) = ax.plot(
                curve.fractions,
                curve.scores,
                "o-",
                color=_COLORS[k % len(_COLORS)],
                markersize=4,
                label=f"{name} (area {curve.area:.2f})",
            )
        ax.set(xlabel=_OF_COLUMNS[self.order], ylabel=self.score_name)
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(frameon=False)
        return self


def _kept_scores(estimator):
    """Return the scores of bag and ensemble, as far as a fitted search tells them."""
    if not hasattr(estimator, "oof_score_"):
        return None
    found, scores = {estimator.refit: estimator.oof_score_}, estimator.scores_
    by_mean = not (estimator.one_standard_error or estimator.racing)
    if estimator.refit == "ensemble" and by_mean and scores.shape[1] > 1:
        # each fold scores the rate that is best on the others
        others = np.nan_to_num(scores.sum(1, keepdims=True) - scores, nan=-np.inf)
        found["bag"] = scores[others.argmax(0), np.arange(scores.shape[1])].mean()
    return found


def _score_name(estimator):
    if isinstance(estimator.scoring, str):
        return estimator.scoring
    if estimator.scoring is None:
        return "neg_log_loss" if is_classifier(estimator) else f"neg_{estimator.loss}"
    return getattr(estimator.scoring, "__name__", "score")

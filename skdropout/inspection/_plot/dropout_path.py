"""Scores against the dropout rate, or a map of them where two rates were searched."""

import numpy as np
from sklearn.base import is_classifier

from skdropout.inspection._plot._pyplot import import_pyplot

__all__ = ["DropoutPathDisplay"]

_PARTS = (("train", "training rows", "#0072B2"), ("test", "held-out folds", "#D55E00"))
# by whether the rate is of columns
_LABELS = {False: "dropout rate of hidden units", True: "dropout rate of columns"}


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

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure drawn on.
    ax_ : matplotlib Axes
        The axes drawn on.
    lines_ : dict of str to matplotlib Line2D, or None
        Mean scores, by "train" and "test"; None for a map.
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

    def __init__(
        self,
        *,
        dropouts,
        input_dropouts,
        train_scores,
        test_scores,
        chosen,
        stopped=None,
        score_name="score",
    ):
        self.dropouts = dropouts
        self.input_dropouts = input_dropouts
        self.train_scores = train_scores
        self.test_scores = test_scores
        self.chosen = chosen
        self.stopped = stopped
        self.score_name = score_name

    @classmethod
    def from_estimator(cls, estimator, *, ax=None):
        """Draw what a fitted search found.

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
        folds = range(estimator.n_splits_)
        train, test = (
            np.stack([results[f"split{k}_{part}_score"] for k in folds], axis=1)
            for part, *_ in _PARTS
        )
        return cls(
            dropouts=estimator.dropouts_,
            input_dropouts=estimator.input_dropouts_,
            train_scores=train,
            test_scores=test,
            chosen=estimator.best_index_,
            stopped=results["stopped_by_racing"],
            score_name=_score_name(estimator),
        ).plot(ax=ax)

    def plot(self, *, ax=None):
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
        plt = import_pyplot("DropoutPathDisplay")
        if ax is None:
            _, ax = plt.subplots(layout="constrained")
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
        rate = rates[self.chosen]
        self.chosen_ = ax.axvline(rate, color="0.4", linestyle=":", zorder=0)
        self.chosen_.set_label(f"chosen: {rate:.3g}")
        ax.set(xlabel=_LABELS[of_columns], ylabel=self._label())
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
        ax.set(xlabel=_LABELS[True], ylabel=_LABELS[False])
        title = f"star: chosen, {rows[y[self.chosen]]:.3g} and {columns[x[self.chosen]]:.3g}"
        ax.set_title(title + ("; crosses: left the race early" if lost.any() else ""), fontsize=10)
        self.figure_.colorbar(self.image_, ax=ax, label=f"{self._label()}, held-out folds")

    def _stopped(self):
        return np.zeros(len(self.dropouts), bool) if self.stopped is None else self.stopped

    def _shown(self, scores):
        return -np.asarray(scores) if self._is_loss() else np.asarray(scores)

    def _is_loss(self):
        return self.score_name.startswith("neg_")

    def _label(self):
        return self.score_name.removeprefix("neg_").replace("_", " ")


def _score_name(estimator):
    if isinstance(estimator.scoring, str):
        return estimator.scoring
    if estimator.scoring is None:
        return "neg_log_loss" if is_classifier(estimator) else f"neg_{estimator.loss}"
    return getattr(estimator.scoring, "__name__", "score")

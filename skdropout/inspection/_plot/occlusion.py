"""Scores against the share of columns that are occluded."""

from skdropout.inspection._occlusion import occlusion_curve
from skdropout.inspection._plot._pyplot import import_pyplot

__all__ = ["OcclusionDisplay"]

_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_LABELS = {
    "relevant": "share of columns occluded, the most relevant first",
    "random": "share of columns occluded, in an order of chance",
    "irrelevant": "share of columns occluded, the least relevant first",
}


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

    def __init__(self, curves, *, order="relevant", score_name="score"):
        self.curves = curves
        self.order = order
        self.score_name = score_name

    @classmethod
    def from_estimators(
        cls,
        estimators,
        X,
        y,
        *,
        order="relevant",
        fractions=11,
        fill="typical",
        scoring=None,
        random_state=None,
        ax=None,
    ):
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
        if not isinstance(estimators, dict):
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

    def plot(self, *, ax=None):
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
        plt = import_pyplot("OcclusionDisplay")
        if ax is None:
            _, ax = plt.subplots(layout="constrained")
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
        ax.set(xlabel=_LABELS[self.order], ylabel=self.score_name)
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(frameon=False)
        return self

"""Words that several sections share, so that one thing has one name on the page."""

from skdropout._report.numbers import number, share
from skdropout._report.words import named, short

NEEDS_INTERPRET = (
    "interpret is not installed, so there is no explainable boosting machine (EBM) here: "
    "pip install 'skdropout[interpret]'."
)


class Terms:
    """What the error is called, and what is predicted, on one page.

    Parameters
    ----------
    recipe : Recipe
    """

    def __init__(self, recipe):
        self.target = recipe.target
        self.is_regression = recipe.task == "regression"

    @property
    def loss(self):
        """Short name of the error that the whole page is in."""
        return "error (RMSE)" if self.is_regression else "log-loss"

    @property
    def loss_on_axis(self):
        """The same with its unit, for figures."""
        if self.is_regression:
            return f"error (RMSE), in units of {short(self.target, 24)}"
        return "log-loss"

    @property
    def explained(self):
        """What the error is, in a sentence."""
        if self.is_regression:
            return (
                f"The error of the whole page is the RMSE, in units of {named(self.target)}: the "
                "root of the mean squared difference between prediction and truth. Lower is better."
            )
        return (
            "The error of the whole page is the log-loss: minus the mean logarithm of the "
            "probability that was given to the true class. Lower is better, 0 is perfect."
        )

    def predicted(self, of_class=None):
        """What a model predicts, for axes and sentences."""
        if of_class is None:
            return f"mean predicted {named(short(self.target, 24))}"
        return f"mean probability of {named(short(of_class, 24))}"

    def amount(self, value, of_class=None):
        """Return a value of a prediction."""
        if of_class is None:
            return number(value)
        return share(value)


def pair_name(names):
    """Return the names of columns that act together."""
    return " × ".join(named(short(name, 40)) for name in names)

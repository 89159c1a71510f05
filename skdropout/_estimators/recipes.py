"""The recipes that networks are trained by where ``dropout="auto"``."""

from typing import NamedTuple


class Recipe(NamedTuple):
    """How the networks of a trial differ.

    Attributes
    ----------
    dropout : float
        Rate of hidden units.
    speed : float
        Learning rate, in units of the one that the user gave.
    bins : bool
        Whether bins of numbers enter, where the encoding has them.
    linear : bool
        Whether the networks are linear in what enters.
    """

    dropout: float
    speed: float = 1.0
    bins: bool = True
    linear: bool = False

    def of(self, member):
        """Return what a member takes, given what it would take without a recipe."""
        # of layers that differ each keeps its share
        rates = member["dropout"]
        mean = rates[0] if len({*rates}) == 1 else sum(rates) / max(len(rates), 1)
        return {
            **member,
            "dropout": tuple(self.dropout * (rate / mean) for rate in rates),
            "learning_rate_init": self.speed * member["learning_rate_init"],
            "bins": self.bins,
            "linear": self.linear,
        }


# The first is the one that is taken where there is nothing to choose by; see docs/defaults.md.
FIRST = Recipe(0.1)
FASTER = Recipe(0.1, speed=3.0)
NUMBERS = Recipe(0.2, bins=False)
LINEAR = Recipe(0.3, bins=False, linear=True)
_FEW_ROWS = 1000


def are_few(n_rows):
    """Say whether rows are so few that what bends is mostly fitted to noise."""
    return n_rows <= _FEW_ROWS


def portfolio(n_rows):
    """Return the recipes to try on so many rows."""
    return FIRST, FASTER, LINEAR if are_few(n_rows) else NUMBERS

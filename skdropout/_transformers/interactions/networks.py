"""Networks that detect: what the finder fits where no estimator is given."""

from sklearn import get_config

from skdropout._estimators import (
    FIRST,
    DropoutMLPClassifier,
    DropoutMLPRegressor,
    Recipe,
    Trial,
)

# How many times the least validation loss the networks of a recipe that is kept may have.
_LITTLE_HARM = 1.2
# How many times the loss of these the library's own recipe must stay below to be taken instead,
# and the loss, of the target's variance, below which it is not tried.
_LESS, _NEXT_TO_NOTHING = 0.9, 0.02
# Columns from which on factors of inputs are learnt; up to which bins are affordable.
_MANY_COLUMNS = 100
_FEW_COLUMNS = 32
N_PARTS = 4
COMMON = {
    "dropout": "auto",
    # as many networks of each recipe as there are parts of the rows: each row is unseen by some
    "n_members": 2 * N_PARTS,
    "validation_fraction": 1 / N_PARTS,
    # pairs of any columns are looked for
    "screening": None,
}
NETWORKS = {
    "hidden_layer_sizes": (128, 128),
    "activation": "silu",
    "numeric_encoding": "standard",
    # more than predictions need, and longer: networks agree better on which pairs there are
    "learning_rate_init": 2e-2,
}


def for_table(n_samples, n_columns):
    """Return what depends on the size of the table.

    Epochs are fewer where they take longer. Factors of inputs grow with main effects, and so would
    the errors of pairs; but among many columns they find those that matter.
    """
    n_epochs = 9000 / n_samples**0.5 / max(n_columns / 50, 1)
    n_epochs = round(min(max(n_epochs, 12), 200))
    return {
        "input_scaling": 20.0 if n_columns > _MANY_COLUMNS else 0.0,
        "max_iter": n_epochs,
        "n_iter_no_change": n_epochs,
    }


class LittleHarm(Trial):
    """Keep the networks of every recipe that predicts nearly as well as the best one.

    Where the target is noisy, dropout removes interactions that are not there without lowering the
    validation loss, and networks of several rates agree on less that is false; where it is not,
    dropout multiplies that loss.
    """

    def race(self, max_iter):
        """Let all go on: with dropout networks learn more slowly, which says nothing yet."""
        return None

    def _weigh(self, net):
        losses = net.best_losses().reshape(self.n_recipes, self.n_turns).mean(1)
        is_kept = losses <= _LITTLE_HARM * losses.min()
        return is_kept / is_kept.sum()


class Detects:
    """Networks with dropout and without, in one stack, that know which rows they never saw."""

    _trial, _doing = LittleHarm, "looking for interactions"

    def _portfolio(self, n_rows):
        return Recipe(0.15), Recipe(0.0)

    def _remembered(self, trial, places):
        return {"unseen": trial.unseen(places)}


class DetectingRegressor(Detects, DropoutMLPRegressor):
    """For numbers."""


class DetectingClassifier(Detects, DropoutMLPClassifier):
    """For classes."""


class OwnRecipe(Detects):
    """The library's own first recipe alone.

    Its networks, whose numbers go through bins, show pairs less well, but where columns act in
    steps or places, as on maps, they learn so much more that they are better at this too. In one
    stack with the others their many inputs would make all of them slow.
    """

    def _portfolio(self, n_rows):
        return (FIRST,)


class OwnRecipeRegressor(OwnRecipe, DropoutMLPRegressor):
    """For numbers."""


class OwnRecipeClassifier(OwnRecipe, DropoutMLPClassifier):
    """For classes."""


def fit_detecting(fit, are_classes, n_samples, n_columns, **options):
    """Fit networks to look for interactions in.

    Parameters
    ----------
    fit : callable
        Fits an estimator.
    are_classes : bool
    n_samples, n_columns : int
        Size of the table.
    **options
        More parameters of the networks.
    """
    detecting, own = (
        (DetectingClassifier, OwnRecipeClassifier)
        if are_classes
        else (DetectingRegressor, OwnRecipeRegressor)
    )
    options = {**COMMON, **options}
    networks = fit(routed(detecting(**{**options, **for_table(n_samples, n_columns), **NETWORKS})))
    loss = -networks.best_validation_score_
    if n_columns > _FEW_COLUMNS or loss < _NEXT_TO_NOTHING:
        return networks
    others = fit(routed(own(**options)))
    return others if -others.best_validation_score_ < _LESS * loss else networks


def routed(estimator):
    """Return an estimator that asks for weights of rows, where metadata are routed."""
    if get_config()["enable_metadata_routing"]:
        estimator.set_fit_request(sample_weight=True)
    return estimator

"""What a user fits: the template of fit, regression, classification, search."""

from skdropout._estimators.classification import kind_of_target
from skdropout._estimators.fitted import FittedNetworks, import_pandas
from skdropout._estimators.perceptrons import DropoutMLPClassifier, DropoutMLPRegressor
from skdropout._estimators.plan import Adopting
from skdropout._estimators.recipes import FIRST, Recipe
from skdropout._estimators.reldrop import RelDropClassifier, RelDropRegressor
from skdropout._estimators.search.estimators import DropoutMLPClassifierCV, DropoutMLPRegressorCV
from skdropout._estimators.search.folds import (
    InnerSplit,
    OnFolds,
    check_groups,
    make_splits,
    train_folds,
)
from skdropout._estimators.template import BaseDropoutMLP
from skdropout._estimators.trial import Trial
from skdropout._estimators.unseen import networks_by_unseen_rows
from skdropout._estimators.workers import check_workers, spread

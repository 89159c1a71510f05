"""What models are called on the page, told from the fitted models themselves."""

from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline

# by the class that has been fitted, so that a name cannot be that of another model
_OF_CLASSES = {
    "DropoutMLPRegressorCV": "dropout network",
    "DropoutMLPClassifierCV": "dropout network",
    "DropoutMLPRegressor": "dropout network",
    "DropoutMLPClassifier": "dropout network",
    "RelDropRegressor": "RelDrop network",
    "RelDropClassifier": "RelDrop network",
    "DummyRegressor": "no model: always the mean",
    "DummyClassifier": "no model: always the class shares",
    "RidgeCV": "ridge regression",
    "LogisticRegression": "logistic regression",
    "MLPRegressor": "scikit-learn's network",
    "MLPClassifier": "scikit-learn's network",
    "HistGradientBoostingRegressor": "boosted trees",
    "HistGradientBoostingClassifier": "boosted trees",
    "ExplainableBoostingRegressor": "explainable boosting machine (EBM)",
    "ExplainableBoostingClassifier": "explainable boosting machine (EBM)",
}
_METHODS = {
    "superset": (
        "by redrawing the cells of both columns from other rows: what is left of the change in a "
        "prediction when the changes by either column alone are taken away (superset importance)"
    ),
    "conditional": (
        "by redrawing the cells of both columns, from rows alike in the others where columns "
        "depend on each other: what is left of the change in a prediction when the changes by "
        "either column alone are taken away (superset importance)"
    ),
    "smooth_hessian": "by second derivatives of the networks, smoothed by noise (SmoothHess)",
}
_MOST_PAIRS_REDRAWN = 500  # of what method="auto" says it does


def class_of(model):
    """Return the name of the class that predicts, within pipelines and the like."""
    if isinstance(model, Pipeline):
        return class_of(model[-1])
    if isinstance(model, TransformedTargetRegressor):
        return class_of(getattr(model, "regressor_", model.regressor))
    return type(model).__name__


def name_of(model):
    """Return what a model is called on the page."""
    return _OF_CLASSES.get(class_of(model), class_of(model))


def method_of(finder):
    """Say how a fitted finder of interactions has measured pairs of columns."""
    n_columns, method = finder.n_features_in_, finder.method
    if finder.dependence_ is None:
        return _METHODS["smooth_hessian"]
    if method != "auto":
        return _METHODS[method]
    words = _METHODS["conditional"]
    if n_columns * (n_columns - 1) // 2 > _MOST_PAIRS_REDRAWN:
        words += f"; the {_MOST_PAIRS_REDRAWN} looked at so were picked " + _METHODS[
            "smooth_hessian"
        ].removeprefix("by ").join(("by ", ""))
    return words

"""
Columns prepared in a pipeline, categories and gaps left as they are
====================================================================

Steps before the network may leave some columns alone. With data frames as output, categories
arrive as categories and need no one-hot encoding, and missing cells may stay.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.metrics import PredictionErrorDisplay
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skdropout import DropoutMLPRegressor
from skdropout.datasets import load_bike_sharing

X, y = load_bike_sharing(return_X_y=True)
X.loc[::20, "windspeed"] = np.nan
X_train, X_test, y_train, y_test = train_test_split(
    X, y, train_size=3000, test_size=1000, random_state=0
)

difference = FunctionTransformer(
    lambda columns: columns.assign(atemp=columns["atemp"] - columns["temp"])
)
columns = make_column_transformer(
    (difference, ["temp", "atemp"]), remainder="passthrough", verbose_feature_names_out=False
).set_output(transform="pandas")
network = DropoutMLPRegressor((64, 64), learning_rate_init=0.003, max_iter=40, random_state=0)
model = make_pipeline(columns, network).fit(X_train, y_train)

display = PredictionErrorDisplay.from_estimator(
    model, X_test, y_test, kind="actual_vs_predicted", scatter_kwargs={"s": 6}
)
display.ax_.set_title(f"bikes an hour, R² = {model.score(X_test, y_test):.2f} on new rows")
plt.show()

assert model.score(X_test, y_test) > 0.85
assert model[0].transform(X_test)["hr"].dtype == "category"
assert model[0].transform(X_test)["windspeed"].isna().any()

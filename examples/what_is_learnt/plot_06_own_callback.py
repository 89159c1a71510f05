"""
Without dropout the error on new rows rises again
=================================================

Estimators take skorch's callbacks, and one of your own is quickly written. This one asks for the
estimator as it is after each epoch and scores it on rows of its own. Without dropout the error
falls and then rises, as noise is learnt; with dropout it stays low.
"""

import matplotlib.pyplot as plt
from skorch.callbacks import Callback

from skdropout import DropoutMLPRegressor
from skdropout.datasets import make_interactions

X, y, _ = make_interactions("F5", n_samples=400, noise=0.7, random_state=0)
X_test, y_test, _ = make_interactions("F5", n_samples=1000, random_state=1)


class TestError(Callback):
    """Keep the mean squared error on other rows after each epoch."""

    def initialize(self):
        self.errors_ = []
        return self

    def on_epoch_end(self, net, **_):
        prediction = net.estimator_so_far().predict(X_test)
        self.errors_.append(((prediction - y_test) ** 2).mean())


curves = {}
figure, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
for rate, color in [(0.0, "#0072B2"), (0.3, "#D55E00")]:
    callback = TestError()
    DropoutMLPRegressor(
        (64, 64),
        dropout=rate,
        numeric_encoding="standard",
        screening=None,
        learning_rate_init=0.003,
        max_iter=50,
        early_stopping=False,
        callbacks=[callback],
        random_state=0,
    ).fit(X, y)
    curves[rate] = callback.errors_
    ax.plot(range(1, 51), curves[rate], color=color, label=f"dropout {rate:g}")
ax.set(xlabel="epoch", ylabel="squared error on rows without noise", ylim=(0, None))
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False)
plt.show()

assert curves[0.0][-1] > 1.5 * min(curves[0.0])
assert max(curves[0.3][10:]) < 1.2 * min(curves[0.0])

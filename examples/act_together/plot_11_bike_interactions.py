"""
On working days bikes are rented at eight and at five, on free days at noon
===========================================================================

Hours and working days act together in bike sharing: on working days more bikes are rented at the
hours of commuting and fewer at noon than each column alone would say; on free days it is the other
way round.
"""

import matplotlib.pyplot as plt

from skdropout import DropoutMLPRegressor
from skdropout.datasets import load_bike_sharing
from skdropout.inspection import InteractionDisplay

X, y = load_bike_sharing(return_X_y=True)
rows = X.sample(3000, random_state=0).index

model = DropoutMLPRegressor((64, 64), learning_rate_init=0.003, max_iter=40, random_state=0)
model.fit(X.loc[rows], y[rows])

figure, ax = plt.subplots(figsize=(8, 2.6), layout="constrained")
display = InteractionDisplay.from_pair(
    model, X.loc[rows], ("hr", "workingday"), random_state=0, ax=ax
)
plt.show()

hours, working = (list(values) for values in display.grid)
at = dict(zip(hours, display.values[:, working.index(1)], strict=True))
assert min(at[8], at[17]) > 0 > max(at[12], at[13])

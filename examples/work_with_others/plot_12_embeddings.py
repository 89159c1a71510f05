"""
Nights lie together: what the network knows of hours
====================================================

:class:`~skdropout.EmbeddingEncoder` learns a vector for each hour of the day from the number of
bikes rented. Nights lie together, and the day runs through the map, though nobody said that 4 comes
after 3.
"""

import matplotlib.pyplot as plt

from skdropout import EmbeddingEncoder
from skdropout.datasets import load_bike_sharing
from skdropout.inspection import EmbeddingDisplay

X, y = load_bike_sharing(return_X_y=True)
rows = X.sample(4000, random_state=0).index

encoder = EmbeddingEncoder(
    target_type="continuous", learning_rate_init=0.005, max_iter=40, random_state=0
).fit(X.loc[rows], y[rows])

EmbeddingDisplay.from_estimator(encoder, "hr")
plt.show()

alike = encoder.most_similar("hr", 3, k=3)
assert set(alike.index) <= {0, 1, 2, 4, 5}

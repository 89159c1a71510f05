"""What a target is taken for where nobody says."""

import numpy as np
import pandas as pd
import pytest

from skdropout._transformers.interactions.target import has_classes

MANY = np.arange(60)


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        ([0, 1, 1, 0], True),
        ([0.0, 1.0, 2.0], True),
        (np.repeat(np.arange(50), 2), True),
        (np.repeat(np.arange(51), 2), False),
        (MANY.astype(float), False),
        (pd.Series(MANY), False),
        (MANY.astype(str), True),
        ([0.5, 1.0, 2.0], False),
        ([True, False, True], True),
        (np.array([[1, 0], [0, 1]]), True),
        (np.array([[1, 2], [3, 4]]), False),
        (np.array([[0.5, 2], [3, 4]]), False),
    ],
    ids=str,
)
def test_whole_numbers_are_classes_if_they_are_few(y, expected):
    assert has_classes(y, "auto") is expected
    assert has_classes(y, "classes")
    assert not has_classes(y, "continuous")

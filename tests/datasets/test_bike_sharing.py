import numpy as np
import pandas as pd
from sklearn.datasets import load_iris

from skdropout.datasets import load_bike_sharing


def test_bunch_has_the_shape_of_sklearns():
    bunch = load_bike_sharing()
    assert set(load_iris()) - set(bunch) <= {"target_names", "filename", "data_module"}
    assert bunch.frame.shape == (17379, 13)
    assert bunch.DESCR.count("CC BY 4.0") == 1


def test_calendar_columns_are_categories():
    X, y = load_bike_sharing(return_X_y=True)
    levels = {name: X[name].nunique() for name in X.select_dtypes("category")}
    assert levels == {"season": 4, "mnth": 12, "hr": 24, "weekday": 7, "weathersit": 4}
    assert y.min() == 1
    assert not X.isna().any().any()


def test_arrays_hold_the_same_numbers():
    X, y = load_bike_sharing(return_X_y=True)
    A, b = load_bike_sharing(return_X_y=True, as_frame=False)
    np.testing.assert_array_equal(A, X.astype(float))
    np.testing.assert_array_equal(b, y)
    assert isinstance(y, pd.Series)

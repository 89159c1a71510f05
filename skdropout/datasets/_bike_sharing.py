"""The bundled table: hourly bike rentals."""

import csv
import gzip
import io
from importlib import resources
from typing import Any, Literal, overload

import numpy as np
from sklearn.utils import Bunch

from skdropout.functional._inner import as_flag

_TARGET = "cnt"
_CATEGORICAL = ("season", "mnth", "hr", "weekday", "weathersit")


@overload
def load_bike_sharing(*, return_X_y: Literal[False] = False, as_frame: bool = True) -> Bunch: ...
@overload
def load_bike_sharing(*, return_X_y: Literal[True], as_frame: bool = True) -> tuple[Any, Any]: ...
def load_bike_sharing(
    *, return_X_y: bool = False, as_frame: bool = True
) -> Bunch | tuple[Any, Any]:
    """Load the bike-sharing table: hourly rentals in Washington, D.C., 2011 and 2012.

    17,379 hours, 12 columns. The calendar columns ``season`` (1 winter to 4 autumn), ``mnth``,
    ``hr`` and ``weekday`` (0 Sunday to 6 Saturday), and the weather's kind ``weathersit`` (1 clear
    to 4 heavy rain or snow), are categories; ``yr`` (0 is 2011), ``holiday`` and ``workingday``
    are 0 or 1; ``temp``, ``atemp``, ``hum`` and ``windspeed`` are scaled to [0, 1]. The target
    ``cnt`` is the number of bikes rented in the hour.

    Parameters
    ----------
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=True
        Whether ``data`` is a pandas DataFrame, with categories of dtype ``category``, and
        ``target`` a Series. If False, both are float arrays.

    Returns
    -------
    bunch : Bunch
        With ``data``, ``target``, ``feature_names``, ``categorical_features`` (names), ``frame``
        (data and target together, or None) and ``DESCR``. Or ``(data, target)``.

    Raises
    ------
    ImportError
        If ``as_frame`` and pandas is not installed.

    References
    ----------
    H. Fanaee-T, J. Gama, "Event labeling combining ensemble detectors and background knowledge",
    Progress in Artificial Intelligence 2, 2013. UCI Machine Learning Repository,
    https://doi.org/10.24432/C5W894, licence CC BY 4.0.

    Examples
    --------
    >>> from skdropout.datasets import load_bike_sharing
    >>> X, y = load_bike_sharing(return_X_y=True)
    >>> X.shape, y.name
    ((17379, 12), 'cnt')
    """
    return_X_y, as_frame = as_flag("return_X_y", return_X_y), as_flag("as_frame", as_frame)
    folder = resources.files("skdropout.datasets") / "data"
    text = gzip.decompress((folder / "bike_sharing.csv.gz").read_bytes()).decode()
    names, *rows = csv.reader(io.StringIO(text))
    values = np.array(rows, dtype=np.float64)
    is_target = np.array([name == _TARGET for name in names])
    feature_names = [name for name in names if name != _TARGET]
    data, target, frame = values[:, ~is_target], values[:, is_target][:, 0], None
    if as_frame:
        frame = _as_frame(data, target, feature_names)
        data, target = frame[feature_names], frame[_TARGET]
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        frame=frame,
        feature_names=feature_names,
        categorical_features=list(_CATEGORICAL),
        DESCR=(folder / "README.md").read_text(),
    )


def _as_frame(data, target, names):
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError(
            "as_frame=True needs pandas: pip install 'skdropout[plot]', or use as_frame=False."
        ) from error

    frame = pd.DataFrame(data, columns=names)
    whole = [name for name, cells in zip(names, data.T, strict=True) if not (cells % 1).any()]
    frame = frame.astype(dict.fromkeys(whole, "int64"))
    frame = frame.astype(dict.fromkeys(_CATEGORICAL, "category"))
    frame[_TARGET] = target.astype("int64")
    return frame

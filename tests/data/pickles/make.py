"""Write a pickle of the present version: ``python -m tests.data.pickles.make``.

Once for each release, with the newest packages; the files of released versions are never written
again. While a version is in development its file may be, when its layout changed.
"""

import lzma
import pickle
import warnings
from pathlib import Path

from sklearn.exceptions import ConvergenceWarning

import skdropout
from tests.harness.life.processes import said
from tests.harness.life.subjects import SUBJECTS

FOLDER = Path(__file__).parent


def main():
    """Fit each estimator and write it, its rows and its answers."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    kept = {}
    for name, subject in SUBJECTS.items():
        X, y = subject.data()
        model = subject.new().fit(X, y)
        kept[name] = model, X.to_dict("list"), said(model, X)
    release = skdropout.__version__.partition(".dev")[0]
    path = FOLDER / f"{release}.pkl.xz"
    path.write_bytes(lzma.compress(pickle.dumps(kept, protocol=4)))
    print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()

"""The version of the library, and what pickles of other versions are."""

import warnings

__version__ = "0.2.0.dev0"

# Pickles of versions before this one are laid out otherwise.
_FIRST_READABLE = (0, 2)


def unpickled(cls, version):
    """Return an object of ``cls`` for a pickle to fill; pickles call this before all else.

    So a pickle whose contents this version may not know says so before they are looked at. Where
    this function is, and its name, are written in every pickle and stay.

    Parameters
    ----------
    cls : type
    version : str or None
        The version that made the pickle; None where it does not say.

    Raises
    ------
    ValueError
        If its layout is an older one, which this version does not read.

    Warns
    -----
    UserWarning
        If a later version made it.
    """
    name, made_by = cls.__name__, None if version is None else _release(version)
    if made_by is None or made_by < _FIRST_READABLE:
        maker = "a version before 0.2" if version is None else version
        raise ValueError(
            f"This {name} was pickled by {maker} of skdropout, and {__version__} cannot read it: "
            "fitted estimators hold other things now. Fit it again, or load it with the version "
            "that made it and hand it on by skdropout.export.to_onnx."
        )
    if made_by > _release(__version__):
        warnings.warn(
            f"This {name} was pickled by skdropout {version}, which is newer than the "
            f"{__version__} that reads it, and it may fail or predict otherwise; install "
            f"skdropout {version} or later.",
            stacklevel=2,
        )
    return object.__new__(cls)


def _release(version):
    """Return (major, minor): within a minor version the layout stays."""
    major, minor, *_ = version.split(".")
    return int(major), int(minor)

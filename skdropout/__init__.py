"""Networks for tabular data in which dropout is understood and put to work."""

from skdropout._version import __version__

__all__: list[str] = []

"""What displays share: matplotlib, which is optional, and names beside points."""

import numpy as np

# Where a name may stand: these distances from its point, in printer's points, in these directions.
_RADII = (7, 16, 28, 42, 60, 85, 120)
_DIRECTIONS = np.deg2rad([0, 180, 90, 270, 45, 135, 315, 225, 20, 160, 200, 340, 70, 110, 250, 290])
_LED_FROM = 10
_ON_NAME, _ON_POINT, _OUTSIDE = 150, 40, 300


def import_pyplot(caller):
    """Return ``matplotlib.pyplot``, or raise an ImportError that says how to get it."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f"{caller} needs matplotlib; install it with pip install 'skdropout[plot]'."
        ) from error
    return plt


def axes_of(ax, **options):
    """Return ``ax``, or new axes made with ``options``; refuse what is none."""
    import matplotlib.pyplot as plt
    from matplotlib.axes import Axes

    if ax is None:
        return plt.subplots(**{"layout": "constrained", **options})[1]
    if not isinstance(ax, Axes):
        raise ValueError(f"ax={ax!r} must be matplotlib Axes, as of plt.subplots(), or None.")
    return ax


def color_map(cmap):
    """Return a colour map, given by its name too."""
    from matplotlib import colormaps
    from matplotlib.colors import Colormap

    if isinstance(cmap, Colormap):
        return cmap
    if not isinstance(cmap, str) or cmap not in colormaps:
        raise ValueError(f"cmap={cmap!r} must be a matplotlib colour map, such as 'viridis'.")
    return colormaps[cmap]


def label_points(ax, points, names, **text_options):
    """Write each name near its point, with a thin line to it if it stands farther off.

    Names are placed one after the other, those in the thick of the points first, each where it
    covers least.

    Parameters
    ----------
    ax : matplotlib Axes
        With its limits and its place on the figure settled.
    points : ndarray of shape (n_points, 2)
        In data coordinates.
    names : list of str
    **text_options : dict
        For ``ax.annotate``.

    Returns
    -------
    annotations : list of matplotlib Annotation
        In the order of ``names``.
    """
    ax.figure.draw_without_rendering()
    centres = ax.transData.transform(points)
    inside = ax.get_window_extent().extents
    scale = ax.figure.dpi / 72
    distances = np.linalg.norm(centres[:, None] - centres, axis=-1)
    crowded_first = np.argsort(np.sort(distances, 1)[:, 1 : min(len(points), 5)].sum(1))
    annotations, taken = [None] * len(names), np.empty((0, 4))
    for i in crowded_first:
        text = ax.annotate(names[i], points[i], ha="center", va="center", **text_options)
        size = text.get_window_extent().size
        places = [
            (radius * scale, offset)
            for radius in _RADII
            for offset in _offsets(radius * scale, size)
        ]
        boxes = np.array([_box(centres[i] + offset, size) for _, offset in places])
        cost = (
            _ON_NAME * _overlaps(boxes, taken)
            + _ON_POINT * _overlaps(boxes, np.hstack([centres, centres]))
            + _OUTSIDE * ((boxes[:, :2] < inside[:2]) | (boxes[:, 2:] > inside[2:])).any(1)
            + [radius / scale for radius, _ in places]
        )
        best = int(cost.argmin())
        radius, offset = places[best]
        taken = np.vstack([taken, boxes[best]])
        text.remove()
        led = {"arrowstyle": "-", "color": "0.6", "linewidth": 0.6, "shrinkA": 0, "shrinkB": 2}
        annotations[i] = ax.annotate(
            names[i],
            points[i],
            xytext=offset / scale,
            textcoords="offset points",
            ha="center",
            va="center",
            bbox={"boxstyle": "square,pad=0", "facecolor": "none", "edgecolor": "none"},
            arrowprops=led if radius > _LED_FROM * scale else None,
            **text_options,
        )
    return annotations


def _offsets(radius, size):
    """Yield offsets of a box's centre that put its near side ``radius`` from its point."""
    for angle in _DIRECTIONS:
        direction = np.array([np.cos(angle), np.sin(angle)])
        yield direction * radius + np.sign(direction.round(6)) * size / 2


def _box(centre, size):
    return [*(centre - size / 2), *(centre + size / 2)]


def _overlaps(boxes, others):
    """Count for each box how many of the others it meets."""
    apart = (boxes[:, None, :2] > others[None, :, 2:]) | (boxes[:, None, 2:] < others[None, :, :2])
    return (~apart.any(-1)).sum(1)

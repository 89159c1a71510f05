"""Figures as SVG text, whose ink and paper are the page's, so that they suit light and dark."""

import io
import re
import warnings
from contextlib import contextmanager

import matplotlib as mpl
from matplotlib.figure import Figure

# told apart by those who see few colours, and seen on either paper
BLUE, ORANGE, GREEN, GREY = "#2f86c4", "#d8701c", "#1a9873", "#858b91"
_INK = "#010203"  # stands for the page's ink in a figure that is not yet text
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "skdropout",
    "text.parse_math": False,
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    **dict.fromkeys(
        ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), _INK
    ),
}
# colours of the displays, by what they are on the page; the displays' blue and orange are a
# little brighter here, to be seen on either paper
_ON_PAGE = {
    _INK: "currentColor",
    "#000000": "currentColor",
    "#333333": "currentColor",
    "#ffffff": "var(--paper)",
    "#ededed": "var(--line)",
    "#e6e6e6": "var(--line)",
    "#666666": "var(--faint)",
    "#0072b2": BLUE,
    "#d55e00": ORANGE,
}
_WIDTH, HEIGHT = 5.0, 3.4


class _Done:
    """The text of a figure, once it is drawn."""


@contextmanager
def drawing(height=HEIGHT, n_axes=1):
    """Give axes to draw on, and what holds the SVG text afterwards."""
    done = _Done()
    with mpl.rc_context(_STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # the reader's fonts are used
        figure = Figure(figsize=(_WIDTH, height), layout="constrained")
        ratios = {"height_ratios": [5, 1], "sharex": True} if n_axes == 2 else {}
        yield figure.subplots(n_axes, **ratios), done
        text = io.StringIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(text, format="svg", transparent=True, dpi=160, metadata=nothing)
    done.svg = _for_page(text.getvalue())


def _for_page(svg):
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    # within tags alone, as a label may read like a colour
    return re.sub(r"<[^>]*>", _for_page_tag, svg)


def _for_page_tag(match):
    tag = match.group()
    if tag.startswith("<svg"):
        return re.sub(r' (width|height)="[^"]*"', "", tag)
    if tag.startswith("<g "):
        tag = re.sub(r' id="[^"]*"', "", tag)  # those of several figures would be the same
    tag = re.sub(r"font: (?:[a-z]+ )?([\d.]+px) [^;\"]*", r"font-size: \1", tag)
    return re.sub(r"#[0-9a-f]{6}\b", lambda m: _ON_PAGE.get(m.group(), m.group()), tag)

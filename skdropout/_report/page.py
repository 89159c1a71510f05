"""A page of HTML: words, which are escaped here, tables, code, and figures as SVG text.

Ink and paper of the figures are the page's, so that they suit light and dark.
"""

import io
import re
import warnings
from contextlib import contextmanager
from importlib import resources

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from skdropout._report.models import OUR_NAME, RELDROP_NAME
from skdropout._report.words import as_attribute, as_html, short
from skdropout.inspection import (
    DropoutPathDisplay,
    EmbeddingDisplay,
    InteractionDisplay,
    OcclusionDisplay,
    OrderSpectrumDisplay,
)

# no script may run, and nothing is fetched
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

_BLUE, _ORANGE = "#2f86c4", "#d8701c"
_INK = "#010203"  # stands for the page's ink in a figure that is not yet text
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "skdropout",
    "text.parse_math": False,
    "font.size": 10,
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
    "#0072b2": _BLUE,
    "#d55e00": _ORANGE,
}
_WIDTH, _HEIGHT = 5.0, 3.4
_MOST_TICKS = 12
_MOST_POINTS = 60


def page(title, subtitle, parts):
    """Return the whole document.

    Parameters
    ----------
    title, subtitle : str
        Words.
    parts : list of str
        HTML, from the functions below.
    """
    style = (resources.files("skdropout._report") / "style.css").read_text()
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{as_attribute(title)}</title>
<style>
{style}</style>
</head>
<body>
<main>
<header><h1>{as_html(title)}</h1>
{paragraph(subtitle)}</header>
{"".join(parts)}</main>
</body>
</html>
"""


def section(heading, *parts):
    """Return a section of HTML parts under a heading of words."""
    return f"<section>\n<h2>{as_html(heading)}</h2>\n{''.join(parts)}</section>\n"


def paragraph(words, kind=None):
    """Return a paragraph of words."""
    attribute = f' class="{kind}"' if kind else ""
    return f"<p{attribute}>{as_html(words)}</p>\n"


def listing(sentences):
    """Return a list of words."""
    return "<ul>\n" + "".join(f"<li>{as_html(s)}</li>\n" for s in sentences) + "</ul>\n"


def table(header, rows):
    """Return a table of words; numbers are to stand to the right."""
    head = "".join(f'<th scope="col">{as_html(cell)}</th>' for cell in header)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>\n" for row in rows)
    return (
        f'<div class="wide"><table>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}</tbody></table></div>\n"
    )


def bars(names, sizes):
    """Return a list of names with bars, the largest of which is full."""
    most = max(sizes, default=0) or 1
    rows = "".join(
        f'<tr><td>{as_html(name)}</td><td class="bar"><i style="width:{100 * size / most:.1f}%">'
        "</i></td></tr>\n"
        for name, size in zip(names, sizes, strict=True)
    )
    return f'<div class="wide"><table class="bars"><tbody>\n{rows}</tbody></table></div>\n'


def figures(*drawn):
    """Return figures side by side where there is room; each is an SVG and its caption."""
    return (
        '<div class="figures">\n'
        + "".join(
            f'<figure role="group" aria-label="{as_attribute(caption)}">{svg}'
            f"<figcaption>{as_html(caption)}</figcaption></figure>\n"
            for svg, caption in drawn
        )
        + "</div>\n"
    )


def code(text):
    """Return a block of code."""
    return f"<pre><code>{as_html(text)}</code></pre>\n"


def _cell(value):
    if isinstance(value, int):
        value = f"{value:,}"
    elif isinstance(value, float):
        value = f"{value:.4g}"
    else:
        return f"<td>{as_html(value)}</td>"
    return f'<td class="number">{value}</td>'


def draw_scores(found, label):
    """Test losses of all models, two standard errors to either side."""
    found = sorted(found, key=lambda s: -s.loss)
    with _drawing(height=0.6 + 0.42 * len(found)) as (ax, done):
        for place, s in enumerate(found):
            color = _BLUE if s.name == OUR_NAME else "0.55"
            ax.errorbar(s.loss, place, xerr=2 * s.error, fmt="o", color=color, capsize=3)
        ax.set_yticks(range(len(found)), [s.name for s in found])
        ax.set_ylim(-0.6, len(found) - 0.4)
        ax.set_xlabel(label)
        ax.tick_params(axis="y", length=0)
        ax.spines[["top", "right", "left"]].set_visible(False)
    return done.svg


def draw_dropout_path(search):
    """Score against rate."""
    with _drawing() as (ax, done):
        DropoutPathDisplay.from_estimator(search, ax=ax)
    return done.svg


def draw_spectrum(spectra):
    """Shares of the orders, of two models."""
    with _drawing() as (ax, done):
        display = OrderSpectrumDisplay(spectra)
        display.plot(ax=ax, kind="normalized", colors=[_BLUE, _ORANGE, "0.55"])
    return done.svg


def draw_surface(measured):
    """How a pair acts together."""
    with _drawing(height=3.8) as (ax, done):
        names = list(map(short, measured.feature_names))
        grid = tuple(_short_levels(values) for values in measured.grid)
        InteractionDisplay(measured.values, names, grid=grid).plot(ax=ax)
        ax.set_title("")
        ax.collections[0].set_rasterized(True)
        for axis, values in zip((ax.xaxis, ax.yaxis), grid, strict=True):
            if values.dtype == object:
                _thin_out(axis, values)
    return done.svg


def draw_occlusion(curves, score_name):
    """Scores as columns are taken away, with and without RelDrop."""
    names = {OUR_NAME: "as trained", RELDROP_NAME: "with RelDrop"}
    with _drawing() as (ax, done):
        named = {names[name]: curve for name, curve in curves.items()}
        OcclusionDisplay(named, score_name=score_name).plot(ax=ax)
    return done.svg


def draw_embedding_map(vectors, levels, column):
    """Where the levels of a column lie; of many, the first ones."""
    with _drawing(height=4.2) as (ax, done):
        levels = list(map(short, levels))[:_MOST_POINTS]
        EmbeddingDisplay(vectors=vectors[:_MOST_POINTS], levels=levels).plot(ax=ax)
        ax.set_title(short(column, 40), fontsize=11)
    return done.svg


class _Done:
    """The text of a figure, once it is drawn."""


@contextmanager
def _drawing(height=_HEIGHT):
    done = _Done()
    with mpl.rc_context(_STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # the reader's fonts are used
        figure = Figure(figsize=(_WIDTH, height), layout="constrained")
        yield figure.subplots(), done
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


def _short_levels(values):
    if values.dtype != object:
        return values
    return np.array([short(value, 14) for value in values], dtype=object)


def _thin_out(axis, values):
    step = -(-len(values) // _MOST_TICKS)
    places = range(0, len(values), step)
    axis.set_ticks(places, [values[k] for k in places])
    if axis.axis_name == "x" and max(map(len, values)) * len(places) > 50:
        axis.set_tick_params(rotation=45)

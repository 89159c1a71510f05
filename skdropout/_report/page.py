"""A page of HTML from words, tables, code and figures; all words are escaped here."""

from html import escape
from importlib import resources

__all__ = ["bars", "code", "figures", "listing", "page", "paragraph", "section", "table"]

# no script may run, and nothing is fetched
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


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
<title>{_words(title)}</title>
<style>
{style}</style>
</head>
<body>
<main>
<header><h1>{_words(title)}</h1>
{paragraph(subtitle)}</header>
{"".join(parts)}</main>
</body>
</html>
"""


def section(heading, *parts):
    """Return a section of HTML parts under a heading of words."""
    return f"<section>\n<h2>{_words(heading)}</h2>\n{''.join(parts)}</section>\n"


def paragraph(words, kind=None):
    """Return a paragraph of words."""
    attribute = f' class="{kind}"' if kind else ""
    return f"<p{attribute}>{_words(words)}</p>\n"


def listing(sentences):
    """Return a list of words."""
    return "<ul>\n" + "".join(f"<li>{_words(s)}</li>\n" for s in sentences) + "</ul>\n"


def table(header, rows):
    """Return a table of words; numbers are to stand to the right."""
    head = "".join(f'<th scope="col">{_words(cell)}</th>' for cell in header)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>\n" for row in rows)
    return (
        f'<div class="wide"><table>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}</tbody></table></div>\n"
    )


def bars(names, sizes):
    """Return a list of names with bars, the largest of which is full."""
    most = max(sizes, default=0) or 1
    rows = "".join(
        f'<tr><td>{_words(name)}</td><td class="bar"><i style="width:{100 * size / most:.1f}%">'
        "</i></td></tr>\n"
        for name, size in zip(names, sizes, strict=True)
    )
    return f'<div class="wide"><table class="bars"><tbody>\n{rows}</tbody></table></div>\n'


def figures(*drawn):
    """Return figures side by side where there is room; each is an SVG and its caption."""
    return (
        '<div class="figures">\n'
        + "".join(
            f'<figure role="group" aria-label="{_words(caption)}">{svg}'
            f"<figcaption>{_words(caption)}</figcaption></figure>\n"
            for svg, caption in drawn
        )
        + "</div>\n"
    )


def code(text):
    """Return a block of code."""
    return f"<pre><code>{_words(text)}</code></pre>\n"


def _cell(value):
    if isinstance(value, int):
        value = f"{value:,}"
    elif isinstance(value, float):
        value = f"{value:.4g}"
    else:
        return f"<td>{_words(value)}</td>"
    return f'<td class="number">{value}</td>'


def _words(words):
    return escape(str(words), quote=True)

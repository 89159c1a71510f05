"""A page of HTML from words, which are escaped here, tables, code and figures as SVG text."""

from importlib import resources

from skdropout._report.words import as_attribute, as_html

# no script may run, and nothing is fetched
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_MOST_ROWS = 30  # of a table that are seen at once


def page(title, subtitle, parts, contents=()):
    """Return the whole document.

    Parameters
    ----------
    title, subtitle : str
        Words.
    parts : list of str
        HTML, from the functions below.
    contents : list of (str, str)
        Anchors of sections, and their headings.
    """
    style = (resources.files("skdropout._report") / "style.css").read_text(encoding="utf-8")
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
{_contents(contents)}{"".join(parts)}</main>
</body>
</html>
"""


def _contents(entries):
    if not entries:
        return ""
    items = "".join(
        f'<li><a href="#{anchor}">{as_html(heading)}</a></li>\n' for anchor, heading in entries
    )
    return f'<nav aria-label="Contents"><ul>\n{items}</ul></nav>\n'


def section(heading, *parts, anchor=None):
    """Return a section of HTML parts under a heading of words."""
    attribute = f' id="{anchor}"' if anchor else ""
    return f"<section{attribute}>\n<h2>{as_html(heading)}</h2>\n{''.join(parts)}</section>\n"


def subheading(words):
    """Return a heading within a section."""
    return f"<h3>{as_html(words)}</h3>\n"


def paragraph(words, kind=None):
    """Return a paragraph of words; none of no words."""
    attribute = f' class="{kind}"' if kind else ""
    return f"<p{attribute}>{as_html(words)}</p>\n" if words else ""


def listing(sentences):
    """Return a list of words; none of no words."""
    items = "".join(f"<li>{as_html(s)}</li>\n" for s in sentences)
    return f"<ul>\n{items}</ul>\n" if items else ""


def table(header, rows):
    """Return a table of words; numbers are to stand to the right.

    Of a long one the first rows are seen at once, the others by opening what is below.
    """
    rows = list(rows)
    shown, hidden = rows[:_MOST_ROWS], rows[_MOST_ROWS:]
    if len(hidden) < 3:
        return _table(header, rows)
    return (
        _table(header, shown)
        + f"<details><summary>{as_html(f'{len(hidden):,} more rows')}</summary>\n"
        + f"{_table(header, hidden)}</details>\n"
    )


def _table(header, rows):
    head = "".join(f'<th scope="col">{as_html(cell)}</th>' for cell in header)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>\n" for row in rows)
    return (
        f'<div class="wide"><table>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}</tbody></table></div>\n"
    )


def figures(*drawn):
    """Return figures side by side where there is room.

    Parameters
    ----------
    *drawn : tuple of str
        Each an SVG, its caption, and what is to be seen for those who do not see it (the caption
        if there is none).
    """
    return '<div class="figures">\n' + "".join(map(_figure, drawn)) + "</div>\n" if drawn else ""


def _figure(drawn):
    svg, caption, *seen = drawn
    alt = as_attribute(" ".join([caption, *seen]))
    return (
        f'<figure><div role="img" aria-label="{alt}">{svg}</div>'
        f"<figcaption>{as_html(caption)}</figcaption></figure>\n"
    )


def code(text):
    """Return a block of code."""
    return f"<pre><code>{as_html(text)}</code></pre>\n"


def _cell(value):
    if isinstance(value, int):
        value = f"{value:,}"
    elif isinstance(value, float):
        value = f"{value:.4g}"
    elif isinstance(value, Right):
        value = as_html(value)
    else:
        return f"<td>{as_html(value)}</td>"
    return f'<td class="number">{value}</td>'


class Right(str):
    """Words for a cell that are a number."""

    __slots__ = ()

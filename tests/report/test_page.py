"""Words, code and figures as HTML."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from skdropout import DropoutMLPRegressor
from skdropout._report import html as page
from skdropout._report.code import source
from skdropout._report.figures import draw_shares
from skdropout._report.words import clipped, named, short, some

EVIL = "</code><script>alert('&')</script>"


@pytest.mark.parametrize(
    "html",
    [
        page.paragraph(EVIL),
        page.listing([EVIL]),
        page.table((EVIL,), [(EVIL,), (1.5,), (2_000,)]),
        page.paragraph(EVIL, "note"),
        page.table((EVIL,), [(page.Right(EVIL),)] * 40),
        page.code(EVIL),
        page.section(EVIL),
        page.figures(("<svg></svg>", EVIL)),
        page.page(EVIL, EVIL, []),
    ],
)
def test_words_are_escaped(html):
    assert "<script" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize(
    "raw", ["\0", "\x1b", "\r", "\x85", "\ud800", "\ufffe", "\U0010ffff", "\u202e"]
)
def test_what_is_not_allowed_in_html_is_replaced(raw):
    text = page.page(f"a{raw}b", raw, [page.figures(("<svg></svg>", f"c{raw}d")), page.code(raw)])
    assert raw not in text
    assert "<title>a�b</title>" in text
    assert 'aria-label="c�d"' in text


def test_names_keep_their_direction_to_themselves():
    assert page.paragraph(f"{named('עיר')}, {named('<b>')}") == (
        "<p><bdi>עיר</bdi>, <bdi>&lt;b&gt;</bdi></p>\n"
    )
    assert "<bdi>a��b</bdi>" in page.paragraph(named("a\u2069\u2068b"))
    assert page.paragraph("a\u2068b") == "<p>a�b</p>\n"
    text = page.page(named("x"), "y", [page.figures(("<svg></svg>", named("z")))])
    assert "<title>x</title>" in text
    assert 'aria-label="z"' in text
    assert "<figcaption><bdi>z</bdi>" in text


def test_long_names_are_clipped():
    assert clipped("x" * 101) == "x" * 99 + "…"
    assert named("x" * 100) == f"\u2068{'x' * 100}\u2069"
    assert some(["y" * 61, "\n"]) == f"'{'y' * 59}…', '\\n'"
    assert some(range(30)).endswith("'19' and 10 more")


def test_the_page_allows_no_script():
    assert "default-src 'none'" in page.page("a", "b", [])


@pytest.mark.parametrize(
    "value",
    [
        DropoutMLPRegressor((8,), dropout=0.3, random_state=0),
        HistGradientBoostingRegressor(random_state=1),
        Pipeline([("fill", SimpleImputer(strategy="median")), ("scale", StandardScaler())]),
        ["a'", '"b', "c\n"],
        ("x",),
        [f"a long name, number {k}" for k in range(40)],
    ],
)
def test_source_evaluates_to_its_value(value):
    assert repr(eval(source(value), globals())) == repr(value)


def test_names_in_figures_are_short_and_printable():
    assert short("x" * 50, 10) == "xxxxxxxxx…"
    assert short("a\x00b\nc") == "a b c"


def test_names_no_font_of_ours_has_are_left_to_the_reader():
    svg = draw_shares(["東京", "\x1b[31m", "<b>", "町"], np.full(4, 0.25))
    assert "東京" in svg
    assert "町" in svg
    assert "&lt;b&gt;" in svg
    assert "\x1b" not in svg

"""Words, code and figures as HTML."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import skdropout._report.page as page
from skdropout import DropoutMLPRegressor
from skdropout._report.code import source

EVIL = "</code><script>alert('&')</script>"


@pytest.mark.parametrize(
    "html",
    [
        page.paragraph(EVIL),
        page.listing([EVIL]),
        page.table((EVIL,), [(EVIL,), (1.5,), (2_000,)]),
        page.bars([EVIL], [1.0]),
        page.code(EVIL),
        page.section(EVIL),
        page.figures(("<svg></svg>", EVIL)),
        page.page(EVIL, EVIL, []),
    ],
)
def test_words_are_escaped(html):
    assert "<script" not in html
    assert "&lt;script&gt;" in html


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
    assert page.short("x" * 50, 10) == "xxxxxxxxx…"
    assert page.short("a\x00b\nc") == "a b c"


def test_names_no_font_of_ours_has_are_left_to_the_reader():
    svg = page.draw_embedding_map(np.eye(3), ["東京", "\x1b[31m", "<b>"], "町")
    assert "東京" in svg
    assert "町" in svg
    assert "&lt;b&gt;" in svg
    assert "\x1b" not in svg

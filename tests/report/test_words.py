"""Numbers, levels and colours as people read them."""

import re
from importlib import resources

import numpy as np
import pytest

from skdropout._report.drawing import BLUE, GREEN, GREY, ORANGE
from skdropout._report.levels import order_of
from skdropout._report.numbers import (
    listed,
    number,
    plain,
    reader_of,
    seconds,
    share,
    signed,
    with_error,
)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0"),
        (27_123.4, "27,123"),
        (1234.5, "1,234"),
        (41.72, "41.7"),
        (0.68, "0.68"),
        (0.01234, "0.0123"),
        (-5.0, "−5"),
        (1e6, "1,000,000"),
        (1.5e-9, "1.5e-09"),
        (float("inf"), "without bound"),
        (float("nan"), "unknown"),
    ],
)
def test_numbers(value, words):
    assert number(value) == words


def test_years_are_written_as_years():
    assert [reader_of([2019, 2021])(x) for x in (2019, 2020)] == ["2019", "2020"]
    assert reader_of([2019, 20_210])(2019) == "2,019"
    assert reader_of([1999.5, 2021])(2019) == "2,019"
    assert reader_of([np.nan])(2019) == "2,019"


def test_errors_tell_how_many_digits_count():
    assert with_error(41.7123, 2.04) == "41.7 ± 2.0"
    assert with_error(27_123.4, 312.0) == "27,123 ± 312"
    assert with_error(0.155, 0.0181) == "0.155 ± 0.018"
    assert signed(3.21, 0.66) == "+3.21 ± 0.66"
    assert signed(-3.21, 0.66) == "−3.21 ± 0.66"


def test_shares_times_and_lists():
    assert [share(x) for x in (0.98, 0.021, 0.0001, 0)] == [
        "98 %",
        "2.1 %",
        "less than 0.1 %",
        "0 %",
    ]
    assert [seconds(x) for x in (0.42, 12.3, 125)] == ["0.4 s", "12 s", "2 min 5 s"]
    assert [listed(x) for x in (["a"], ["a", "b"], ["a", "b", "c"])] == [
        "a",
        "a and b",
        "a, b and c",
    ]


def test_what_json_knows():
    given = {"a": np.array([1.5, np.nan]), 2: np.int64(3), "b": (np.bool_(True), None, "x")}
    assert plain(given) == {"a": [1.5, None], "2": 3, "b": [True, None, "x"]}


@pytest.mark.parametrize(
    "levels",
    [
        ["January", "March", "December"],
        ["Mon", "Wed", "Fri", "Sun"],
        ["low", "medium", "high"],
        ["2", "9", "10"],
        ["level 2", "level 10", "level 30"],
        ["A1", "A2", "B1"],
        ["primary", "secondary", "tertiary"],
    ],
)
def test_levels_that_have_an_order_are_put_into_it(levels):
    assert order_of(sorted(levels, key=lambda level: level[::-1])) == levels
    assert order_of(levels[::-1], is_ordered=True) == levels[::-1]


@pytest.mark.parametrize("levels", [["Rome", "Oslo"], ["a 1", "b 2"], ["1", "x"], ["1 2", "3 4"]])
def test_levels_without_an_order_have_none(levels):
    assert order_of(levels) is None


def luminance(color):
    parts = [int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [x / 12.92 if x <= 0.03928 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """As the Web Content Accessibility Guidelines have it."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def papers():
    """Return the colours of light and dark."""
    style = (resources.files("skdropout._report") / "style.css").read_text()
    found = [dict(re.findall(r"--(\w+): (#\w{6})", block)) for block in style.split("@media")[:2]]
    return {"light": found[0], "dark": found[1]}


@pytest.mark.parametrize("which", ["light", "dark"])
def test_colours_are_seen_on_either_paper(which):
    colors = papers()[which]
    for ink in ("ink", "faint", "accent"):
        assert contrast(colors[ink], colors["paper"]) >= 4.5
        assert contrast(colors[ink], colors["block"]) >= 4.5
    for drawn in (BLUE, ORANGE, GREEN, GREY):
        assert contrast(drawn, colors["paper"]) >= 3


# what those see who lack one kind of cone, for linear light: Machado, Oliveira, Fernandes, "A
# Physiologically-based Model for Simulation of Color Vision Deficiency", IEEE TVCG 2009
CONES = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413]],
}
LAST = {"protan": [-0.003882, -0.048116, 1.051998], "deutan": [-0.011820, 0.042940, 0.968881]}


@pytest.mark.parametrize("cone", CONES)
def test_colours_are_told_apart_by_the_colour_blind(cone):
    matrix = np.array([*CONES[cone], LAST[cone]])

    def seen(color):
        parts = np.array([int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)])
        return (matrix @ parts**2.2).clip(0, 1) ** (1 / 2.2)

    assert np.linalg.norm(seen(BLUE) - seen(ORANGE)) > 0.5
    assert np.linalg.norm(seen(BLUE) - seen(GREEN)) > 0.2

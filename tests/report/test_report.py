"""The whole way, from a file to a page."""

import contextlib
import io
import re
import sys
import warnings
from xml.etree import ElementTree

import html5lib
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from skdropout.__main__ import main
from tests.report.conftest import Page

SCRIPT = "<script>alert(1)</script>"
IMAGE = '"><img src=x onerror=alert(2)>'
QUOTES = "'); import os  # <b>"


def hostile_table(is_regression):
    """Names of columns, levels and classes that would do something if they were not escaped."""
    rng = np.random.default_rng(0)
    n = 200
    table = pd.DataFrame(
        {
            SCRIPT: rng.normal(size=n),
            QUOTES: rng.choice([SCRIPT, IMAGE, "$\\frac{$", "#ffffff"], n),
            "plain": rng.integers(0, 5, n),
        }
    )
    value = table[SCRIPT] + (table[QUOTES] == IMAGE) * table["plain"]
    table[IMAGE] = value if is_regression else np.where(value > 0.5, SCRIPT, "&amp; no")
    return table


@pytest.fixture(scope="module", params=[True, False], ids=["regression", "classification"])
def report(request, tmp_path_factory, tiny):
    """The page about a hostile table."""
    folder = tmp_path_factory.mktemp("report")
    data = folder / "ho'stile <i>.csv"
    hostile_table(request.param).to_csv(data, index=False)
    output = folder / "new" / "report.html"
    assert main(["report", str(data), "--target", IMAGE, "--quick", "-o", str(output)]) == 0
    return output.read_text()


def test_nothing_in_a_table_becomes_markup(report):
    page = Page(report)
    tags = {tag for tag, _ in page.elements}
    assert tags.isdisjoint({"script", "img", "b", "iframe", "link", "a", "foreignobject"})
    for _, attributes in page.elements:
        assert not any(name.startswith("on") for name in attributes)
    assert any(SCRIPT in text for text in page.text_of("td"))
    assert any("$\\frac{$" in text for text in page.text_of("text"))
    assert any("#ffffff" in text for text in page.text_of("text"))  # a level, not a colour


def test_the_page_is_html(report):
    html5lib.HTMLParser(strict=True).parse(report)


def test_the_page_stands_alone(report):
    for _, attributes in Page(report).elements:
        for name in ("src", "href", "xlink:href"):
            assert attributes.get(name, "#").startswith(("#", "data:"))
    assert not re.search(r"@import|url\((?!#)", report)


def test_figures_are_whole_and_take_the_colours_of_the_page(report):
    figures = re.findall(r"<svg.*?</svg>", report, flags=re.DOTALL)
    assert len(figures) == 6
    for svg in figures:
        assert ElementTree.fromstring(svg).get("viewBox")
        assert "currentColor" in svg
        assert "#010203" not in svg


def test_the_code_runs_and_repeats_the_scores(report):
    code = "".join(Page(report).text_of("code"))
    printed = io.StringIO()
    # names such as "$\\frac{$" are no formulas; networks this small are not done when they stop
    with mpl.rc_context({"text.parse_math": False, "backend": "agg"}), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with contextlib.redirect_stdout(printed):
            exec(compile(code, "report", "exec"), {})
        mpl.pyplot.close("all")
    rows = re.findall(
        r"<tr><td>([^<]*)</td><td>[^<]*</td><td>(-?[\d.]+)</td><td>[\d.]+</td></tr>", report
    )
    shown = dict(rows)
    again = [float(x) for x in re.findall(r"test score: (-?[\d.e-]+)", printed.getvalue())]
    names = "skdropout, rate chosen", "sklearn MLP", "HistGradientBoosting"
    names += "EBM, FAST&#x27;s pairs", "EBM, our pairs"
    assert [f"{score:.3f}" for score in again] == [shown[name] for name in names]


def test_says_that_it_is_quick(report):
    assert "A quick report: 200 of 200 rows" in report
    assert "boosting machines of 1 bag." in report


def test_without_interpret_the_page_says_so(tiny, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "interpret", None)
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(120, 3)), columns=["a", "b", "y"])
    table.to_parquet(tmp_path / "table.parquet")
    output = tmp_path / "report.html"
    data = str(tmp_path / "table.parquet")
    assert main(["report", data, "--target", "y", "--quick", "-o", str(output)]) == 0
    page = output.read_text()
    assert "interpret is not installed" in page
    assert "ExplainableBoosting" not in page
    assert "there is nothing to place" in page
    assert "pd.read_parquet(" in page


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["none.csv", "--target", "y"], "'none.csv' does not exist"),
        (["bike_sharing", "--target", "bikes"], "no column 'bikes'; the columns are 'season'"),
        (["bike_sharing", "--target", "cnt", "--device", "abacus"], "no device 'abacus'"),
        (["bike_sharing", "--target", "cnt", "-o", "."], "'.' cannot be written"),
        (["bike_sharing", "--target", "cnt", "-o", "x" * 999], "cannot be written: File name too"),
        (["bike_sharing", "--target", "cnt", "-o", "a\0b"], r"'a\x00b' cannot be written"),
        (["a\0b.csv", "--target", "y"], r"'a\x00b.csv' does not exist"),
        (["none\n.csv", "--target", "y"], r"'none\n.csv' does not exist"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(arguments, words, capsys):
    assert main(["report", *arguments]) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert said.err.count("\n") == 1
    assert not said.out


def test_the_table_is_not_written_over(tmp_path, capsys):
    data = tmp_path / "table.csv"
    data.write_text("a,y\n1,2\n")
    assert main(["report", str(data), "--target", "y", "-o", str(data)]) == 2
    assert "is the table itself; choose another with -o" in capsys.readouterr().err
    assert data.read_text() == "a,y\n1,2\n"


def test_an_unknown_task_is_refused(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["report", "bike_sharing", "--target", "cnt", "--task", "guess"])
    assert stop.value.code == 2
    assert "invalid choice: 'guess'" in capsys.readouterr().err


@pytest.mark.slow  # about a hundred seconds
def test_the_bundled_table(tmp_path):
    output = tmp_path / "report.html"
    arguments = ["report", "bike_sharing", "--target", "cnt", "--quick", "-o", str(output)]
    assert main(arguments) == 0
    page = output.read_text()
    assert "8,000 of 17,379 rows" in page
    assert "hr × workingday" in page

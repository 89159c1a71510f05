"""The whole way, from a file to a page."""

import contextlib
import io
import json
import re
import sys
import tomllib
import warnings
from importlib.metadata import EntryPoint
from pathlib import Path
from xml.etree import ElementTree

import html5lib
import joblib
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

import skdropout
from skdropout.__main__ import main
from skdropout._report.names import _OF_CLASSES as NAMES
from skdropout._report.names import name_of
from skdropout._report.numbers import number
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
def made(request, tmp_path_factory, tiny):
    """All that can be written about a hostile table, by the option that asks for it."""
    folder = tmp_path_factory.mktemp("report")
    data = folder / "ho'stile <i>.csv"
    hostile_table(request.param).to_csv(data, index=False)
    written = {name: str(folder / "new" / name) for name in ("output", "predictions", "json")}
    written["model"] = str(folder / "model.joblib")
    options = [word for name, path in written.items() for word in (f"--{name}", path)]
    assert main(["report", str(data), "--target", IMAGE, "--quick", *options]) == 0
    return written


@pytest.fixture(scope="module")
def report(made):
    """The page."""
    return Path(made["output"]).read_text()


@pytest.fixture(scope="module")
def numbers(made):
    """The numbers of the page."""
    return json.loads(Path(made["json"]).read_text())


def test_nothing_in_a_table_becomes_markup(report):
    page = Page(report)
    tags = {tag for tag, _ in page.elements}
    assert tags.isdisjoint({"script", "img", "b", "iframe", "link", "foreignobject"})
    for _, attributes in page.elements:
        assert not any(name.startswith("on") for name in attributes)
    assert any(SCRIPT in text for text in page.text_of("bdi"))
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
    assert len(figures) >= 8
    for svg in figures:
        assert ElementTree.fromstring(svg).get("viewBox")
        assert "currentColor" in svg
        assert "#010203" not in svg


def test_the_code_runs_and_repeats_the_scores(report, numbers):
    code = "".join(Page(report).text_of("code"))
    printed = io.StringIO()
    # names such as "$\\frac{$" are no formulas; networks this small are not done when they stop
    with mpl.rc_context({"text.parse_math": False, "backend": "agg"}), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with contextlib.redirect_stdout(printed):
            exec(compile(code, "report", "exec"), {})
        mpl.pyplot.close("all")
    again = re.findall(r"^(.*) test score: (-?[\d.e-]+)$", printed.getvalue(), re.MULTILINE)
    metric = "R²" if numbers["task"] == "regression" else "accuracy"
    shown = {model["name"]: model[metric] for model in numbers["models"]}
    assert dict(again).keys() == shown.keys()
    assert {name: float(score) for name, score in again} == pytest.approx(shown, abs=1e-9)


def test_one_model_has_one_number(report, numbers):
    loss = {model["name"]: model["loss"] for model in numbers["models"]}
    for name, curve in numbers["columns_missing"].items():
        assert curve["losses"][0] == pytest.approx(loss[name], rel=1e-9)
        assert number(loss[name]) in report
    cells = Page(report).text_of("td")
    assert set(loss) <= set(cells)


def test_names_of_methods_come_from_what_was_fitted(made, report, numbers):
    names = {name_of(joblib.load(made["model"]))}
    code = "".join(Page(report).text_of("code"))
    fitted = set(re.findall(r"= (\w+(?:Regressor|Classifier)\w*)\(", code))
    known = {name for kind, name in NAMES.items() if kind in code}
    assert names < known
    assert fitted <= NAMES.keys() | {"TransformedTargetRegressor"}
    told = {model["name"] for model in numbers["models"] if not model["name"].startswith("EBM")}
    assert told == {name for name in known if "EBM" not in name}
    assert "SmoothHess)" not in re.sub(r"<pre>.*?</pre>", "", report, flags=re.DOTALL)


def test_predictions_are_those_of_the_page(made, numbers):
    table = pd.read_csv(made["predictions"], index_col="row")
    assert len(table) == numbers["data"]["rows_to_judge_by"]
    ours = numbers["models"][0]
    if numbers["task"] == "regression":
        assert np.sqrt(((table["actual"] - table["predicted"]) ** 2).mean()) == pytest.approx(
            ours["loss"]
        )
        within = table["actual"].between(table["lower"], table["upper"])
        assert within.mean() == pytest.approx(numbers["intervals"]["coverage_measured"])
    else:
        assert (table["actual"] == table["predicted"]).mean() == pytest.approx(ours["accuracy"])
        assert table.filter(like="probability of ").sum(axis=1).to_numpy() == pytest.approx(1.0)


def test_contents_lead_to_sections(report):
    elements = Page(report).elements
    anchors = {attributes["id"] for tag, attributes in elements if tag == "section" and attributes}
    links = [attributes["href"] for tag, attributes in elements if tag == "a"]
    assert len(links) >= 7
    assert {link.removeprefix("#") for link in links} <= anchors


def test_figures_say_what_is_to_be_seen(report):
    elements = Page(report).elements
    alts = [a["aria-label"] for tag, a in elements if tag == "div" and a.get("role") == "img"]
    assert len(alts) == report.count("<figure>") == report.count("<svg")
    assert all(len(alt) > 20 for alt in alts)


def test_says_that_it_is_quick(report):
    assert "A quick report: 200 of 200 rows" in report
    assert "boosting machines of 1 bag." in report


def test_in_noise_nothing_is_found_and_what_is_not_installed_is_told(tiny, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "interpret", None)
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(240, 5)), columns=[*"abcd", "y"])
    table.to_parquet(tmp_path / "table.parquet")
    output = tmp_path / "report.html"
    data = str(tmp_path / "table.parquet")
    assert main(["report", data, "--target", "y", "--quick", "-o", str(output)]) == 0
    page = output.read_text()
    assert "Nothing was found" in page
    assert "No pair stands out: none can be told from chance" in page
    assert "matters most is" not in page
    assert "interpret is not installed" in page
    assert "ExplainableBoosting" not in page
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


def test_files_that_are_one_are_refused(capsys):
    given = ["report", "bike_sharing", "--target", "cnt", "-o", "a.html", "--json", "./a.html"]
    assert main(given) == 2
    assert "-o and --json both name the file" in capsys.readouterr().err


def test_the_console_script_knows_its_version(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"skdropout {skdropout.__version__}\n"
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert EntryPoint("skdropout", project["project"]["scripts"]["skdropout"], "").load() is main


@pytest.mark.slow  # about a hundred seconds
def test_the_bundled_table(tmp_path):
    output = tmp_path / "report.html"
    arguments = ["report", "bike_sharing", "--target", "cnt", "--quick", "-o", str(output)]
    assert main(arguments) == 0
    page = output.read_text()
    assert "8,000 of 17,379 rows" in page
    assert "workingday" in page

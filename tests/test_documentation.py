"""The documentation names what there is, and all of it."""

import ast
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PUBLIC = ("", ".inspection", ".functional", ".datasets", ".callbacks", ".export")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES = [page for page in PAGES if not {"_build", "_generated"} & set(page.parts)]
EXAMPLES = sorted((ROOT / "examples").rglob("plot_*.py"))


def resolve(name):
    """Import the longest module in a dotted name and follow the rest."""
    module, *rest = name.split(".")
    found = importlib.import_module(module)
    for part in rest:
        module = f"{module}.{part}"
        found = getattr(found, part, None) or importlib.import_module(module)
    return found


@pytest.mark.parametrize("module", PUBLIC)
def test_the_reference_lists_everything_public(module):
    listed = (ROOT / "docs" / "api.rst").read_text().split()
    names = importlib.import_module(f"skdropout{module}").__all__
    missing = [name for name in names if f"{module}.{name}".lstrip(".") not in listed]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_pages_name_what_exists(page):
    text = page.read_text()
    for target in re.findall(r"\{(?:class|func|meth)\}`~?([\w.]+)`", text):
        resolve(target)
    for code in re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.ImportFrom) and node.module.startswith("skdropout"):
                for alias in node.names:
                    resolve(f"{node.module}.{alias.name}")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:columns of X nearly duplicate")
def test_the_steps_of_get_started_run():
    pytest.importorskip("matplotlib").use("agg")
    text = (
        (ROOT / "docs" / "get_started.md").read_text().replace("train_size=2000", "train_size=400")
    )
    names = {}
    for code in re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        exec(code, names)
    assert names["search"].dropout_ in {0.0, 0.1, 0.3}
    assert len(names["strengths"].names) >= 3


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_examples_that_pages_point_to_exist(page):
    there = {path.relative_to(ROOT / "examples").as_posix() for path in EXAMPLES}
    named = re.findall(
        r"auto_examples/([\w/]*?)(?:images/sphx_glr_)?(plot_\d\d_\w+)", page.read_text()
    )
    assert {f"{folder}{name.removesuffix('_001')}.py" for folder, name in named} <= there


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)
def test_an_example_ends_with_a_check_of_its_claim(example):
    """Examples run while the pages are built, so a claim that fails is a warning there."""
    last = ast.parse(example.read_text()).body[-1]
    checks = [node for node in ast.walk(last) if isinstance(node, ast.Assert)]
    assert checks
    assert not any(isinstance(check.test, ast.Constant) for check in checks)


def test_the_gallery_has_a_heading_for_every_task():
    folders = {example.parent for example in EXAMPLES}
    assert ROOT / "examples" not in folders
    assert all((folder / "GALLERY_HEADER.rst").exists() for folder in folders)
    order = ast.parse((ROOT / "docs" / "conf.py").read_text()).body
    tasks = next(n for n in order if isinstance(n, ast.Assign) and n.targets[0].id == "TASKS")
    assert set(ast.literal_eval(tasks.value)) == {folder.name for folder in folders}


def test_the_map_of_estimators_leads_to_pages_of_the_reference():
    text = (ROOT / "docs" / "images" / "which_estimator.svg").read_text()
    targets = re.findall(r'<a href="([^"#]+)', text)
    listed = (ROOT / "docs" / "api.rst").read_text().split()
    for name in filter(
        None, (re.match(r"_generated/api/skdropout\.(.+)\.html", t) for t in targets)
    ):
        assert name[1] in listed
    pages = {t for t in targets if not t.startswith("_generated")}
    assert pages == {"api.html", "report.html"}


def test_the_reference_lists_nothing_twice():
    lines = (ROOT / "docs" / "api.rst").read_text().splitlines()
    names = [line.strip() for line in lines if re.fullmatch(r" {3}[\w.]+", line)]
    assert len(names) == len(set(names)) > 30

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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_examples_that_pages_point_to_exist(page):
    there = {path.stem for path in (ROOT / "examples").glob("plot_*.py")}
    assert set(re.findall(r"plot_\d\d_\w+?(?=_\d{3}\.png|\b)", page.read_text())) <= there

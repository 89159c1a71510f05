"""The floors of the house: imports point down, and each library has one door."""

import ast
from pathlib import Path

import pytest

import skdropout

PACKAGE = Path(skdropout.__file__).parent
SOURCES = sorted(path for path in PACKAGE.rglob("*.py"))

# Lowest first; a module may import from its own floor's package or from lower floors.
FLOORS = [
    {"functional", "datasets", "nn", "_version"},
    {"_device", "_masks", "_losses", "_sklearn_private", "_stack_relevance", "_column_dropout"},
    {"_encodings", "_columns", "_batches"},
    {"_networks", "_grid_network", "_tables"},
    {
        "_stack",
        "_column_values",
        "_predictor",
        "_optimizer",
        "_embeddings",
        "_level_vectors",
        "_validation",
        "_rate_grid",
        "_slices",
    },
    {
        "_early_stopping",
        "_fitted",
        "_training",
        "_progress",
        "_parameters",
        "_docs",
        "_folds",
        "_fold_networks",
        "_fold_scores",
        "_level_tables",
        "_racing",
        "_target_type",
    },
    {"_base"},
    {"_regression", "_classification", "_rate_search"},
    {"_partial_fit", "_own_module", "_mlp", "_mlp_cv", "_reldrop", "_embedding"},
    {"inspection", "export"},
    {"callbacks"},
    {"_additive", "_detecting_networks", "_local_hessians", "_smoothhess"},
    {"__init__"},
    {"_report"},
    {"__main__"},
]
FLOOR = {module: level for level, modules in enumerate(FLOORS) for module in modules}

# third-party package -> modules that may import it
DOORS = {
    "skorch": {"_early_stopping", "_training", "_racing", "_progress", "callbacks"},
    "tqdm": {"_progress", "_report"},
}
TORCH_ONLY = {"functional", "nn"}


def part_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path):
    """Yield the dotted names that a module imports, wherever it does so."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path.name}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down(path):
    here = part_of(path)
    for name in imports(path):
        if name.startswith("skdropout."):
            there = name.split(".")[1]
            if there != here and there in FLOOR:
                assert FLOOR[there] <= FLOOR[here], f"{here} imports {there}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_each_library_has_one_door(path):
    here = part_of(path)
    for name in imports(path):
        package = name.split(".")[0]
        assert here in DOORS.get(package, {here}), f"{here} imports {package}"
        if here in TORCH_ONLY:
            assert package not in {"sklearn", "skorch", "pandas", "matplotlib"}, (
                f"{here} imports {package}"
            )
        private = package == "sklearn" and any(part.startswith("_") for part in name.split("."))
        assert not private or here == "_sklearn_private", f"{here} imports {name}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_files_are_small(path):
    assert len(path.read_text().splitlines()) <= 400


def test_every_module_has_a_floor():
    assert {part_of(path) for path in SOURCES} <= set(FLOOR)

"""The rooms of the house: imports point down, through doors, and each library has its own."""

import ast
import importlib
import inspect
import re
import sys
from graphlib import TopologicalSorter
from pathlib import Path
from statistics import mean, median
from typing import NamedTuple

import pytest
from sklearn.base import BaseEstimator
from sklearn.callback import CallbackSupportMixin

import skdropout

PACKAGE = Path(skdropout.__file__).parent
REPOSITORY = PACKAGE.parent

# lowest first: a room imports rooms above its line here, never below
ROOMS = [
    "_version",
    "functional",
    "nn",
    "_device",
    "datasets",
    "_sklearn_private",
    "_table",
    "_stack",
    "_training",
    "_estimators",
    "inspection",
    "export",
    "callbacks",
    "_transformers",
    "__init__",
    "_report",
    "__main__",
]
ENGINE = {"_table", "_stack", "_training"}
# tests of more than one room: their shared pieces, and whole fits on an unseen device
OF_SEVERAL = {"conftest.py": ENGINE, "devices": {*ENGINE, "_estimators"}}
# it puts faults back where they once were
OF_ALL = REPOSITORY / "tests" / "harness" / "proof.py"

# third-party package: rooms that may import it
DOORS = {"skorch": {"_training", "callbacks"}, "tqdm": {"_training", "_report"}}
TORCH_ONLY = {"functional", "nn"}

# private names of scikit-learn's estimators; the last are its protocol of callbacks and routing
SKLEARN_PRIVATE = {
    name
    for cls in (BaseEstimator, CallbackSupportMixin)
    for name in dir(cls)
    if name.startswith("_") and not name.startswith("__")
}
SKLEARN_PROTOCOL = {
    "_callback_fit_ctx",
    "_init_callback_context",
    "_metadata_request",
    "_parent_callback_ctx",
    "_skl_callbacks",
}


class Import(NamedTuple):
    """One name that a file imports: the module it is from, the name in it, and whether late."""

    module: str
    name: str | None
    is_late: bool

    @property
    def package(self):
        return self.module.partition(".")[0]

    @property
    def room(self):
        return room_of(self.module)


def module_name(path):
    """Return the dotted name of a file of the repository; a room's `__init__` is the room."""
    parts = path.relative_to(REPOSITORY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}
TESTS = sorted((REPOSITORY / "tests").rglob("*.py"))
USERS = sorted(
    path for name in ("benchmarks", "examples") for path in REPOSITORY.glob(f"{name}/**/*.py")
)


def room_of(module):
    """Return the room of a dotted name, or None if it is not of this package."""
    first, *rest = module.split(".")
    return (rest[0] if rest else "__init__") if first == "skdropout" else None


def imports(path):
    """Yield what a file imports, wherever it does so."""
    waiting = [(ast.parse(path.read_text(encoding="utf-8")), False)]
    while waiting:
        node, is_late = waiting.pop()
        is_late |= isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        waiting += [(child, is_late) for child in ast.iter_child_nodes(node)]
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, None, is_late) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path.name}: relative import"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                is_module = whole in SOURCES
                yield Import(*((whole, None) if is_module else (node.module, alias.name)), is_late)


def is_offered(imported):
    """Whether other rooms may import this: by the room itself, or by a public room's `_inner`."""
    room = "skdropout" if imported.room == "__init__" else f"skdropout.{imported.room}"
    doors = {room} | (set() if imported.room.startswith("_") else {f"{room}._inner"})
    if imported.module not in doors or imported.name is None:
        return imported.module in doors
    door = importlib.import_module(imported.module)
    offered = getattr(door, "__all__", vars(door))
    is_file = inspect.ismodule(getattr(door, imported.name, None))
    return imported.name == "__version__" or (imported.name in offered and not is_file)


def is_public(imported):
    """Whether a user may import this: no part of its dotted name has an underscore in front."""
    parts = imported.module.replace("__main__", "main").split(".")
    private = any(part.startswith("_") for part in parts)
    return not private and is_offered(imported)


every_source = pytest.mark.parametrize("module", SOURCES)


def test_every_room_is_listed():
    assert {room_of(module) for module in SOURCES} == set(ROOMS)


@every_source
def test_imports_point_down(module):
    here = room_of(module)
    for imported in imports(SOURCES[module]):
        if imported.room not in (None, here):
            assert ROOMS.index(imported.room) < ROOMS.index(here), imported


@pytest.mark.parametrize("room", ROOMS)
def test_no_circle_within_a_room(room):
    """Neither at import nor later: late imports count."""
    inside = [module for module in SOURCES if room_of(module) == room]
    graph = {
        module: {found.module for found in imports(SOURCES[module]) if found.module in inside}
        for module in inside
    }
    list(TopologicalSorter(graph).static_order())


@every_source
def test_files_of_a_room_import_files(module):
    """The room's own `__init__`, and that of its folders, is for others."""
    for imported in imports(SOURCES[module]):
        if imported.room == room_of(module):
            assert SOURCES[imported.module].name != "__init__.py", imported


@every_source
def test_rooms_are_entered_by_the_door(module):
    for imported in imports(SOURCES[module]):
        if imported.room not in (None, room_of(module)):
            assert is_offered(imported), imported


@every_source
def test_training_is_imported_late(module):
    """It loads skorch, which takes as long as all the rest."""
    for imported in imports(SOURCES[module]):
        if imported.room == "_training" != room_of(module):
            assert imported.is_late, imported


@every_source
def test_each_library_has_its_doors(module):
    here = room_of(module)
    for imported in imports(SOURCES[module]):
        assert here in DOORS.get(imported.package, {here}), imported
        if here in TORCH_ONLY and imported.package not in sys.stdlib_module_names:
            assert imported.package in ("torch", "skdropout"), imported


@every_source
def test_private_names_of_sklearn_have_one_door(module):
    here = room_of(module)
    if here == "_sklearn_private":
        return
    for imported in imports(SOURCES[module]):
        if imported.package == "sklearn":
            whole = f"{imported.module}.{imported.name}"
            assert not any(part.startswith("_") for part in whole.split(".")), imported
    closed = SKLEARN_PRIVATE | SKLEARN_PROTOCOL
    if here == "_estimators":
        closed -= SKLEARN_PROTOCOL
    for node in ast.walk(ast.parse(SOURCES[module].read_text(encoding="utf-8"))):
        assert getattr(node, "attr", None) not in closed  # estimator._name
        assert getattr(node, "value", None) not in closed  # getattr(estimator, "_name")


@pytest.mark.parametrize("path", USERS, ids=lambda path: path.stem)
def test_benchmarks_and_examples_import_public_names(path):
    if path.stem == "_steps":  # which takes a step of training apart
        return
    for imported in imports(path):
        assert imported.room is None or is_public(imported), imported


@pytest.mark.parametrize("path", TESTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_tests_stand_in_the_room_they_mirror(path):
    """They may import its files, what it may import, and whatever is public."""
    part = path.relative_to(REPOSITORY / "tests").parts[0]
    name = part.removesuffix(".py").removeprefix("test_")
    rooms = OF_SEVERAL.get(part, {name, f"_{name}"} & set(ROOMS))
    rooms = set(ROOMS) if path == OF_ALL else rooms
    below = max((ROOMS.index(room) for room in rooms), default=0)
    for imported in imports(path):
        if imported.room is not None and imported.room not in rooms and not is_public(imported):
            assert is_offered(imported), imported
            assert ROOMS.index(imported.room) < below, imported


def lines(module):
    return len(SOURCES[module].read_text(encoding="utf-8").splitlines())


@every_source
def test_files_are_small(module):
    assert lines(module) <= 400


def test_files_are_not_crumbs():
    assert mean(map(lines, SOURCES)) >= 175
    assert 100 <= median(map(lines, SOURCES)) <= 200


def test_the_page_names_a_file_of_each_room_to_read_first():
    page = (REPOSITORY / "docs" / "how_it_is_built.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)(?:/|\.py)` \|.*\| `([\w/.]+)` \|$", page, re.MULTILINE))
    assert list(rows) == [room for room in ROOMS if not room.endswith("__") and room != "_version"]
    for room, first in rows.items():
        folder = PACKAGE / room if (PACKAGE / room).is_dir() else PACKAGE
        assert (folder / first).is_file(), first

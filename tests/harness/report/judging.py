"""Whether a report ended rightly: in one clear line, or in a page in which nothing is raw."""

import ast
import contextlib
import io
import json
import re
import unicodedata
import warnings
from pathlib import Path

import html5lib
import joblib
import numpy as np
import pandas as pd
from pandas.testing import assert_frame_equal, assert_series_equal

from skdropout.__main__ import main
from tests.report.small import WasRead, small_reports, without_models

_REMEDY = re.compile(
    r"; (?!got)|\bneeds at least\b|the columns are|use --|has no rows|no column is left|"
    r"nothing to tell apart|fewer than two classes|pip install"
)
_ELEMENTS = set(
    re.findall(
        r"\w+",
        "html head meta title style body main header nav section h1 h2 h3 p ul li a div table "
        "thead details summary "
        "tbody tr th td i figure figcaption pre code svg g path defs use rect text tspan image "
        "clipPath bdi",
    )
)
_ADDRESSES = {"src", "href", "action", "formaction", "data", "poster", "srcset", "background"}
_BIDI = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


_FILES = {"--json": "n.json", "--predictions": "p.csv", "--model": "m.joblib"}


class WrongError(AssertionError):
    """What is wrong with an outcome."""


def outcome_of(case, browser=None):
    """Return the outcome of a case, whether it is right, and what is wrong.

    Parameters
    ----------
    case : Case
    browser : str, default=None
        A Chromium to open pages with; none does without.
    """
    try:
        return _judged(case, browser), True, ""
    except WrongError as error:
        return f"wrong {case.ends}", False, str(error)


def _judged(case, browser):
    before = _content_of(case.path)
    said, output = _Said(), "page.html"
    arguments = ["report", f"--target={case.target}", "--quick", "-o", output, *case.options]
    if case.ends == "page":
        arguments += [word for option, path in _FILES.items() for word in (option, path)]
    only_read = contextlib.nullcontext() if case.ends == "page" else without_models()
    found = None
    with said, small_reports(), only_read:
        try:
            status = main([*arguments, "--", case.path])
        except WasRead as end:
            found, status = end.found, None
    _check(_content_of(case.path) == before, f"the file {case.path!r} was changed")
    if status == 2:
        _check(case.ends in ("message", "any"), f"a message in place of a page: {said.error}")
        _check_message(case, said)
        return "message"
    _check(case.ends != "message", "a table in place of a message")
    if found is not None:
        _check(not said.error.strip("\r\n "), f"said {said.error!r}")
        _check_reading(case, found)
        return "table"
    _check(status == 0, f"status {status}")
    check_page(case, Path(output).read_bytes(), browser)
    _check_files()
    return "page" if browser is None else "page, in Chromium too"


class _Said(contextlib.ExitStack):
    """What is printed while it is entered."""

    def __enter__(self):
        super().__enter__()
        self._out, self._error = io.StringIO(), io.StringIO()
        self.enter_context(contextlib.redirect_stdout(self._out))
        self.enter_context(contextlib.redirect_stderr(self._error))
        self.enter_context(warnings.catch_warnings())
        warnings.simplefilter("always")  # printed, as in a process of one's own
        return self

    out = property(lambda self: self._out.getvalue())
    error = property(lambda self: self._error.getvalue())


def _check(is_right, words):
    if not is_right:
        raise WrongError(words)


def _content_of(path):
    """Return the bytes of a file, or None of whatever cannot be read."""
    try:
        return Path(path).read_bytes() if Path(path).is_file() else None
    except (OSError, ValueError):
        return None


def _check_files():
    """Numbers, predictions and model are whole, and fit each other."""
    numbers = json.loads(Path(_FILES["--json"]).read_text(encoding="utf-8"), parse_constant=_no)
    predictions = pd.read_csv(_FILES["--predictions"], index_col="row", keep_default_na=False)
    n_rows = numbers["data"]["rows_to_judge_by"]
    _check(len(predictions) == n_rows, f"{len(predictions)} predictions of {n_rows} rows")
    _check(predictions["predicted"].map(str).ne("").all(), "a prediction is missing")
    model = joblib.load(_FILES["--model"])
    n_columns = len(numbers["data"]["numbers"]) + len(numbers["data"]["categories"])
    _check(model.n_features_in_ == n_columns, f"a model of {model.n_features_in_} columns")


def _no(constant):
    raise WrongError(f"{constant} in JSON")


def _check_message(case, said):
    line = said.error
    _check(line.count("\n") == 1 and line.endswith("\n"), f"not one line: {line!r}")
    _check(not said.out, f"said on stdout: {said.out!r}")
    _check(line[:-1].isprintable(), f"raw characters: {line!r}")
    _check(line.startswith("skdropout report: "), f"another beginning: {line!r}")
    asked = [case.path, case.target, *case.options]
    _check(len(line) < 2_500 + 8 * sum(map(len, asked)), f"{len(line)} characters")
    _check(any(repr(name) in line for name in asked), f"names neither file nor target: {line!r}")
    _check(_REMEDY.search(line), f"no remedy: {line!r}")
    for words in case.words:
        _check(words in line, f"{words!r} is not in {line!r}")


def _check_reading(case, found):
    """The page's code makes the very tables that models would be fitted to."""
    if case.shape is not None:
        _check(found.table.shape == case.shape, f"the table has the shape {found.table.shape}")
    notes = re.sub("[\u2068\u2069]", "", "\n".join(found.recipe.sentences()))
    for words in case.words:
        _check(words in notes, f"{words!r} is not in {notes!r}")
    names = {}
    exec(compile("import numpy as np, pandas as pd\n" + found.code, "report", "exec"), names)
    for name in ("X_train", "X_test"):
        with _differences(f"{name} of the code"):
            assert_frame_equal(names[name], getattr(found.prepared, name))
        values = names[name].select_dtypes("number").to_numpy(float, na_value=np.nan)
        _check(not np.isinf(values).any(), f"infinite cells in {name}")
    for name in ("y_train", "y_test"):
        with _differences(f"{name} of the code"):
            assert_series_equal(names[name], getattr(found.prepared, name))
        _check(not pd.isna(names[name]).any(), f"missing cells in {name}")
    leaks = [name for name in names["X_train"] if _is_same(names["X_train"][name], case.target)]
    _check(not leaks, f"the target is among the columns: {leaks}")


@contextlib.contextmanager
def _differences(words):
    try:
        yield
    except AssertionError as error:
        raise WrongError(f"{words}: {error}") from error


def _is_same(column, target):
    return re.fullmatch(re.escape(target) + r"(\.\d+)?", column.name) is not None


def check_page(case, content, browser=None):
    """Raise WrongError if anything in a page is raw, or words of the case are not on it."""
    text = content.decode("utf-8")
    raw = sorted({c for c in text if _is_raw(c)})
    _check(not raw, f"raw characters {raw!r}")
    tree = parsed(text)
    elements = list(tree.iter())
    for element in elements:
        _check(isinstance(element.tag, str), "a comment or the like")
        _check(element.tag in _ELEMENTS, f"an element {element.tag!r}")
        _check_attributes(element)
    code = "".join(tree.find(".//code").itertext())
    ast.parse(code)
    seen = " ".join("".join(tree.itertext()).split())
    for words in case.words:
        _check(" ".join(words.split()) in seen, f"{words!r} is not on the page")
    if browser is not None:
        from tests.harness.report.browser import dom_of

        same = [summary(parsed(dom_of(Path("page.html"), browser))), summary(tree)]
        _check(same[0] == same[1], f"Chromium sees another page: {_difference(*same)}")


def _is_raw(c):
    kind = unicodedata.category(c)
    is_none = ord(c) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(c) <= 0xFDEF
    return (kind == "Cc" and c not in "\n\t") or kind == "Cs" or is_none or c in _BIDI


def _check_attributes(element):
    for name, value in element.attrib.items():
        name = name.rpartition("}")[2].rpartition(":")[2].lower()
        _check(not name.startswith("on"), f"an attribute {name}")
        if name in _ADDRESSES:
            _check(value.startswith(("#", "data:image/")), f"{name}={value[:80]!r}")
        if name in ("style", "fill", "clip-path"):
            _check(not re.search(r"url\((?!#)|expression", value), f"{name}={value[:80]!r}")
        if element.tag == "meta" and name == "http-equiv":
            _check(value == "Content-Security-Policy", f"{name}={value}")
    if element.tag == "style":
        _check(not re.search(r"@import|url\(", element.text or ""), "a style that fetches")


def parsed(text):
    """Return the tree of a page; WrongError at the first thing that is not HTML."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    try:
        tree = parser.parse(text)
    except html5lib.html5parser.ParseError as error:
        place = parser.tokenizer.stream.position()
        raise WrongError(f"no HTML, near line and column {place}: {error}") from error
    for element in tree.iter():
        if isinstance(element.tag, str):
            element.tag = element.tag.rpartition("}")[2]
    return tree


def summary(tree):
    """Return what two parsers must agree on: elements in order, attributes, and all the text."""
    elements = [
        (element.tag, sorted((name.rpartition("}")[2], v) for name, v in element.items()))
        for element in tree.iter()
    ]
    return [*elements, *"".join(tree.itertext()).split()]


def _difference(ours, theirs):
    for k, (one, other) in enumerate(zip(ours, theirs, strict=False)):
        if one != other:
            return f"part {k}: {str(one)[:200]} and {str(other)[:200]}"
    return f"{len(ours)} and {len(theirs)} parts"

"""Odd questions, and places that cannot be read or written; each ends in a message."""

import os

from tests.harness.report.case import PLAIN, Case, every_y


def _asked(*options, words, content=PLAIN):
    def case(folder):
        (folder / "t.csv").write_text(content)
        return Case("t.csv", words=words, options=options)

    return case


def _a_folder(folder):
    (folder / "t.csv").mkdir(exist_ok=True)
    return Case("t.csv", words=("is a folder",))


def _a_pipe(folder):
    if not (folder / "t.csv").exists():
        os.mkfifo(folder / "t.csv")
    return Case("t.csv", words=("no file that can be read twice",))


def _locked(folder):
    case = _asked(words=("permissions",))(folder)
    (folder / "t.csv").chmod(0)
    if os.access(folder / "t.csv", os.R_OK):  # whoever may read everything
        case = Case("/proc/self/mem", words=("cannot be read",))
    return case


ASKED = {
    "no such file": lambda folder: Case("none.csv", words=("does not exist",)),
    "no name": lambda folder: Case("", words=("does not exist", "give a CSV")),
    "NUL in the file's name": lambda folder: Case("a\0b.csv", words=("does not exist",)),
    "a name of 5,000 letters": lambda folder: Case("x" * 5_000, words=("does not exist",)),
    "an address": lambda folder: Case("https://a.b/t.csv", words=("does not exist",)),
    "a folder": _a_folder,
    "a pipe": _a_pipe,
    "a file one may not read": _locked,
    "a page where the table is": _asked("-o", "t.csv", words=("itself", "-o")),
    "a page where the table is, by another way": _asked("-o", "./t.csv", words=("itself",)),
    "a page where a folder is": _asked("-o", ".", words=("cannot be written", "-o")),
    "a page within a file": _asked("-o", "t.csv/page.html", words=("cannot be written", "-o")),
    "a page of a long name": _asked("-o", "x" * 5_000, words=("cannot be written",)),
    "a page of a hostile name": _asked("-o", "a\0b", words=("cannot be written",)),
    "a model where the table is": _asked("--model", "t.csv", words=("itself", "--model")),
    "numbers where the page is": _asked(
        "-o", "a.html", "--json", "./a.html", words=("both name", "--json")
    ),
    "predictions where a folder is": _asked("--predictions", ".", words=("--predictions",)),
    "no time": _asked("--minutes", "0", words=("--minutes", "too short")),
    "time that is none": _asked("--minutes", "nan", words=("--minutes", "too short")),
    "no such device": _asked("--device", "<b>\n", words=("no device",)),
    "words for regression": _asked(
        "--task",
        "regression",
        words=("'Rome'", "--task classification"),
        content=every_y("Rome", "Oslo"),
    ),
    "fractions for classes": _asked("--task", "classification", words=("fewer than two classes",)),
    "commas for regression": _asked(
        "--task", "regression", words=("commas",), content=every_y("1,5", "2.5")
    ),
}

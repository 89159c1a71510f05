"""A share of the harness' report part, and proof that it sees what is wrong with a page."""

import pytest

from tests.harness import report
from tests.harness.report import browser, judging
from tests.harness.report.case import Case


class Said:
    """What a part says of its cases."""

    def __init__(self):
        self.cases, self.wrong = [], []

    def begin(self, reproduction):
        self.cases.append(reproduction)

    def end(self, outcome, is_right, detail=""):
        if not is_right:
            self.wrong.append((self.cases[-1], outcome, detail))


@pytest.mark.parametrize("kind", ["PACKED", "ROWS", "ASKED"])
def test_broken_files_end_in_a_message(kind):
    said = Said()
    report.run([*getattr(report, kind)][::3], said)
    assert said.wrong == []


def test_mixtures_end_rightly(monkeypatch):
    monkeypatch.setattr(report, "_OF_A_BATCH", 25)
    said = Said()
    report.run(1, said)  # the first with a page is the fortieth
    assert said.wrong == []
    assert len(said.cases) == 25


def test_a_case_is_repeated_by_what_is_said_of_it(tmp_path, capsys):
    said = Said()
    report.run(["only a header"], said)
    names = {}
    exec(said.cases[0].replace("header')", f"header', {str(tmp_path)!r})"), names)
    assert capsys.readouterr().out.split() == ["message", "True"]
    assert (tmp_path / "t.csv").read_text() == "a,b,y\n"


def test_batches_hold_every_case_once():
    keys = report.batches(1.0)
    fixed = [name for key in keys if isinstance(key, list) for name in key]
    assert sorted(fixed) == sorted(report.FIXED)
    assert len(report.FIXED) == sum(
        len(cases)
        for cases in (report.PACKED, report.ROWS, report.ASKED, report.PARQUET, report.HOSTILE)
    )
    assert len(report.batches(0.01)) < 10


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The page of a table with names and levels of all kinds."""
    folder = tmp_path_factory.mktemp("page")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(browser, "found", lambda: None)
        assert report.outcome_of("all kinds at once", folder) == (
            "page, no Chromium on PATH",
            True,
            "",
        )
    return (folder / "page.html").read_bytes()


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("<script></script>", "an element 'script'"),
        ("<b>y</b>", "an element 'b'"),
        ("<!-- y -->", "a comment"),
        ("\x01", "raw characters"),
        ("\u202e", "raw characters"),
        ("<p onclick='y'></p>", "an attribute onclick"),
        ("<svg><image href='https://a.b/c'/></svg>", "href='https"),
        ("<p style='background: url(https://a.b/c)'></p>", "style="),
        ("<style>@import 'x'</style>", "a style that fetches"),
        ("</div>", "no HTML"),
        ("<p", "no HTML"),
        ("&nothing;", "no HTML"),
    ],
)
def test_what_is_wrong_with_a_page_is_seen(page, raw, words):
    judging.check_page(Case("t.csv"), page)
    with pytest.raises(judging.WrongError, match=words):
        judging.check_page(
            Case("t.csv"), page.replace(b"</section>", raw.encode() + b"</section>", 1)
        )


def test_words_that_are_not_on_the_page_are_missed(page):
    with pytest.raises(judging.WrongError, match="is not on the page"):
        judging.check_page(Case("t.csv", words=("no such words",)), page)

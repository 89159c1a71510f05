"""Small reports for all tests of a module, and a page as a browser sees it."""

from html.parser import HTMLParser

import pytest

from tests.report.small import small_reports


@pytest.fixture(scope="module")
def tiny():
    """Let ``--quick`` stand for next to nothing."""
    with small_reports():
        yield


class Page(HTMLParser):
    """What a browser sees: elements, their attributes, and text by the element around it."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.open, self.texts = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in ("meta", "path", "use", "image", "rect"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data):
        self.texts.append((self.open[-1] if self.open else None, data))

    def text_of(self, tag):
        return [data for where, data in self.texts if where == tag]

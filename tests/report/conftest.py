"""Reports small enough for tests."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest

import skdropout._report.make as make
from skdropout._report.models import QUICK, Models

TINY = replace(
    QUICK,
    max_rows=240,
    hidden_layer_sizes=(8,),
    dropouts=(0.0, 0.3),
    cv=2,
    max_iter=4,
    outer_bags=1,
    detecting={"hidden_layer_sizes": (8,), "activation": "silu", "max_iter": 4},
    n_evaluations=2_000,
    n_occluded_rows=40,
    n_interactions=3,
    n_surfaces=1,
    n_maps=1,
)


@pytest.fixture(scope="module")
def tiny():
    """Let ``--quick`` stand for next to nothing."""
    whole = Models.boosting_machine
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(make, "QUICK", TINY)
        patch.setattr(
            Models,
            "boosting_machine",
            lambda models, interactions: whole(models, interactions).set_params(max_rounds=3),
        )
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

"""A share of the harness' lives, and that they would find what they look for."""

import numpy as np
import pytest

from tests.harness import life
from tests.harness.life.answers import answers, differing, digest
from tests.harness.life.moments import fit
from tests.harness.life.processes import PICKLES
from tests.harness.life.subjects import SUBJECTS


class Heard:
    """Stands in for the runner: keeps what a batch says."""

    def __init__(self):
        self.begun, self.ended = [], []

    def begin(self, reproduction):
        self.begun.append(reproduction)

    def end(self, outcome, is_right, detail=""):
        self.ended.append((outcome, is_right, detail))


@pytest.mark.parametrize(
    "case",
    [
        ("unfitted", "RelDropRegressor", "clone"),
        ("fitted", "DropoutMLPRegressor", "joblib mapped"),
        ("between passes", "DropoutMLPClassifier", "twice"),
        ("in a callback", "RelDropClassifier", "on_batch_end by cloudpickle"),
        ("in a task", "DropoutMLPClassifierCV", "deepcopy"),
        ("of no known version", "unknown", "DropoutMLPRegressor"),
        ("of no known version", "0.1.0", "EmbeddingEncoder"),
        ("of no known version", "0.3.0", "SmoothHessInteractions"),
    ],
    ids=" ".join,
)
def test_a_share(case):
    assert life.reproduce(*case) == []


@pytest.mark.parametrize("key", ["of RelevanceDropout/in groups", "of a version/0.2.0"])
def test_whole_batches(key):
    heard = Heard()
    life.run(key, heard)
    assert len(heard.begun) == len(heard.ended) > 1
    assert [end for end in heard.ended if not end[1]] == []


def test_a_reproduction_repeats_its_case():
    heard = Heard()
    life.run("of RelevanceDropout/plain", heard)
    *lines, last = heard.begun[0].splitlines()
    names = {}
    exec("\n".join(lines), names)
    assert eval(last, names) == []


def test_batches_are_named_once_and_a_share_is_spread_over_them():
    every = life.batches(1.0)
    assert len(every) == len(set(every))
    share = life.batches(0.1)
    assert set(share) < set(every)
    assert len({key.split("/")[0] for key in share}) > 5


def test_one_bit_of_one_weight_is_seen():
    subject = SUBJECTS["DropoutMLPRegressor"]
    X, _ = subject.data()
    model = fit(subject.new(), subject)
    before = answers(model, X)
    model.loss_curve_ = [np.nextafter(model.loss_curve_[0], 1), *model.loss_curve_[1:]]
    assert differing(answers(model, X), before) == ["loss_curve_ differs"]


def test_digests_tell_apart():
    one = np.arange(3.0)
    others = [one.astype("f4"), one[None], list(one), -one, {"a": one}, one.astype(object), None]
    assert len({digest(value) for value in (one, *others)}) == 1 + len(others)
    assert digest({"a": one.copy()}) == digest({"a": one})


def test_pickles_are_small():
    paths = list(PICKLES.glob("*.xz"))
    assert paths
    assert all(path.stat().st_size < 100_000 for path in paths)

"""A short seeded share of the generated cases; all of them run by ``make harness``."""

import pytest

from tests.harness import fuzz
from tests.harness.fuzz.verdict import judge_answer, judge_error


class Told:
    """Collects what a part says."""

    def __init__(self):
        self.outcomes, self.wrong = [], []

    def begin(self, reproduction):
        self.reproduction = reproduction

    def end(self, outcome, is_right, detail=""):
        self.outcomes.append(outcome)
        if not is_right:
            self.wrong.append(f"{outcome}: {detail}\n{self.reproduction}")


@pytest.mark.parametrize("kind", fuzz.KINDS)
def test_every_case_ends_as_it_should(kind, monkeypatch):
    monkeypatch.setattr(fuzz, "CASES", 30)
    told = Told()
    fuzz.run([kind, 1000], told)
    assert told.wrong == []
    # 40 % of all cases are to end so; of thirty, by three standard deviations, no fewer than 13 %
    assert told.outcomes.count("answer") >= 0.13 * len(told.outcomes)


def raised(function):
    with pytest.raises(Exception) as caught:  # noqa: PT011, any may come
        function()
    return caught.value


def test_an_error_of_another_library_is_wrong_whatever_it_says():
    error = raised(lambda: int("X"))
    assert judge_error(error, {"X"}) == ("ValueError of another library", False)


def test_answers_are_finite_and_as_many_as_rows():
    assert judge_answer([1.0, 2.0]) == ("answer", True)
    assert judge_answer([1.0, float("nan")]) == ("not finite", False)
    assert judge_answer({"a": [1.0]}) == ("answer", True)

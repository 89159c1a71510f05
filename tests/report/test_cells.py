"""Commas, dates and names of rows: what cells are when they come as people write them."""

import numpy as np
import pandas as pd
import pytest

from skdropout._report.cells import comma_style, is_named_like_id, read_commas, why_left_out
from skdropout._report.dates import is_ambiguous, layout_of, moments_of, parts_of

N = 120


def column(cells, name="a", n=N):
    return pd.Series([cells[k % len(cells)] for k in range(n)], name=name)


@pytest.mark.parametrize(
    ("cells", "style", "values"),
    [
        (["3,14", "2,5"], "decimal", [3.14, 2.5]),
        (["1.234,5", "2.345.678,25", "12"], "decimal", [1234.5, 2345678.25, 12]),
        (["1 234,5", "7"], "decimal", [1234.5, 7]),
        (["-0,125", "1.000"], "decimal", [-0.125, 1000]),
        (["1,234", "12"], "thousands", [1234, 12]),
        (["1,234,567.5", "0.5"], "thousands", [1234567.5, 0.5]),
        (["1,5", "NA"], "decimal", [1.5, np.nan]),
    ],
)
def test_commas_are_read_as_they_are_meant(cells, style, values):
    given = column(cells)
    assert comma_style(given) == style
    np.testing.assert_array_equal(read_commas(given, style)[: len(values)], values)


@pytest.mark.parametrize("cells", [["3,14", "2.5"], ["3,14", "1,234,567"]])
def test_commas_that_are_not_clear_are_not_read(cells):
    given = column(cells)
    assert comma_style(given) == "unclear"
    assert "not clear" in why_left_out(given)


@pytest.mark.parametrize("cells", [["1.5", "2"], ["a,b", "c"], ["1,2,3", "4"], ["1,5 m"]])
def test_words_with_commas_are_no_numbers(cells):
    assert comma_style(column(cells)) is None


@pytest.mark.parametrize(
    "layout",
    [
        "%Y-%m-%d",
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%d %H:%M",
        "%Y-%m-%dT%H:%M:%SZ",
        "%d.%m.%Y",
        "%d.%m.%Y %H:%M",
        "%m/%d/%Y",
        "%m/%d/%Y %I:%M %p",
        "%d/%m/%Y",
        "%Y/%m/%d",
        "%d %b %Y",
        "%B %d, %Y",
        "%d-%b-%Y",
    ],
)
def test_dates_are_read_however_they_are_written(layout):
    days = pd.Series(pd.date_range("2019-12-30 13:00", periods=N, freq="37h"))
    given = days.dt.strftime(layout).rename("when")
    given[3] = "NA"
    options = layout_of(given)
    found = moments_of(given, options).drop(index=3)
    same = days.drop(index=3)
    assert (found.dt.date == same.dt.date).all()
    if "H" in layout or "I" in layout:
        assert (found.dt.hour == same.dt.hour).all()


def test_days_and_months_that_might_change_places_are_told():
    given = column(["01/02/2020", "03/04/2020", "05/06/2021"])
    options = layout_of(given)
    assert options == {"format": "%m/%d/%Y"}
    assert is_ambiguous(given, options)
    given[0] = "01/13/2020"
    assert not is_ambiguous(given, layout_of(given))


def test_numbers_are_dates_only_if_their_name_says_so_or_they_read_like_days():
    seconds = pd.Series(np.arange(N) * 90_000 + 1_600_000_000)
    assert layout_of(seconds.rename("created_time")) == {"unit": "s"}
    assert layout_of((seconds * 1000).rename("stamp")) == {"unit": "ms"}
    assert layout_of(seconds.rename("population")) is None
    days = pd.Series(pd.date_range("2020", periods=N)).dt.strftime("%Y%m%d").astype(int)
    assert layout_of(days) == {"format": "%Y%m%d"}
    assert layout_of(days + 70) is None
    assert layout_of(column(["12", "13"])) is None
    assert layout_of(column(["a 1", "b 2"])) is None


def test_parts_are_those_that_differ():
    moments = pd.Series(pd.to_datetime(["2020-01-06T00", "2020-01-07T00", "2020-01-08T12"]))
    parts = parts_of(moments)
    assert list(parts) == ["weekday", "hour", "days since the first"]
    assert parts["weekday"].tolist() == ["Monday", "Tuesday", "Wednesday"]
    assert parts["days since the first"].tolist() == [0, 1, 2.5]


@pytest.mark.parametrize(
    ("name", "is_id"),
    [
        ("id", True),
        ("customer_id", True),
        ("userId", True),
        ("ID", True),
        ("Unnamed: 0", True),
        ("width", False),
        ("humidity", False),
        ("paid", False),
        ("keyboard", False),
    ],
)
def test_ids_are_known_by_their_names(name, is_id):
    assert is_named_like_id(name) == is_id


ROWS = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("cells", "name", "words"),
    [
        (np.arange(N), "n", "count the rows"),
        (ROWS.permutation(N) * 17, "customer_id", "named like an id"),
        (ROWS.permutation(10**5)[:N] + 10**6, "account", "as many digits"),
        (ROWS.permutation(10**4)[:N], "population", None),
        (ROWS.permutation(N) + 0.5, "user_id", None),
        ([f"{k:x}-{k * 7:x}" for k in range(N)], "code", "stand only once"),
        ([f"the customer called {k} times today" for k in range(N)], "note", "free text"),
        (["a", "b"] * (N // 2), "note", None),
    ],
)
def test_what_only_names_rows_is_told_from_what_tells_something(cells, name, words):
    why = why_left_out(pd.Series(cells, name=name))
    assert why is None if words is None else words in why

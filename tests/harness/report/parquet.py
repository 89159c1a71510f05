"""Parquet files: broken ones, odd ones, and columns of every type that Arrow has."""

import datetime
import decimal
import io
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq

from tests.harness.report.case import Case, cells

_N = 70
_BASE = {"a": np.array(cells()["a"], float), "y": np.array(cells()["y"], float)}
_DAY = datetime.date(2020, 1, 1)


def _content(arrays=None, names=None, **options):
    arrays = dict(_BASE if arrays is None else arrays)
    table = pa.table(list(map(pa.array, arrays.values())), names=list(names or arrays))
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    return file.getvalue()


def _frame(frame):
    file = io.BytesIO()
    frame.to_parquet(file)
    return file.getvalue()


def _arrow():
    file = io.BytesIO()
    pyarrow.feather.write_feather(pd.DataFrame(_BASE), file)
    return file.getvalue()


def _flipped(place):
    content = bytearray(_content())
    content[place] ^= 0xFF
    return bytes(content)


def _turned(kind, k):
    """Return the k-th cell of a column of odd cells."""
    return {
        "lists": [k, k + 1],
        "structs": {"p": k, "q": "x"},
        "bytes": bytes([k]),
        "dates": _DAY + datetime.timedelta(k),
        "moments": datetime.datetime(2020, 1, 1, k % 24),
        "times": datetime.time(k % 24),
        "durations": datetime.timedelta(k),
        "decimals": decimal.Decimal(k) / 8,
        "empty lists": [],
    }[kind]


_KINDS = [
    "lists",
    "structs",
    "bytes",
    "dates",
    "moments",
    "times",
    "durations",
    "decimals",
    "empty lists",
]
_COLUMNS = {kind: [_turned(kind, k) for k in range(_N)] for kind in _KINDS}
_LABELS = np.array(["no", "yes"])[np.arange(_N) % 2]
_INDEXED = pd.DataFrame(_BASE | {"b": cells()["b"]})

# content, how it ends, words; and the target where it is not "y"
_FILES = {
    "Parquet cut off": (_content()[:-40], "message", ("save it again",)),
    "Parquet cut off at once": (_content()[:8], "message", ("save it again",)),
    "Parquet without its beginning": (_content()[40:], "message", ("save it again",)),
    "Parquet with a broken end": (_flipped(-20), "any", ()),
    "Parquet with a broken length": (_flipped(-6), "message", ("save it again",)),
    "Parquet with broken pages": (_content()[:60] + bytes(200) + _content()[260:], "any", ()),
    "Parquet of two words": (b"PAR1PAR1", "message", ("save it again",)),
    "Parquet that is empty": (b"", "message", ("save it again",)),
    "Parquet that is CSV": (b"a,b\n1,2\n", "message", ("save it again",)),
    "Parquet without rows": (_content({"a": [1.0][:0], "y": [2.0][:0]}), "message", ("no rows",)),
    "Parquet without columns": (
        _frame(pd.DataFrame(index=range(_N))),
        "message",
        ("no rows",),
    ),
    "Parquet, twins of the target": (_content(None, ["y", "y"]), "message", ("'y'", "rename")),
    "Parquet, twins": (
        _content(_BASE | {"b": cells()["b"]}, ["a", "y", "a"]),
        "message",
        ("several columns named 'a'", "rename"),
    ),
    "Parquet, names in levels": (
        _frame(pd.DataFrame(np.eye(_N)[:, :2], columns=[["a", "b"], ["y", "y"]])),
        "message",
        ("levels",),
    ),
    "an Arrow file": (_arrow(), "message", ("save it again",)),
    "Parquet, named index": (
        _frame(_INDEXED.set_index("b")),
        "read",
        (),
    ),
    "Parquet, target in the index": (_frame(_INDEXED.set_index("y")), "read", ()),
    "Parquet, index of two": (_frame(_INDEXED.set_index(["b", "y"])), "read", ()),
    "Parquet, index without a name": (
        _frame(_INDEXED.set_axis(np.arange(_N) % 3, axis=0)),
        "read",
        (),
    ),
    "Parquet, numbers for names": (_frame(_INDEXED.set_axis([0, 1, 2], axis=1)), "read", (), "1"),
    **{
        f"Parquet, target of {kind}": (_content(_BASE | {"y": column}), "message", ("neither",))
        for kind, column in _COLUMNS.items()
    },
    **{
        f"Parquet, {kind}": (
            _content(_BASE | {kind: column}),
            "read",
            (f"{kind}: dates" if kind in ("dates", "moments") else f"{kind} is left out",),
        )
        for kind, column in _COLUMNS.items()
    },
    "Parquet, all odd columns": (
        _content(_BASE | _COLUMNS),
        "page",
        ("structs", "neither a number nor a category"),
    ),
    "Parquet, missing cells of every kind": (
        _content(
            _BASE
            | {
                "on": pa.array([True, None] * 35),
                "whole": pa.array([1, None, 3, 4, 5] * 14, pa.int64()),
                "words": pa.array([None, "a"] * 35),
                "codes": pa.array([None, "a"] * 35).dictionary_encode(),
                "none": pa.array([None] * _N),
            }
        ),
        "page",
        ("All its cells are missing",),
    ),
    "Parquet, numbers of every width": (
        _content(
            _BASE
            | {
                str(kind): pa.array(np.arange(_N) % 9).cast(kind)
                for kind in (pa.int8(), pa.uint16(), pa.uint64(), pa.float16(), pa.float32())
            }
        ),
        "page",
        (),
    ),
    "Parquet, pandas' nullable types": (
        _frame(
            pd.DataFrame(_BASE).assign(
                i=pd.array([1, None, 2, 5, 7] * 14, "Int64"),
                f=pd.array([1.5, None] * 35, "Float32"),
                o=pd.array([True, None] * 35, "boolean"),
                s=pd.array(["a", None] * 35, "string"),
                c=pd.Categorical([1, 2] * 35, categories=[2, 1, 3]),
                p=pd.period_range("2020", periods=_N, freq="M"),
            )
        ),
        "page",
        ("cells of type period[M]",),
    ),
    "Parquet, a target of truth values": (_content(_BASE | {"y": _LABELS == "no"}), "page", ()),
    "Parquet, a nullable target": (
        _frame(
            pd.DataFrame(_BASE).assign(y=pd.array([1.5, None, 2, 3.25, 8.5, 1, 3] * 10, "Float64"))
        ),
        "page",
        ("10 rows without a value of y",),
    ),
    "Parquet, a categorical target": (
        _frame(
            pd.DataFrame(_BASE).assign(
                y=pd.Categorical(_LABELS, categories=["no", *map(str, range(200)), "yes"])
            )
        ),
        "read",
        (),
    ),
    "Parquet, hostile names": (
        _content(None, ["<script>\x00\x1b\u202e", "y\r\n</title>"]),
        "page",
        ("<script>\ufffd\ufffd\ufffd",),
        "y\r\n</title>",
    ),
    "Parquet, hostile cells": (
        _content(_BASE | {"b": ["\x00<b>", "\x08", "\ufffe"] * 23 + ["\u202e"]}),
        "page",
        (),
    ),
}


def _written(name, folder):
    content, ends, words, *target = _FILES[name]
    (folder / "t.parquet").write_bytes(content)
    return Case("t.parquet", *target, ends=ends, words=words)


PARQUET = {name: partial(_written, name) for name in _FILES}

"""Tables that can be read, whatever stands in them; each ends in a page, or is read as told."""

import bz2
import gzip
import lzma
import os
import zipfile
from functools import partial

from tests.harness.report.case import PLAIN, Case, cells, with_line, written

SCRIPT = "<script>alert('1')</script>"
IMAGE = '"><img src=x onerror=alert(2)>'
NAMES = {
    "script": (SCRIPT, IMAGE, "</title><b>"),
    "ends of elements": ("</td></tr></table>", "</code></pre>", "</svg></figure>"),
    "comments": ("<!--", "-->", "<![CDATA["),
    "entities": ("&lt;b&gt;", "&#0;", "&amp;amp;"),
    "styles": ("{} *{display:none}", "url(https://a.b/c)", "</style>@import 'x'"),
    "attributes": ("' onload='x", '" style="x', "javascript:alert(1)"),
    "formulas": (r"$\frac{1}{$", "$x$", r"\alpha"),
    "colours": ("#ffffff", "#010203", "#0072b2"),
    "code": ("');import os#", '"""', "\\N{DEAD}"),
    "braces": ("{0}", "{x!r}", "%s%n"),
    "control characters": ("a\x01b\x1b[31m", "\x08\x7f", "y\x9b\x85"),
    "line ends": ("a\nb", "c\r\nd", "e\rf"),
    "separators of lines": ("a\u2028b", "c\u2029d", "e\x0bf\x0cg"),
    "no characters": ("\ufffe", "\uffff\U0001ffff", "\ufdd0"),
    "right to left": ("עיר", "مدينة ۱۲", "اسم"),
    "turned around": ("\u202eevil", "a\u2066b", "c\u202d\u202cd"),
    "emoji": ("👩\u200d👩\u200d👧", "🇳🇴", "☠️"),
    "combined": ("e\u0301", "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A", "ﷺ"),
    "no width": ("\u200b", "\u200c\u00ad", "\ufeff\u2060"),
    "other letters": ("町", "Größe", "ṩ ℝ 𝒳"),
    "words of Python": ("self", "index", "columns"),
    "words of pandas": ("Unnamed: 0", "level_0", "nan"),
    "methods": ("shape", "T", "dtype"),
    "numbers": ("0", "1.0", "-1e3"),
    "spaces": (" ", "  a ", "\t"),
    "long": ("x" * 3_000, "ab " * 1_000, "é" * 2_000),
}
_LEVELS = [name for names in NAMES.values() for name in names if name not in ("nan", "\t")]
_LEVELS = _LEVELS[::3]  # of 70 rows, so that most levels stand twice


def _of_names(kind, ends, folder):
    first, second, third = NAMES[kind]
    columns = cells()
    columns = {first: columns["a"], second: columns["b"], third: columns["y"]}
    (folder / "t.csv").write_bytes(written(columns).encode())
    return Case("t.csv", third, ends, shape=(70, 3))


def _all_at_once(folder):
    kinds = ["script", "control characters", "right to left", "turned around", "emoji", "combined"]
    columns = {NAMES[kind][0]: cells(seed=k)["a"] for k, kind in enumerate(kinds)}
    columns |= {"عمود\u202e": [_LEVELS[k % len(_LEVELS)] for k in range(70)]}
    columns |= {NAMES["long"][0]: cells()["a"], IMAGE: cells()["y"]}
    (folder / "t.csv").write_bytes(written(columns).encode())
    return Case("t.csv", IMAGE, "page", shape=(70, 9))


def _of_cells(kind, folder):
    levels = NAMES[kind]
    columns = cells() | {"b": [levels[k % 3] for k in range(70)]}
    columns["y"] = [("no " + levels[0], levels[1])[k % 2] for k in range(70)]
    (folder / "t.csv").write_bytes(written(columns).encode())
    return Case("t.csv", ends="page")


def _of_content(content, *, name="t.csv", ends="read", words=(), shape=(70, 3), target="y"):
    def case(folder):
        data = content.encode() if isinstance(content, str) else content
        (folder / name).write_bytes(data)
        return Case(name, target, ends, words, shape=shape)

    return case


def _zipped(name):
    def case(folder):
        with zipfile.ZipFile(folder / name, "w") as archive:
            archive.writestr("folder/t.csv", PLAIN)
        return Case(name, ends="read", shape=(70, 3))

    return case


def _of_undecoded_name(folder):
    name = os.fsdecode(b"t\xff\xfe.csv")
    (folder / name).write_text(PLAIN)
    return Case(name, ends="page", words=("y from t\ufffd\ufffd.csv",))


_RAW = PLAIN.encode()
_WIDE = {f"c{k}": cells(seed=k)["a"] for k in range(40)}
_FEATURES = {
    "infinite cells": ["inf", "-inf", "1.5"],
    "huge cells": ["1e308", "-1e308", "0.5"],
    "large cells": ["1e160", "-1e160", "0.5"],
    "cells as large as may be": ["1e130", "-1e130", "0.5"],
    "one cell alone": ["4.5", *[""] * 69],
    "one infinite cell alone": ["inf", *[""] * 69],
    "denormals": ["5e-324", "1e-310", "0.0"],
    "whole numbers of 30 digits": ["9" * 30, "1" * 30, "7"],
    "whole numbers above 2 to the 63": ["9223372036854775808", "18446744073709551615", "3"],
    "truth values with gaps": ["True", "", "False"],
    "numbers and words": ["1", "two", "3.0"],
    "gaps": ["1.5", "N/A", "?"],
    "dates": ["2020-01-01", "2020-01-02", "2021-01-01"],
    "decimal commas": ["3,14", "2,71", "1,41"],
    "long words": ["x" * 200_000, "y" * 200_000, "z"],
    "quotes": ['"', '""', "'"],
    "empty but for one": ["", "", "4.5"],
}
_TARGETS = {
    "huge": [f"{k - 9}.25e129" for k in range(19)],
    "tiny": ["1e-300", "3e-300", "5e-320", "0"],
    "far from zero": ["1e9", "1000000001", "1000000002.5", "1e9"],
    "whole numbers of 30 digits": ["9" * 30, "1" * 30, "7", "8"],
    "truth values": ["True", "False"],
    "nearly constant": ["0.1", "0.1", "0.1", "0.1", "0.1", "0.1", "0.2"],
    "classes like numbers": ["1", "1.0", "2", "02"],
    "classes that are gaps": ["NA", "None", "x"],
}
_TOLD = {
    "infinite cells": ("infinite numbers",),
    "huge cells": ("beyond 1e+130, are taken as missing",),
    "large cells": ("beyond 1e+130, are taken as missing",),
    "decimal commas": ("commas are decimal, so 3,14 is 3.14",),
    "dates": ("dates, of which is kept",),
    "gaps": ("words for missing cells",),
}


def _with(column, values):
    return written(cells() | {column: [values[k % len(values)] for k in range(70)]})


HOSTILE = {
    **{f"names, {kind}": partial(_of_names, kind, "page") for kind in NAMES},
    **{f"cells, {kind}": partial(_of_cells, kind) for kind in NAMES},
    **{
        f"a column of {kind}": _of_content(
            _with("a", values), ends="page", words=_TOLD.get(kind, ())
        )
        for kind, values in _FEATURES.items()
    },
    **{
        f"a target, {kind}": _of_content(_with("y", v), ends="page") for kind, v in _TARGETS.items()
    },
    "levels of all kinds": _of_content(_with("b", _LEVELS), ends="page"),
    "all kinds at once": _all_at_once,
    "no pairs": _of_content(
        written({k: v for k, v in cells().items() if k != "b"}), ends="page", shape=None
    ),
    "words alone": _of_content(
        written({k: v for k, v in cells().items() if k != "a"}), ends="page", shape=None
    ),
    "40 columns": _of_content(written(_WIDE | {"y": cells()["y"]}), ends="page", shape=(70, 41)),
    "gzip": _of_content(gzip.compress(_RAW), name="t.csv.gz"),
    "gzip of two parts": _of_content(
        gzip.compress(_RAW[:300]) + gzip.compress(_RAW[300:]), name="t.csv.gz"
    ),
    "gzip under .csv": _of_content(gzip.compress(_RAW), ends="page"),
    "gzip under .zip": _of_content(gzip.compress(_RAW), name="t.zip"),
    "bzip2 under .gz": _of_content(bz2.compress(_RAW), name="t.gz"),
    "xz without a suffix": _of_content(lzma.compress(_RAW), name="table"),
    "text under .csv.gz": _of_content(PLAIN, name="t.csv.gz"),
    "text under .zip": _of_content(PLAIN, name="t.zip"),
    "text under .GZ": _of_content(PLAIN, name="t.GZ"),
    "text under .xlsx": _of_content(PLAIN, name="t.xlsx"),
    "zip": _zipped("t.zip"),
    "zip under .csv": _zipped("t.csv"),
    "a first name BZh": _of_content(PLAIN.replace("a,", "BZh,")),
    "a first name PAR1": _of_content(PLAIN.replace("a,", "PAR1,")),
    "byte order mark": _of_content(b"\xef\xbb\xbf" + _RAW, target="a"),
    "byte order mark and quotes": _of_content(
        b"\xef\xbb\xbf" + _RAW.replace(b"a,", b'"a",'), target="a"
    ),
    "semicolons and byte order mark": _of_content("\ufeff" + written(cells(), ";"), target="a"),
    "tabs": _of_content(written(cells(), "\t")),
    "bars": _of_content(written(cells(), "|")),
    "commas within a name": _of_content(
        written({"a, b, c": cells()["a"], "y": cells()["y"]}, ";"), shape=(70, 2)
    ),
    "Windows' ends of lines": _of_content(written(cells(), end="\r\n")),
    "old Macs' ends of lines": _of_content(written(cells(), end="\r")),
    "no end of the last line": _of_content(PLAIN.rstrip("\n")),
    "blank lines": _of_content("\n\n" + PLAIN.replace("\n", "\n\n")),
    "lines of spaces": _of_content("  \n" + PLAIN.replace("\n", "\n   \n")),
    "decimal commas in all columns": _of_content(
        written({k: [c.replace(".", ",") for c in v] for k, v in cells().items()}, ";"),
        words=("commas are decimal",),
    ),
    "decimal commas and gaps": _of_content(
        written({k: [c.replace(".", ",") for c in v] for k, v in cells().items()}, "\t")
        + "NA\tRome\t1,5\n",
        words=("a: commas are decimal",),
        shape=(71, 3),
    ),
    "commas between thousands": _of_content(
        _with("a", ["1,234", "2,345,678", "12"]),
        words=("commas stand between thousands, so 1,234 is 1,234",),
    ),
    "points between thousands": _of_content(
        _with("y", ["1.234,5", "2.345.678,25", "12"]), words=("so 1.234,5 is 1,234.5",)
    ),
    "commas and points in a column": _of_content(_with("a", ["1,5", "2.5"]), words=("not clear",)),
    "dates of all kinds": _of_content(
        written(
            cells()
            | {
                "iso": [f"2020-0{k % 9 + 1}-11T0{k % 8}:30:00Z" for k in range(70)],
                "german": [f"{k % 27 + 1:02d}.03.19{k:02d}" for k in range(70)],
                "american": [f"03/{k % 27 + 1:02d}/2021 1:3{k % 9} PM" for k in range(70)],
                "ambiguous": [f"03/0{k % 9 + 1}/2021" for k in range(70)],
                "digits": [f"202003{k % 27 + 1:02d}" for k in range(70)],
                "timestamp": [str(1_600_000_000 + 5_000 * k) for k in range(70)],
                "iso: month": [str(k % 3) for k in range(70)],
            }
        ),
        ends="page",
        words=("The month is taken to come first", "iso: month (date)"),
        shape=(70, 10),
    ),
    "ids and texts": _of_content(
        written(
            cells()
            | {
                "row_id": [str(7 * k) for k in range(70)],
                "stationId": [str(k % 5) for k in range(70)],
                "note": [f"they came {k} times in all" for k in range(70)],
            }
        ),
        ends="page",
        words=("named like an id", "stationId", "hardly any of which"),
        shape=(70, 6),
    ),
    "quotes everywhere": _of_content(
        "\n".join(",".join(f'"{c}"' for c in line.split(",")) for line in PLAIN.splitlines())
    ),
    "a row too short": _of_content(
        with_line(9, "1.5"), words=("1 row has fewer cells",), target="a"
    ),
    "rows too short": _of_content(
        PLAIN + "1,Rome\n2\n", words=("2 rows have fewer cells",), shape=(72, 3)
    ),
    "a row without its end": _of_content(
        PLAIN.rstrip("\n") + "\n1.25,Ro", words=("1 row has fewer",), shape=(71, 3)
    ),
    "twins": _of_content(
        written({"a": cells()["a"], "y": cells()["y"], "b": cells()["b"]}).replace(
            "a,y,b", "a,y,a"
        ),
        words=("2 columns are named a", "'a', 'a.1'"),
    ),
    "twins and a third": _of_content(
        written(cells() | {"c": cells()["a"]}).replace("a,b,y,c", "a,a,y,a.1"),
        words=("2 columns are named a",),
        shape=(70, 4),
    ),
    "names that are empty": _of_content(PLAIN.replace("a,b,y", ",,y")),
    "a name with the target's": _of_content(PLAIN.replace("a,b,y", "y y,Y,y")),
    "a file name of script": _of_content(
        PLAIN, name="<script>alert(1)<!--.csv", ends="page", words=("<script>alert(1)<!--.csv",)
    ),
    "a file name of lines": _of_content(PLAIN, name="a\n\x1b[2J\u202e'\".csv", ends="page"),
    "a file name of 250 letters": _of_content(PLAIN, name="x" * 246 + ".csv", ends="page"),
    "a file name in no encoding": _of_undecoded_name,
    "a file name like an option": _of_content(PLAIN, name="--target=b.csv"),
}

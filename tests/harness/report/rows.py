"""Tables of text with wrong rows, names or targets; each ends in a message."""

from tests.harness.report.case import PLAIN, cells, every_y, of_files, with_line, written


def _commas(columns, *names):
    return columns | {name: [cell.replace(".", ",") for cell in columns[name]] for name in names}


# file, content, words of the message; and the target where it is not "y"
ROWS = of_files(
    {
        "empty": ("t.csv", b"", ("is empty",)),
        "empty .gz": ("t.csv.gz", b"", ("is empty",)),
        "nothing but blank lines": ("t.csv", b"\n\n  \n", ("is empty",)),
        "a byte order mark": ("t.csv", b"\xef\xbb\xbf", ("is empty",)),
        "one line": ("t.csv", PLAIN.replace("\n", ","), ("no rows",)),
        "only a header": ("t.csv", "a,b,y\n", ("no rows",)),
        "only a header, no end": ("t.csv", "a,b,y", ("no rows",)),
        "one long line": ("t.csv", "x" * 3_000_000, ("no rows",)),
        "first row longer": ("t.csv", with_line(2, "1,2,Rome,3"), ("line 2", "4 cells", "has 3")),
        "a later row longer": ("t.csv", with_line(40, "1,Rome,3,4,5"), ("line 40", "5 cells")),
        "all rows longer": (
            "t.csv",
            PLAIN.replace("\n", ",7\n").replace("y,7", "y"),
            ("line 2", "4 cells"),
        ),
        "separators at the ends": (
            "t.csv",
            PLAIN.replace("\n", ",\n").replace("y,", "y"),
            ("line 2",),
        ),
        "a title above": ("t.csv", "A table\n" + PLAIN, ("line 2", "3 cells", "line 1 has 1")),
        "longer after blank lines": (
            "t.csv",
            "\n\n" + with_line(30, "1,2,3,4"),
            ("line 32", "line 3"),
        ),
        "longer after lines in quotes": (
            "t.csv",
            with_line(5, '1,"Ro\nme",2') + "1,2,3,4\n",
            ("line 73",),
        ),
        "a quote never closed": ("t.csv", with_line(60, '1,"Rome,3'), ("quote", "close")),
        "a quote in the header": ("t.csv", '"' + PLAIN, ("quote", "close")),
        "a twin of the target": ("t.csv", PLAIN.replace("b,y", "y,y"), ("2 are named", "'y'")),
        "all named alike": ("t.csv", PLAIN.replace("a,b,y", "y,y,y"), ("3 are named", "'y'")),
        "the second of twins": (
            "t.csv",
            PLAIN.replace("a,b,y", "a,y,y"),
            ("2 are named", "'y'"),
            "y.1",
        ),
        "twins in quotes": ("t.csv", PLAIN.replace("a,b,y", '"y",b,y'), ("2 are named",)),
        "twins, semicolons": (
            "t.csv",
            PLAIN.replace(",", ";").replace("a;b", "y;b"),
            ("2 are named",),
        ),
        "commas and points": (
            "t.csv",
            every_y("1,5", "2.5"),
            ("commas", "decimal points", "'y'"),
        ),
        "decimal commas, bare": (
            "t.csv",
            written(_commas(cells(), "a", "y")).replace('"', ""),
            ("5 cells", "quotes"),
        ),
        "target missing": ("t.csv", PLAIN, ("no column 'z'", "'a', 'b', 'y'"), "z"),
        "target in capitals": ("t.csv", PLAIN, ("no column 'Y'",), "Y"),
        "target without a name": ("t.csv", PLAIN, ("no column ''",), ""),
        "target of hostile letters": ("t.csv", PLAIN, (r"no column 'y\n\x1b[0m'",), "y\n\x1b[0m"),
        "target with a space": ("t.csv", PLAIN.replace("b,y", "b, y"), ("' y'",)),
        "target constant": ("t.csv", every_y("3.5"), ("single value", "3.5")),
        "target empty": ("t.csv", every_y(""), ("is empty",)),
        "target infinite": ("t.csv", every_y("1.5", "inf", "2.5"), ("infinite",)),
        "target of 200 words": (
            "t.csv",
            every_y(*(f"w{k}" for k in range(70))),
            ("fewer than two classes",),
        ),
        "target of one class and a rare one": (
            "t.csv",
            every_y(*["yes"] * 69, "no"),
            ("fewer than two",),
        ),
        "target too large to square": (
            "t.csv",
            every_y(*(f"{k - 9}.5e199" for k in range(20))),
            ("'y'", "e+200"),
        ),
        "few rows": ("t.csv", written(cells(59)), ("59 rows", "60")),
        "few rows with a target": ("t.csv", every_y("1.5", "", "2.5", ""), ("35 rows", "60")),
        "the target alone": ("t.csv", written({"y": cells()["y"]}), ("no column is left",)),
        "nothing to learn from": (
            "t.csv",
            written(cells() | {"a": ["7"] * 70, "b": [""] * 70}),
            ("no column is left",),
        ),
        "10,000 columns": (
            "t.csv",
            written({**{f"c{k}": cells()["a"] for k in range(9_999)}, "y": cells()["y"]}),
            ("columns",),
        ),
        "a column of many names": (
            "t.csv",
            written({**{f"c{k}" * 400: ["1"] for k in range(400)}}),
            ("no column 'y'", "380 more"),
        ),
    }
)

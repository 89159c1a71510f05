"""Files that are damaged, of another kind, or in another encoding; each ends in a message."""

import bz2
import gzip
import io
import lzma
import pickle
import tarfile
import zipfile

import numpy as np

from tests.harness.report.case import PLAIN, of_files, with_line

_RAW = PLAIN.encode()
_NOISE = np.random.default_rng(0).bytes(4_000)
_DAMAGED = "is damaged or cut off", "again"


def _zip(**members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def _locked_zip():
    content = bytearray(_zip(table=_RAW))
    content[6] |= 1  # says that it is encrypted, in either header
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def _tar():
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        info = tarfile.TarInfo("t.csv")
        info.size = len(_RAW)
        archive.addfile(info, io.BytesIO(_RAW))
    return file.getvalue()


PACKED = of_files(
    {  # file, content, words of the message
        "truncated gzip": ("t.csv.gz", gzip.compress(_RAW)[:-30], _DAMAGED),
        "gzip without its end": ("t.csv.gz", gzip.compress(_RAW)[:-4], _DAMAGED),
        "gzip with a wrong sum": ("t.csv.gz", gzip.compress(_RAW)[:-8] + bytes(8), _DAMAGED),
        "gzip of noise": ("t.csv.gz", b"\x1f\x8b" + _NOISE, _DAMAGED),
        "truncated gzip under .csv": ("t.csv", gzip.compress(_RAW)[:-30], _DAMAGED),
        "truncated bzip2": ("t.csv.bz2", bz2.compress(_RAW)[:-30], _DAMAGED),
        "truncated xz": ("t.csv.xz", lzma.compress(_RAW)[:-30], _DAMAGED),
        "truncated zip": ("t.zip", _zip(table=_RAW)[:-30], _DAMAGED),
        "xz with a flipped byte": (
            "t.xz",
            lzma.compress(_RAW)[:40] + b"\0" + lzma.compress(_RAW)[41:],
            _DAMAGED,
        ),
        "gzip of an empty file": ("t.csv.gz", gzip.compress(b""), ("is empty",)),
        "zip of two": ("t.zip", _zip(one=_RAW, two=_RAW), ("holds 2 files", "'one', 'two'")),
        "zip of none": ("t.zip", _zip(), ("holds 0 files",)),
        "zip of a folder and a file": ("t.zip", _zip(**{"a/": b"", "a/t.csv": _RAW}), ("'a/'",)),
        "zip with a password": ("t.zip", _locked_zip(), ("password",)),
        "zip of hostile names": (
            "t.zip",
            _zip(**{"a\n<b>\x1b[31m": _RAW, "c": _RAW}),
            (r"a\n<b>\x1b[31m",),
        ),
        "a workbook": (
            "t.csv",
            _zip(**{"[Content_Types].xml": "", "xl/a.xml": ""}),
            ("workbook", "CSV"),
        ),
        "an old workbook": (
            "t.csv",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
            ("workbook", "CSV"),
        ),
        "tar": ("t.tar.gz", _tar(), ("NUL",)),
        "zstd": ("t.csv.zst", b"\x28\xb5\x2f\xfd" + _NOISE, ("zstd", "unpack")),
        "a picture": ("t.csv", b"\x89PNG\r\n\x1a\n" + _NOISE, ("line 1", "UTF-8")),
        "a pickle": ("t.csv", pickle.dumps({"y": [1.0, 2.0]}), ("UTF-8",)),
        "noise": ("t.csv", _NOISE, ("UTF-8",)),
        "noise as .gz": ("t.csv.gz", _NOISE, ("UTF-8",)),
        "HTML": (
            "t.csv",
            b"<!DOCTYPE html>\n<html><body>404, y</body></html>\n",
            ("a page of HTML",),
        ),
        "JSON": ("t.csv", b'[{"a": 1, "y": 2}]\n', ("no rows",)),
        "JSON lines": ("t.csv", b'{"a": 1, "y": 2}\n{"a": 3, "y": 4}\n', ("no column 'y'",)),
        "NUL in a cell": ("t.csv", with_line(9, "1\x002,Rome,3"), ("line 9", "NUL")),
        "NUL in a name": ("t.csv", PLAIN.replace("a,b", "a\0,b"), ("line 1", "NUL")),
        "NULs at the end": ("t.csv", PLAIN + "\0" * 512, ("line 72", "NUL")),
        "UTF-16": ("t.csv", PLAIN.encode("utf-16"), ("UTF-16", "save it as UTF-8")),
        "UTF-16, big end first": ("t.csv", b"\xfe\xff" + PLAIN.encode("utf-16-be"), ("UTF-16",)),
        "UTF-16 without its mark": ("t.csv", PLAIN.encode("utf-16-le"), ("NUL", "UTF-8")),
        "UTF-16 in gzip": ("t.csv.gz", gzip.compress(PLAIN.encode("utf-16")), ("UTF-8",)),
        "UTF-32": ("t.csv", PLAIN.encode("utf-32"), ("UTF-8",)),
        "latin-1": ("t.csv", with_line(50, "1,Kärnten,2").encode("latin-1"), ("line 50", "UTF-8")),
        "latin-1 in the header": (
            "t.csv",
            PLAIN.replace("a,", "ä,").encode("latin-1"),
            ("line 1",),
        ),
        "Windows' quotes": ("t.csv", with_line(3, "1,“a”,2").encode("cp1252"), ("line 3",)),
        "Shift-JIS": ("t.csv", with_line(3, "1,東京,2").encode("shift-jis"), ("line 3",)),
        "a surrogate": (
            "t.csv",
            with_line(3, "1,\ud800,2").encode("utf-8", "surrogatepass"),
            ("line 3",),
        ),
        "an overlong slash": ("t.csv", _RAW.replace(b"Rome", b"\xc0\xaf", 1), ("UTF-8",)),
    }
)

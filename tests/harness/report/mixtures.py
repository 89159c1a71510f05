"""Cases drawn by chance: a table of odd columns, written in an odd way, and damaged or not."""

import bz2
import gzip
import lzma

import numpy as np
import pandas as pd

from tests.harness.report.case import Case, written
from tests.harness.report.hostile import NAMES

_NAMES = [name for names in NAMES.values() for name in names]
_PACKERS = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, "": bytes}


def drawn(seed, folder, is_page=False):
    """Return the case of a seed; its file may be damaged unless it is to end in a page."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(62, 90))
    names = _names(rng, int(rng.integers(2, 7)))
    columns = {name: _column(rng, n) for name in names}
    place = rng.integers(len(names))
    target = names[place]
    if is_page:  # there is something to learn from
        columns[names[place - 1]] = [f"{x:.4g}" for x in rng.normal(size=n)]
    columns[target] = _target(rng, n)
    if not is_page and rng.random() < 0.2:
        return _parquet(rng, columns, target, folder)
    content = _encoded(rng, columns)
    suffix = _pick(rng, list(_PACKERS))
    is_whole = is_page or rng.random() < 0.4
    if not is_whole and rng.random() < 0.8:
        content = _damaged(rng, content)
    content = _PACKERS[suffix](content)
    if not is_whole and rng.random() < 0.3:
        content = _damaged(rng, content)
    if rng.random() < 0.2:
        suffix = _pick(rng, list(_PACKERS))
    (folder / f"t.csv{suffix}").write_bytes(content)
    if not is_whole:
        return Case(f"t.csv{suffix}", target, "any")
    ends = "page" if is_page else "any"  # there may be nothing to learn from
    return Case(f"t.csv{suffix}", target, ends, shape=(n, len(names)))


def _pick(rng, values):
    return values[rng.integers(len(values))]


def _names(rng, n):
    """Return names that differ; none of them is blank, as pandas would make up another."""
    names = []
    while len(names) < n:
        name = "".join(_pick(rng, _NAMES) for _ in range(rng.integers(1, 3)))[:200]
        if name.strip() and name not in names and not name.startswith("\ufeff"):
            names.append(name)
    return names


def _column(rng, n):
    kind = rng.integers(9)
    if kind == 0:
        cells = [f"{x:.4g}" for x in rng.normal(size=n)]
    elif kind == 1:
        cells = [str(x) for x in rng.integers(-5, 5, n)]
    elif kind == 2:
        cells = [
            f"{x:.3g}" for x in np.exp(rng.normal(0, _pick(rng, [1, 100, 300]), n).clip(-740, 709))
        ]
    elif kind == 3:
        cells = [f"{x:.2f}".replace(".", ",") for x in rng.normal(size=n)]
    elif kind == 4:
        cells = [str(x) for x in rng.random(n) < 0.5]
    elif kind == 5:
        cells = [str(day.date()) for day in pd.date_range("2020", periods=n)]
    else:
        levels = [_pick(rng, _NAMES) for _ in range(rng.integers(1, 9))]
        cells = [_pick(rng, levels) for _ in range(n)]
    gaps = _pick(rng, [[""], ["", "NA", "?"], ["inf", "-inf"], ["word"], ["nan"]])
    share = _pick(rng, [0, 0, 0, 0.1, 0.5])
    return [_pick(rng, gaps) if rng.random() < share else cell for cell in cells]


def _target(rng, n):
    if rng.random() < 0.6:
        size = _pick(rng, [1e-200, 1e-3, 1, 1, 1, 1e6, 1e100])
        return [repr(float(x)) for x in rng.normal(size=n) * size]
    levels = list({_pick(rng, _NAMES)[:100] for _ in range(4)} - {"", "nan"})
    return [levels[k % len(levels)] for k in range(n)]


def _encoded(rng, columns):
    # the separator is told by the header, so that none of the others may be more frequent there
    separator = _pick(rng, [",", ",", ";", "\t", "|"])
    text = written(columns, separator, _pick(rng, ["\n", "\n", "\r\n", "\r"]))
    return _pick(rng, ["", "", "", "\ufeff"]).encode() + text.encode()


def _damaged(rng, content):
    content = bytearray(content)
    place = int(rng.integers(len(content)))
    damage = rng.integers(7)
    if damage == 0:
        del content[place:]
    elif damage == 1:
        del content[place : place + int(rng.integers(1, 40))]
    elif damage == 2:
        content[place] ^= 1 << int(rng.integers(8))
    elif damage == 3:
        odd = [
            b"\0",
            b'"',
            b"\n",
            b"\r",
            b",",
            b";",
            b"\xff",
            b"\x1b",
            b"\n\n",
            b",,,",
            b"\xef\xbb\xbf",
        ]
        content[place:place] = _pick(rng, odd)
    elif damage == 4:
        content[place : place + 60] = rng.bytes(60)
    elif damage == 5:
        content[place:place] = content[: int(rng.integers(1, 200))]
    else:
        content = bytearray(
            content.decode("utf-8", "replace").encode(_pick(rng, ["utf-16", "utf-8"]))
        )
    return bytes(content)


def _parquet(rng, columns, target, folder):
    frame = pd.DataFrame({name: _typed(rng, cells) for name, cells in columns.items()})
    frame.to_parquet(folder / "t.parquet")
    if rng.random() < 0.6:
        content = _damaged(rng, (folder / "t.parquet").read_bytes())
        (folder / "t.parquet").write_bytes(content)
        return Case("t.parquet", target, "any")
    return Case("t.parquet", target, "any", shape=frame.shape)


def _typed(rng, cells):
    numbers = pd.to_numeric(pd.Series(cells, dtype=object), errors="coerce")
    kind = rng.integers(5)
    if kind == 0:
        return numbers
    if kind == 1:
        return numbers.clip(-3e38, 3e38).astype("float32")
    if kind == 2:
        return pd.Categorical(cells)
    if kind == 3:
        return pd.to_datetime(numbers.clip(-1e9, 1e9), unit="s")
    return pd.Series(cells, dtype=object)

"""What benchmarks share: one thread, rows in a CSV, and a table on the screen."""

import csv
import datetime
import functools
import hashlib
import importlib.metadata
import platform
from pathlib import Path

import numpy as np
import torch

import skdropout

RESULTS = Path(__file__).parent / "results"
FIELDS = ("date", "versions", "device", "threads", "setting", "metric", "value", "spread")
_PACKAGES = ("torch", "scikit-learn", "skorch", "numpy", "interpret-core", "lightgbm", "catboost")
_PACKAGES += ("pytabkit",)


@functools.cache
def versions():
    """Return the versions of Python and of the packages that matter, in one string.

    That of this library ends in a digest of its source files, so that two states of one release
    are told apart.
    """
    digest = hashlib.sha256()
    for path in sorted(Path(skdropout.__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    own = f"skdropout {skdropout.__version__}+{digest.hexdigest()[:8]}"
    found = [f"python {platform.python_version()}", own]
    for package in _PACKAGES:
        try:
            found.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return "; ".join(found)


def processor():
    """Return the name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def device_name(device="cpu"):
    """Return the name of the device that computes."""
    return torch.cuda.get_device_name() if str(device).startswith("cuda") else processor()


def append_rows(name, rows, *, device="cpu"):
    """Append ``rows`` of (setting, metric, value, spread) to ``results/<name>.csv``."""
    path = RESULTS / f"{name}.csv"
    path.parent.mkdir(exist_ok=True)
    is_new = not path.exists()
    common = (
        datetime.date.today().isoformat(),
        versions(),
        device_name(device),
        torch.get_num_threads(),
    )
    with path.open("a", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if is_new:
            writer.writerow(FIELDS)
        for setting, metric, value, spread in rows:
            writer.writerow([*common, setting, metric, f"{value:.6g}", f"{spread:.3g}"])


def rows_of(name):
    """Return the rows of ``results/<name>.csv`` as dictionaries, none where there is no file."""
    path = RESULTS / f"{name}.csv"
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def done(name):
    """Return the (setting, metric) pairs that ``results/<name>.csv`` has already."""
    return {(row["setting"], row["metric"]) for row in rows_of(name)}


def is_stale(row, packages, today=None):
    """Whether a row was measured with another version of one of ``packages`` than today's.

    A package that is not here today cannot be measured anew, and makes no row stale.
    """
    then, now = _by_package(row["versions"]), _by_package(today or versions())
    return any(package in now and now[package] != then.get(package) for package in packages)


def drop(name, is_dropped):
    """Take rows out of ``results/<name>.csv`` and return how many."""
    rows = rows_of(name)
    kept = [row for row in rows if not is_dropped(row)]
    if len(kept) < len(rows):
        with (RESULTS / f"{name}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(kept)
    return len(rows) - len(kept)


def _by_package(text):
    return dict(part.rsplit(" ", 1) for part in text.split("; "))


def median_and_spread(values):
    """Return the median and half the distance between the extremes."""
    return float(np.median(values)), float(np.ptp(values) / 2)


def show(header, rows):
    """Print a table: the first column to the left, the others to the right."""
    cells = [list(map(str, header)), *(list(map(str, row)) for row in rows)]
    widths = [max(len(row[j]) for row in cells) for j in range(len(header))]
    for row in cells:
        first, *rest = row
        print(
            "  ".join(
                [
                    first.ljust(widths[0]),
                    *(c.rjust(w) for c, w in zip(rest, widths[1:], strict=True)),
                ]
            )
        )
    print()

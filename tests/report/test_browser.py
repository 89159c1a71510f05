"""The page in a browser: nothing is wider than the screen."""

import html
import re
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest

from skdropout.__main__ import main

WIDTHS = 390, 1200
BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
OPTIONS = [
    "--headless",
    "--hide-scrollbars",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--virtual-time-budget=4000",
]


def long_table(n=120):
    """A table with long names, many levels and large numbers."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "a_name_without_any_place_to_break_it_" + "x" * 80: rng.normal(size=n) * 1e6,
            "level": rng.choice([f"quite a long level, number {k}" for k in range(9)], n),
            "W" * 40: rng.integers(0, 5, n),
            "when": pd.date_range("2020-01-01", periods=n).strftime("%d.%m.%Y"),
        }
    )
    table["the target, of which the name is long too"] = table.iloc[:, 0] * 1e3 + table["W" * 40]
    return table


def widths_of(pages, folder):
    """Return, for each width of a frame, how wide the pages in it would be."""
    frames = "".join(
        f'<iframe width="{width}" height="800" srcdoc="{html.escape(page)}"></iframe>'
        for width in WIDTHS
        for page in pages
    )
    script = """<script>onload = () => { document.title = [...document.querySelectorAll("iframe")]
        .map(frame => frame.contentDocument.documentElement.scrollWidth).join(" "); }</script>"""
    (folder / "frames.html").write_text(
        f"<!DOCTYPE html><meta charset=utf-8><title></title>{frames}{script}", encoding="utf-8"
    )
    done = subprocess.run(
        [
            BROWSER,
            *OPTIONS,
            f"--user-data-dir={folder / 'profile'}",
            "--dump-dom",
            (folder / "frames.html").as_uri(),
        ],
        capture_output=True,
        timeout=120,
        check=True,
    )
    return list(map(int, re.search(r"<title>([\d ]+)</title>", done.stdout.decode())[1].split()))


@pytest.mark.skipif(BROWSER is None, reason="needs a Chromium on PATH")
def test_nothing_is_wider_than_the_screen(tiny, tmp_path):
    table = long_table()
    table.to_csv(tmp_path / "table.csv", index=False)
    arguments = [str(tmp_path / "table.csv"), "--target", table.columns[-1], "--quick"]
    assert main(["report", *arguments, "-o", str(tmp_path / "page.html")]) == 0
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    too_wide = page.replace("<main>", '<main><div style="width: 1300px">wide</div>')
    found = widths_of([page, too_wide], tmp_path)
    assert found[::2] == list(WIDTHS)
    assert found[1] > WIDTHS[0]
    assert found[3] > WIDTHS[1]

"""A Chromium without a window, if the system has one."""

import shutil
import subprocess
import tempfile
from functools import cache

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_OPTIONS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--allow-file-access-from-files=false",
    "--virtual-time-budget=2000",
]
_PATIENCE = 40


@cache
def found():
    """Return the path of a Chromium, or None; nothing is ever downloaded."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


def dom_of(path, browser):
    """Return the document that a browser has made of a file, as HTML."""
    return _run(browser, "--dump-dom", path.absolute().as_uri())


def screenshot(path, browser, to, size=(1100, 4000)):
    """Write what a page looks like to a PNG file."""
    options = f"--screenshot={to}", f"--window-size={size[0]},{size[1]}", "--hide-scrollbars"
    _run(browser, *options, path.absolute().as_uri())


def _run(browser, *arguments):
    with tempfile.TemporaryDirectory() as profile:
        done = subprocess.run(
            [browser, *_OPTIONS, f"--user-data-dir={profile}", *arguments],
            capture_output=True,
            timeout=_PATIENCE,
            check=True,
            preexec_fn=_without_memory_cap,
        )
    return done.stdout.decode("utf-8")


def _without_memory_cap():
    """Workers of the harness may not grow; a browser reserves far more than it uses."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

"""Hostile and broken files: each must end in one clear line, or in a page that is right.

A case is a file, what is asked of the report, and how that must end. Fixed cases end in a message
(`packed.py`, `rows.py`, `asked.py`), in a page (`hostile.py`) or in either (`parquet.py`);
`mixtures.py` draws as many more as one likes. Pages are looked at by html5lib, and by a Chromium
where there is one.
"""

import os
import tempfile
import traceback
from pathlib import Path

from tests.harness.report import browser, judging, mixtures
from tests.harness.report.asked import ASKED
from tests.harness.report.hostile import HOSTILE
from tests.harness.report.packed import PACKED
from tests.harness.report.parquet import PARQUET
from tests.harness.report.rows import ROWS

NAME, CAP, MEMORY = "report", 60, 6 * 2**30
FIXED = {**PACKED, **ROWS, **ASKED, **PARQUET, **HOSTILE}
_N_MIXTURES, _OF_A_BATCH, _OF_A_PAGE = 2_500, 50, 40


def batches(size):
    """Return the fixed cases by tens, and batches of mixtures."""
    names = list(FIXED)[:: max(1, round(1 / size))]
    fixed = [names[k : k + 10] for k in range(0, len(names), 10)]
    return fixed + list(range(0, round(_N_MIXTURES * size), _OF_A_BATCH))


def run(key, say):
    """Run fixed cases by their names, or a batch of mixtures by its first seed."""
    for which in key if isinstance(key, list) else range(key, key + _OF_A_BATCH):
        say.begin(f"from tests.harness.report import reproduce\nreproduce({which!r})")
        say.end(*outcome_of(which))


def outcome_of(which, folder=None):
    """Return the outcome of a case, whether it is right, and what is wrong.

    Parameters
    ----------
    which : str or int
        Name of a fixed case, or seed of a mixture.
    folder : Path, default=None
        Where its files go; elsewhere, and for a moment, if None.
    """
    if folder is None:
        with tempfile.TemporaryDirectory() as place:
            return outcome_of(which, Path(place))
    here = os.getcwd()
    os.chdir(folder)
    try:
        if isinstance(which, str):
            case = FIXED[which](folder)
        else:
            case = mixtures.drawn(which, folder, is_page=which % _OF_A_PAGE == 0)
        is_seen = not isinstance(which, int) or which % (3 * _OF_A_PAGE) == 0
        outcome, *rest = judging.outcome_of(case, browser.found() if is_seen else None)
        if outcome == "page" and is_seen:
            outcome = "page, no Chromium on PATH"
        return outcome, *rest
    except Exception as error:
        return type(error).__name__, False, traceback.format_exc()
    finally:
        os.chdir(here)


def reproduce(which, folder="report_case"):
    """Repeat a case where its files can be looked at, and print what became of it."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    print(*outcome_of(which, Path(folder).resolve()), sep="\n")

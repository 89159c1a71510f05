"""Command line: ``skdropout report data.csv --target y``."""

import argparse
import sys

from skdropout._version import __version__

__all__ = ["main"]

_INTERRUPTED = 130  # as shells say of Ctrl-C


def main(arguments=None):
    """Run a command.

    Parameters
    ----------
    arguments : list of str, default=None
        Those of the command line if None.

    Returns
    -------
    status : int
        0; 2 if something has to be changed, and what, is on standard error; 130 if Ctrl-C has
        ended a report, whose page then has what was done until then.
    """
    given = _parser().parse_args(arguments)
    try:
        from skdropout._report import ReportError, Request, make_report
    except ImportError as error:
        return _complain(f"the report needs {error.name}: pip install 'skdropout[plot]'")
    request = Request(
        given.data,
        given.target,
        output=given.output,
        task=given.task,
        device=given.device,
        is_quick=given.quick,
        minutes=given.minutes,
        predictions=given.predictions,
        model=given.model,
        json=given.json,
    )
    try:
        was_interrupted = make_report(request)
    except ReportError as error:
        return _complain(error)
    except KeyboardInterrupt:
        return _complain("interrupted before there was anything to write.", _INTERRUPTED)
    print(f"Report: {_in_one_line(given.output)}")
    return _INTERRUPTED if was_interrupted else 0


def _complain(words, status=2):
    print(f"skdropout report: {_in_one_line(words)}", file=sys.stderr)
    return status


def _in_one_line(words):
    """Escape line ends and whatever else a terminal may obey, or not be able to print."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(words))


def _parser():
    parser = argparse.ArgumentParser(prog="skdropout", description="Networks for tabular data.")
    parser.add_argument("--version", action="version", version=f"skdropout {__version__}")
    commands = parser.add_subparsers(required=True, metavar="report")
    report = commands.add_parser("report", help="one HTML page about a table")
    report.add_argument(
        "data", help="CSV or Parquet file; or bike_sharing, the table that comes with the library"
    )
    report.add_argument("--target", required=True, help="column to predict")
    report.add_argument("--task", choices=("auto", "regression", "classification"), default="auto")
    report.add_argument("-o", "--output", default="report.html", help="file to write")
    report.add_argument("--device", default="auto", help="where networks are trained")
    report.add_argument("--quick", action="store_true", help="fewer rows, rates, folds and bags")
    report.add_argument(
        "--minutes", type=float, help="about how long it may take; with --quick 3, else no bound"
    )
    report.add_argument("--predictions", metavar="FILE", help="CSV file for the test predictions")
    report.add_argument("--model", metavar="FILE", help="joblib file for the fitted network")
    report.add_argument("--json", metavar="FILE", help="JSON file for every number of the page")
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""Command line: ``python -m skdropout report data.csv --target y``."""

import argparse
import sys

__all__ = ["main"]


def main(arguments=None):
    """Run a command.

    Parameters
    ----------
    arguments : list of str, default=None
        Those of the command line if None.

    Returns
    -------
    status : int
        0, or 2 if something has to be changed; what, is on standard error.
    """
    given = _parser().parse_args(arguments)
    try:
        from skdropout._report import ReportError, make_report
    except ImportError as error:
        return _complain(f"the report needs {error.name}: pip install 'skdropout[plot]'")
    try:
        make_report(
            given.data,
            target=given.target,
            output=given.output,
            task=given.task,
            device=given.device,
            is_quick=given.quick,
        )
    except ReportError as error:
        return _complain(error)
    print(f"Report: {_in_one_line(given.output)}")
    return 0


def _complain(words):
    print(f"skdropout report: {_in_one_line(words)}", file=sys.stderr)
    return 2


def _in_one_line(words):
    """Escape line ends and whatever else a terminal may obey, or not be able to print."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(words))


def _parser():
    parser = argparse.ArgumentParser(prog="python -m skdropout", description=__doc__.split(":")[0])
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
    return parser


if __name__ == "__main__":
    sys.exit(main())

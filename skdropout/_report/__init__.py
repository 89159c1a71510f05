"""The report: from a file to one page of HTML, for people who would rather look than code."""

from skdropout._report.make import Request, make_report
from skdropout._report.words import ReportError

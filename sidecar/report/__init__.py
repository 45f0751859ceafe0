"""The report: charts and what to notice in them, as one self-contained HTML file."""

from sidecar.report.build import Report, build

__all__ = ["Report", "build"]

"""The report: charts and what to notice in them, as one HTML file that needs nothing else."""

from sidecar.report.build import Report, build

__all__ = ["Report", "build"]

"""Examines an installation as somebody would who has seen many go wrong: each finding names its cure."""

from sidecar.doctor.findings import Finding, Level

__all__ = ["Finding", "Level"]

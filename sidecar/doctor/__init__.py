"""Looks at an installation the way a person would who has seen it go wrong before: each finding names its cure."""

from sidecar.doctor.findings import Finding, Level

__all__ = ["Finding", "Level"]

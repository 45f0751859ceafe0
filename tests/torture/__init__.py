"""Attempts to make the recorder lose an event, double one, or stop. README.md tells what proves what."""

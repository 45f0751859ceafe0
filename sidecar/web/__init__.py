"""The library of everything synthesised, in a browser: search, listen, rate, count. It reads the database and writes
nothing but ratings, which are event files like any other.
"""

from sidecar.web.app import create_app

__all__ = ["create_app"]

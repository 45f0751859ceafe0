"""The library of everything synthesised, in a browser: search, listen, rate, count. It reads the database and writes
nothing but ratings, which are event files like any other.
"""

from sidecar.web.app import WebConfig, create_app

__all__ = ["WebConfig", "create_app"]

"""The library of everything synthesised, in a browser: search, listen, judge, count. It reads the database and writes
nothing but ratings, which are event files like all others.
"""

from sidecar.web.app import WebConfig, create_app

__all__ = ["WebConfig", "create_app"]

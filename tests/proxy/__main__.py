"""`python -m tests.proxy --requests 10000`: the proxy under load, with its figures."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.proxy.load import Load, told

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--kill-every", type=int, default=1000, help="requests between two deaths of the speech server")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="proxy-load-") as folder:
        result = Load(
            Path(folder), requests=arguments.requests, clients=arguments.clients, kill_every=arguments.kill_every
        ).run()
    print(told(result))
    sys.exit(bool(result.wrong))

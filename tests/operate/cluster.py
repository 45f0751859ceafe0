"""make torture CLUSTER=galera, group, replica or dump: several servers under load, of which one fails or is a copy.

Exits 1 where something is missing, doubled or quarantined, or a fault cost more time than its limit.
"""

from __future__ import annotations

import argparse
import os
import sys

import pymysql
from rich.console import Console

from tests.operate import copies, galera, group
from tests.servers import ServerFailedError, ServerMissingError

KINDS = {
    "galera": (galera.run, 6),
    "group": (group.run, 10),
    "replica": (copies.run_replica, 1),
    "dump": (copies.run_dump, 1),
}
"""What runs each, and how many kills."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.operate.cluster", description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--kills", type=int)
    chosen = parser.parse_args()
    run, kills = KINDS[chosen.kind]
    console = Console(width=120 if not sys.stdout.isatty() else None, highlight=False)
    try:
        well = run(console, chosen.kills or kills)
    except ServerMissingError as error:
        console.print(f"the cluster was NOT TORTURED: {error}")
        return 1 if os.environ.get("CI") == "true" else 0
    except (pymysql.Error, ServerFailedError, AssertionError) as error:
        console.print(f"the cluster failed: {error}")
        return 1
    print(f"cluster torture: {int(well)} passed, {int(not well)} failed")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())

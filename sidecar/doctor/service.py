"""The running shipper: whether it is there, this installation's own, and ready."""

from __future__ import annotations

import socket
from collections.abc import Iterator

from sidecar.doctor.findings import Finding, failure, note, ok
from sidecar.service.metrics.scrape import Difference, difference, parse, read
from sidecar.service.occupied import share_nothing

_CHOOSE = "Choose another SIDECAR_LISTEN, such as 127.0.0.1:9792, and tell Prometheus."


def check_service(address: tuple[str, int] | None, fingerprint: str, database: str) -> Iterator[Finding]:
    """
    Args:
        address: SIDECAR_LISTEN.
        fingerprint: Settings.fingerprint.
        database: Settings.database_fingerprint.
    """
    if address is None or address[1] == 0:
        yield note("service", "SIDECAR_LISTEN names no fixed port", "Give it one, for Prometheus to find it.")
        return
    where = f"{address[0]}:{address[1]}"
    status, body = read(address, "/healthz")
    if status != 200 or body.strip() != "alive":
        if status or not _is_free(address):
            yield failure("service", f"another program holds {where}", _CHOOSE)
        else:
            yield note("service", f"no shipper runs at {where}", "systemctl start indextts-sidecar, or sidecar run.")
        return
    found = difference(parse(read(address, "/metrics")[1]), fingerprint, database)
    if found is Difference.DATABASE:
        yield failure(
            "service",
            f"the shipper at {where} ships into another database than these settings name",
            "Restart it if the settings changed since it was started. Its own settings may be elsewhere: "
            "/etc/indextts-sidecar/sidecar.env of the service, flags, or .env in the folder where it was started.",
        )
        return
    if found is Difference.INSTALLATION:
        yield failure(
            "service",
            f"the shipper at {where} has another name or ships other folders than these settings say",
            f"Another installation's: {_CHOOSE} Your own, from before the settings changed: restart it.",
        )
        return
    status, body = read(address, "/readyz")
    if status == 200:
        yield ok("service", f"a shipper answers at {where} and is ready")
    else:
        reasons = "; ".join(body.strip().splitlines())
        yield failure("service", f"the shipper at {where} is not ready: {reasons}", "The findings above say why.")


def _is_free(address: tuple[str, int]) -> bool:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family) as probe:
        share_nothing(probe)
        try:
            probe.bind(address)
        except OSError:
            return False
    return True

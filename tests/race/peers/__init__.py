"""Who takes part. A further peer is one module here and its line below."""

from tests.race.peer import Peer
from tests.race.peers.article import Article
from tests.race.peers.dlt import Dlt
from tests.race.peers.rsyslog import Rsyslog
from tests.race.peers.sidecar import Sidecar
from tests.race.peers.sling import Sling
from tests.race.peers.syslog_ng import SyslogNg

PEERS: tuple[Peer, ...] = (Sidecar(), Sling(), SyslogNg(), Dlt(), Rsyslog(), Article())
"""Ours first; then as the first race by hand ended."""

__all__ = ["PEERS"]

"""rsyslog reads the files (imfile) and writes them to the server (ommysql)."""

from __future__ import annotations

import subprocess
from typing import ClassVar

from tests.race.peer import Peer, Place
from tests.race.peers import debian

_CONFIG = """
global(workDirectory="{work}" maxMessageSize="64k" parser.escapeControlCharactersOnReceive="off")
module(load="imfile" mode="inotify")
module(load="mmjsonparse")
module(load="ommysql")
template(name="row" type="string" option.sql="on" string="INSERT IGNORE INTO race VALUES ('%$!id%', \
'%$!data!text%', '%$!data!emotion!label%', '%$!data!audio!path%', '%$!time:1:26%', '%$!data!audio!duration%', \
'%$!data!model!version%', '%msg%')")
ruleset(name="tts") {{
    action(type="mmjsonparse" cookie="")
    action(type="ommysql" server="127.0.0.1" serverport="{port}" db="{database}" uid="{user}" pwd="{password}" \
template="row" queue.type="LinkedList" queue.size="20000" queue.dequeueBatchSize="1000")
}}
input(type="imfile" file="{files}/*.json" tag="tts" ruleset="tts")
"""


class Rsyslog(Peer):
    name: ClassVar[str] = "rsyslog"
    program: ClassVar[str] = debian.NAME
    configuration: ClassVar[str] = (
        "8.2302, imfile by inotify, mmjsonparse, ommysql with INSERT IGNORE, LinkedList queue of 20,000, 1,000 taken "
        "at a time"
    )
    takes: ClassVar[int | None] = 8_000
    because: ClassVar[str] = "it keeps two descriptors a file, and 20,000 are what the system gives"
    ends: ClassVar[bool] = False

    def prepare(self, place: Place) -> None:
        super().prepare(place)
        debian.configure(place, "rsyslog.conf", _CONFIG)

    def start(self, place: Place, *, follow: bool = False) -> subprocess.Popen[bytes]:
        libraries = debian.libraries(place.peers)
        (place.work / "pid").unlink(missing_ok=True)  # of one who was killed
        return place.launch(
            [
                str(debian.root(place.peers) / "usr/sbin/rsyslogd"),
                "-n", "-f", "rsyslog.conf", "-i", str(place.work / "pid"), "-M", str(libraries / "rsyslog"),
            ],
            debian.environment(place.peers),
        )  # fmt: skip

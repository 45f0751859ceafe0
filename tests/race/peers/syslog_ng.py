"""syslog-ng reads the files (wildcard-file) and writes them to the server (sql, by libdbi)."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import ClassVar

from tests.race.peer import Peer, Place
from tests.race.peers import debian

_CONFIG = """
@version: 3.38
options {{ log-msg-size(65536); stats-freq(0); keep-hostname(yes); use-dns(no); time-reopen(1); }};
source s {{ wildcard-file(base-dir("{files}") filename-pattern("*.json") recursive(no) monitor-method("inotify")
    max-files({most}) log-iw-size({window}) log-fetch-limit(1000) flags(no-parse)); }};
parser p {{ json-parser(prefix(".e.")); }};
destination d {{ sql(type(mysql) host("127.0.0.1") port("{port}") username("{user}") password("{password}")
    database("{database}") table("race") session-statements("SET NAMES utf8mb4")
    columns("event_id CHAR(36)", "text_input TEXT", "emotion VARCHAR(50)", "audio_path VARCHAR(255)",
            "created_at DATETIME(6)", "duration FLOAT", "model_version VARCHAR(20)", "event JSON")
    values("${{.e.id}}", "${{.e.data.text}}", "${{.e.data.emotion.label}}", "${{.e.data.audio.path}}",
           "$(substr '${{.e.time}}' 0 26)", "${{.e.data.audio.duration}}", "${{.e.data.model.version}}", "${{MESSAGE}}")
    indexes() flags(explicit-commits, dont-create-tables) batch-lines(5000) batch-timeout(20)
    log-fifo-size(50000)); }};
log {{ source(s); parser(p); destination(d); flags(flow-control); }};
"""


class SyslogNg(Peer):
    name: ClassVar[str] = "syslog-ng"
    program: ClassVar[str] = debian.NAME
    configuration: ClassVar[str] = (
        "3.38, wildcard-file by inotify, json-parser, sql by libdbi with explicit-commits, batch-lines 5000, "
        "batch-timeout 20 ms, flow-control"
    )
    takes: ClassVar[int | None] = 19_000
    because: ClassVar[str] = "it keeps a descriptor a file, and 20,000 are what the system gives"
    ends: ClassVar[bool] = False

    def stopped_by(self, peers: Path) -> str:
        driver = Path(f"/usr/lib/{debian.libraries(peers).name}/dbd/libdbdmysql.so")  # libdbi looks nowhere else
        if not driver.exists():
            return "libdbi's driver for MySQL is not installed; as root: apt-get install libdbd-mysql"
        return super().stopped_by(peers)

    def prepare(self, place: Place) -> None:
        super().prepare(place)
        most = self.takes or 0
        debian.configure(place, "syslog-ng.conf", _CONFIG, most=most, window=10 * most)

    def start(self, place: Place, *, follow: bool = False) -> subprocess.Popen[bytes]:
        root, work = debian.root(place.peers), place.work
        return place.launch(
            [
                str(root / "usr/sbin/syslog-ng"),
                "--foreground", "--no-caps", "--stderr", "--cfgfile", str(work / "syslog-ng.conf"),
                "--persist-file", str(work / "persist"), "--control", str(work / "ctl"),
                "--pidfile", str(work / "pid"), "--module-path", str(root / "usr/lib/syslog-ng/3.38"),
            ],
            debian.environment(place.peers),
        )  # fmt: skip

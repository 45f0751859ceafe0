"""The peer that is no Python: rsyslog reads the same files (imfile) and writes them to the same server (ommysql).

It does less: one table of eight columns, no validation, no quarantine, and a position kept in files beside it.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from tests.benchmarks import peers
from tests.servers import Server
from tests.servers.mariadb import find_program

FILES = 8_000
"""More files than these it cannot hold open by the usual limit of descriptors; it keeps one for each."""
_DEADLINE_SECONDS = 120.0
_TABLE = (
    "CREATE TABLE rsyslog_records (event_id CHAR(36) PRIMARY KEY, text_input TEXT, emotion VARCHAR(50), "
    "audio_path VARCHAR(255), created_at DATETIME(6), duration FLOAT, model_version VARCHAR(20), event JSON, "
    "INDEX idx_created (created_at), INDEX idx_emotion (emotion)) DEFAULT CHARACTER SET utf8mb4"
)
_CONFIG = """
global(workDirectory="{work}" maxMessageSize="64k" parser.escapeControlCharactersOnReceive="off")
module(load="imfile" mode="inotify")
module(load="mmjsonparse")
module(load="ommysql")
template(name="row" type="string" option.sql="on" string="INSERT IGNORE INTO rsyslog_records VALUES ('%$!id%', \
'%$!data!text%', '%$!data!emotion!label%', '%$!data!audio!path%', '%$!time:1:26%', '%$!data!audio!duration%', \
'%$!data!model!version%', '%msg%')")
ruleset(name="tts") {{
    action(type="mmjsonparse" cookie="")
    action(type="ommysql" server="127.0.0.1" serverport="{port}" db="{database}" uid="{user}" pwd="{password}" \
template="row" queue.type="LinkedList" queue.size="20000" queue.dequeueBatchSize="1000")
}}
input(type="imfile" file="{folder}/*.json" tag="tts" ruleset="tts")
"""


def missing() -> str:
    """Why it cannot be run here; empty where it can."""
    modules = list(Path("/usr/lib").glob("*/rsyslog/ommysql.so"))
    if find_program("rsyslogd") is None or not modules:
        return "rsyslog is not installed (Debian: rsyslog, rsyslog-mysql)"
    return ""


def ship(server: Server, database: str, folder: Path, files: int) -> float:
    """
    Returns:
        Seconds from the first row to the last; its start is left out.
    """
    account = server.create_account([f"ALL PRIVILEGES ON `{database}`.*"])
    work = Path(tempfile.mkdtemp(prefix="sidecar-rsyslog-"))
    config = work / "rsyslog.conf"
    config.write_text(
        _CONFIG.format(
            work=work,
            port=server.port,
            database=database,
            user=account.user,
            password=account.password,
            folder=folder,
        )
    )
    config.chmod(0o600)
    with server.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute(_TABLE)
    program = find_program("rsyslogd") or "rsyslogd"
    process = subprocess.Popen(
        [program, "-n", "-f", str(config), "-i", str(work / "pid")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        return _until_there(server, database, files, process)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(work, ignore_errors=True)


def _until_there(server: Server, database: str, files: int, process: subprocess.Popen[bytes]) -> float:
    deadline = time.monotonic() + _DEADLINE_SECONDS
    first: float | None = None
    first_rows = 0
    with server.connect(database) as connection:
        while time.monotonic() < deadline:
            there = peers.count(connection, "rsyslog_records")
            now = time.monotonic()
            if there and first is None:
                first, first_rows = now, there
            if there >= files:
                assert first is not None
                return (now - first) * files / max(1, files - first_rows)
            if process.poll() is not None:
                raise RuntimeError(f"rsyslogd ended with {process.returncode}")
            time.sleep(0.02)
    raise TimeoutError(f"rsyslog did not ship {files} files")

"""Every query of every panel returns data: from a real Prometheus that scrapes real shippers, and from real servers."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from sidecar.storage.dsn import MysqlDsn, parse_dsn
from sidecar.storage.mysql.database import MysqlDatabase
from tests.events import envelope, failed, publish, rfc3339, succeeded
from tests.integration.processes import Running, eventually, sidecar
from tests.operate.prometheus import DEPLOY, Prometheus
from tests.servers.fixtures import SERVER_KINDS

HOSTS = ("studio", "render-2.example")


def load(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((DEPLOY / "grafana" / "dashboards" / f"{name}.json").read_text())
    return document


def queries(name: str, member: str) -> list[Any]:
    """Every query of a dashboard's panels, each with the name of its panel."""
    panels = load(name)["panels"]
    rows = [inner for panel in panels for inner in panel.get("panels") or ()]
    return [
        pytest.param(target[member], id=f"{panel['title']}-{target['refId']}".replace(" ", "_"))
        for panel in (*panels, *rows)
        for target in panel.get("targets") or ()
    ]


def speak(folder: Path, host: str) -> int:
    """Two hours of speech with everything that a panel shows. Returns the number of event files."""
    source = f"indextts://{host}/20261122T100000-1-abcd"
    began = datetime.now(timezone.utc) - timedelta(hours=1.5)
    numbers = iter(range(1, 1000))

    def common() -> dict[str, Any]:
        number = next(numbers)
        return {"source": source, "sequence": number, "time": rfc3339(began + timedelta(minutes=3 * number))}

    for emotion in ("happy", "sad", "neutral", "happy", "angry"):
        publish(folder, succeeded(emotion=emotion, data={"truncated": emotion == "sad"}, **common()))
    publish(folder, failed(**common()))
    interrupted = {"text": "cut off", "model": {"version": "2"}}
    publish(folder, envelope("synthesis.interrupted", interrupted, **common()))
    publish(folder, b"{not JSON\n", name="broken.wav.json")
    return 7


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory, mariadb: Any) -> Iterator[Prometheus]:
    """Two shippers on one database, each with a folder and a source of its own, and a Prometheus that scrapes both."""
    database = mariadb.create_database()
    shippers: list[Running] = []
    try:
        for host in HOSTS:
            place = tmp_path_factory.mktemp(host)
            (place / "outputs").mkdir()
            settings = {
                "SIDECAR_DATABASE_URL": mariadb.url(database),
                "SIDECAR_NAME": host,
                "SIDECAR_SETTLE_SECONDS": "0",
            }
            sidecar("migrate", cwd=place, settings=settings)
            shippers.append(Running(cwd=place, settings=settings))
        with Prometheus(tmp_path_factory.mktemp("prometheus"), [shipper.port for shipper in shippers]) as server:
            server.ready("sidecar_build_info", 2)
            # Spoken while it is scraped, so that rates have something to tell.
            for shipper, host in zip(shippers, HOSTS, strict=True):
                count = speak(shipper.log_path.parent / "outputs", host)
                shipper.shipped(count)
            expression = f"sum(tts_synthesis_total) == {count * len(HOSTS)}"
            eventually(lambda: server.query(expression), "the syntheses in Prometheus")
            server.ready("tts_synthesis_total", 3)  # for rates
            yield server
    finally:
        for shipper in shippers:
            shipper.kill()
        mariadb.drop_database(database)


@pytest.mark.mariadb
@pytest.mark.parametrize("expression", queries("shipper", "expr"))
def test_every_panel_of_the_shipper_has_data(prometheus: Prometheus, expression: str) -> None:
    expression = expression.replace("$__rate_interval", "1m").replace("$instance", ".*")
    assert "$" not in expression
    values = [float(each["value"][1]) for each in prometheus.query(expression)]
    assert [value for value in values if not math.isnan(value)], expression


@pytest.mark.mariadb
def test_one_dashboard_shows_both_shippers(prometheus: Prometheus) -> None:
    instances = {each["metric"]["instance"] for each in prometheus.query("sidecar_build_info")}
    assert len(instances) == len(HOSTS)
    per_instance = "sum by (instance) (sidecar_events_shipped_total)"
    assert {float(each["value"][1]) for each in prometheus.query(per_instance)} == {7.0}


@pytest.mark.mariadb
def test_healthy_shippers_set_no_alert_off_but_for_the_file_in_quarantine(prometheus: Prometheus) -> None:
    # How full this machine's own disk is, and is getting, is not the test's affair.
    assert set(prometheus.alerts()) <= {"SidecarQuarantineGrowing", "OutputsDiskFilling"}


class Speech:
    """The read-only account's view of what two hosts have spoken."""

    def __init__(self, database: MysqlDatabase) -> None:
        self.database = database

    def ask(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        return self.database.columns(expand(sql))


def expand(sql: str, hours: float = 48) -> str:
    """Grafana's macros and variables, as its MySQL data source expands them."""
    now = int(time.time())
    since = now - int(hours * 3600)
    sql = re.sub(
        r"\$__timeFilter\((\w+)\)",
        lambda match: f"{match[1]} BETWEEN FROM_UNIXTIME({since}) AND FROM_UNIXTIME({now})",
        sql,
    )
    sql = re.sub(
        r"\$__timeGroupAlias\((\w+), *'1h'\)",
        lambda match: f'UNIX_TIMESTAMP({match[1]}) DIV 3600 * 3600 AS "time"',
        sql,
    )
    return sql.replace("${host:pipe}", "[^/]*")


@pytest.fixture(scope="module", params=SERVER_KINDS)
def speech(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Speech]:
    server = request.getfixturevalue(request.param)
    name = server.create_database()
    place = tmp_path_factory.mktemp("speech")
    for host in HOSTS:
        (place / host).mkdir()
        speak(place / host, host)
    settings = {
        "SIDECAR_DATABASE_URL": server.url(name),
        "SIDECAR_WATCH_DIR": ",".join(str(place / host) for host in HOSTS),
        "SIDECAR_SETTLE_SECONDS": "0",
    }
    sidecar("migrate", cwd=place, settings=settings)
    sidecar("run", "--once", cwd=place, settings=settings | {"SIDECAR_LISTEN": "off"})
    reader = server.create_account([f"SELECT, SHOW VIEW ON `{name}`.*"])
    dsn = parse_dsn(server.url(name, reader))
    assert isinstance(dsn, MysqlDsn)
    with closing(MysqlDatabase(dsn)) as database:
        yield Speech(database)
    server.drop_database(name)


@pytest.mark.parametrize("sql", queries("speech", "rawSql"))
def test_every_panel_of_the_speech_has_data(speech: Speech, sql: str) -> None:
    names, rows = speech.ask(sql)
    assert rows, sql
    assert any(value is not None for row in rows for name, value in zip(names, row, strict=True) if name != "time")


def test_the_choice_of_hosts_shows_each_host(speech: Speech) -> None:
    (choice,) = load("speech")["templating"]["list"]
    assert {row[0] for row in speech.ask(choice["query"])[1]} == set(HOSTS)


def test_a_chosen_host_is_shown_alone(speech: Speech) -> None:
    counted = "SELECT COUNT(*) FROM tts_records WHERE $__timeFilter(created_at) AND source RLIKE '^indextts://({})/'"
    assert speech.ask(counted.format("[^/]*"))[1] == [(14,)]
    assert speech.ask(counted.format("studio"))[1] == [(7,)]

"""Every query of every panel returns data: from a real Prometheus that scrapes real shippers, and from real servers."""

from __future__ import annotations

import contextlib
import json
import math
import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sidecar.answers import review
from sidecar.answers.doubts import Kind, doubts
from sidecar.answers.filters import PARAMETERS, parse
from sidecar.answers.usual import Pasts
from sidecar.storage.dsn import MysqlDsn, parse_dsn
from sidecar.storage.mysql.database import MysqlDatabase
from sidecar.web.asking import DOUBTFUL
from tests.events import envelope, failed, publish, rfc3339, scored, started, succeeded
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
        if member in target
    ]


def _dsn(url: str) -> MysqlDsn:
    dsn = parse_dsn(url)
    assert isinstance(dsn, MysqlDsn)
    return dsn


def speak(folder: Path, host: str, *, further: bool = False) -> int:
    """Two hours of speech with everything that a panel shows. Returns the number of event files so far.

    Args:
        further: of the same process, a little later.
    """
    source = f"indextts://{host}/20261122T100000-1-abcd"
    began = datetime.now(timezone.utc) - timedelta(hours=1.5)
    numbers = iter(range(9 if further else 1, 1000))

    def common() -> dict[str, Any]:
        number = next(numbers)
        return {"source": source, "sequence": number, "time": rfc3339(began + timedelta(minutes=3 * number))}

    if not further:
        publish(folder, started(**common()))
        publish(folder, b"{not JSON\n", name="broken.wav.json")
    for emotion in ("happy", "sad", "neutral", "happy", "angry"):
        publish(folder, succeeded(emotion=emotion, data={"truncated": emotion == "sad"}, **common()))
    publish(folder, failed(**common()))
    interrupted = {"text": "cut off", "model": {"version": "2"}}
    publish(folder, envelope("synthesis.interrupted", interrupted, **common()))
    return 15 if further else 8


def hear(folder: Path) -> None:
    """What was spoken gets scores; and earlier weeks, in which one of two voices fell ten days ago."""
    random = Random(1)
    for path in sorted(folder.glob("*.json")):
        with contextlib.suppress(ValueError):
            event = json.loads(path.read_bytes())
            if event["type"].endswith("succeeded"):
                publish(folder, scored(event["id"], mos_overall=3.0, syllable_rate=5.0))
    now = datetime.now(timezone.utc)
    for days in range(24, 3, -1):
        for voice in ("steady", "fallen"):
            for _ in range(4):
                made = succeeded(
                    data={"voice": {"path": f"voices/{voice}.wav"}}, time=rfc3339(now - timedelta(days=days))
                )
                score = random.gauss(3.2, 0.15) - 0.5 * (voice == "fallen" and days <= 10)
                publish(folder, made)
                publish(folder, scored(made["id"], mos_overall=score, syllable_rate=5.0))


SPOILED: list[dict[str, Any]] = [
    {"syllable_rate": 9.5}, {"syllable_rate": 1.5}, {"longest_silence": 2.0}, {"longest_silence": 1.5},
    {"full_scale_share": 0.02}, {"near_peak_share": 0.01}, {"near_peak_share": 0.006}, {"signal_to_noise": 8.0},
    {"signal_to_noise": 8.0, "speech_seconds": 0.0}, {"loudness": -50.0}, {"loudness": -4.0}, {"mos_overall": 1.2},
    {"cer": 0.31}, {"cer": 0.31, "syllables": 3}, {"truncated": True, "longest_silence": 4.0},
]  # fmt: skip
"""Takes that something is odd about, by what is measured of them; a few only for a limit that is wider here."""


def spoil(folder: Path) -> None:
    """Takes of a voice without a past. People have rejected some of them."""
    began = datetime.now(timezone.utc) - timedelta(hours=1)
    for number, odd in enumerate(SPOILED):
        data = {"voice": {"path": "voices/new.wav"}, "truncated": odd.get("truncated", False)}
        made = succeeded(data=data, time=rfc3339(began + timedelta(minutes=number)))
        heard = {"syllable_rate": 5.0, "speech_seconds": 4.0, "syllables": 20, "beats": 20.0, "signal_to_noise": 40.0}
        score = scored(made["id"], **(heard | {name: odd[name] for name in odd if name not in ("cer", "truncated")}))
        if "cer" in odd:
            score["data"]["transcript"] = {"recogniser": "ear", "text": "x", "cer": odd["cer"]}
        verdict = {"verdict": "keep" if number % 3 else "reject", "doubts": ["silence", "noisy"][: 1 + number % 2]}
        for event in (made, score, envelope("audio.reviewed", verdict, subject=made["id"])):
            publish(folder, event)


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
            # Twice, because Prometheus does not count what a series begins with as an increase.
            for further in (False, True):
                for shipper, host in zip(shippers, HOSTS, strict=True):
                    count = speak(shipper.log_path.parent / "outputs", host, further=further)
                    shipper.shipped(count)
                expression = f"sum(tts_synthesis_total) == {(count - 1) * len(HOSTS)}"  # one is of the process
                eventually(lambda wanted=expression: server.query(wanted), "the syntheses in Prometheus")  # type: ignore[misc]
                server.ready("tts_synthesis_total", 3)  # for rates
            with closing(MysqlDatabase(_dsn(mariadb.url(database)))) as tables:
                server.takes = {row[0] for row in tables.query("SELECT event_id FROM tts_records")}
            yield server
    finally:
        for shipper in shippers:
            shipper.kill()
        mariadb.drop_database(database)


def filled_in(expression: str) -> str:
    """With a value for each variable, as Grafana sends it."""
    for name in ("$__rate_interval", "$__range", "$bucket"):
        expression = expression.replace(name, "1m")
    expression = expression.replace("$instance", ".*")
    assert "$" not in expression
    return expression


@pytest.mark.mariadb
@pytest.mark.parametrize("expression", [*queries("shipper", "expr"), *queries("metrics", "expr")])
def test_every_panel_from_metrics_has_data(prometheus: Prometheus, expression: str) -> None:
    if "tts_quality_score" in expression:  # nothing was scored here: only that it is understood
        prometheus.query(filled_in(expression))
        return
    values = [float(each["value"][1]) for each in prometheus.query(filled_in(expression))]
    assert [value for value in values if not math.isnan(value)], expression


@pytest.mark.mariadb
def test_what_is_marked_from_metrics_happened(prometheus: Prometheus) -> None:
    """Each is asked over the minutes since the shippers started, as Grafana asks."""
    for mark in load("metrics")["annotations"]["list"]:
        found = prometheus.range(filled_in(mark["target"]["expr"]))
        assert found or mark["name"] == "Shipper restarted", mark["name"]  # these were not, since they are scraped
        assert not (found and mark["name"] == "Shipper restarted")


@pytest.mark.mariadb
@pytest.mark.parametrize(
    "metric", ["sidecar_delivery_latency_seconds", "tts_synthesis_duration_seconds", "tts_real_time_factor"]
)
def test_a_dot_in_a_panel_names_its_take(prometheus: Prometheus, metric: str) -> None:
    takes = {labels["event_id"] for labels in prometheus.exemplars(f"{metric}_bucket")}
    assert takes
    assert takes <= prometheus.takes


@pytest.mark.mariadb
@pytest.mark.parametrize("expression", queries("speech", "expr"))
def test_prometheus_takes_what_the_speech_asks_it(prometheus: Prometheus, expression: str) -> None:
    prometheus.query(expression)


@pytest.mark.mariadb
def test_one_dashboard_shows_both_shippers(prometheus: Prometheus) -> None:
    instances = {each["metric"]["instance"] for each in prometheus.query("sidecar_build_info")}
    assert len(instances) == len(HOSTS)
    per_instance = "sum by (instance) (sidecar_events_shipped_total)"
    assert {float(each["value"][1]) for each in prometheus.query(per_instance)} == {15.0}


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
    sql = sql.replace("$bucket", "1h")
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
    hear(place / HOSTS[0])
    spoil(place / HOSTS[0])
    settings = {
        "SIDECAR_DATABASE_URL": server.url(name),
        "SIDECAR_WATCH_DIR": ",".join(str(place / host) for host in HOSTS),
        "SIDECAR_SETTLE_SECONDS": "0",
    }
    sidecar("migrate", cwd=place, settings=settings)
    sidecar("run", "--once", cwd=place, settings=settings | {"SIDECAR_LISTEN": "off"})
    reader = server.create_account([f"SELECT, SHOW VIEW ON `{name}`.*"])
    with closing(MysqlDatabase(_dsn(server.url(name, reader)))) as database:
        yield Speech(database)
    server.drop_database(name)


@pytest.mark.parametrize("sql", queries("speech", "rawSql"))
def test_every_panel_of_the_speech_has_data(speech: Speech, sql: str) -> None:
    names, rows = speech.ask(sql)
    assert rows, sql
    assert any(value is not None for row in rows for name, value in zip(names, row, strict=True) if name != "time")


def test_the_voice_that_fell_is_named_with_its_day_and_no_other(speech: Speech) -> None:
    (panel,) = (each for each in queries("speech", "rawSql") if "score_changed" in str(each.id))
    names, rows = speech.ask(panel.values[0])
    (row,) = (dict(zip(names, row, strict=True)) for row in rows)
    assert (row["voice"], row["takes_before"], row["takes_since"]) == ("fallen.wav", 56, 28)
    assert row["since"] == (datetime.now(timezone.utc) - timedelta(days=10)).date()
    assert row["was"] - row["has_been"] == pytest.approx(0.5, abs=0.1)


def test_doubts_are_those_of_takes_without_a_past_and_rightly_counted(speech: Speech) -> None:
    takes = review.newest(speech.database, 1000)
    found = {str(take["event_id"]): {doubt.kind for doubt in doubts(take, Pasts(()))} for take in takes}
    asked = {each.id: each.values[0] for each in queries("speech", "rawSql")}

    def told(panel: str) -> list[dict[str, Any]]:
        names, rows = speech.database.columns(expand(asked[f"{panel}-A"], hours=24 * 60))
        return [dict(zip(names, row, strict=True)) for row in rows]

    reasons = Counter(str(kind) for kinds in found.values() for kind in kinds)
    assert {each["reason"]: each["takes"] for each in told("Doubts_by_reason")} == reasons
    assert set(reasons) == set(Kind) - {Kind.SHORTER, Kind.LONGER}, "these two need a past"
    weeks = told("Doubts_week_by_week")
    assert sum(each["takes"] for each in weeks) == len(takes)
    assert sum(each["doubtful"] for each in weeks) == sum(map(bool, found.values()))
    assert all(each["doubtful"] == 0 for each in weeks if each["voice"] == "steady.wav")
    decided = {each["reason"]: (each["takes"], each["rejected"]) for each in told("What_people_decided_on_doubts")}
    assert decided == {"silence": (15, 5), "noisy": (7, 2)}


def test_the_choice_of_hosts_shows_each_host(speech: Speech) -> None:
    (choice,) = (each for each in load("speech")["templating"]["list"] if each["name"] == "host")
    assert {row[0] for row in speech.ask(choice["query"])[1]} == set(HOSTS)


def test_a_chosen_host_is_shown_alone(speech: Speech) -> None:
    counted = "SELECT COUNT(*) FROM tts_records WHERE $__timeFilter(created_at) AND source RLIKE '^indextts://({})/'"
    assert speech.ask(counted.format("[^/]*"))[1] == [(14 + len(SPOILED),)]
    assert speech.ask(counted.format("studio"))[1] == [(7 + len(SPOILED),)]


def test_what_is_marked_from_the_tables_happened(speech: Speech) -> None:
    marks = {
        each["name"]: speech.database.columns(expand(each["target"]["rawSql"], hours=24 * 90))
        for each in load("speech")["annotations"]["list"]
    }
    assert {name: names for name, (names, _) in marks.items()} == {name: ["time", "text", "tags"] for name in marks}
    assert {row[1] for row in marks["TTS started"][1]} == {f"TTS started on {host}" for host in HOSTS}
    assert {row[1] for row in marks["Model changed"][1]} >= {"First take of model 2"}


BOARDS = ("metrics", "shipper", "speech")
OF_THE_SHIPPER_ALONE = {
    "Database takes events", "Pending", "Oldest waits", "Put into quarantine in 24 h", "Never reached the disk",
    "Disk free", "Shipped a second", "Commit", "Requests to the database a second", "Quarantine", "Scans a second",
    "Folders", "Not accounted for", "CPU", "Memory", "Open files",
}  # fmt: skip


def panels(name: str) -> list[dict[str, Any]]:
    return [panel for panel in load(name)["panels"] if panel["type"] != "row"]


@pytest.mark.parametrize("name", BOARDS)
def test_every_panel_says_what_it_shows(name: str) -> None:
    assert [panel["title"] for panel in panels(name) if len(panel.get("description", "")) < 15] == []


@pytest.mark.parametrize("name", BOARDS)
def test_every_panel_of_speech_leads_into_the_library(name: str) -> None:
    """To a filter that the library understands, and the time that is shown."""
    without = {panel["title"] for panel in panels(name) if not panel.get("links")}
    assert without <= OF_THE_SHIPPER_ALONE
    for panel in panels(name):
        overrides = [each for one in panel["fieldConfig"]["overrides"] for each in one["properties"]]
        urls = [link["url"] for link in panel.get("links") or ()]
        urls += [link["url"] for each in overrides if each["id"] == "links" for link in each["value"]]
        for url in urls:
            if url == "${library}/records/${__value.raw}":
                continue
            address = url.replace("${library}", "https://tts.example")
            address = address.replace("${__from:date:iso}", "2026-11-21T10:00:00.000Z")
            address = address.replace("${__to:date:iso}", "2026-11-22T10:00:00.000Z")
            address = re.sub(r"\$\{__(data\.fields\.\w+|value\.raw)(:percentencode)?\}", "one", address)
            assert "$" not in address
            asked = parse_qs(urlsplit(address).query)
            assert set(asked) - {"sort", DOUBTFUL} <= set(PARAMETERS)
            wanted = parse(asked)
            assert (wanted.until or datetime.max) - (wanted.since or datetime.min) == timedelta(days=1)


@pytest.mark.parametrize("name", BOARDS)
def test_data_sources_bucket_and_library_are_chosen_above(name: str) -> None:
    board = load(name)
    variables = {each["name"]: each["type"] for each in board["templating"]["list"]}
    assert {"bucket": "interval", "library": "textbox"}.items() <= variables.items()
    used = set(re.findall(r'"uid": "([^"]*)"', json.dumps([board["panels"], board["annotations"]])))
    assert used == {f"${{{each}}}" for each, kind in variables.items() if kind == "datasource"}
    assert ("${mysql}" in used) == (name == "speech"), "two dashboards live from Prometheus alone"
    assert "AVG(rtf)" not in json.dumps(board), "a mean of ratios is no ratio of sums"

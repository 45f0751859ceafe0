"""The first migrate beside a tts_records that is there already: the article's own table, which most people have."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from sidecar.cli.support.databases import open_sink
from sidecar.errors import TablesNotReady
from sidecar.service import config
from sidecar.setup.tables import contents
from sidecar.storage.database import Parameter, Row, Transaction
from sidecar.storage.dsn import MysqlDsn, parse_dsn
from sidecar.storage.mysql.adoption import adopt
from sidecar.storage.mysql.sink import MysqlSink
from tests.events import publish, succeeded
from tests.integration.processes import sidecar
from tests.operate.scene import Scene
from tests.servers import Server, sqlite_url

ROWS = 1000
ARTICLE = """CREATE TABLE tts_records (
    id INT AUTO_INCREMENT PRIMARY KEY,
    text_input TEXT NOT NULL,
    emotion VARCHAR(20) DEFAULT 'neutral',
    audio_path VARCHAR(255) NOT NULL,
    created_at DATETIME DEFAULT CURRENT_TIMESTAMP,
    duration FLOAT{more}
)"""
INDEXES = (
    "CREATE INDEX idx_created ON tts_records (created_at)",
    "CREATE INDEX idx_emotion ON tts_records (emotion)",
)
QUERY = (
    "SELECT id, text_input, emotion, audio_path, created_at, duration FROM tts_records "
    "WHERE emotion = 'happy' ORDER BY created_at DESC, id DESC"
)


class Place(Scene):
    """An empty database and folder."""

    @property
    def embedded(self) -> bool:
        return self.settings["SIDECAR_DATABASE_URL"].startswith("sqlite")

    def make(self, more: str = "") -> None:
        """The article's table and its indexes."""
        key = ("INT AUTO_INCREMENT PRIMARY KEY", "INTEGER PRIMARY KEY AUTOINCREMENT")
        script = ARTICLE.replace("{more}", more)
        for statement in (script.replace(*key) if self.embedded else script, *INDEXES):
            self.execute(statement)

    def insert(self, count: int, *, first: int = 0) -> None:
        """As the article's own script does."""
        kinds = ("happy", "sad", "neutral")
        values = ", ".join(
            f"('你好，第{n}句 — bonjour', '{kinds[n % 3]}', 'outputs/spk_{n}.wav', {1.1 + n / 10:.1f})"
            for n in range(first, first + count)
        )
        self.execute(f"INSERT INTO tts_records (text_input, emotion, audio_path, duration) VALUES {values}")

    def found(self) -> list[tuple[Any, ...]]:
        """What the article's query gives. SQLite has no type for times, so there they gain digits."""
        return [
            (*row[:4], datetime.fromisoformat(str(row[4])).replace(tzinfo=timezone.utc), float(row[5]))
            for row in self.query(QUERY)
        ]

    def shape(self) -> set[tuple[Any, ...]]:
        """What the server says of each column and index, but for the order."""
        if self.embedded:
            columns = self.query("SELECT name FROM pragma_table_info('tts_records')")
            keys = self.query("SELECT name, \"unique\" FROM pragma_index_list('tts_records')")
        else:
            columns = self.query(
                "SELECT column_name, column_type, is_nullable, column_default, extra, collation_name, column_comment "
                "FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'tts_records'"
            )
            keys = self.query(
                "SELECT index_name, column_name, sub_part, non_unique FROM information_schema.statistics "
                "WHERE table_schema = DATABASE() AND table_name = 'tts_records'"
            )
        return {*columns, *keys}

    def shape_made_anew(self) -> set[tuple[Any, ...]]:
        """Of the table that migrate makes where there was none."""
        for name in (
            "tts_records",
            "tts_processes",
            "tts_scores",
            "tts_tags",
            "tts_preferences",
            "tts_events",
            "sidecar_positions",
            "sidecar_quarantine",
            "sidecar_migrations",
        ):
            self.execute(f"DROP TABLE {name}")
        self.run("migrate")
        return self.shape()


def place(tmp_path: Path, url: str) -> Place:
    (tmp_path / "outputs").mkdir()
    if url.startswith("sqlite"):
        (tmp_path / "sidecar.db").touch()
    return Place(tmp_path, {"SIDECAR_DATABASE_URL": url, "SIDECAR_WATCH_DIR": str(tmp_path / "outputs")})


@pytest.fixture
def scene(tmp_path: Path, database_url: str) -> Place:
    return place(tmp_path, database_url)


@pytest.fixture
def on_mysql_or_mariadb(tmp_path: Path, own_tables_url: str) -> Place:
    return place(tmp_path, own_tables_url)


@pytest.fixture
def on_server(tmp_path: Path, mysql_url: str) -> Place:
    return place(tmp_path, mysql_url)


def test_the_article_s_table_is_taken_over_with_its_rows_and_its_program_goes_on(scene: Place) -> None:
    scene.make()
    scene.insert(ROWS)
    before = scene.found()
    assert "took over tts_records as it was: its 1,000 rows stay" in " ".join(scene.run("migrate").split())
    assert scene.found() == before
    spoken = [succeeded("新的一句 " + "长" * 30_000), succeeded("另一句")]
    for event in spoken:
        publish(scene.folder, event)
    scene.ship()
    scene.insert(10, first=ROWS)  # beside the shipper
    found = scene.found()
    texts = {row[1] for row in found}
    assert set(before) < set(found)
    assert {*(event["data"]["text"] for event in spoken), f"你好，第{ROWS + 2}句 — bonjour"} < texts
    rows = [(ROWS + len(spoken) + 10, len(spoken))]
    assert scene.query("SELECT COUNT(*), COUNT(event_id) FROM tts_records") == rows
    assert scene.run("migrate").startswith("the tables are up to date")
    assert scene.facts("rebuild")["records"] == rows[0][0]
    assert scene.found() == found


def test_pages_of_answers_have_old_rows_and_new_ones(scene: Place) -> None:
    scene.make()
    scene.insert(7)
    scene.run("migrate")
    scene.insert(7, first=7)
    publish(scene.folder, succeeded("bonjour"))
    scene.ship()
    assert len(scene.run("find", "bonjour", "--json").splitlines()) == 15
    assert scene.query("SELECT SUM(takes) FROM tts_emotion_usage") == [(15,)]
    scene.run("stats")


def test_a_taken_over_table_is_the_one_that_migrate_makes(scene: Place) -> None:
    scene.make()
    scene.run("migrate")
    assert scene.shape() == scene.shape_made_anew()


class Ended(Exception):
    pass


class Dying:
    """A transaction that ends after so many statements."""

    def __init__(self, run: Transaction, left: int) -> None:
        self._run = run
        self._left = left

    def query(self, sql: str, parameters: Sequence[Parameter] = ()) -> list[Row]:
        return self._run.query(sql, parameters)

    def execute(self, sql: str, parameters: Sequence[Parameter] = ()) -> int:
        self._left -= 1
        if self._left < 0:
            raise Ended
        return self._run.execute(sql, parameters)


def test_a_killed_take_over_is_taken_up(on_server: Place, mysql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    on_server.make()
    on_server.insert(30)
    before = on_server.found()
    dsn = parse_dsn(mysql_url)
    assert isinstance(dsn, MysqlDsn)
    with closing(MysqlSink(dsn)) as sink:
        for done in (0, 1, 4, 7, 8, 9, 9):  # statements, of which half are tried on a copy
            monkeypatch.setattr(sink, "_adopt", lambda run, known, left=done: adopt(Dying(run, left), known))
            with pytest.raises(Ended):
                sink.migrate()
            assert on_server.found() == before
    on_server.run("migrate")
    assert on_server.found() == before
    assert not on_server.query("SHOW TABLES LIKE 'sidecar_trial'")
    assert on_server.shape() == on_server.shape_made_anew()


def test_what_an_earlier_version_left_is_taken_over(on_server: Place) -> None:
    """Its first step passed over the table, its second failed."""
    on_server.run("migrate")
    on_server.execute("DROP TABLE tts_records")
    on_server.execute("DELETE FROM sidecar_migrations WHERE number = 2")
    on_server.make()
    on_server.insert(30)
    before = on_server.found()
    assert "its 30 rows stay" in on_server.run("migrate")
    assert on_server.found() == before


def test_a_name_in_other_letters_is_the_same_table_to_sqlite(tmp_path: Path) -> None:
    scene = place(tmp_path, sqlite_url(tmp_path / "sidecar.db"))
    key = ("INT AUTO_INCREMENT PRIMARY KEY", "INTEGER PRIMARY KEY AUTOINCREMENT")
    scene.execute(ARTICLE.replace("{more}", "").replace(*key).replace("tts_records", "TTS_Records"))
    scene.insert(3)
    with closing(scene.database()) as database:
        assert contents(database).records == 3
    assert "took over tts_records as it was: its 3 rows stay" in " ".join(scene.run("migrate").split())
    publish(scene.folder, succeeded("bonjour"))
    scene.ship()
    assert scene.query("SELECT COUNT(*), COUNT(event_id) FROM tts_records") == [(4, 1)]
    assert scene.facts("rebuild")["records"] == 4


def test_constraints_on_other_columns_and_those_of_json_are_not_in_the_way(scene: Place) -> None:
    scene.make(f", note VARCHAR(20) CHECK (note <> 'emotion'), params {'TEXT' if scene.embedded else 'JSON'}")
    scene.insert(3)
    assert "its 3 rows stay" in scene.run("migrate")
    publish(scene.folder, succeeded("bonjour"))
    scene.ship()
    assert scene.query("SELECT COUNT(*), COUNT(event_id) FROM tts_records") == [(4, 1)]


def test_triggers_are_told(scene: Place) -> None:
    scene.make(", note VARCHAR(20)")
    says_no = (
        "BEGIN SELECT RAISE(ABORT, 'no') WHERE NEW.emotion = 'calm'; END"
        if scene.embedded
        else "BEGIN IF NEW.emotion = 'calm' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no'; END IF; END"
    )
    scene.execute(f"CREATE TRIGGER only_loud BEFORE INSERT ON tts_records FOR EACH ROW {says_no}")
    assert "see the records of events too: only_loud. An event" in " ".join(scene.run("migrate").split())


def test_triggers_that_the_account_may_not_see_are_told_of(server: Server, tmp_path: Path) -> None:
    name = server.create_database()
    rights = "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES, CREATE VIEW, SHOW VIEW"
    accounts = [server.create_account([f"{rights}{more} ON `{name}`.*"]) for more in ("", ", TRIGGER")]
    said = []
    for account in accounts:
        scene = Place(tmp_path, {"SIDECAR_DATABASE_URL": server.url(name, account)})
        scene.make()
        server.execute(
            f"CREATE TRIGGER `{name}`.loud BEFORE INSERT ON `{name}`.tts_records FOR EACH ROW SET NEW.emotion = 'loud'"
        )
        said.append(" ".join(scene.run("migrate").split()))
        server.execute(*(f"DROP TABLE `{name}`.{table}" for table in ("tts_records", "sidecar_migrations")))
    unseen = "whether it has triggers this account may not see (GRANT TRIGGER)"
    assert unseen in said[0] or server.kind == "mariadb", "which shows them to everybody"
    assert "see the records of events too: loud." in said[1]


def test_columns_of_people_s_own_stay(scene: Place) -> None:
    scene.make(", user_id VARCHAR(20), rating INTEGER, speaker VARCHAR(20) DEFAULT 'anna', note TEXT")
    scene.insert(3)
    scene.execute("UPDATE tts_records SET user_id = 'bob', rating = 4, note = '好'")
    scene.run("migrate")
    publish(scene.folder, succeeded("bonjour", data={"caller": {"user": "u" * 200}}))
    scene.ship()
    rows = scene.query("SELECT user_id, rating, speaker, note FROM tts_records ORDER BY id")
    assert rows == [*[("bob", 4, "anna", "好")] * 3, ("u" * 200, None, "anna", None)]


def refused(scene: Place, because: str) -> None:
    before = scene.shape(), scene.query("SELECT * FROM tts_records")
    with closing(open_sink(config.load(scene.given()))) as sink, pytest.raises(TablesNotReady) as caught:
        sink.migrate()
    assert because in str(caught.value)
    assert "Nothing has been changed" in caught.value.hint
    assert (scene.shape(), scene.query("SELECT * FROM tts_records")) == before


@pytest.mark.parametrize(
    ("column", "value", "because"),
    [
        ("event_id VARCHAR(36)", "'job-77'", "its column event_id is another program's"),
        ("replaced_by VARCHAR(20)", "'bob'", "its replaced_by has other values"),
        ("audio_sha256 VARCHAR(70)", "'d41d8cd9'", "its audio_sha256 has other values"),
        ("truncated INTEGER", "7", "its truncated has other values"),
        ("rating INTEGER", "98", "its rating has other values than this program's in 1 rows, the first with id 2"),
    ],
)
def test_a_column_with_a_name_of_ours_and_other_values_is_in_the_way(
    scene: Place, column: str, value: str, because: str
) -> None:
    scene.make(f", {column}")
    scene.insert(3)
    scene.execute(f"UPDATE tts_records SET {column.split()[0]} = {value} WHERE id = 2")
    refused(scene, because)


@pytest.mark.parametrize(
    "name",
    [
        "tts_events",
        "tts_processes",
        "tts_scores",
        "tts_tags",
        "tts_preferences",
        "sidecar_positions",
        "sidecar_quarantine",
        "sidecar_migrations",
    ],
)
def test_another_table_with_a_name_of_ours_is_in_the_way(scene: Place, name: str) -> None:
    scene.make()
    scene.execute(f"CREATE TABLE {name} (id INTEGER, what VARCHAR(20))")
    refused(scene, f"{name} is another program's, without a column")
    scene.execute("DROP TABLE tts_records")
    done = sidecar("migrate", cwd=scene.place, settings=scene.settings, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert f"{name} is another program's" in done.stderr


def test_the_command_says_in_one_line_what_is_in_the_way(scene: Place) -> None:
    scene.make(", speaker VARCHAR(20) NOT NULL, user_id INT")
    done = sidecar("migrate", cwd=scene.place, settings=scene.settings, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "column speaker is NOT NULL and has no default" in done.stderr
    assert "column user_id is INT" in done.stderr


@pytest.mark.parametrize("kind", ["DATETIME", "TIMESTAMP"])
def test_times_of_another_zone_are_told(own_server: Server, tmp_path: Path, kind: str) -> None:
    own_server.execute("SET GLOBAL time_zone = '+08:00'")
    name = own_server.create_database()
    scene = place(tmp_path, own_server.url(name))
    scene.execute(ARTICLE.replace("{more}", "").replace("DATETIME", kind))
    insert = "INSERT INTO tts_records (text_input, audio_path) VALUES ('好', 'a.wav'), ('bonjour', 'b.wav')"
    with own_server.connect(name) as script, script.cursor() as cursor:  # whose session begins in the server's zone
        cursor.execute(insert)
    before = scene.query("SELECT created_at FROM tts_records")
    said = " ".join(scene.run("migrate").split())
    assert "the server's (+08:00 now)" in said
    assert scene.query("SELECT created_at FROM tts_records") == before
    assert ("UPDATE" in said) is (kind == "DATETIME")
    if kind == "DATETIME":
        scene.execute(said[said.index("UPDATE ") : said.index(" applied")])
    cure = said[said.index("SET time_zone") : said.index("'+00:00'") + len("'+00:00'")]
    with own_server.connect(name) as script, script.cursor() as cursor:
        cursor.execute(cure)
        cursor.execute(insert)
    hours = scene.query("SELECT ABS(TIMESTAMPDIFF(HOUR, created_at, UTC_TIMESTAMP())) FROM tts_records")
    assert hours == [(0,)] * 4


@pytest.mark.parametrize(
    ("more", "because"),
    [
        (", speaker VARCHAR(20) NOT NULL", "column speaker is NOT NULL and has no default"),
        (", user_id INT", "column user_id is INT"),
        (", UNIQUE (audio_path)", "makes audio_path unique"),
        (", CONSTRAINT kinds CHECK (emotion IN ('happy', 'sad', '(neutral)', 'neutral'))", "it has CHECK ("),
        (", status INT GENERATED ALWAYS AS (duration + 1)", "column status is generated"),
    ],
)
def test_what_is_in_the_way_is_named_and_nothing_is_changed(scene: Place, more: str, because: str) -> None:
    scene.make(more)
    refused(scene, because)


def test_rows_in_the_way_are_counted(scene: Place) -> None:
    scene.make()
    scene.insert(3)
    scene.execute("UPDATE tts_records SET emotion = NULL WHERE id > 1")
    refused(scene, "its emotion is NULL in 2 rows, the first with id 2")


@pytest.mark.parametrize(
    ("change", "because"),
    [
        ("ALTER TABLE tts_records ENGINE=MyISAM", "its engine is MyISAM"),
        ("CREATE INDEX idx_path ON tts_records (audio_path)", "its index idx_path is on all of audio_path"),
        ("DROP INDEX idx_created ON tts_records; CREATE INDEX idx_created ON tts_records (duration)", "idx_created is"),
        ("CREATE TABLE ratings (record INT, FOREIGN KEY (record) REFERENCES tts_records (id))", "of ratings holds"),
        ("CREATE TABLE tts_library (id INT)", "tts_library is a table"),
        ("RENAME TABLE tts_records TO records; CREATE VIEW tts_records AS SELECT * FROM records", "is a view"),
        (
            "ALTER TABLE tts_records MODIFY emotion TEXT, DROP INDEX idx_emotion; UPDATE tts_records SET emotion = "
            "REPEAT('x', 70) WHERE id = 2",
            "its emotion is longer than 64 characters in 1 rows, the first with id 2",
        ),
        (
            "ALTER TABLE tts_records MODIFY emotion VARCHAR(100); UPDATE tts_records SET emotion = REPEAT('x', 70) "
            "WHERE id = 2",
            "its emotion is longer than 64 characters in 1 rows, the first with id 2",
        ),
        (
            "ALTER TABLE tts_records MODIFY duration DECIMAL(30, 15); UPDATE tts_records SET duration = "
            "CASE id WHEN 1 THEN 4.4 ELSE 1234567.123456789012345 END",
            "its duration is of more digits than a DOUBLE keeps in 2 rows, the first with id 2",
        ),
        (
            "ALTER TABLE tts_records MODIFY duration BIGINT; UPDATE tts_records SET duration = 9007199254740993 + id",
            "its duration is of more digits than a DOUBLE keeps in 1 rows, the first with id 2",
        ),
        ("ALTER TABLE tts_records MODIFY id INT, DROP PRIMARY KEY", "its primary key is not id"),
        ("ALTER TABLE tts_records MODIFY id INT; UPDATE tts_records SET id = 0 WHERE id = 2", "a row has the id 0"),
        (
            "SET sql_mode = ''; UPDATE tts_records SET created_at = '0000-00-00' WHERE id = 2",
            "its created_at is no day of the calendar in 1 rows, the first with id 2",
        ),
        (
            "ALTER TABLE tts_records ADD note VARCHAR(9000) CHARACTER SET utf8mb4, "
            "ADD note2 VARCHAR(3000) CHARACTER SET utf8mb4",
            "the server refuses to alter it: Row size too large",
        ),
    ],
)
def test_what_only_a_server_has_may_be_in_the_way(on_mysql_or_mariadb: Place, change: str, because: str) -> None:
    on_mysql_or_mariadb.make()
    on_mysql_or_mariadb.insert(3)
    for statement in change.split("; "):
        on_mysql_or_mariadb.execute(statement)
    refused(on_mysql_or_mariadb, because)
    assert not on_mysql_or_mariadb.query("SHOW TABLES LIKE 'sidecar_trial'")


def test_a_time_that_updates_moved_is_told(on_mysql_or_mariadb: Place) -> None:
    on_mysql_or_mariadb.make()
    on_mysql_or_mariadb.execute(
        "ALTER TABLE tts_records MODIFY created_at DATETIME DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP"
    )
    assert "had ON UPDATE CURRENT_TIMESTAMP, which is gone" in on_mysql_or_mariadb.run("migrate")


def test_a_table_of_the_trials_name_is_somebody_s(on_mysql_or_mariadb: Place) -> None:
    on_mysql_or_mariadb.make()
    on_mysql_or_mariadb.execute("CREATE TABLE sidecar_trial (note TEXT)")
    on_mysql_or_mariadb.execute("INSERT INTO sidecar_trial VALUES ('keep me')")
    refused(on_mysql_or_mariadb, "sidecar_trial is a table with rows")
    assert on_mysql_or_mariadb.query("SELECT note FROM sidecar_trial") == [("keep me",)]


@pytest.mark.parametrize(
    ("sql", "because"),
    [
        (
            "CREATE TABLE tts_records (id INTEGER PRIMARY KEY, text_input TEXT, emotion TEXT, audio_path TEXT, "
            "created_at TEXT, duration REAL) WITHOUT ROWID",
            "it is WITHOUT ROWID",
        ),
        (
            "CREATE TABLE tts_records (id INTEGER PRIMARY KEY, text_input TEXT NOT NULL, audio_path TEXT NOT NULL)",
            "it has no column created_at",
        ),
        (
            "CREATE TABLE tts_records (id INTEGER PRIMARY KEY, text_input TEXT NOT NULL, emotion TEXT NOT NULL DEFAULT "
            "'neutral', audio_path TEXT NOT NULL, created_at TEXT, duration REAL); "
            "INSERT INTO tts_records (text_input, audio_path, created_at) VALUES ('', '', '2026-02-31 10:00:00')",
            "its created_at is no day of the calendar in 1 rows, the first with id 1",
        ),
    ],
)
def test_what_sqlite_takes_may_be_in_the_way(tmp_path: Path, sql: str, because: str) -> None:
    scene = place(tmp_path, sqlite_url(tmp_path / "sidecar.db"))
    for statement in sql.split("; "):
        scene.execute(statement)
    refused(scene, because)


def test_a_system_versioned_table_is_in_the_way(mariadb: Server, tmp_path: Path) -> None:
    scene = place(tmp_path, mariadb.url(mariadb.create_database()))
    scene.make()
    scene.insert(3)
    scene.execute("ALTER TABLE tts_records ADD SYSTEM VERSIONING")
    refused(scene, "it is system-versioned")

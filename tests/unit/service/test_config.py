"""Settings: where they come from, and which are refused before anything begins."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sidecar.errors import SettingsError
from sidecar.service import config
from sidecar.service.settings import PREFIX
from sidecar.storage.dsn import MysqlDsn, SqliteDsn


@pytest.fixture(autouse=True)
def _bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty working folder, and no setting in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)


def test_a_flag_goes_before_the_environment_before_dotenv_before_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert config.load().batch_max_events == 1000
    Path(".env").write_text("SIDECAR_BATCH_MAX_EVENTS=3\nSIDECAR_BATCH_MAX_BYTES=4096\n", encoding="utf-8")
    monkeypatch.setenv("SIDECAR_BATCH_MAX_EVENTS", "2")
    assert config.load().batch_max_events == 2
    assert config.load({"batch_max_events": 1, "batch_max_bytes": None}).batch_max_events == 1
    assert config.load().batch_max_bytes == 4096


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("BATCH_MAX_EVENTS", "0", "SIDECAR_BATCH_MAX_EVENTS"),
        ("POLL_SECONDS", "nan", "SIDECAR_POLL_SECONDS"),
        ("LISTEN", "9790", "HOST:PORT"),
        ("LISTEN", "127.0.0.1:65536", "HOST:PORT"),
        ("TIMEZONE", "Mars/Olympus", "Asia/Shanghai"),
        ("WATCH_DIR", " , ", "names no folder"),
        ("WATCH_DIR", "a,./a", "twice"),
        ("WATCH_DIR", "x" * 441, "440 characters"),
        ("BATCH_MAX_EVENT", "5", "SIDECAR_BATCH_MAX_EVENTS?"),
        ("DATABASE_PASSWORD_FILE", "gone", "cannot be read"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"SIDECAR_{name}", value)
    with pytest.raises(SettingsError) as refused:
        config.load()
    assert said in f"{refused.value} {refused.value.hint}"


def test_a_misspelt_name_in_dotenv_is_refused_too() -> None:
    Path(".env").write_text("SIDECAR_WATCH_DIRS=/srv\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="SIDECAR_WATCH_DIRS is no setting"):
        config.load()


def test_a_name_without_a_value_in_dotenv_is_refused() -> None:
    Path(".env").write_text("SIDECAR_NAME\nOTHER\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="SIDECAR_NAME has no value"):
        config.load()


@pytest.mark.parametrize(
    ("name", "value", "bounds"),
    [
        ("EVENT_MAX_BYTES", "12", "a whole number, 1024 or more, at most 67108864"),
        ("EVENT_MAX_BYTES", "1.5e6", "a whole number"),
        ("EVENT_MAX_BYTES", "", "a whole number"),
        ("POLL_SECONDS", "0", "a number, more than 0, at most 86400"),
        ("DRAIN_SECONDS", "inf", "a number, 0 or more, at most 86400"),
        ("LOG_LEVEL", "loud", "one of debug, info, warning, error"),
        ("NAME", "two words", "1 to 64 letters, digits"),
        ("NAME", "x" * 65, "1 to 64 letters, digits"),
    ],
)
def test_what_is_wrong_is_repeated_and_what_is_right_is_told(
    name: str, value: str, bounds: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"SIDECAR_{name}", value)
    with pytest.raises(SettingsError) as refused:
        config.load()
    assert str(refused.value) == f"SIDECAR_{name} is {value!r}"
    assert bounds in refused.value.hint


def test_values_come_in_the_type_of_their_field(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("DRAIN_SECONDS", "0"), ("OVERLAP_SECONDS", "2.5"), ("EVENT_MAX_BYTES", "2048")):
        monkeypatch.setenv(f"SIDECAR_{name}", value)
    monkeypatch.setenv("sidecar_web_token_file", "token")
    settings = config.load()
    assert (settings.drain_seconds, settings.overlap_seconds, settings.event_max_bytes) == (0.0, 2.5, 2048)
    assert isinstance(settings.drain_seconds, float)
    assert settings.web_token_file == Path("token")


def test_secrets_are_in_no_repr() -> None:
    given = {"database_url": "mysql://a:geheim@h/d", "database_password": "geheim", "web_token": "geheim" * 4}
    assert "geheim" not in repr(config.load(given))


def test_a_wrong_url_is_refused_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIDECAR_DATABASE_URL", "mysql://anna:geheim@db:port/tts")
    with pytest.raises(SettingsError) as refused:
        config.load()
    assert "geheim" not in f"{refused.value} {refused.value.hint}"


def test_the_password_comes_from_a_file_unless_that_is_empty(tmp_path: Path) -> None:
    file = tmp_path / "password"
    given = {"database_url": "mysql://anna@db/tts", "database_password": "spoken", "database_password_file": file}
    for content, expected in (("from the file\n", "from the file"), ("\n", "spoken")):
        file.write_text(content, encoding="utf-8")
        dsn = config.load(given).dsn
        assert isinstance(dsn, MysqlDsn)
        assert dsn.password == expected


def test_folders_are_separated_by_commas_or_colons_and_absolute(tmp_path: Path) -> None:
    settings = config.load({"watch_dir": f"one, two{os.pathsep}/srv/three,"})
    assert settings.folders == [tmp_path / "one", tmp_path / "two", Path("/srv/three")]
    assert isinstance(settings.dsn, SqliteDsn)


@pytest.mark.parametrize(
    ("listen", "address"),
    [("off", None), ("[::1]:0", ("::1", 0)), ("0.0.0.0:9790", ("0.0.0.0", 9790))],
)
def test_an_address_is_a_host_and_a_port_or_off(listen: str, address: tuple[str, int] | None) -> None:
    assert config.load({"listen": listen}).listen_address == address


def test_the_fingerprint_changes_with_the_name_and_the_folders_alone() -> None:
    first = config.load({"name": "studio", "watch_dir": "a,b"}).fingerprint
    assert config.load({"name": "studio", "watch_dir": "b,a", "batch_max_events": 7}).fingerprint == first
    assert config.load({"name": "render", "watch_dir": "a,b"}).fingerprint != first


def test_a_database_is_the_same_however_it_is_spelled() -> None:
    def of(url: str) -> str:
        return config.load({"database_url": url}).database_fingerprint

    assert of("mysql://reader:a@localhost/tts") == of("mysql://shipper:b@127.0.0.1:3306/tts?ssl=off")
    assert of("mysql://reader@localhost/tts") != of("mysql://reader@localhost/other")
    assert of("mysql://reader@localhost:3307/tts") != of("mysql://reader@localhost/tts")
    assert of("sqlite:///sidecar.db") == of(f"sqlite:///{os.path.abspath('sidecar.db')}")
    assert of("sqlite:///sidecar.db") != of("sqlite:///other.db")


@pytest.mark.parametrize("quote", ["", "'", '"'])
def test_what_dotenv_says_is_taken_letter_by_letter(quote: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME_OF_NOBODY", "expanded")
    Path(".env").write_text(f"SIDECAR_DATABASE_PASSWORD={quote}a${{HOME_OF_NOBODY}}$b{quote}\n")
    assert config.load().database_password == "a${HOME_OF_NOBODY}$b"

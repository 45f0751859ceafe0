"""The three accounts of a server's database: their names, their passwords on disk, and the SQL that makes them."""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from sidecar.errors import SettingsError
from sidecar.installation import bundled
from sidecar.setup.files import write_private
from sidecar.storage.dsn import MysqlDsn

FOLDER = ".sidecar-passwords"
ROLES = ("migrate", "ship", "read")
_NAME = re.compile(r"[A-Za-z0-9_]{1,24}")  # MySQL's user names end at 32 characters
_LETTERS = string.ascii_letters + string.digits
_ACCOUNTS_SQL, _GRANTS_SQL = bundled("deploy/mysql/accounts.sql"), bundled("deploy/mysql/grants.sql")


@dataclass(frozen=True)
class Accounts:
    """
    Args:
        server: where the database is, and its name; its user is who may make accounts there.
        folder: IndexTTS's.
    """

    server: MysqlDsn
    folder: Path

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.server.database):
            raise SettingsError(
                f"{self.server.database!r} is no name for the database",
                hint="Letters, digits and _, at most 24: the accounts are named after it.",
            )

    def name(self, role: str) -> str:
        return f"{self.server.database}_{role}"

    def names(self, roles: Iterable[str] = ROLES) -> str:
        """For a sentence."""
        return ", ".join(map(self.name, roles))

    def file(self, role: str) -> Path:
        """Where the password is kept, and nothing else."""
        return self.folder / FOLDER / self.name(role)

    def make_passwords(self) -> None:
        """Choose a password where there is none yet. Before the accounts are made: what dies in between knows them.

        Raises:
            OSError: they cannot be kept.
        """
        (self.folder / FOLDER).mkdir(mode=0o700, exist_ok=True)
        for role in ROLES:
            if not self._password(role):
                # The end pleases servers that ask for every kind of character.
                chosen = "".join(secrets.choice(_LETTERS) for _ in range(28)) + "-aA1"
                write_private(self.file(role), f"{chosen}\n")

    def dsn(self, role: str) -> MysqlDsn:
        return replace(self.server, user=self.name(role), password=self._password(role))

    def statements(self) -> list[str]:
        """What an administrator runs: database, accounts and rights, each statement harmless where it was run before.

        They are deploy/mysql's accounts.sql and grants.sql with this database, its accounts and their passwords.
        """
        text = "\n".join(path.read_text(encoding="utf-8") for path in (_ACCOUNTS_SQL, _GRANTS_SQL))
        text = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
        for role in ROLES:
            text = text.replace(f"<password of tts_{role}>", f"'{self._password(role)}'")
        text = text.replace("`tts`", f"`{self.server.database}`").replace("'tts_", f"'{self.server.database}_")
        return [statement.strip() for statement in text.split(";") if statement.strip()]

    def renewals(self, roles: list[str]) -> list[str]:
        """Give accounts that are there our passwords."""
        return [f"ALTER USER '{self.name(role)}'@'%' IDENTIFIED BY '{self._password(role)}'" for role in roles]

    def script(self) -> str:
        """The statements for an administrator's client."""
        head = (
            f"-- Database {self.server.database} and its accounts, with their passwords. To be run by an administrator."
        )
        return "\n".join([head, *(f"{statement};" for statement in self.statements())]) + "\n"

    def tables(self) -> set[str]:
        """The tables that the shipping account is granted."""
        return set(re.findall(r"\.`(\w+)` TO 'tts_ship'", _GRANTS_SQL.read_text(encoding="utf-8")))

    def _password(self, role: str) -> str:
        path = self.file(role)
        return path.read_text(encoding="utf-8").strip() if path.exists() else ""

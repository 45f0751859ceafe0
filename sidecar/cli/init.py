"""sidecar init"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeGuard, TypeVar

import click

from sidecar.cli.support.checks import all_findings
from sidecar.cli.support.options import EXIT_FAILED, verb, with_errors
from sidecar.cli.support.say import say
from sidecar.doctor import Level
from sidecar.errors import SettingsError, SidecarError, UsageError
from sidecar.installation import bundled
from sidecar.service import config
from sidecar.service.occupied import who_listens
from sidecar.service.settings import ENV_FILE, Settings
from sidecar.setup import commands, database, files, owner, place, server, unit
from sidecar.setup.accounts import FOLDER, Accounts
from sidecar.storage.dsn import Dsn, MysqlDsn, whole
from sidecar.wording.plural import count

T = TypeVar("T")

_URL, _PASSWORD, _PASSWORD_FILE, _WATCH_DIR = map(
    config.environment_name, ("database_url", "database_password", "database_password_file", "watch_dir")
)
_ANSWERED_BY_ENVIRONMENT = (_URL, _PASSWORD, _PASSWORD_FILE, _WATCH_DIR)
_ADMINISTRATOR_PASSWORD = "MYSQL_PWD"  # as the servers' own clients read it
_INSTALLER, _MANUAL = bundled("deploy/install.sh"), bundled("deploy/README.md")
_WINDOWS = sys.platform == "win32"


@verb()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option(
    "--database",
    metavar="WHERE",
    help="sqlite: a file in that folder; mysql: MySQL or MariaDB on this machine; or "
    "mysql://[ADMINISTRATOR@]HOST[:PORT]/DATABASE, without a password.  [default: sqlite]",
)
@click.option(
    "--admin-password-file",
    metavar="PATH",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"Holds the password of the server's administrator. Else {_ADMINISTRATOR_PASSWORD} in the environment does, "
    "or it is asked for.",
)
@click.option(
    "--print-sql",
    is_flag=True,
    help="Hand out what an administrator has to run. Passwords are in it: on a terminal it goes into a file.",
)
@click.option("--renew-passwords", is_flag=True, help="Accounts whose passwords are not known here get new ones.")
@click.option("--service/--no-service", default=None, help="Also have systemd run the shipper for you.")
@click.option("--force", is_flag=True, help="Take the folder although nothing in it is IndexTTS's.")
@click.option("--yes", is_flag=True, help="Ask nothing: the default of every question.")
def init(folder: Path | None, **options: object) -> None:
    """Set everything up: database, accounts, tables and settings.

    From nothing to recording, beside IndexTTS. FOLDER is the one with webui.py or outputs/; without it, it is looked
    for from here. On a server, an administrator's connection makes a database and three accounts with random passwords.
    Run it as often as you like: what is right is left alone, what is half done is finished, old tables are brought up
    to date.

    \b
    Example:
        sidecar init
        sidecar init --yes /srv/index-tts
        sudo sidecar init --database mysql
        sidecar init --database mysql --print-sql | sudo mysql
    """

    def work() -> None:
        try:
            _Setup(**options).run(folder)  # type: ignore[arg-type]  # click's types
        except (click.Abort, KeyboardInterrupt) as stop:
            click.echo(err=True)
            raise SidecarError("stopped", hint="Run it again at any time: it goes on from here.") from stop

    with_errors(work)


@dataclass(kw_only=True)
class _Setup:
    """One run: its answers, and what it has told. It is a setup.database.Person."""

    database: str | None
    admin_password_file: Path | None
    print_sql: bool
    renew_passwords: bool
    service: bool | None
    force: bool
    yes: bool
    changes: int = field(default=0, init=False)

    def run(self, named: Path | None) -> None:
        # Asked first, done afterwards: whoever stops at a question has changed nothing.
        self.yes = self.yes or self.print_sql
        administrator_password = self._administrator_password()
        folder = self._folder(named)
        if owner.act_as_owner(folder):
            self.tell("working as the owner of the folder")
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            raise SidecarError(f"{folder} cannot be written by this user", hint="Run this as its owner, or with sudo.")
        os.chdir(folder)
        where = self._where(folder)
        program = self._served_program()
        files.require_untracked(folder / ENV_FILE)
        hidden = files.exclude_from_git(folder, [ENV_FILE, f"{FOLDER}/", "sidecar.db*"])
        if hidden:
            self.changed(f"git: overlooks {', '.join(hidden)} (.git/info/exclude)")
        if not (
            self._server(where, administrator_password) if isinstance(where, Accounts) else self._somebodys_own(where)
        ):
            return  # the administrator's turn
        for path in config.load().folders:
            if not path.exists() and path.is_relative_to(folder):
                path.mkdir(parents=True)
                self.changed(f"{path.relative_to(folder)}/: made")
        if program and unit.install(folder, program, anew=self.changes > 0):
            self.changed(f"service: {unit.NAME} runs (loginctl enable-linger keeps it up while you are logged out)")
        works = self._doctor(served=bool(program))
        if not self.changes:
            self.tell("Everything was right already. Nothing was changed.")
        self._show_lines(folder, served=bool(program))
        if not works:
            sys.exit(EXIT_FAILED)

    # A person, as setup.database knows one.

    def tell(self, text: str) -> None:
        say(text, indent=2, err=self.print_sql)

    def changed(self, text: str) -> None:
        self.changes += 1
        self.tell(text)

    def password(self, account: str) -> str | None:
        if self.yes or not _is_asked():
            return None
        return str(click.prompt(f"Password of {account}", hide_input=True, default="", show_default=False, err=True))

    def may_renew(self, question: str) -> bool:
        if self.renew_passwords:
            return True
        return not self.yes and _is_asked() and click.confirm(question, err=True)

    # The steps.

    def _ask(self, question: str, default: str, flag: str, check: Callable[[str], T]) -> T:
        """
        Args:
            check: makes something of the answer; after an error of ours the question is asked again.

        Raises:
            UsageError: there is no terminal to ask on.
        """
        if self.yes:
            return check(default)
        if not _is_asked():
            raise UsageError(f"nobody can be asked: {question}", hint=f"Say {flag}, or --yes for every default.")

        def checked(answer: str) -> T:
            try:
                return check(answer)
            except SidecarError as error:
                raise click.UsageError(f"{error}. {error.hint}") from error

        found: T = click.prompt(question, default=default, value_proc=checked, err=True)
        return found

    def _folder(self, named: Path | None) -> Path:
        def check(answer: str) -> Path:
            return place.require(Path(answer), force=self.force)

        if named is not None:
            folder = check(str(named))
        else:
            here = Path.cwd()
            found = here if self.force else place.find(here, Path.home())
            if found is None and (self.yes or not _is_asked()):
                raise place.not_found(here)
            folder = self._ask("IndexTTS's folder", str(found or here), "FOLDER", check)
        self.tell(f"IndexTTS: {folder} ({', '.join(place.marks(folder)) or 'as named'})")
        return folder

    def _where(self, folder: Path) -> Dsn | Accounts:
        """The database: by flag, else as the environment or the file of settings says, else asked for.

        Returns:
            Accounts where we make them, or have made them; the administrator is their server's user.
        """
        in_environment = bool(config.environment().get(_URL))
        if self.database is not None and in_environment:
            raise UsageError(f"both --database and {_URL} name a database", hint="Name one.")
        if self.database is None and (in_environment or config.in_file().get(_URL)):
            found = config.load().dsn
            if _is_ours(found, folder):
                return Accounts(replace(found, user=server.DEFAULT_ADMINISTRATOR), folder)
            if self.print_sql:
                raise UsageError(f"{found} needs no administrator", hint="Name a server by --database mysql://...")
            return found
        if self.database is not None or self.print_sql:
            chosen = database.parse_where(self.database or "mysql")
        else:
            question = "Database: sqlite, mysql, or mysql://ADMINISTRATOR@HOST/DATABASE"
            chosen = self._ask(question, "sqlite", "--database", database.parse_where)
        return Accounts(chosen, folder) if isinstance(chosen, MysqlDsn) else chosen

    def _somebodys_own(self, dsn: Dsn) -> bool:
        """A database without accounts of our making. Returns that it is ready."""
        self.tell(f"database: {dsn}")
        database.make_tables(dsn, self)
        given = _from_environment()
        self._write_settings(given if _URL in given or isinstance(dsn, MysqlDsn) else {**given, _URL: str(dsn)})
        return True

    def _server(self, accounts: Accounts, administrator_password: str | None) -> bool:
        """Returns whether the database is ready; else an administrator must run SQL first."""
        self.tell(f"database: {accounts.server.database} on {accounts.server.where}")
        settings = {
            **_from_environment(),
            _URL: accounts.dsn("ship").url,
            _PASSWORD_FILE: accounts.file("ship").relative_to(accounts.folder).as_posix(),
        }
        if self.print_sql:
            accounts.make_passwords()
            if not database.is_ready_to_go_on(accounts):
                self._write_settings(settings)
                self._hand_out(accounts)
                return False
        database.make_accounts(accounts, administrator_password, self)
        database.make_tables(accounts.dsn("migrate"), self)
        self._write_settings(settings)
        return True

    def _hand_out(self, accounts: Accounts) -> None:
        if sys.stdout.isatty():  # passwords would stay on the screen
            path = accounts.folder / FOLDER / "accounts.sql"
            files.write_private(path, accounts.script())
            self._show("To be run by an administrator, such as root:", [f"sudo mysql < {shlex.quote(str(path))}"])
        else:
            click.echo(accounts.script(), nl=False)
        self._show("When that is done, this goes on from there:", _again(accounts.folder))

    def _administrator_password(self) -> str | None:
        """
        Raises:
            SettingsError: its file cannot be read.
        """
        if self.admin_password_file is not None:
            try:
                return self.admin_password_file.read_text(encoding="utf-8").rstrip("\r\n")
            except (OSError, UnicodeDecodeError) as error:
                raise SettingsError(f"--admin-password-file cannot be read: {error}") from error
        return config.environment().get(_ADMINISTRATOR_PASSWORD)

    def _write_settings(self, values: dict[str, str]) -> None:
        differences = files.write_settings(Path(ENV_FILE), values, config.in_file())
        if differences:
            self.changed(f"{ENV_FILE}: {', '.join(differences)}")

    def _served_program(self) -> Path | None:
        """The program that a service is to run; None for no service."""
        program = commands.installed_script()
        possible = unit.is_possible()
        if self.service and program is None:
            raise SidecarError(
                "a service needs a program that stays, and this one lies in a cache",
                hint="Install it: uv tool install, pipx install or pip install; then run this again.",
            )
        if self.service and not possible:
            hint = f"Log in as the user, not by su or sudo; for the whole machine: sudo {_INSTALLER}."
            if _WINDOWS:
                hint = "Windows has none: let its Task Scheduler start `sidecar run` in IndexTTS's folder."
            raise SidecarError("no systemd of this user answers", hint=hint)
        if program is None or not possible:
            return None
        wanted = self.service
        if wanted is None:
            question = "Have systemd run the shipper for you (yes, no)"
            wanted = unit.path().exists() or self._ask(question, "no", "--service or --no-service", _is_yes)
        return program if wanted else None

    def _doctor(self, *, served: bool) -> bool:
        findings = list(all_findings(config.load(), service=served))
        for finding in findings:
            if finding.level in (Level.WARNING, Level.FAILURE):
                self.tell(f"{finding.level}: {finding.check}: {finding.message}")
                self.tell(f"  → {finding.cure}")
        fine = sum(finding.level in (Level.OK, Level.NOTE) for finding in findings)
        self.tell(f"doctor: {fine} of {count(len(findings), 'check')} are fine")
        return all(finding.level is not Level.FAILURE for finding in findings)

    def _show_lines(self, folder: Path, *, served: bool) -> None:
        self._show(
            "Start IndexTTS with the recording:", commands.lines(folder, commands.start_tts(folder), windows=_WINDOWS)
        )
        if not served:
            line = commands.lines(folder, [commands.start_shipper()], windows=_WINDOWS)
            self._show("Start the shipper, in another terminal:", line)
            if elsewhere := _shipper_elsewhere(config.load()):
                self.tell(f"\n{elsewhere}")
            self._tell_of_services(folder)

    def _tell_of_services(self, folder: Path) -> None:
        if commands.installed_script() and unit.is_possible():
            self._show("Or have systemd run it for you:", _again(folder, "--service"))
        elif unit.machine_has_systemd():
            head = f"Or as a service of the whole machine; {_MANUAL} tells the rest:"
            step = ["sudo", str(_INSTALLER), "--watch-dir", ",".join(map(str, config.load().folders))]
            self._show(head, commands.lines(folder, [step], windows=False))

    def _show(self, head: str, lines: list[str]) -> None:
        # As they are: to be copied.
        click.echo("\n".join([f"\n{head}\n", *lines]), err=self.print_sql)


def _shipper_elsewhere(settings: Settings) -> str:
    """What is said where a shipper at work ships into another database; empty where none does."""
    running = who_listens(settings.listen_address) if settings.listen_address else None
    if running is None or running.database in ("", whole(settings.dsn)):
        return ""
    return f"A shipper is at work (pid {running.pid}) into {running.database}; if it is this folder's, end it first."


def _from_environment() -> dict[str, str]:
    """What the environment has answered: to be kept, for the next terminal will not have it."""
    return {name: value for name in _ANSWERED_BY_ENVIRONMENT if (value := config.environment().get(name))}


def _is_ours(dsn: Dsn, folder: Path) -> TypeGuard[MysqlDsn]:
    """Whether these are accounts that we make, have made, or must make anew: else somebody's own, which works."""
    if not isinstance(dsn, MysqlDsn) or dsn.user != f"{dsn.database}_ship":
        return False
    return Accounts(dsn, folder).file("ship").exists() or server.log_in(dsn) is not server.Login.DONE


def _again(folder: Path, *more: str) -> list[str]:
    return commands.lines(folder, [[*commands.this_program(), "init", "--yes", *more]], windows=_WINDOWS)


def _is_yes(answer: str) -> bool:
    if answer.lower() not in ("yes", "y", "no", "n"):
        raise UsageError("that is neither yes nor no")
    return answer.lower().startswith("y")


def _is_asked() -> bool:
    return sys.stdin.isatty()

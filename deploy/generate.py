"""Writes the files of deploy/ that follow from code: the environment file and the dashboards.

    python deploy/generate.py

Run it after a setting was added or a panel changed; a test fails where the files are not what it would write.
"""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

from sidecar.service import config

HERE = Path(__file__).resolve().parent
_HEAD = """\
# Every setting of the shipper, with its default. Read by indextts-sidecar.service; restart it after a change.
# Not a shell script: no ${...}, no export. A password does not belong here: put it, alone, into
# /etc/indextts-sidecar/database-password.
"""
# What an installed service sets in any case; install.sh fills in the folder.
_SERVICE: Mapping[str, str] = {
    "watch_dir": "/srv/index-tts/outputs",
    "database_url": "sqlite:////var/lib/indextts-sidecar/sidecar.db",
}
_NOT_HERE = {
    "database_password": "Not in a file that everybody may read.",
    "web_token": "Not in a file that everybody may read.",
    "upstream_key": "Not in a file that everybody may read.",
    "transcribe_key": "Not in a file that everybody may read.",
    "database_password_file": "The service sets it: a copy of /etc/indextts-sidecar/database-password "
    "that only the service can read.",
}


def environment_file() -> str:
    """deploy/systemd/sidecar.env: each setting once, in the order of the code."""
    lines = [_HEAD]
    for name, field in config.fields().items():
        lines += textwrap.wrap(
            field.description or "", width=110, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False
        )
        if name in _NOT_HERE:
            lines.append(f"# {_NOT_HERE[name]}")
        if name in _SERVICE:
            lines.append(f"{config.environment_name(name)}={_SERVICE[name]}")
        else:
            lines.append(f"#{config.environment_name(name)}={config.default(name)}")
        lines.append("")
    return "\n".join(lines)


def files() -> dict[Path, str]:
    """Every generated file and what belongs into it."""
    sys.path.insert(0, str(HERE / "grafana"))
    try:
        import metrics
        import shipper
        import speech
    finally:
        sys.path.pop(0)
    dashboards = {
        name: module.build() for name, module in (("metrics", metrics), ("shipper", shipper), ("speech", speech))
    }
    return {HERE / "systemd" / "sidecar.env": environment_file()} | {
        HERE / "grafana" / "dashboards" / f"{name}.json": json.dumps(board, indent=1, ensure_ascii=False) + "\n"
        for name, board in dashboards.items()
    }


if __name__ == "__main__":
    for path, content in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        print(path.relative_to(HERE.parent))

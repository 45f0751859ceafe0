"""The proxy as somebody operates it: what doctor says, its metrics, an address that is taken."""

from __future__ import annotations

import subprocess
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from sidecar.cli.main import sidecar as root_command
from sidecar.doctor.findings import Level
from sidecar.doctor.proxy import check_proxy
from sidecar.proxy.keys import add
from tests.operate.prometheus import program
from tests.proxy.scene import SPEECH, Server, proxy, speech_server


def test_doctor_tells_whether_the_proxy_is_well(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    assert list(check_proxy(("127.0.0.1", 1), keys)) == []
    with speech_server(tmp_path) as server, proxy(tmp_path, server.url) as running:
        where = ("127.0.0.1", running.metrics)
        (finding,) = check_proxy(where, keys)
        assert finding.level is Level.OK
        server.kill()
        with running.client() as client:
            client.post(SPEECH, json={"input": "a"})
        (finding,) = check_proxy(where, keys)
        assert finding.level is Level.FAILURE
        assert "cannot be reached" in finding.message
        keys.write_text('{"keys": []}')
        keys.chmod(0o666)
        assert "others may write" in next(check_proxy(where, keys)).message


def test_its_metrics_are_as_prometheus_wants_them(upstream: Server, tmp_path: Path) -> None:
    with proxy(tmp_path, upstream.url) as running:
        with running.client() as client:
            client.post(SPEECH, json={"input": "a"})
            client.post(SPEECH, json={"input": "a"}, headers={"Host": "example.org"})
            client.get("/health")
        page = httpx.get(f"http://127.0.0.1:{running.metrics}/metrics", trust_env=False).text
        assert running.counted("sidecar_proxy_calls_total") == 1
        assert running.counted("sidecar_proxy_passed_total") == 1
        assert running.counted("sidecar_proxy_refused_total") == 1
        assert running.counted("sidecar_proxy_running") == 0
    done = subprocess.run(
        [program("promtool"), "check", "metrics"], input=page, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("127.0.0.1:49793", "http://127.0.0.1:49793"),
        ("127.0.0.1:49793", "http://localhost:49793/"),
        ("[::]:49793", "http://[::1]:49793"),
    ],
)
def test_one_that_would_ask_itself_does_not_start(tmp_path: Path, address: str, url: str) -> None:
    keys = tmp_path / "keys"
    add(keys, "lab", rights=["speech"], per_minute=None, max_characters=None)
    flags = ["--proxy-listen", address, "--upstream", url, "--keys-file", str(keys), "--watch-dir", str(tmp_path)]
    done = CliRunner().invoke(root_command, ["proxy", *flags])
    assert (done.exit_code, "is this proxy itself" in done.stderr) == (2, True)


def test_a_second_one_says_where_the_first_is(upstream: Server, tmp_path: Path) -> None:
    with proxy(tmp_path, upstream.url) as running:
        keys = ["--keys-file", str(tmp_path / "none")]
        flags = ["--proxy-metrics", f"127.0.0.1:{running.metrics}", "--proxy-listen", "127.0.0.1:0"]
        done = CliRunner().invoke(root_command, ["proxy", *flags, *keys])
        assert done.exit_code == 2
        assert f"sidecar proxy, pid {running.process.pid}" in done.stderr
        assert "SIDECAR_PROXY_METRICS" in done.stderr
        done = CliRunner().invoke(root_command, ["proxy", "--proxy-listen", f"127.0.0.1:{running.port}", *keys])
        assert done.exit_code == 2
        assert "SIDECAR_PROXY_LISTEN" in done.stderr

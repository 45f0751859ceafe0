"""Parts of other people that the pages load: unchanged, licensed, and allowed by the pages' policy."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import tomllib

from sidecar.web import assets
from sidecar.web.security import WAVE_STYLE

ROOT = Path(__file__).parents[2]
VENDOR = ROOT / "sidecar" / "web" / "static" / "vendor"
ROW = re.compile(r"^\| `([^`]+)` \| .+ \| (\d+\.\d+\.\d+) \| ([\w.-]+), `([^`]+)` \| `([0-9a-f]{64})` \|$", re.M)


def test_every_part_is_as_it_was_published_and_has_its_licence() -> None:
    told = ROW.findall((VENDOR / "README.md").read_text(encoding="utf-8"))
    hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in VENDOR.glob("*.js")}
    assert {name: digest for name, _, _, _, digest in told} == hashes
    assert {licence for _, _, _, licence, _ in told} == {path.name for path in VENDOR.glob("*.LICENSE")}


def test_the_package_says_which_licences_it_holds() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    told = {kind for _, _, kind, _, _ in ROW.findall((VENDOR / "README.md").read_text(encoding="utf-8"))}
    assert set(project["license"].split(" AND ")) == {"Apache-2.0", *told}
    kept = {path for pattern in project["license-files"] for path in ROOT.glob(pattern)}
    assert kept >= {ROOT / "LICENSE", *VENDOR.glob("*.LICENSE")}


def test_the_style_sheet_that_a_waveform_brings_is_the_one_that_pages_allow() -> None:
    """As wavesurfer writes it for a height of 0, with which wave.js begins."""
    script = (VENDOR / "wavesurfer.esm.js").read_text(encoding="utf-8")
    [sheet] = re.findall(r"<style\$\{.*?\}>(.*?)</style>", script, re.DOTALL)
    written = re.sub(r"\$\{this\.getHeight\([^}]*\)\}", "0", sheet.encode().decode("unicode_escape"))
    digest = base64.b64encode(hashlib.sha256(written.encode()).digest()).decode()
    assert f"'sha256-{digest}'" == WAVE_STYLE


def test_an_address_of_assets_changes_with_a_part() -> None:
    assert {"app.css", "vendor/wavesurfer.esm.js", "page.css"} <= set(assets._files())

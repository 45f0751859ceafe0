"""What BI tools are given: every statement runs and returns rows; every column of Superset's datasets is there."""

from __future__ import annotations

import importlib.util
import zipfile
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from sidecar.storage.database import Database

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
QUESTIONS = [
    line
    for line in (DEPLOY / "metabase" / "questions.sql").read_text(encoding="utf-8").splitlines()
    if not line.startswith("--")
]


def bundle_maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_bundle", DEPLOY / "superset" / "make_bundle.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("sql", QUESTIONS)
def test_a_metabase_question_has_an_answer(studio: Database, sql: str) -> None:
    assert studio.query(sql)


def test_supersets_datasets_have_their_columns(studio: Database) -> None:
    for view, columns in bundle_maker().VIEWS.items():
        assert studio.query(f"SELECT {', '.join(columns)} FROM {view} LIMIT 1"), view


def test_supersets_bundle_hangs_together(tmp_path: Path) -> None:
    bundle_maker().write(tmp_path / "bundle.zip", "sqlite:///x.db")
    with zipfile.ZipFile(tmp_path / "bundle.zip") as bundle:
        files = {name: yaml.safe_load(bundle.read(name)) for name in bundle.namelist()}
    datasets = {content["uuid"] for name, content in files.items() if "/datasets/" in name}
    charts = {content["uuid"]: content for name, content in files.items() if "/charts/" in name}
    assert {content["dataset_uuid"] for content in charts.values()} <= datasets
    position = files["indextts/dashboards/IndexTTS.yaml"]["position"]
    placed = {item["meta"]["uuid"] for item in position.values() if isinstance(item, dict) and item["type"] == "CHART"}
    assert placed == set(charts)

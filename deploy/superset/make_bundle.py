"""Writes the Superset import bundle: database, datasets on the views of schema/, charts and one dashboard.

    python deploy/superset/make_bundle.py bundle.zip [SQLALCHEMY_URI]

The URI is that of an account that may only read, such as mysql+pymysql://reader@127.0.0.1/tts; Superset asks for the
password on import. The bundle is made, not kept: identities come from names (UUIDv5), so importing again updates.
"""

from __future__ import annotations

import sys
import uuid
import zipfile
from pathlib import Path
from typing import Any

import yaml

_NAMESPACE = uuid.UUID("6f0f9b6e-5f0c-5c59-9d0b-1d9a6c1f7d11")
_ROOT = "indextts"
_DATABASE = "IndexTTS"
_TIME_COLUMNS = {"day", "hour_start", "created_at", "time"}

# View: its columns and their kinds.
VIEWS: dict[str, dict[str, str]] = {
    "tts_emotion_usage": {
        "day": "DATE", "emotion": "STRING", "user_id": "STRING", "takes": "BIGINT", "audio_seconds": "DOUBLE",
        "compute_seconds": "DOUBLE",
    },
    "tts_duplicates": {
        "request_hash": "STRING", "takes": "BIGINT", "created_at": "DATETIME", "text_input": "STRING",
        "emotion": "STRING", "voice": "STRING", "compute_seconds": "DOUBLE", "wasted_seconds": "DOUBLE",
    },
    "tts_load": {
        "hour_start": "DATETIME", "day": "DATE", "hour": "BIGINT", "weekday": "BIGINT", "takes": "BIGINT",
        "audio_seconds": "DOUBLE", "compute_seconds": "DOUBLE",
    },
    "tts_quality": {
        "day": "DATE", "model_version": "STRING", "takes": "BIGINT", "succeeded": "BIGINT", "failed": "BIGINT",
        "interrupted": "BIGINT", "saturated": "BIGINT", "audio_seconds": "DOUBLE", "compute_seconds": "DOUBLE",
    },
    "tts_voice_failures": {
        "voice": "STRING", "attempts": "BIGINT", "failures": "BIGINT", "failure_rate": "DOUBLE", "saturated": "BIGINT",
    },
    "tts_ratings": {
        "event_id": "STRING", "created_at": "DATETIME", "rating": "BIGINT", "rating_note": "STRING",
        "rated_by": "STRING", "text_input": "STRING", "emotion": "STRING", "voice": "STRING", "model_version": "STRING",
    },
}  # fmt: skip


def metric(label: str, expression: str) -> dict[str, Any]:
    return {"expressionType": "SQL", "sqlExpression": expression, "label": label, "optionName": f"metric_{label}"}


def over_time(column: str, metrics: list[dict[str, Any]], by: list[str], kind: str = "line") -> dict[str, Any]:
    return {
        "viz_type": f"echarts_timeseries_{kind}", "x_axis": column, "time_grain_sqla": "P1D", "metrics": metrics,
        "groupby": by, "row_limit": 10_000, "truncate_metric": True, "show_legend": True, "adhoc_filters": [],
    }  # fmt: skip


def table(columns: list[str], order: str) -> dict[str, Any]:
    return {
        "viz_type": "table", "query_mode": "raw", "all_columns": columns, "row_limit": 100, "adhoc_filters": [],
        "order_by_cols": [f'["{order}", false]'],
    }  # fmt: skip


def bars(by: str, measure: dict[str, Any]) -> dict[str, Any]:
    return {
        "viz_type": "pie", "groupby": [by], "metric": measure, "row_limit": 100, "sort_by_metric": True,
        "adhoc_filters": [], "show_legend": True, "label_type": "key_percent",
    }  # fmt: skip


# Chart: its view and what it draws.
CHARTS: dict[str, tuple[str, dict[str, Any]]] = {
    "Takes a day": ("tts_load", over_time("day", [metric("takes", "SUM(takes)")], [], "bar")),
    "When in the week": (
        "tts_load",
        {
            "viz_type": "heatmap_v2", "x_axis": "hour", "groupby": "weekday", "metric": metric("takes", "SUM(takes)"),
            "row_limit": 1000, "adhoc_filters": [], "sort_x_axis": "alpha_asc", "sort_y_axis": "alpha_asc",
            "normalize_across": "heatmap",
        },
    ),
    "Emotions": ("tts_emotion_usage", bars("emotion", metric("takes", "SUM(takes)"))),
    "Takes by user": ("tts_emotion_usage", bars("user_id", metric("takes", "SUM(takes)"))),
    "Real-time factor by model": (
        "tts_quality",
        over_time("day", [metric("rtf", "SUM(compute_seconds) / SUM(audio_seconds)")], ["model_version"]),
    ),
    "Failure rate": (
        "tts_quality",
        over_time("day", [metric("failure rate", "SUM(failed + interrupted) * 1.0 / SUM(takes)")], []),
    ),
    "Voices by failure rate": (
        "tts_voice_failures",
        table(["voice", "attempts", "failures", "failure_rate", "saturated"], "failure_rate"),
    ),
    "What was made again": (
        "tts_duplicates",
        table(["takes", "wasted_seconds", "text_input", "voice"], "wasted_seconds"),
    ),
    "Ratings": ("tts_ratings", table(["created_at", "rating", "rating_note", "rated_by", "text_input"], "created_at")),
}  # fmt: skip


def identity(kind: str, name: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, f"{kind}/{name}"))


def dataset(view: str, columns: dict[str, str]) -> dict[str, Any]:
    main = next((name for name in columns if name in _TIME_COLUMNS), None)
    return {
        "table_name": view, "main_dttm_col": main, "description": f"The view {view}; see schema/README.md.",
        "default_endpoint": None, "offset": 0, "cache_timeout": None, "catalog": None, "schema": None, "sql": None,
        "params": None, "template_params": None, "filter_select_enabled": True, "fetch_values_predicate": None,
        "extra": None, "normalize_columns": False, "always_filter_main_dttm": False, "uuid": identity("dataset", view),
        "metrics": [{"metric_name": "count", "expression": "COUNT(*)", "verbose_name": None, "metric_type": None,
                     "description": None, "d3format": None, "currency": None, "extra": {}, "warning_text": None}],
        "columns": [
            {"column_name": name, "verbose_name": None, "is_dttm": name in _TIME_COLUMNS, "is_active": True,
             "type": kind, "advanced_data_type": None, "groupby": True, "filterable": True, "expression": None,
             "description": None, "python_date_format": None, "extra": {}}
            for name, kind in columns.items()
        ],
        "version": "1.0.0", "database_uuid": identity("database", _DATABASE),
    }  # fmt: skip


def chart(name: str, view: str, params: dict[str, Any]) -> dict[str, Any]:
    return {
        "slice_name": name, "description": None, "certified_by": None, "certification_details": None,
        "viz_type": params["viz_type"], "params": params, "query_context": None, "cache_timeout": None,
        "uuid": identity("chart", name), "version": "1.0.0", "dataset_uuid": identity("dataset", view),
    }  # fmt: skip


def dashboard() -> dict[str, Any]:
    position: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]},
        "GRID_ID": {"type": "GRID", "id": "GRID_ID", "children": [], "parents": ["ROOT_ID"]},
        "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": "IndexTTS"}},
    }
    names = list(CHARTS)
    for row, start in enumerate(range(0, len(names), 2)):
        pair = names[start : start + 2]
        row_id = f"ROW-{row}"
        position["GRID_ID"]["children"].append(row_id)
        position[row_id] = {
            "type": "ROW", "id": row_id, "children": [f"CHART-{name}" for name in pair],
            "parents": ["ROOT_ID", "GRID_ID"], "meta": {"background": "BACKGROUND_TRANSPARENT"},
        }  # fmt: skip
        for name in pair:
            position[f"CHART-{name}"] = {
                "type": "CHART", "id": f"CHART-{name}", "children": [], "parents": ["ROOT_ID", "GRID_ID", row_id],
                "meta": {"width": 12 // len(pair), "height": 50, "chartId": 0, "sliceName": name,
                         "uuid": identity("chart", name)},
            }  # fmt: skip
    return {
        "dashboard_title": "IndexTTS", "description": None, "css": "", "slug": "indextts", "published": True,
        "certified_by": None, "certification_details": None, "uuid": identity("dashboard", "IndexTTS"),
        "position": position, "metadata": {}, "version": "1.0.0",
    }  # fmt: skip


def write(target: Path, uri: str) -> None:
    database = {
        "database_name": _DATABASE, "sqlalchemy_uri": uri, "cache_timeout": None, "expose_in_sqllab": True,
        "allow_run_async": False, "allow_ctas": False, "allow_cvas": False, "allow_dml": False,
        "allow_file_upload": False, "extra": {"allows_virtual_table_explore": True}, "version": "1.0.0",
        "uuid": identity("database", _DATABASE),
    }  # fmt: skip
    files: dict[str, Any] = {
        "metadata.yaml": {"version": "1.0.0", "type": "Dashboard", "timestamp": "2026-11-22T00:00:00+00:00"},
        f"databases/{_DATABASE}.yaml": database,
        "dashboards/IndexTTS.yaml": dashboard(),
    }
    files |= {f"datasets/{_DATABASE}/{view}.yaml": dataset(view, columns) for view, columns in VIEWS.items()}
    files |= {f"charts/{name.replace(' ', '_')}.yaml": chart(name, *what) for name, what in CHARTS.items()}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in files.items():
            bundle.writestr(f"{_ROOT}/{name}", yaml.safe_dump(content, sort_keys=False, allow_unicode=True))


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "mysql+pymysql://reader@127.0.0.1:3306/tts")

"""One run of dlt over the files that are new since the last, or run after run: see ../peers/dlt.py.

It runs in an environment of its own and sees none of the project's modules.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlt
import orjson
from dlt.sources.filesystem import filesystem

_FILES_A_PAGE = 1000
_COLUMNS: dict[str, Any] = {
    "event_id": {"data_type": "text", "precision": 36, "nullable": False},
    "text_input": {"data_type": "text"},
    "emotion": {"data_type": "text", "precision": 50},
    "audio_path": {"data_type": "text", "precision": 255},
    "created_at": {"data_type": "text", "precision": 30},
    "duration": {"data_type": "double"},
    "model_version": {"data_type": "text", "precision": 20},
    "event": {"data_type": "text"},
}


@dlt.transformer(
    name=os.environ["RACE_TABLE"],
    primary_key="event_id",
    columns=_COLUMNS,
    write_disposition={"disposition": "merge", "strategy": "delete-insert"},
    max_table_nesting=0,
)
def rows(items: list[Any]) -> Iterator[list[dict[str, Any]]]:
    yield [_row(Path(item["file_url"].removeprefix("file://")).read_bytes()) for item in items]


def _row(raw: bytes) -> dict[str, Any]:
    event = orjson.loads(raw)
    data = event["data"]
    return {
        "event_id": event["id"],
        "text_input": data["text"],
        "emotion": data["emotion"]["label"],
        "audio_path": data["audio"]["path"],
        "created_at": event["time"],
        "duration": data["audio"]["duration"],
        "model_version": data["model"]["version"],
        "event": raw.decode(),
    }


def main() -> None:
    pipeline = dlt.pipeline(
        pipeline_name="race",
        destination=dlt.destinations.sqlalchemy(
            os.environ["RACE_URL"].replace("mysql://", "mysql+mysqldb://") + "?charset=utf8mb4",
            create_primary_keys=True,
        ),
        dataset_name=os.environ["RACE_DATASET"],
    )
    while True:
        files = filesystem(
            bucket_url=Path(os.environ["RACE_FILES"]).as_uri(),
            file_glob="[!.]*.json",
            files_per_page=_FILES_A_PAGE,
            incremental=dlt.sources.incremental("modification_date"),
        )
        pipeline.run(files | rows)
        if "--follow" not in sys.argv:
            return


if __name__ == "__main__":
    main()

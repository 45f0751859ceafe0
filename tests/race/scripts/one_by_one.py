"""One INSERT and COMMIT a file, with nothing but PyMySQL: a peer of the race, run by tests/race/peers/article.py."""

from __future__ import annotations

import json
import os
import sys
import time
from urllib.parse import unquote, urlsplit

import pymysql

_PAUSE_SECONDS = 0.005
_INSERT = "INSERT IGNORE INTO race VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"


def main() -> None:
    url = urlsplit(os.environ["RACE_URL"])
    folder = os.environ["RACE_FILES"]
    connection = pymysql.connect(
        host=url.hostname or "",
        port=url.port or 0,
        user=unquote(url.username or ""),
        password=unquote(url.password or "").encode(),
        database=url.path[1:],
        charset="utf8mb4",
    )
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT audio_path FROM race")
        known = {f"{os.path.basename(row[0])}.json" for row in cursor.fetchall()}
        while True:
            for name in os.listdir(folder):
                if name in known or not name.endswith(".json"):
                    continue
                known.add(name)
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    raw = file.read()
                event = json.loads(raw)
                data = event["data"]
                cursor.execute(
                    _INSERT,
                    (event["id"], data["text"], data["emotion"]["label"], data["audio"]["path"],
                     event["time"].rstrip("Z"), data["audio"]["duration"], data["model"]["version"], raw),
                )  # fmt: skip
                connection.commit()
            if "--follow" not in sys.argv:
                return
            time.sleep(_PAUSE_SECONDS)


if __name__ == "__main__":
    main()

"""Says, as the last line of a run that was to test on real MySQL, why it could not; else nothing."""

from __future__ import annotations

from tests.servers import MySQL, ServerMissingError

if __name__ == "__main__":
    try:
        MySQL.find()
    except ServerMissingError as error:
        print(f"MySQL was NOT tested; everything else was. {error}")

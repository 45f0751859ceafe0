"""The event of a call whose process died."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping

from ..guard import Any
from . import event
from .emitter import Emitter
from .filenames import file_name, last_number
from .publish import tmp_name


def report_interrupted(emitter: Emitter, folders: list[str], subject: str, marked: Mapping[str, Any]) -> bool:
    """Write the event of a call whose process died, unless the call was recorded just before: then only its marker
    is left.

    Args:
        emitter: of this process, under whose source the event goes.
        folders: the events folder, and the fallback folder where there is one.
        subject: id of the call.
        marked: what its marker held.

    Returns:
        Whether its marker may go.
    """
    output = marked.get("output")
    place = emitter.place(output if isinstance(output, str) else None, subject)
    places = [place, *((folder, subject) for folder in folders)]
    for identity in (subject, marked.get("introduction")):
        for folder, _ in places if identity else ():
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(folder, tmp_name(str(identity))))
    for folder, stem in places:
        for number in range(last_number(folder, stem), 0, -1):
            written = event.read(os.path.join(folder, file_name(stem, number)))
            if written is not None and written.get("id") == subject:
                return True
    data = marked.get("data")
    kept = dict(data) if isinstance(data, dict) else {}
    return emitter.write(identity=event.uuid7(), subject=subject, event_type=event.INTERRUPTED, data=kept, place=place)

"""The event of a call whose process died."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from . import event
from . import filenames as names
from . import publish as files

if TYPE_CHECKING:
    from ..recorder import Recorder


def interrupted(recorder: Recorder, subject: str, marked: Mapping[str, Any]) -> bool:
    """Write the event of a call whose process died. The call may have been recorded just before: then only
    its marker is left.

    Args:
        recorder: the living one, under whose source the event goes.
        subject: id of the call.
        marked: what its marker held.

    Returns:
        Whether its marker may go.
    """
    output = marked.get("output")
    place = recorder.emitter.place(output if isinstance(output, str) else None, subject)
    places = [place, *((folder, subject) for folder in recorder.folders)]
    for where, _ in places:
        with contextlib.suppress(OSError):
            os.unlink(os.path.join(where, files.tmp_name(subject)))
    for where, base in places:
        for number in range(names.last_number(where, base), 0, -1):
            written = names.read(os.path.join(where, names.file_name(base, number)))
            if written is not None and written.get("id") == subject:
                return True
    data = marked.get("data")
    kept = dict(data) if isinstance(data, dict) else {}
    return recorder.emitter.write(
        identity=event.uuid7(), subject=subject, kind="indextts.synthesis.interrupted", data=kept, place=place
    )

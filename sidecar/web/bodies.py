"""What programs and pages post: JSON with the members that openapi.py describes, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from sidecar.errors import SidecarError

MAX_NAME = 255  # characters
MAX_REMARK = 10_000  # characters
MAX_REASON = 255  # characters, as in the schema
MAX_LISTED = 100
"""Of what is listed about one take, such as tags."""

Check = Callable[[Any], bool]


class WrongBody(SidecarError):
    """The body of a request is not what openapi.py describes."""


@dataclass(frozen=True, kw_only=True)
class Body:
    """What a request's body must be."""

    what: str
    """Such as a rating."""
    hint: str
    """How it is to be written."""
    required: Mapping[str, Check]
    """Members and which values they may have."""
    optional: Mapping[str, Check] = field(default_factory=dict)
    least: int = 0
    """How many of the optional members there must be."""

    def read(self, body: bytes) -> dict[str, Any]:
        """Its members, each optional one that is absent as None.

        Raises:
            WrongBody: it is something else.
        """
        try:
            given = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise WrongBody("the body is not JSON", hint=self.hint) from error
        known = {**self.required, **self.optional}
        if (
            isinstance(given, dict)
            and self.required.keys() <= given.keys() <= known.keys()
            and len(given) >= len(self.required) + self.least
            and all(known[name](value) for name, value in given.items())
        ):
            return {**dict.fromkeys(known), **given}
        raise WrongBody(f"the body is not {self.what}", hint=self.hint)


def is_name(value: Any) -> bool:
    return value is None or (isinstance(value, str) and len(value) <= MAX_NAME)


def is_remark(value: Any) -> bool:
    return value is None or (isinstance(value, str) and len(value) <= MAX_REMARK)


def is_reason(value: Any) -> bool:
    return value is None or (isinstance(value, str) and len(value) <= MAX_REASON)


def is_truth(value: Any) -> bool:
    return isinstance(value, bool)


def is_list_of_texts(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= MAX_LISTED and all(isinstance(each, str) for each in value)


def is_rating(value: Any) -> bool:
    return value is None or (type(value) is int and 1 <= value <= 5)


def one_of(*values: Any) -> Check:
    return lambda value: value in values

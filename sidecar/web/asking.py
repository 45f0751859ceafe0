"""What an address of the library asks for: which takes, in which order, from when on; and the same in another order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request

from sidecar.answers.filters import MOST_VALUES, PARAMETERS, Filter, moment, parse
from sidecar.answers.search import at
from sidecar.answers.window import NEWEST, ORDERS
from sidecar.web.state import state

DOUBTFUL = "doubtful"
"""Asks for the takes alone that a person should hear; no filter, for it is no matter of a record by itself."""
_ORDER, _AT = "sort", "at"
_BY_NAME = ("voice", "user", "emotion")
"""Orders in which people begin with the first; of numbers they begin with the greatest."""


def values_of(query: QueryParams) -> dict[str, list[str]]:
    """What an address says after the ?, by name: every value of it."""
    values: dict[str, list[str]] = {}
    for name, value in query.multi_items():
        values.setdefault(name, []).append(value)
    return values


def wanted_of(request: Request) -> Filter:
    """
    Raises:
        FilterError: a value makes no sense.
    """
    return parse(values_of(request.query_params), zone=state(request).zone)


@dataclass(frozen=True, kw_only=True)
class Part:
    """One value of a filter that is set."""

    name: str
    value: str
    refused: bool
    """Whether it is asked for what has not this value."""
    without: str
    """The address without it."""

    @property
    def label(self) -> str:
        """The word before the value; empty where the value says what it is of."""
        return self.name if self.name in ("since", "until", "user", "voice", "tag", "error") else ""


@dataclass(frozen=True, kw_only=True)
class Question:
    """An address of the library, without the place in its list."""

    given: Mapping[str, Sequence[str]]
    """The filters, and DOUBTFUL: by name as in the address, those that say something."""
    order: str = NEWEST
    """NEWEST, or one of window.ORDERS, with a minus before it for the greatest first."""
    at: str = ""
    """The list begins there; as it was written."""

    @classmethod
    def of(cls, request: Request) -> Question:
        values = values_of(request.query_params)
        given = {
            name: tuple(dict.fromkeys(clean))
            for name in (*PARAMETERS, DOUBTFUL)
            if (clean := [value.strip() for value in values.get(name, ()) if value.strip()])
        }
        order = values.get(_ORDER, [NEWEST])[-1]
        return cls(
            given=given,
            order=order if order.removeprefix("-") in ORDERS else NEWEST,
            at=values.get(_AT, [""])[-1].strip(),
        )

    def first(self, name: str) -> str:
        """The value of a filter that has one; empty without."""
        return self.given.get(name, ("",))[-1]

    @property
    def parts(self) -> list[Part]:
        """What is asked for, one by one, in the order of the address."""
        return [
            Part(
                name=name.removeprefix("-"),
                value=value,
                refused=name.startswith("-"),
                without=self._without(name, value),
            )
            for name, values in self.given.items()
            for value in values[:MOST_VALUES]
        ]

    def _without(self, name: str, value: str) -> str:
        rest = {**self.given, name: tuple(each for each in self.given[name] if each != value)}
        return replace(self, given={each: values for each, values in rest.items() if values}).address

    @property
    def query(self) -> str:
        """As it stands in an address after the ?."""
        pairs = [(name, value) for name, values in self.given.items() for value in values]
        pairs += [(_ORDER, self.order)] if self.order != NEWEST else []
        pairs += [(_AT, self.at)] if self.at else []
        return urlencode(pairs)

    @property
    def address(self) -> str:
        return f"/?{self.query}" if self.query else "/"

    def sorted_by(self, name: str) -> str:
        """The address of the same takes in the order that a click on the head of a column asks for."""
        if name == NEWEST:
            return replace(self, order=NEWEST).address
        both = (name, f"-{name}") if name in _BY_NAME else (f"-{name}", name)
        following = {both[0]: both[1], both[1]: NEWEST}
        return replace(self, order=following.get(self.order, both[0]), at="").address

    def cursor(self, zone: tzinfo) -> str | None:
        """Where the list begins; None where it begins with the newest.

        Raises:
            FilterError: `at` is not a time.
        """
        if not self.at:
            return None
        return at(moment(self.at, zone=zone, over=True))  # a day is the first to be seen

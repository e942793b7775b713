"""What every operation of `/api/v1` has in common: its place, and how a list is turned over."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Generic, TypeVar
from urllib.parse import urlencode

from fastapi import Depends, Query, Request
from pydantic import BaseModel, Field

from gateway.web.problem import ProblemError

V1: Final = "/api/v1"
MOST: Final = 200
"""Entries of one page."""
_USUAL: Final = 100
_LARGEST: Final = 2**63 - 1
"""Of what SQLite keeps as a number."""

T = TypeVar("T")
Key = tuple[int | str, ...]
"""What a list is ordered by: of two entries never the same."""


class Page(BaseModel, Generic[T]):
    """Some of a list."""

    items: list[T]
    next: str | None = Field(description="Where the next page is; null on the last one.")


@dataclass(frozen=True, slots=True)
class Leaf:
    """Which page of a list is asked for.

    A page begins after the last key of the one before, so that nothing is shown twice or left out
    because something was added in between.
    """

    request: Request
    limit: int
    cursor: str

    def after(self, *types: type[int | str]) -> Key | None:
        """Return the key that the page begins after; None: at the beginning. Raises 422."""
        if not self.cursor:
            return None
        try:
            padded = self.cursor + "=" * (-len(self.cursor) % 4)
            found = json.loads(base64.urlsafe_b64decode(padded))
            if [type(each) for each in found] == list(types) and all(map(_can_be, found)):
                return tuple(found)
        except (binascii.Error, ValueError, TypeError, RecursionError):
            pass
        raise ProblemError(422, "this cursor is of no page of this list: begin without it")

    def page(self, found: Sequence[T], key: Callable[[T], Key]) -> dict[str, Any]:
        """Return the page of what was found after the key: up to one more than `limit`."""
        shown = found[: self.limit]
        if len(found) <= self.limit:
            return {"items": shown, "next": None}
        asked = [each for each in self.request.query_params.multi_items() if each[0] != "cursor"]
        query = urlencode([*asked, ("cursor", _cursor(key(shown[-1])))])
        return {"items": shown, "next": f"{self.request.url.path}?{query}"}

    def cut(self, every: Iterable[T], key: Callable[[T], Key]) -> dict[str, Any]:
        """Return the page of a list in memory, in the order of its keys of words."""
        ordered = sorted(every, key=key)
        after = self.after(*(str for _ in key(ordered[0]))) if ordered else None
        left = ordered if after is None else [each for each in ordered if key(each) > after]
        return self.page(left, key)


def _leaf(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=MOST, description="Entries of a page.")] = _USUAL,
    cursor: Annotated[
        str,
        Query(
            max_length=1_000, pattern="^[A-Za-z0-9_-]*$", description="Stands in `next` of a page."
        ),
    ] = "",
) -> Leaf:
    return Leaf(request, limit, cursor)


Turned = Annotated[Leaf, Depends(_leaf)]
"""The page that is asked for."""


def _cursor(key: Key) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def _can_be(each: int | str) -> bool:
    """Say whether the database can be asked for it: JSON has larger numbers, and half letters."""
    if isinstance(each, int):
        return abs(each) <= _LARGEST
    return not any("\ud800" <= letter <= "\udfff" for letter in each)

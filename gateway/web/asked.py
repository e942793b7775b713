"""What the API is asked, checked; and how it finds what is meant by a number or an address."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Literal

from fastapi import HTTPException, Path
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)
from sqlalchemy import Connection, or_, select

from alerts.channels.gsm.numbers import is_phone, normalise
from alerts.model import ENDS_BY_ITSELF, Cause
from alerts.tables import incidents
from gateway.homes.store import standing_orders
from gateway.privacy import KeyStore
from gateway.schema.tables import homes

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
Actor = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f]+$")]
Words = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]
Ref = Annotated[str, Path(max_length=200, description="As its list shows it.")]


def _written(value: object) -> object:
    """Refuse a number: some mean seconds by it, and some milliseconds."""
    if isinstance(value, str) and _DAY.match(value):
        return value
    raise ValueError("write it like 2026-11-21, or 2026-11-21T14:00:00+08:00")


Day = Annotated[date, BeforeValidator(_written)]
Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_written),
    Field(
        ge=datetime(2000, 1, 1, tzinfo=UTC),
        lt=datetime(2100, 1, 1, tzinfo=UTC),
        description="With its offset from UTC, in this century.",
    ),
]
"""Any local time of it can be told, and kept as microseconds."""


def _phone(written: str) -> str:
    number = normalise(written)
    if not is_phone(number):
        raise ValueError("no phone number; write it like 13912345678 or +8613912345678")
    return number


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class By(_Asked):
    """Somebody who ends something."""

    actor: Actor


class Act(By):
    """What somebody does to an incident."""

    cause: Cause = Cause.DEALT_WITH

    @model_validator(mode="after")
    def _a_person_says_so(self) -> Act:
        if self.cause in ENDS_BY_ITSELF:
            raise ValueError(f"{self.cause} is nothing a person says")
        return self


class Span(By):
    """From when until when."""

    from_at: Moment
    until_at: Moment

    @model_validator(mode="after")
    def _is_forward(self) -> Span:
        if self.until_at <= self.from_at:
            raise ValueError("until_at is not later than from_at")
        return self


class Grant(Span):
    """A permit to be granted."""

    home: Words
    purpose: Literal["meal", "test", "medical", "waste", "delivery", "other"]
    asked_by: Annotated[str, Field(max_length=60)] = ""


class Hush(Span):
    """A silence to be added: of a home by code or address, or of a building, bridge or device."""

    kind: Literal["home", "building", "bridge", "device"]
    of: Words
    why: Words


class Trial(_Asked):
    """A test text, and over which channel; the first that is up, if left out."""

    number: Annotated[str, AfterValidator(_phone)]
    channel: str = ""


def incident_meant(connection: Connection, ref: str) -> str:
    """Return the id of the incident meant by an id or by its four digits.

    Raises 404 where there is none, 409 where the number stands in several teams.
    """
    rows = connection.execute(
        select(incidents.c.id, incidents.c.team, incidents.c.reviewed_at)
        .where(or_(incidents.c.id == ref, incidents.c.number == ref))
        .order_by(incidents.c.opened_at.desc())
    ).all()
    unreviewed = [row for row in rows if row.reviewed_at is None]
    if len(unreviewed) > 1:
        choices = ", ".join(f"{row.id} of {row.team}" for row in unreviewed)
        raise HTTPException(409, f"{ref} stands in several teams, name one by its id: {choices}")
    if not rows:
        raise HTTPException(404, f"there is no incident {ref}")
    return str((unreviewed or rows)[0].id)


def watch_meant(connection: Connection, keys: KeyStore, ref: str) -> str:
    """Return the watch of the home meant by its house code or address. Raises 404 or 409."""
    codes = connection.scalars(
        select(homes.c.code).where(
            or_(homes.c.code == ref, homes.c.address == ref, homes.c.short_address == ref)
        )
    ).all()
    found = [order.watch for order in standing_orders(connection, keys) if order.code in codes]
    if len(found) > 1:
        raise HTTPException(409, "several homes are called that, name one by its house code")
    if not found:
        raise HTTPException(404, "no home under an order is called that")
    return found[0]

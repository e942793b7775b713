"""What `/api/v1` answers about incidents, homes, permits and silences."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from alerts.model import IncidentState
from gateway.homes.look import Standing


class Done(BaseModel):
    """What became of something that was asked for."""

    ok: bool = Field(description="Done, with nothing left to mend.")
    reason: str = Field(default="", description="Why, as the page of reasons explains it.")
    text: str = Field(description="The same for people.")


class AcknowledgementShown(BaseModel):
    """Somebody who took an incident."""

    contact: str
    role: str
    at: datetime
    by: str = Field(description="By text, command or page.")


class IncidentShown(BaseModel):
    """An incident."""

    id: str
    number: str = Field(description="Its four digits, as in texts.")
    state: IncidentState
    severity: str
    level: int = Field(description="Of evidence.")
    headline: str
    address: str = Field(description="Of the home; what else it is about, where it is none.")
    team: str
    opened_at: datetime
    since_at: datetime
    next_at: datetime | None = Field(description="When somebody is told next.")
    step: int
    told: list[str] = Field(description="Who was told.")
    acknowledgements: list[AcknowledgementShown]
    homes_blind: int
    cause: str | None
    resolved_by: str | None


class ConditionShown(BaseModel):
    """What was found."""

    kind: str
    device: str | None
    place: str
    part: str
    since_at: datetime
    cleared_at: datetime | None
    reason: str
    detail: str


class TransitionShown(BaseModel):
    """A step of an incident."""

    model_config = ConfigDict(serialize_by_alias=True)

    decided_at: datetime
    from_: str | None = Field(alias="from")
    to: str
    reason: str
    actor: str
    detail: str


class NoticeShown(BaseModel):
    """A text to one person."""

    created_at: datetime
    contact: str
    kind: str
    reason: str
    state: str
    end_reason: str | None
    instead: list[str] = Field(description="Who was told instead.")
    channel: str | None
    text: str


class IncidentInFull(IncidentShown):
    """An incident with all that was found, decided and said."""

    conditions: list[ConditionShown]
    transitions: list[TransitionShown]
    notices: list[NoticeShown]


class MissingShown(BaseModel):
    """A device that owes messages."""

    device: str
    place: str
    since_at: datetime


class HomeShown(BaseModel):
    """What is known of a home right now."""

    code: str
    address: str
    building: str
    standing: Standing
    doors_open: int
    devices: int
    missing: list[MissingShown]
    unknown_since: datetime | None
    ends_at: datetime


class PermitShown(BaseModel):
    """An announced opening."""

    id: str
    address: str
    from_at: datetime
    until_at: datetime
    purpose: Literal["meal", "test", "medical", "waste", "delivery", "other"]
    granted_by: str
    asked_by: str
    revoked_at: datetime | None
    used_at: datetime | None
    is_in_force: bool


class SilenceShown(BaseModel):
    """What is recorded, but told to nobody."""

    id: str
    subject: str
    from_at: datetime
    until_at: datetime
    by: str
    why: str
    ended_at: datetime | None
    is_in_force: bool

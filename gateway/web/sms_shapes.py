"""What `/api/v1/sms` answers: channels, texts, tests and the ledger."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, Field


class ChannelShown(BaseModel):
    """How one channel stands."""

    name: str
    is_up: bool
    reason: str
    what: str = Field(description="The reason, for people.")
    do: str = Field(description="What to do about it.")
    facts: dict[str, str]
    texts_today: int
    parts_today: int
    cost_today_yuan: float
    outcomes_today: dict[str, int]
    is_proven_daily: bool
    proved_at: datetime | None
    proof_took_s: float | None


class TextSent(BaseModel):
    """One attempt to send a text."""

    at: datetime
    channel: str
    contact: str
    phone: str = Field(description="Masked; empty where it is not known.")
    kind: str
    severity: str
    number: str | None
    outcome: str
    reason: str
    state: str
    parts: int
    took_s: float
    text: str


class TextReceived(BaseModel):
    """A text that came in; the words of strangers are left out."""

    at: datetime
    sent_at: datetime | None
    channel: str
    phone: str = Field(description="Masked.")
    contact: str | None
    reason: str
    text: str


class TextsNow(BaseModel):
    """How telling people stands now."""

    now: datetime
    gateway: str
    channels: list[ChannelShown]
    waiting: int
    oldest_due_at: datetime | None
    held: dict[str, int] = Field(description="Notices that a limit holds back, by its reason.")
    parts_today: int
    parts_a_day: int
    sent: list[TextSent]
    received: list[TextReceived]


class LedgerLine(BaseModel):
    """What was sent on one local day to one team over one channel."""

    day: date
    team: str
    channel: str
    texts: int
    parts: int
    cost_yuan: float
    delivered: int
    unknown: int
    unconfirmed: int
    failed: int


class TestBegun(BaseModel):
    """A test text that is on its way."""

    id: str
    channel: str
    text: str


class TestStep(BaseModel):
    """How far a test text came, and when."""

    step: str
    at: datetime
    after_s: float


class TestShown(BaseModel):
    """What became of a test text."""

    state: str
    reason: str
    detail: str = ""
    channel: str = ""
    parts: int = 0
    steps: list[TestStep] = []

"""What release is asked over the API, checked, and what it answers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from alerts.model import ConditionKind
from gateway.release.certificate import Copies, Stage
from gateway.release.contest import LONGEST, ContestState
from gateway.release.record import Record
from gateway.web.v1_shapes import Done

Why = Annotated[str, Field(min_length=5, max_length=200, pattern=r"^[^\x00-\x1f]+$")]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Release(_Asked):
    """A home to be released, by house code or address, and why."""

    home: Name
    why: Why
    by: Annotated[str, Field(max_length=60, pattern=r"^[^\x00-\x1f]*$")] = ""


class Because(_Asked):
    """Why somebody wants to see what is not shown."""

    why: Why


class Answered(_Asked):
    """What a resident is answered."""

    answer: Annotated[str, Field(min_length=1, max_length=LONGEST)]


class AuditHead(BaseModel):
    """Where the audit stood."""

    day: date
    row: int
    hash: str


class CopiesShown(BaseModel):
    """What became of the copies in InfluxDB."""

    state: Copies
    on: date | None = Field(description="When a query found nothing of the home any more.")


class CertificateShown(BaseModel):
    """A certificate of deletion: verify it as it is written, field by field."""

    menshen_certificate: int
    id: str
    stage: Stage
    released_on: date
    destroyed_on: date | None
    counts: dict[str, int] = Field(description="What went, by class of data.")
    audit: AuditHead
    tie: str = Field(description="Made of the resident's code and house code; empty without one.")
    copies: CopiesShown | None = Field(
        default=None,
        description="Once the key is destroyed: what became of the copies in InfluxDB. Certificates"
        " of older versions do not have it.",
    )
    key: str = Field(description="Fingerprint of the key that signed it.")
    signature: str


class ReleaseDone(Done):
    """A home that was released."""

    certificate: CertificateShown
    code: str | None = Field(description="The resident's, where one was made: shown this once.")


class CodeMade(Done):
    """A code for a resident, shown this once."""

    code: str


class FreedShown(BaseModel):
    """A device that waits to be wiped."""

    device: str
    freed_at: datetime


class ContestShown(BaseModel):
    """A contest, without its words."""

    id: str
    at: datetime
    state: ContestState
    answered_at: datetime | None


class SpanShown(BaseModel):
    """Something that lasted."""

    kind: ConditionKind
    from_at: datetime
    until_at: datetime | None
    is_announced: bool


class ContestInFull(ContestShown):
    """A contest, and what it is about."""

    words: str
    answer: str
    openings: list[SpanShown]
    others: list[SpanShown]


def contest_in_full(record: Record, id_: str) -> dict[str, Any]:
    """Return a contest of a record, for `ContestInFull`."""
    found = next(each for each in record.contests if each.id == id_)
    spans = {"openings": record.openings, "others": record.others}
    shown = {
        name: [
            {
                "kind": each.kind,
                "from_at": each.from_at,
                "until_at": each.until_at,
                "is_announced": each.is_announced,
            }
            for each in lines
        ]
        for name, lines in spans.items()
    }
    return found._asdict() | shown

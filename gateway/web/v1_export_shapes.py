"""What `/api/v1/export` is asked and answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gateway.masking import LONGEST_REASON, SHORTEST_REASON
from gateway.web.asked import Moment

LARGEST_SEQ = 2**63 - 1
"""Of what the journal numbers by."""


class Matter(BaseModel):
    """One thing that is not well."""

    what: str
    do: str = Field(description="What to do about it.")


class ExportShown(BaseModel):
    """How the export to InfluxDB stands."""

    is_configured: bool = Field(description="False: influx.url is not set, and nothing is sent.")
    state: str
    since: datetime | None = Field(description="Since when it is in that state.")
    server_version: str
    cursor_seq: int = Field(description="The last record that InfluxDB has.")
    journal_seq: int = Field(description="The last record there is.")
    rows_waiting: int = Field(description="Changed rows that InfluxDB does not have yet.")
    samples_waiting: int
    behind_s: float = Field(description="How old the oldest of what waits is.")
    last_written_at: datetime | None
    points_written: int = Field(description="Since the start, as all counts.")
    points_refused: int
    points_too_old: int
    lines_refused: int = Field(description="Lines that are set aside.")
    erasures_unproven: int
    records_removed: int = Field(description="Records that went before they were exported.")
    matters: list[Matter] = Field(description="What is not well, the worst first.")


class Rewind(BaseModel):
    """From when, or from which record on, to send again."""

    model_config = ConfigDict(extra="forbid")

    since_at: Moment | None = None
    from_seq: Annotated[int, Field(ge=1, le=LARGEST_SEQ)] | None = Field(
        default=None, description="The first record that is sent again."
    )

    @model_validator(mode="after")
    def _is_one(self) -> Rewind:
        if (self.since_at is None) == (self.from_seq is None):
            raise ValueError("give since_at or from_seq, one of them")
        return self


class RewoundShown(BaseModel):
    """What is sent again."""

    cursor_was: int
    cursor_is: int
    records: int = Field(description="How many at most: some may be gone.")
    rows_waiting: int
    text: str


class RefusedLine(BaseModel):
    """A line that InfluxDB refused; its values are left out, as they lead to a home."""

    id: int
    at: datetime
    bucket: str
    measurement: str = Field(description="Empty where it cannot be read any more.")
    why: str


class RetriedShown(BaseModel):
    """What became of the lines that were set aside."""

    taken: int
    refused: int
    text: str


class Asked(BaseModel):
    """Why homes are to be shown."""

    model_config = ConfigDict(extra="forbid")

    why: Annotated[str, Field(min_length=SHORTEST_REASON, max_length=LONGEST_REASON)]


class HomeKey(BaseModel):
    """A home by what it is called in InfluxDB."""

    key: str
    house_code: str
    watch: str


class HomeKeys(BaseModel):
    """All homes that are under an order."""

    homes: list[HomeKey]

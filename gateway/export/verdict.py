"""What an InfluxDB answered, by what helps against it: less, a person, or time."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Verdict(StrEnum):
    """What became of a request, by what helps."""

    WRITTEN = "written"
    REFUSED = "refused"  # what was sent; sending less of it may help
    TOO_LARGE = "too_large"
    UNAUTHORIZED = "unauthorized"  # the token: a person helps
    NOT_FOUND = "not_found"  # address, organisation or bucket: a person helps
    OUTAGE = "outage"  # time helps


class Answer(NamedTuple):
    """What a server said to a write."""

    verdict: Verdict
    detail: str = ""
    retry_after_s: float | None = None


class InfluxError(Exception):
    """A request that is no write did not succeed; `verdict` says what helps."""

    def __init__(self, verdict: Verdict, detail: str, retry_after_s: float | None = None) -> None:
        super().__init__(detail)
        self.verdict = verdict
        self.detail = detail
        self.retry_after_s = retry_after_s


class NotSupportedError(Exception):
    """This version of InfluxDB cannot do it; the message says what can."""

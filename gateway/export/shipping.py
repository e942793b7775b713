"""Points on their way: cut to size, and what a server refuses is found and told, line by line.

A batch is over when all of it was written or refused; with anything else it is to be formed anew,
as what it is about may have been released meanwhile. Writing a point twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple, Protocol

from gateway.export.schema import Bucket, Points
from gateway.export.verdict import Answer, Verdict

LINES_A_POST = 5000
"""What InfluxDB recommends to be written at once."""
BYTES_A_POST = 2_000_000
"""Before compression (ours); InfluxDB takes 25 MB, what stands in front of it may take less."""
LEAST_BYTES_A_POST = 16_000
"""A server that refuses so little for its size refuses it for good."""
REFUSES_ALL = 20
"""Single lines refused in a row after which it is the server that is wrong, and not the lines
(ours)."""
MARGIN = timedelta(hours=1)
"""Points that near to the end of what is kept are left out: they might be too old on arrival."""


class Writes(Protocol):
    """What is needed of `gateway.export.influx.Influx`."""

    def write(self, bucket: Bucket, lines: Sequence[bytes]) -> Answer: ...


class Refused(NamedTuple):
    """One line that the server takes from nobody."""

    bucket: Bucket
    line: bytes
    why: str


@dataclass(slots=True)
class Shipped:
    """What became of a batch: all of it, unless there is an `obstacle`."""

    obstacle: Answer | None = None  # with verdict REFUSED: it refuses whatever it is given
    written: int = 0
    too_old: int = 0
    refused: list[Refused] = field(default_factory=list)


class _StoppedError(Exception):
    """The batch cannot go on."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.detail)
        self.answer = answer


class Shipper:
    """Posts batches. It remembers what size the server takes, and how many lines it refused."""

    def __init__(self, influx: Writes, keep: Mapping[Bucket, timedelta]) -> None:
        """`keep`: what is older is not sent."""
        self._influx = influx
        self._keep = keep
        self._bytes_a_post = BYTES_A_POST
        self._refused_in_a_row = 0

    def ship(self, points: Points, now_ns: int | None) -> Shipped:
        """Write all that is young enough, and say what became of it.

        Without a time that can be believed nothing is too old.
        """
        young = {bucket: self._young(bucket, lines, now_ns) for bucket, lines in points.items()}
        shipped = self._try(young)
        obstacle = shipped.obstacle
        if obstacle and obstacle.verdict is Verdict.REFUSED and self._takes_some(young):
            shipped = self._try(young, most_refused=None)
        told = sum(1 for lines in points.values() for line in lines if line)
        shipped.too_old = told - sum(map(len, young.values()))
        return shipped

    def _try(self, points: Points, most_refused: int | None = REFUSES_ALL) -> Shipped:
        shipped = Shipped()
        try:
            for bucket, lines in points.items():
                for part in self._cut(lines):
                    self._post(bucket, part, shipped, most_refused)
        except _StoppedError as stopped:
            shipped.obstacle = stopped.answer
        return shipped

    def _takes_some(self, points: Points) -> bool:
        """Say whether the server takes any of some lines from all over the batch."""
        lines = [(bucket, line) for bucket, found in points.items() for line in found]
        some = lines[:: max(1, len(lines) // REFUSES_ALL)]
        return any(
            self._influx.write(bucket, [line]).verdict is Verdict.WRITTEN for bucket, line in some
        )

    def _young(self, bucket: Bucket, lines: list[bytes], now_ns: int | None) -> list[bytes]:
        if now_ns is None:
            return [line for line in lines if line]
        kept_ns = int((self._keep[bucket] - MARGIN).total_seconds()) * 1_000_000_000
        oldest_ns = now_ns - kept_ns
        return [line for line in lines if line and int(line[line.rfind(b" ") :]) >= oldest_ns]

    def _cut(self, lines: Sequence[bytes]) -> Iterator[list[bytes]]:
        """Yield as many lines at a time as are posted together."""
        part: list[bytes] = []
        size = 0
        for line in lines:
            if part and (len(part) >= LINES_A_POST or size + len(line) > self._bytes_a_post):
                yield part
                part, size = [], 0
            part.append(line)
            size += len(line) + 1
        if part:
            yield part

    def _post(
        self, bucket: Bucket, lines: Sequence[bytes], shipped: Shipped, most_refused: int | None
    ) -> None:
        """Write these lines, in halves where they are refused together."""
        answer = self._influx.write(bucket, lines)
        if answer.verdict is Verdict.WRITTEN:
            shipped.written += len(lines)
            self._refused_in_a_row = 0
        elif answer.verdict not in (Verdict.REFUSED, Verdict.TOO_LARGE):
            raise _StoppedError(answer)
        elif len(lines) > 1:
            if answer.verdict is Verdict.TOO_LARGE:
                self._bytes_a_post = max(LEAST_BYTES_A_POST, self._bytes_a_post // 2)
            middle = len(lines) // 2
            self._post(bucket, lines[:middle], shipped, most_refused)
            self._post(bucket, lines[middle:], shipped, most_refused)
        else:
            self._refused_in_a_row += 1
            if most_refused is not None and self._refused_in_a_row >= most_refused:
                raise _StoppedError(answer._replace(verdict=Verdict.REFUSED))
            shipped.refused.append(Refused(bucket, lines[0], answer.detail))


def merged(parts: Iterable[Points]) -> Points:
    """Put points together."""
    whole: Points = {}
    for part in parts:
        for bucket, lines in part.items():
            whole.setdefault(bucket, []).extend(lines)
    return whole

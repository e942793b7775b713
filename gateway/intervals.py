"""Spans of time, as pairs of microseconds since 1970 UTC, the end excluded. Pure."""

from __future__ import annotations

from collections.abc import Iterable

Span = tuple[int, int]
"""From, until; empty where the one is not before the other."""


def clip(span: Span, within: Span) -> Span:
    """Return what of a span lies within another; an empty one where nothing does."""
    from_at = max(span[0], within[0])
    return from_at, max(from_at, min(span[1], within[1]))


def union(spans: Iterable[Span]) -> list[Span]:
    """Return the same time in order, with nothing in it twice; spans that touch become one."""
    joined: list[Span] = []
    for from_at, until_at in sorted(spans):
        if from_at >= until_at:
            continue
        if joined and from_at <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], until_at)
        else:
            joined.append((from_at, until_at))
    return joined


def length(spans: Iterable[Span]) -> int:
    """Return how long spans are together, in microseconds; what two of them share counts once."""
    return sum(until_at - from_at for from_at, until_at in union(spans))


def covers(spans: Iterable[Span], at: int) -> bool:
    """Say whether a moment lies in one of the spans."""
    return any(from_at <= at < until_at for from_at, until_at in spans)

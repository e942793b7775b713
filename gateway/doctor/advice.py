"""What was looked at, how it is, and what to do about it: one line each."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.health import Level


@dataclass(frozen=True, slots=True)
class Advice:
    """One line of `menshen doctor`. `remedy` is empty only where all is well."""

    level: Level
    part: str
    what: str
    remedy: str = ""


def ok(part: str, what: str) -> Advice:
    """All is well."""
    return Advice(Level.OK, part, what)


def warn(part: str, what: str, remedy: str) -> Advice:
    """It works, and will hurt somebody some day."""
    return Advice(Level.WARN, part, what, remedy)


def bad(part: str, what: str, remedy: str) -> Advice:
    """The gateway cannot do its work like this."""
    return Advice(Level.BAD, part, what, remedy)

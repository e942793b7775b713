"""Whether all went as the story demands, judged by what reached people's phones. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.demo.story import Story

_LEVEL = re.compile(r"证据([0-4])级|level ([0-4])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Truth:
    """Something happened, at a scenario second, and this is demanded of a gateway."""

    at_s: float
    what: str
    home: str | None
    building: str | None
    bridge: str | None
    told: tuple[str, ...]
    within_s: float | None
    level: int | None
    at_most: int | None


@dataclass(frozen=True, slots=True)
class Text:
    """A text that reached a phone, at a scenario second."""

    at_s: float
    to: str
    text: str

    @property
    def level(self) -> int | None:
        """The evidence level that it prints."""
        found = _LEVEL.search(self.text)
        return int(found[1] or found[2]) if found else None


@dataclass(frozen=True, slots=True)
class Finding:
    """One demand, and whether it was met. `problem` is empty where it was."""

    truth: Truth
    place: str
    problem: str
    first_after_s: float | None  # scenario seconds to the first text


def judge(
    story: Story, truths: Sequence[Truth], texts: Sequence[Text], ended_at_s: float
) -> list[Finding]:
    """Judge each demand whose time has come by `ended_at_s`."""
    findings = []
    for truth in truths:
        if truth.within_s is not None and truth.at_s + truth.within_s > ended_at_s:
            continue
        findings.append(_judge(story, truth, truths, texts))
    return findings


def _judge(story: Story, truth: Truth, truths: Sequence[Truth], texts: Sequence[Text]) -> Finding:
    place = story.name_in_texts(truth.home, truth.building) or truth.bridge or "?"
    within = truth.within_s if truth.within_s is not None else float("inf")
    about = [
        text
        for text in texts
        if _is_about(story, text, truth) and truth.at_s <= text.at_s <= truth.at_s + within
    ]
    if not truth.told:
        return Finding(truth, place, _silence_broken(truth, about, truths), None)
    reached = {story.role_of(text.to) for text in about if _is_grave_enough(text, truth)}
    missing = [role for role in truth.told if role not in reached]
    problem = f"not told: {', '.join(missing)}" if missing else ""
    most = max(Counter(text.to for text in about).values(), default=0)
    if truth.at_most is not None and most > truth.at_most:
        problem = problem or f"one phone got {most} texts, at most {truth.at_most} demanded"
    first = min((text.at_s - truth.at_s for text in about), default=None)
    return Finding(truth, place, problem, first)


def _is_about(story: Story, text: Text, truth: Truth) -> bool:
    """A text about a home is not about its building, though it names the building too."""
    home = next((home for home in story.homes if home.address in text.text), None)
    if truth.home is not None:
        return home is not None and home.code == truth.home
    if truth.building is not None:
        name = story.name_in_texts(None, truth.building)
        return home is None and name is not None and name in text.text
    return truth.bridge is not None and truth.bridge in text.text


def _is_grave_enough(text: Text, truth: Truth) -> bool:
    return truth.level is None or (text.level is not None and text.level >= truth.level)


def _silence_broken(truth: Truth, about: Sequence[Text], truths: Sequence[Truth]) -> str:
    """Texts about a place are false only where nothing else there demanded them."""
    else_demanded = any(
        other.told
        and (other.home, other.building) == (truth.home, truth.building)
        and any(other.at_s <= text.at_s for text in about)
        for other in truths
    )
    return f"{len(about)} texts where none was due" if about and not else_demanded else ""

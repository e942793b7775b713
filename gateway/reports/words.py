"""Says what a report holds in one language: times, figures, what happened, where and by whom."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from alerts.model import ConditionKind, Matter
from alerts.tables import from_micros
from gateway.reports.chinese import CHINESE
from gateway.reports.english import ENGLISH
from gateway.reports.known import Known
from gateway.reports.log import Entry, What
from gateway.reports.naming import Naming
from gateway.reports.terms import ReportWords

LANGUAGES: Final[Mapping[str, ReportWords]] = {"zh": CHINESE, "en": ENGLISH}

NOT_KNOWN: Final = "—"
_BY_NOBODY: Final = frozenset(
    {What.INCIDENT, What.STANDING, What.ESCALATED, What.LAPSED, What.DEAF}
)


class Teller:
    """Says it of one report."""

    def __init__(self, words: ReportWords, known: Known, naming: Naming) -> None:
        self.words = words
        self.naming = naming
        self._known = known
        self._roles = {role.value: name for role, name in words.wording.roles.items()}

    # ---- times ----

    def local(self, at: int) -> datetime:
        """Return local time."""
        return from_micros(at).astimezone(self._known.zone)

    def clock(self, at: int) -> str:
        """Say a time of the day; with its date where the report is not of that day."""
        local = self.local(at)
        is_of_day = self._known.period.first == local.date() == self._known.period.last
        return f"{local:%H:%M}" if is_of_day else f"{local:%m-%d %H:%M}"

    def day(self, at: int) -> str:
        """Say a day."""
        local = self.local(at)
        return f"{local.month}/{local.day}"

    def short(self, seconds: float | None) -> str:
        """Say how long something took in a column: `5:18` minutes and seconds, or `1:05:18`."""
        if seconds is None:
            return NOT_KNOWN
        minutes, rest_s = divmod(round(seconds), 60)
        hours, rest_min = divmod(minutes, 60)
        return f"{hours}:{rest_min:02}:{rest_s:02}" if hours else f"{minutes}:{rest_s:02}"

    def span(self, seconds: float) -> str:
        """Say a duration in a column: `12:05` hours and minutes; nothing where there was none."""
        minutes = round(seconds / 60)
        if not minutes:
            return "<1" if seconds > 0 else ""
        return f"{minutes // 60}:{minutes % 60:02}"

    def share(self, part: float | None) -> str:
        """Say a part of one; never 100% where something is missing, nor 0% where something is."""
        if part is None:
            return NOT_KNOWN
        percent = 100 * part
        if 0 < percent < 0.1:
            return "<0.1%"
        if 99.9 < percent < 100:
            return ">99.9%"
        return f"{percent:.0f}%" if percent in (0, 100) else f"{percent:.1f}%"

    # ---- what happened ----

    def headline(self, kind: str) -> str:
        """Say what an incident or a fault is."""
        try:
            phrase = self.words.wording.what[ConditionKind(kind)]
        except (ValueError, KeyError):
            return kind.replace("_", " ")
        # Figures of a policy stand in some; a report is of many homes.
        return (phrase.standing or phrase.shortest) if "{" in phrase.full else phrase.full

    def matter(self, matter: str) -> str:
        """Say what an incident is about."""
        return self.words.matters.get(matter, matter)

    def cause(self, cause: str) -> str:
        """Say what it was in the end."""
        return self.words.causes.get(cause, NOT_KNOWN)

    def says(self, entry: Entry) -> str:
        """Say what happened, without where and who."""
        words, said = self.words, self.words.log_says[entry.what]
        incident = entry.incident
        if incident is not None and entry.what in (What.INCIDENT, What.STANDING):
            parts = [said, self.headline(incident.headline)]
            if incident.matter == Matter.DEPARTURE:
                parts.append(f"{words.level} {incident.level}")
            if incident.homes_blind:
                parts.append(words.blind.format(n=incident.homes_blind))
            return " · ".join(parts)
        if entry.what is What.ACT:
            done = words.actions.get(entry.about, entry.about.replace("_", " "))
            return done if entry.count == 1 else f"{done} · {words.times.format(n=entry.count)}"
        about = self._about(entry)
        return f"{said} · {about}" if about else said

    def _about(self, entry: Entry) -> str:
        words = self.words
        if entry.what is What.RESOLVED:
            return self.cause(entry.about)
        until = words.until.format(time=self.clock(entry.until)) if entry.until is not None else ""
        if entry.what is What.DEAF:
            return f"{words.blind_why.get(entry.about, '')} · {until or words.lasts}".strip(" ·")
        purpose = words.purposes.get(entry.about, words.purposes["other"]) if entry.about else ""
        return " · ".join(filter(None, (purpose, until)))

    def where(self, entry: Entry) -> str:
        """Say where it happened."""
        if entry.what is What.ACT:
            return ""
        place = self.naming.place(entry.watch, entry.building)
        return place or (self.words.gateway if entry.incident else "")

    def who(self, entry: Entry) -> str:
        """Say by whom, in their role; in full with their contact."""
        if not entry.actor or entry.what in _BY_NOBODY:
            return ""
        if entry.what is What.ACT:
            return self.words.roles.get(entry.actor, entry.actor)
        role = self.naming.role(entry.actor)
        own = {
            "system": self.words.system,
            "operator": self.words.operator,
            "announce_button": self.words.announce_button,
        }
        said = own.get(role) or self._roles.get(role, self.words.operator)
        contact = self.naming.contact(entry.actor)
        return f"{said} {contact}".rstrip()

"""Phones on a desk, so that a test of two-way texting reads like the night it is about.

night = Night(at="03:12")
night.desk.raised("left_open")
worker = night.phone("worker-night").gets("门开超3分钟未报备")
worker.replies("1 4821").gets("已记您报到").gets_nothing()
"""

from __future__ import annotations

from dataclasses import dataclass, field

from alerts.model import Notice, NoticeState
from tests.fakes.desk import Desk


@dataclass
class Night:
    """A desk, and the phones of its people. Every notice is delivered when it is looked for."""

    at: str = "03:12"
    desk: Desk = field(init=False)
    phones: dict[str, Phone] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.desk = Desk(at=self.at)

    def phone(self, contact: str) -> Phone:
        """The phone of this contact, the same one each time."""
        return self.phones.setdefault(contact, Phone(self.desk, contact))


@dataclass
class Phone:
    """One phone: what it got is looked at in order, and nothing is passed over unseen."""

    desk: Desk
    contact: str
    seen: int = 0

    def gets(self, *words: str) -> Phone:
        """The next text has all of these words."""
        waiting = self._unseen()
        assert waiting, f"{self.contact} got nothing, and not {words}"
        text = waiting[0].text
        assert all(word in text for word in words), f"{self.contact} got {text!r}, not {words}"
        self.seen += 1
        return self

    def gets_nothing(self) -> Phone:
        """No other text came."""
        assert [each.text for each in self._unseen()] == []
        return self

    def replies(self, text: str) -> Phone:
        """Its holder writes."""
        self.desk.writes(self.contact, text)
        return self

    def _unseen(self) -> list[Notice]:
        """What can have come by now: what waits for the morning has not."""
        superseded = {each for changes in self.desk.changes for each in changes.supersede}
        came = [
            each
            for each in self.desk.notices
            if each.contact == self.desk.full(self.contact)
            and each.state is NoticeState.PENDING
            and (
                each.not_before_at is None
                or (each.not_before_at <= self.desk.now and each.incident not in superseded)
            )
        ]
        return came[self.seen :]

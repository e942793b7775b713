"""Tells residents that it is over: one text, with no name, no home and nothing they must do.

Their phones leave the tables with everything else, so they are kept in memory alone, until the text
has gone or a day has passed. A gateway that is killed before does not send it: the certificate says
the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, select

from alerts import quiet
from alerts.channels.gsm.numbers import is_phone, normalise
from alerts.model import Notice, NoticeKind, Severity
from alerts.reason import Reason
from alerts.state import Turn
from alerts.wording import WORDINGS
from gateway.privacy import KeyStore
from gateway.registry.tables import residents

KEPT = timedelta(days=1)
OF_A_RESIDENT = "resident:"
"""Contacts that begin so are on no team, and only here."""
TEXT = {
    "zh": (
        "您家的隔离已解除，不再记录。原记录已封存，"
        "{month}月{day}日前可凭查询码查看或提出异议，之后销毁"
    ),
    "en": " It is over: we record nothing more. Records end {month}-{day}.",
}
"""At most 70 UTF-16 units with the signature: one part in any alphabet."""


@dataclass(slots=True, repr=False)
class Farewells:
    """The phones that are still to be texted. It has no `repr`, so no log can hold a phone."""

    _phones: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    def phones(self, contact: str) -> tuple[str, ...]:
        """Return the phone of a resident; nothing once it is forgotten."""
        known = self._phones.get(contact)
        return () if known is None else (known[0],)

    def remember(self, contact: str, phone: str, now: datetime) -> None:
        """Keep a phone until its text has gone."""
        self._phones[contact] = (phone, now)

    def forget(self, now: datetime) -> None:
        """Forget the phones whose time is over."""
        for contact, (_, at) in list(self._phones.items()):
            if abs(now - at) >= KEPT:
                del self._phones[contact]


def phones_of(connection: Connection, keys: KeyStore, watch: str) -> list[str]:
    """Return the phones of who lives at a home, each once, as networks use them."""
    rows = connection.scalars(
        select(residents.c.sealed).where(residents.c.watch == watch).order_by(residents.c.position)
    )
    written = (normalise(json.loads(keys.unseal(watch, row)).get("phone", "")) for row in rows)
    return list(dict.fromkeys(phone for phone in written if is_phone(phone)))


def tell(turn: Turn, farewells: Farewells, phones: Iterable[str], until: date) -> None:
    """Put a text for each phone."""
    for phone in phones:
        notice = turn.draws.new_id()
        contact = f"{OF_A_RESIDENT}{notice}"
        farewells.remember(contact, phone, turn.now)
        turn.put_notice(
            Notice(
                id=notice,
                incident=None,
                watch=None,
                contact=contact,
                kind=NoticeKind.REMINDER,
                severity=Severity.MINOR,
                text=text(turn.state.voice.language, until),
                reason=Reason.ORDER_ENDED,
                created_at=turn.now,
                expires_at=turn.now + KEPT,
                not_before_at=quiet.morning(turn.now, turn.state.policy),
            )
        )


def text(language: str, until: date) -> str:
    """Return what residents are told, in one language."""
    said = TEXT[language].format(month=until.month, day=until.day)
    return WORDINGS[language].signature + said

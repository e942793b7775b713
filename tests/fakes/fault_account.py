"""What became of everything, after a gateway was tormented: reads its database and its texts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from sqlalchemy import select

from alerts.model import NoticeState, Severity
from alerts.render import resent
from alerts.tables import incidents, notices
from gateway.db import Database
from gateway.homes.store import standing_orders
from gateway.privacy import KeyStore
from tests.fakes.fault_gateway import GatewayProcess, Text
from tests.fakes.fault_publisher import Message
from tests.fakes.fault_street import PHONES, code

ENDED = (
    NoticeState.DELIVERED,
    NoticeState.FAILED_PERMANENT,
    NoticeState.SUPERSEDED,
    NoticeState.EXPIRED,
)


@dataclass
class Account:
    """The summary of one run; what must be empty or zero says so in `faults`."""

    kills: int
    messages: int = 0
    lost: int = 0  # confirmed by the broker, and not in the journal
    doubled: int = 0  # events that stand in the journal more than once
    incidents: int = 0
    incidents_missing: int = 0  # opened homes without one
    incidents_doubled: int = 0  # more than one of one home
    notices: int = 0
    notices_lost: int = 0  # said to be delivered and never seen, or critical and not delivered
    unconfirmed: int = 0  # claimed by a gateway that was killed; not critical, so not sent again
    repeats: int = 0  # texts that went out once more
    repeats_unmarked: int = 0  # of these, without the mark
    samples: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """Say which promise was broken."""
        broken = [
            f"{name}: {value}"
            for name, value in asdict(self).items()
            if value
            and name
            in {
                "lost",
                "doubled",
                "incidents_missing",
                "incidents_doubled",
                "notices_lost",
                "repeats_unmarked",
            }
        ]
        if self.repeats + self.unconfirmed > self.kills:
            broken.append(f"repeats {self.repeats} and unconfirmed {self.unconfirmed} exceed kills")
        return broken + self.samples

    def as_json(self) -> str:
        """Return the summary as one line."""
        return json.dumps({**asdict(self), "is_met": not self.faults}, ensure_ascii=False)


def account(
    gateway: GatewayProcess, confirmed: Iterable[Message], opened: Iterable[int], kills: int
) -> Account:
    """Hold what the broker and the street know against what the gateway kept and sent."""
    found = Account(kills)
    _journal(found, gateway, confirmed)
    database = Database(gateway.config.database_file)
    try:
        keys = KeyStore.open(gateway.config.keys_file)
        _incidents(found, database, keys, opened)
        _notices(found, database, keys, gateway.texts())
    finally:
        database.close()
    return found


def _journal(found: Account, gateway: GatewayProcess, confirmed: Iterable[Message]) -> None:
    rows = gateway.rows("SELECT topic, payload FROM journal")
    kept = {(topic, bytes(payload)) for topic, payload in rows}
    sent = list(confirmed)
    missing = [message for message in sent if message not in kept]
    events = Counter((topic, bytes(payload)) for topic, payload in rows if topic.endswith("/event"))
    found.messages, found.lost = len(sent), len(missing)
    found.doubled = sum(times > 1 for times in events.values())
    found.samples += [f"lost: {message}" for message in missing[:3]]


def _incidents(found: Account, database: Database, keys: KeyStore, opened: Iterable[int]) -> None:
    with database.read() as connection:
        homes = {order.watch: order.code for order in standing_orders(connection, keys)}
        about = Counter(homes.get(watch) for watch in connection.scalars(select(incidents.c.watch)))
    found.incidents = about.total()
    wanted = {code(home) for home in opened}
    found.incidents_missing = len(wanted - about.keys())
    found.incidents_doubled = sum(times > 1 for times in about.values())
    found.samples += [
        f"no opening there: {each}" for each in sorted(map(str, about.keys() - wanted))
    ]


def _notices(found: Account, database: Database, keys: KeyStore, texts: list[Text]) -> None:
    """Texts are held against notices by phone and words: both carry the incident's number."""
    due: Counter[Text] = Counter()
    with database.read() as connection:
        rows = connection.execute(select(notices)).all()
    went_out = Counter(texts)
    for row in rows:
        text = Text(PHONES[row.contact], keys.unseal(row.watch or "gateway", row.text))
        marked = Text(text.phone, resent(text.text))
        due[text] += 1
        seen = went_out[text] + went_out[marked]
        is_critical = row.severity >= Severity.CRITICAL and not row.is_resend
        found.unconfirmed += row.state == NoticeState.UNCONFIRMED
        is_lost = (row.state == NoticeState.DELIVERED and not seen) or (
            row.state not in ENDED and (is_critical or row.state != NoticeState.UNCONFIRMED)
        )
        found.notices_lost += is_lost
        if is_lost and len(found.samples) < 6:
            found.samples.append(f"{row.state} ({row.end_reason}), seen {seen} times: {text}")
    found.notices = len(rows)
    for text, times in due.items():
        plain, marked_times = went_out[text], went_out[Text(text.phone, resent(text.text))]
        found.repeats += max(0, plain + marked_times - times)
        found.repeats_unmarked += max(0, plain - times)

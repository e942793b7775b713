"""One night at eight homes that everything is known of, and what of it goes to InfluxDB.

It is made by the gateway's own engine, outbox and exporter from what devices said and people did;
the truth is written in `tests/contract/test_dashboard_queries.py`, by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from pathlib import Path

from sqlalchemy import select

from alerts import silent_channel
from alerts.channels.base import ChannelHealth
from alerts.commands import OnSite, Resolve, Review
from alerts.model import Cause, Role
from alerts.permits import GrantPermit
from alerts.reason import Reason
from alerts.tables import micros
from gateway import journal
from gateway.export import facts, samples, told, vital
from gateway.export.directory import Directory
from gateway.export.schema import Points
from gateway.export.shipping import merged
from gateway.export.tables import export_feed
from gateway.export.told import Changed
from gateway.export.vital import Before
from gateway.health import Facts, Proved, Today
from gateway.homes.street import (
    AreaRow,
    BuildingRow,
    DeviceRow,
    HomeRow,
    MemberRow,
    OrderRow,
    Street,
    TeamRow,
)
from gateway.journal import Record
from gateway.wear import Wear
from tests.fakes.night_gateway import CHANNEL, NightGateway, written

NAME = "street-3"
FEN = 5.0
"""What a text costs."""
LAG = 12
"""Records that InfluxDB does not have yet."""
SHENZHEN = timezone(timedelta(hours=8))
MORNING = datetime(2026, 11, 21, 8, tzinfo=SHENZHEN).astimezone(UTC)
"""When it is looked at."""
BEGIN = MORNING - timedelta(days=3)
LEFT, SILENT, MEAL, HELP = (
    "440307006031203",
    "440307006031204",
    "440307006031205",
    "440307006031206",
)
WEAK, QUIET, UNSERVED = "440308001010101", "440308001010102", "440308001010103"
BARE = "440308001010104"
"""Nothing hangs there yet."""


def clock(text: str, day: int = 21) -> datetime:
    """Return `02:13:07` local time, of that day of November 2026."""
    at = datetime.fromisoformat(f"2026-11-{day:02}T{text}").replace(tzinfo=SHENZHEN)
    return at.astimezone(UTC)


def street() -> Street:
    """Return who lives and works there."""
    return Street(
        areas=(
            AreaRow("nanwan", "南湾街道", "street"),
            AreaRow("nanling", "南岭村社区", "community", "nanwan"),
            AreaRow("nanling-2", "南岭第二网格", "grid", "nanling"),
            AreaRow("xinan", "新安社区", "community", "nanwan"),
        ),
        buildings=(
            BuildingRow("nl-3", "南岭村3栋", "nanling-2"),
            BuildingRow("xa-1", "新安1栋", "xinan"),
        ),
        teams=(_team("team-3", 1), _team("team-5", 2), _maintainers()),
        homes=(
            _home(LEFT, "nl-3", "team-3", "南岭村3栋1203"),
            _home(SILENT, "nl-3", "team-3", "南岭村3栋1204"),
            _home(MEAL, "nl-3", "team-3", "南岭村3栋1205"),
            _home(HELP, "nl-3", "team-3", "南岭村3栋1206"),
            _home(WEAK, "xa-1", "team-5", "新安1栋101"),
            _home(QUIET, "xa-1", "team-5", "新安1栋102"),
            _home(UNSERVED, "xa-1", "team-5", "新安1栋103", is_served=False),
            _home(BARE, "xa-1", "team-5", "新安1栋104"),
        ),
        devices=tuple(DeviceRow(device, home) for device, home in DEVICES.items()),
    )


DEVICES = {
    "door-1203": LEFT,
    "seal-1203": LEFT,
    "camera-1203": LEFT,
    "door-1204": SILENT,
    "door-1205": MEAL,
    "door-1206": HELP,
    "button-1206": HELP,
    "button-0101": WEAK,
    "door-0101": WEAK,
    "door-0102": QUIET,
    "door-0103": UNSERVED,
}
_STATES = {"door": {"door": "closed"}, "seal": {"seal": "applied"}, "camera": {}, "button": {}}


def played(folder: Path) -> NightGateway:
    """Let the night happen, and the days before it."""
    gateway = NightGateway(folder, street(), BEGIN)
    for device in DEVICES:
        gateway.beating[device] = dict(_STATES[device.partition("-")[0]])
        gateway.battery[device] = lambda _: 88.0
        gateway.status(BEGIN, device, "online")
    gateway.battery["door-0101"] = _falls
    gateway.clock_off_s["button-1206"] = 120
    gateway.no_phone.add("team-3/police")
    _somebody_comes(gateway)
    _somebody_leaves(gateway)
    _nobody_can_say(gateway)
    _a_meal_comes(gateway)
    _somebody_calls(gateway)
    _an_opening_is_announced(gateway)
    _things_fail(gateway)
    _the_gateway_is_in_trouble(gateway)
    _looks_at_itself(gateway)
    gateway.play(MORNING)
    return gateway


def points(gateway: NightGateway) -> Points:
    """Return everything that the exporter makes of it."""
    with gateway.database.read() as connection:
        directory = Directory.load(connection, gateway.keys, "code")
        records = [*_earlier(gateway), *journal.read(connection, 0, 10**9)]
        rows = connection.execute(select(export_feed).order_by(export_feed.c.seq))
        changed = [Changed(row.seq, row.what, row.key) for row in rows]
        return merged(
            (
                told.points(connection, changed, directory, NAME, {CHANNEL: FEN}, MORNING),
                facts.points(records, directory, gateway.decode).points,
                samples.points(samples.read(connection, 10**9), directory, NAME),
            )
        )


def _earlier(gateway: NightGateway) -> Iterator[Record]:
    """Return what the weak door said in the two weeks before, once an hour."""
    topic = "menshen/v1/door-0101/heartbeat"
    for hours in range(24, 15 * 24):
        at = BEGIN - timedelta(hours=hours)
        said = written(gateway.heartbeat("door-0101", at))
        yield Record(-hours, micros(at), micros(at), None, topic, said, False, "door-0101", None)


# ---- what happens ----


def _somebody_comes(gateway: NightGateway) -> None:
    """A camera sees somebody come in the evening; the doctor reports in after 20 minutes."""
    gateway.says(clock("20:15:30", 20), "camera-1203", "camera", "entry", persons=1, confidence=0.9)
    gateway.acknowledges(clock("20:35:30", 20), LEFT, "team-3/doctor", "visit")
    visit = partial(gateway.incident, LEFT, "visit")
    gateway.asks(
        clock("20:45:30", 20), lambda: Resolve(visit(), "team-3/doctor", "sms", Cause.INNOCENT)
    )


def _somebody_leaves(gateway: NightGateway) -> None:
    gateway.says(clock("02:13:05.200"), "seal-1203", "seal", "broken")
    gateway.says(clock("02:13:07.250"), "door-1203", "door", "open")
    gateway.says(clock("02:13:12"), "camera-1203", "camera", "exit", persons=1, confidence=0.93)
    gateway.acknowledges(clock("02:17:05.200"), LEFT, "team-3/worker")
    gateway.says(clock("02:21:40"), "door-1203", "door", "closed")
    told = partial(gateway.incident, LEFT)
    gateway.asks(clock("02:28:05.200"), lambda: OnSite(told(), "team-3/worker", "sms"))
    gateway.says(clock("02:38:00"), "seal-1203", "seal", "applied")
    gateway.asks(
        clock("02:43:05.200"), lambda: Resolve(told(), "team-3/worker", "sms", Cause.LEFT_HOME)
    )
    gateway.asks(clock("07:13:05.200"), lambda: Review(told(), "team-3/lead", "web"))


def _nobody_can_say(gateway: NightGateway) -> None:
    """The last beat of a door comes at 01:00, the next at 02:00."""
    states = gateway.beating["door-1204"]
    gateway.at(clock("01:05:00"), lambda: gateway.beating.pop("door-1204"))
    gateway.at(clock("01:55:00"), lambda: gateway.beating.update({"door-1204": states}))


def _a_meal_comes(gateway: NightGateway) -> None:
    granted = GrantPermit(
        gateway.watches[MEAL],
        clock("23:00:00", 20),
        clock("23:30:00", 20),
        "meal",
        "team-3/lead",
        "1205 住户",
    )
    gateway.asks(clock("22:50:00", 20), lambda: granted)
    gateway.says(clock("23:10:00", 20), "door-1205", "door", "open")
    gateway.says(clock("23:11:30", 20), "door-1205", "door", "closed")


def _somebody_calls(gateway: NightGateway) -> None:
    gateway.says(clock("07:40:00"), "button-1206", "button", "help")


def _an_opening_is_announced(gateway: NightGateway) -> None:
    gateway.says(clock("18:00:00", 20), "button-0101", "button", "announce")
    gateway.says(clock("18:01:00", 20), "door-0101", "door", "open")
    gateway.says(clock("18:02:00", 20), "door-0101", "door", "closed")


def _things_fail(gateway: NightGateway) -> None:
    """A door is silent since 06:30, a camera without mains since 06:40: both are so still."""
    gateway.at(clock("06:35:00"), lambda: gateway.beating.pop("door-0102"))
    gateway.says(clock("12:00:00", 20), "camera-1203", "power", "mains")
    gateway.says(clock("06:40:00"), "camera-1203", "power", "battery")
    gateway.says(clock("12:00:00", 20), "door-1205", "tamper", "off")


def _the_gateway_is_in_trouble(gateway: NightGateway) -> None:
    gateway.at(clock("04:00:01"), gateway.stops)
    gateway.at(clock("04:10:01"), gateway.starts)

    def is_up(is_up: bool) -> None:
        gateway.is_channel_up = is_up

    def is_told() -> None:
        since_at = clock("05:00:00")
        gateway.run(
            lambda turn: silent_channel.channel_lost(turn, CHANNEL, Reason.CHANNEL_GONE, since_at)
        )

    gateway.at(clock("05:00:00"), lambda: is_up(False))
    gateway.at(clock("05:10:00"), is_told)
    gateway.at(clock("05:20:00"), lambda: is_up(True))
    gateway.at(
        clock("05:20:00"),
        lambda: gateway.run(lambda turn: silent_channel.channel_back(turn, CHANNEL)),
    )


# ---- the gateway itself ----


def _looks_at_itself(gateway: NightGateway) -> None:
    """Keep a sample of the gateway every minute of the last day."""
    before: list[Before] = []

    def look() -> None:
        if gateway.is_off:
            before.clear()  # it starts anew
            return
        seen, worn = _facts(gateway), _worn(gateway.now)
        seqs = {"alerts": seen.cursor_seq, "influx": seen.cursor_seq - LAG}
        last = before[-1] if before else None
        taken = vital.sample(seen, worn, seqs, 8_000_000, 60, last)
        before[:] = [Before(worn, seen.counts["intake_messages"], seen.counts["intake_commits"])]
        with gateway.connection.begin():
            samples.append(gateway.connection, taken)

    at = MORNING - timedelta(days=1)
    while (at := at + timedelta(minutes=1)) <= MORNING:
        gateway.at(at, look)


def _facts(gateway: NightGateway) -> Facts:
    seq, texts = gateway.pipeline.cursor, gateway.texts_sent
    up = ChannelHealth(True, "ready", {"signal_dbm": "-71"})
    down = ChannelHealth(False, "not_registered", {})
    return Facts(
        now=gateway.now,
        started_at=gateway.started_at,
        broker_connected=True,
        broker_since=gateway.started_at,
        journal_seq=seq,
        cursor_seq=seq,
        disk_free_bytes=21 * 2**30,
        channels={CHANNEL: up if gateway.is_channel_up else down},
        proofs={CHANNEL: Proved(clock("07:00:00", 20), 4.2)},
        today={CHANNEL: Today(texts, texts, texts * FEN)},
        parts_today=texts,
        parts_a_day=500,
        parts_for_all=400,
        counts={
            "intake_messages": seq,
            "intake_commits": seq // 10,
            "intake_undecodable": 3 if gateway.now > clock("03:00:00") else 0,
        },
    )


def _worn(now: datetime) -> Wear:
    """Return a process that writes 4 kB a second and takes 3 % of a core."""
    at_s = now.timestamp()
    return Wear(at_s, 70_000_000, at_s * 0.03, round(at_s * 4000), 51.0, 0.2)


def _falls(now: datetime) -> float:
    """Return 40 % at the beginning, and 2 % a day less."""
    return 40 - 2 * (now - BEGIN) / timedelta(days=1)


def _home(code: str, building: str, team: str, address: str, *, is_served: bool = True) -> HomeRow:
    served_at = BEGIN - timedelta(days=1) if is_served else None
    order = OrderRow(BEGIN - timedelta(days=1), MORNING + timedelta(days=7), served_at)
    return HomeRow(code, building, team, address, order)


def _team(name: str, number: int) -> TeamRow:
    members = [
        MemberRow(role.value, role, f"{role}{number}", (f"139123456{number}{place}",))
        for place, role in enumerate((Role.WORKER, Role.DOCTOR, Role.POLICE, Role.LEAD))
    ]
    return TeamRow(name, members=tuple(members))


def _maintainers() -> TeamRow:
    return TeamRow(
        "maintainers", members=(MemberRow("m1", Role.MAINTAINER, "m", ("13912345699",)),)
    )

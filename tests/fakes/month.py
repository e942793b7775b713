"""A month of many homes as the exporter writes it: for measuring, never for what is right.

Deterministic, streamed a day of a home at a time. Of each home two battery devices that beat
hourly, in every fourth a camera on mains that beats every 10 minutes; samples every 10 minutes,
four announced openings a day, an incident every 10 days.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from gateway.export.line import Value, line, tags_of
from gateway.export.schema import Bucket

DAY_S = 86_400
SAMPLE_S, VITALS_S = 600, 60
HOURLY, OFTEN = range(0, DAY_S, 3600), range(0, DAY_S, SAMPLE_S)
BUILDING, TEAM, GRID, COMMUNITY = 25, 50, 50, 250
"""Homes in each."""
COUNTERS, CHANNELS, CONSUMERS = 120, 2, 4
PARTS = ("broker", "journal", "engine", "proof", "clock", "disk", "heartbeat", "budget", "export")
GATEWAY = "street-3"
NS = 1_000_000_000

Fields = dict[str, Value | None]
Batch = tuple[Bucket, list[bytes]]


@dataclass(frozen=True)
class Month:
    """So many homes, for so many days up to a midnight (UTC)."""

    homes: int
    days: int
    ends_at: datetime

    def batches(self) -> Iterator[Batch]:
        """Yield the points, a day after the other."""
        for day in range(self.days):
            at_ns = round((self.ends_at - timedelta(days=self.days - day)).timestamp()) * NS
            for home in range(self.homes):
                yield Bucket.HOMES, [*_home(home, day, at_ns)]
                yield Bucket.GATEWAY, [*_attempts(home, day, at_ns)]
            for first in range(0, DAY_S, 3600):
                yield Bucket.GATEWAY, [*_vitals(at_ns, range(first, first + 3600, VITALS_S))]
            yield Bucket.COUNTS, [*_counts(self.homes, at_ns)]


def home_code(home: int) -> str:
    """Return the house code of a home."""
    return f"4403070060{home:06}"


# ---- one home, one day ----


def _home(home: int, day: int, at_ns: int) -> Iterator[bytes]:
    place = _place(home)
    door, seal, camera = (f"{kind}-{home:06}" for kind in ("door", "seal", "camera"))
    yield from _every("state", place, {"kind": "permit"}, _REWRITTEN | {"state": "none"}, at_ns)
    yield from _sampled(home, place, at_ns)
    devices = [(door, "door", "closed", HOURLY), (seal, "seal", "applied", HOURLY)]
    if home % 4 == 0:
        devices.append((camera, "", "", OFTEN))
    for device, kind, state, beats in devices:
        yield from _device(place, device, kind, state, beats, at_ns + home % 600 * NS)
    yield from _openings(home, day, place, door, at_ns)
    if (home + day) % 10 == 0:
        yield from _incident(home, day, place, door, at_ns)


def _sampled(home: int, place: dict[str, str], at_ns: int) -> Iterator[bytes]:
    standing = "unknown" if home % 100 == 7 else "quiet"
    for second in OFTEN:
        fields: Fields = {
            "standing": standing,
            "doors_open": 0,
            "devices": 2 + (home % 4 == 0),
            "missing": int(standing == "unknown"),
            "unknown_s": float(SAMPLE_S * (standing == "unknown")),
            "watched_s": float(SAMPLE_S),
            "ends_in_s": float(home % 14 * DAY_S + DAY_S - second),
        }
        yield _line("home", place, fields, at_ns + second * NS)


def _device(
    place: dict[str, str], device: str, kind: str, state: str, beats: range, at_ns: int
) -> Iterator[bytes]:
    own = place | {"device": device}
    is_silent = kind == "door" and place["home"].endswith("07")
    for said, value in ((kind, state), ("status", "online")):
        if said:
            tags = own | {"kind": said, "part": "main"}
            yield from _every("state", tags, {}, _REWRITTEN | {"state": value}, at_ns)
    for second in OFTEN:
        fields: Fields = {
            "silent_s": float(second % (beats.step or 1)),
            "owes_every_s": 3.0 * beats.step,
            "is_missing": int(is_silent),
            "is_unknown": int(is_silent),
            "is_battery_low": 0,
            "is_on_battery": 0,
        }
        yield _line("supervision", own, fields, at_ns + second * NS)
    for number, second in enumerate(beats):
        at = at_ns + second * NS + number + 1
        said_: Fields = {"origin": "report", "seq": at_ns // NS + second}
        heartbeat = own | {"kind": "heartbeat", "part": "main"}
        yield _line("observation", heartbeat, {"state": "alive"} | said_, at)
        if kind:
            tags = own | {"kind": kind, "part": "main"}
            yield _line("observation", tags, {"state": state} | said_, at)
            yield _line("state", tags, {"state": state, "source": "said"}, at)
        reading = {"battery_pct": 90.0 - number % 3, "rssi_dbm": -60 - number % 7}
        yield _line("device", own, reading | {"interval_s": float(beats.step)}, at)


def _openings(home: int, day: int, place: dict[str, str], door: str, at_ns: int) -> Iterator[bytes]:
    dice = random.Random(f"{home} {day}")
    tags = place | {"device": door, "kind": "door", "part": "main"}
    for number in range(4):
        at = at_ns + dice.randrange(DAY_S) * NS + number
        lasted_s = dice.uniform(10, 100)
        yield _line("state", place | {"kind": "permit"}, {"state": "meal", "source": "said"}, at)
        for state, then in (("open", at), ("closed", at + round(lasted_s * NS))):
            said: Fields = {"state": state, "origin": "event", "seq": number}
            yield _line("observation", tags, said, then)
            yield _line("state", tags, {"state": state, "source": "said"}, then)
        found: Fields = {"id": f"{home}-{day}-{number}", "reason": "permitted", "stands": 0}
        opened = place | {"device": door, "kind": "opened", "part": "main"}
        yield _line("condition", opened, found | {"lasted_s": lasted_s}, at)


def _incident(home: int, day: int, place: dict[str, str], door: str, at_ns: int) -> Iterator[bytes]:
    dice = random.Random(f"incident {home} {day}")
    at = at_ns + dice.randrange(DAY_S - 7200) * NS
    id_, took_s = f"{home}-{day}", dice.expovariate(1 / 400)
    tags = place | {"matter": "departure"}
    fields: Fields = {
        "id": id_,
        "number": f"{1000 + home % 9000}",
        "state": "reviewed",
        "headline": "left_open",
        "title_zh": "门开着",
        "title_en": "left open",
        "severity": 2,
        "level": 2,
        "level_reason": "still_open",
        "since_ms": at // 1_000_000,
        "end_ms": at // 1_000_000 + 1_800_000,
        "is_open": 0,
        "acknowledged_s": took_s,
        "on_site_s": took_s + 300,
        "resolved_s": 1800.0,
        "reviewed_s": 3600.0,
        "in_time": int(took_s <= 900),
        "cause": "innocent",
        "reopened": 0,
        "homes_blind": 0,
    }
    yield _line("incident", tags, fields, at)
    for number, to in enumerate(("open", "acknowledged", "on_site", "resolved", "reviewed")):
        done: Fields = {"incident": id_, "number": str(fields["number"])}
        done |= {"reason": "replied", "role": "worker", "after_s": number * 300.0}
        yield _line("transition", tags | {"to": to}, done, at + number * 300 * NS)
    for number, contact in enumerate(("worker", "doctor", "police", "lead") * 2):
        own = place | {"contact": f"{place['team']}/{contact}"}
        own["kind"] = "alarm" if number < 4 else "escalation"
        sent: Fields = {"incident": id_, "role": contact, "state": "delivered"}
        sent |= {"reason": "on_call", "end_reason": "received", "severity": 2, "channel": "gsm"}
        sent |= {"settled_s": 7.0, "is_resend": 0, "count": 1}
        yield _line("notice", own, sent, at + number)


def _place(home: int) -> dict[str, str]:
    return {
        "building": f"b-{home // BUILDING}",
        "community": f"c-{home // COMMUNITY}",
        "grid": f"g-{home // GRID}",
        "home": home_code(home),
        "team": f"team-{home // TEAM}",
        "watch": f"{random.Random(home).getrandbits(64):016x}",
    }


# ---- the gateway ----


def _attempts(home: int, day: int, at_ns: int) -> Iterator[bytes]:
    if (home + day) % 10 == 0:
        tags = {"gateway": GATEWAY, "channel": "gsm", "kind": "alarm"}
        tags["team"] = f"team-{home // TEAM}"
        for number in range(8):
            fields: Fields = {
                "outcome": "sent",
                "reason": "network_took_it",
                "took_s": 4.0,
                "parts": 1,
            }
            fields |= {"cost_yuan": 0.05, "is_delivered": 1, "is_failed": 0}
            yield _line("attempt", tags, fields, at_ns + home * NS + number)


def _vitals(at_ns: int, moments: Iterable[int]) -> Iterator[bytes]:
    own = {"gateway": GATEWAY}
    for second in moments:
        at = at_ns + second * NS
        minute = at // NS // 60
        yield _line("gateway", own, _figures(minute), at)
        for number in range(CHANNELS):
            fields: Fields = {
                "is_up": 1,
                "reason": "ready",
                "signal_dbm": -71.0,
                "parts_today": second // 60,
            }
            yield _line("channel", own | {"channel": f"gsm-{number}"}, fields, at)
        for part in PARTS:
            yield _line("finding", own | {"part": part}, {"level": 0, "reason": "ready"}, at)
        for number in range(CONSUMERS):
            behind: Fields = {"seq": minute * 600, "lag_records": number}
            yield _line("cursor", own | {"consumer": f"c{number}"}, behind, at)
        for number in range(COUNTERS):
            total = {"total": minute * 600 if number < 10 else 3}
            yield _line("counter", own | {"name": f"count_{number}"}, total, at)


def _figures(minute: int) -> Fields:
    return {
        "up_s": minute * 60.0,
        "is_well": 1,
        "broker_connected": 1,
        "clock_trusted": 1,
        "journal_seq": minute * 600,
        "messages_per_s": 10 + minute % 7 / 7,
        "lag_records": 0,
        "commits_per_s": 9.0,
        "notices_waiting": 0,
        "notice_wait_s": 0.0,
        "parts_a_day": 500,
        "parts_today": minute % 1440 // 5,
        "cost_today_yuan": 4.5,
        "temperature_c": 51.0,
        "disk_free_bytes": 20_000_000_000 - minute * 4096,
        "database_bytes": 80_000_000,
        "disk_written_bytes_per_s": 4000.0,
        "memory_bytes": 70_000_000,
        "cpu_pct": 3.1,
    }


def _counts(homes: int, at_ns: int) -> Iterator[bytes]:
    for community in range(-(-homes // COMMUNITY)):
        own = {"community": f"c-{community}"}
        for hour in range(24):
            for standing, number in (("quiet", 240.0), ("unknown", 5.0), ("incident", 1.0)):
                fields: Fields = {"homes": number}
                if standing == "unknown":
                    fields["unknown_s"] = 18_000.0
                at = at_ns + hour * 3600 * NS
                yield _line("homes_hour", own | {"standing": standing}, fields, at)
        days = {"opened": 25, "acknowledged": 25, "in_time": 22, "median_s": 300.0}
        yield _line("incidents_day", own | {"matter": "departure"}, days, at_ns)
    for number in range(CHANNELS):
        sent = {"attempts": 200, "parts": 200, "delivered": 190, "cost_yuan": 10.0}
        own = {"gateway": GATEWAY, "channel": f"gsm-{number}"}
        yield _line("channel_day", own, sent, at_ns)
    for hour in range(24):
        for statistic in ("mean", "max"):
            own = {"gateway": GATEWAY, "statistic": statistic}
            figures: Fields = {"messages_per_s": 10.0, "is_well": 1.0}
            figures |= {"disk_free_bytes": 2e10, "memory_bytes": 7e7, "cpu_pct": 3.0}
            yield _line("gateway_hour", own, figures, at_ns + hour * 3600 * NS)


# ---- lines ----

_REWRITTEN: Fields = {"source": "rewritten"}


def _every(
    measurement: str,
    tags: dict[str, str],
    more: dict[str, str],
    fields: Fields,
    at_ns: int,
) -> Iterator[bytes]:
    """Yield the same fields at each sample of a day."""
    made = line(measurement, tags_of((tags | more).items()), fields, 0).removesuffix(b"0")
    for second in OFTEN:
        yield b"%b%d" % (made, at_ns + second * NS)


def _line(
    measurement: str, tags: dict[str, str], fields: Mapping[str, Value | None], at_ns: int
) -> bytes:
    return line(measurement, tags_of(tags.items()), fields, at_ns)


def together(batches: Iterable[Batch], lines: int) -> Iterator[Batch]:
    """Join batches of a bucket up to about so many lines."""
    waiting: dict[Bucket, list[list[bytes]]] = {}
    for bucket, batch in batches:
        held = waiting.setdefault(bucket, [])
        held.append(batch)
        if sum(map(len, held)) >= lines:
            yield bucket, list(chain.from_iterable(waiting.pop(bucket)))
    for bucket, held in waiting.items():
        yield bucket, list(chain.from_iterable(held))
